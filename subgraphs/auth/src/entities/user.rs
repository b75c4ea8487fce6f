use chrono::{DateTime, Utc};
use sea_orm::{DerivePartialModel, entity::prelude::*};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// In its normalised form, see [`crate::domain::account::Email`].
    #[sea_orm(unique)]
    pub email: String,
    pub name: String,
    pub role: Role,
    /// A PHC string. Nobody signs in to an account without one.
    pub password_hash: Option<String>,
    /// Since when the account opens nothing any more.
    pub disabled_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl ActiveModelBehavior for ActiveModel {}

/// What a person may do; [`crate::domain::roles`] says what that is.
#[derive(Copy, Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Role {
    #[sea_orm(string_value = "CUSTOMER")]
    Customer,
    #[sea_orm(string_value = "STAFF")]
    Staff,
    #[sea_orm(string_value = "ADMIN")]
    Admin,
}

/// A user without what only sign-in needs.
#[derive(Clone, Debug, PartialEq, Eq, DerivePartialModel)]
#[sea_orm(entity = "Entity")]
pub struct Profile {
    pub id: Uuid,
    pub email: String,
    pub name: String,
    pub role: Role,
    pub disabled_at: Option<DateTime<Utc>>,
}

impl From<Model> for Profile {
    fn from(user: Model) -> Self {
        Self { id: user.id, email: user.email, name: user.name, role: user.role, disabled_at: user.disabled_at }
    }
}

impl Entity {
    pub async fn by_email(db: &impl ConnectionTrait, email: &str) -> Result<Option<Model>, DbErr> {
        Self::find().filter(COLUMN.email.eq(email)).one(db).await
    }

    /// The user with this id, unless the account is disabled.
    pub async fn active(db: &impl ConnectionTrait, id: Uuid) -> Result<Option<Model>, DbErr> {
        Self::find_by_id(id).filter(COLUMN.disabled_at.is_null()).one(db).await
    }

    pub async fn profiles(db: &impl ConnectionTrait, ids: &[Uuid]) -> Result<Vec<Profile>, DbErr> {
        let ids = ids.iter().copied();
        Self::find().filter(COLUMN.id.is_in(ids)).into_partial_model().all(db).await
    }

    pub async fn any_admin(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
        let admin = Self::find().filter(COLUMN.role.eq(Role::Admin)).into_partial_model::<Profile>();
        Ok(admin.one(db).await?.is_some())
    }
}
