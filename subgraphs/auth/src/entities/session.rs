use chrono::{DateTime, Utc};
use sea_orm::{Set, entity::prelude::*};

/// What a sign-in opens: the family of refresh tokens that descend from it. Its id is the claim `sid`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    pub created_at: DateTime<Utc>,
    /// However often it is refreshed, it ends here.
    pub expires_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub revoked_because: Option<Revocation>,
}

impl ActiveModelBehavior for ActiveModel {}

/// Why a session ended before its time.
#[derive(Copy, Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Revocation {
    #[sea_orm(string_value = "LOGOUT")]
    Logout,
    /// A refresh token came a second time, so somebody else has it too.
    #[sea_orm(string_value = "REUSE")]
    Reuse,
    /// The account's password was set anew.
    #[sea_orm(string_value = "RESET")]
    Reset,
}

impl Entity {
    /// The session, unless it was revoked or has expired.
    pub async fn live(db: &impl ConnectionTrait, id: Uuid, now: DateTime<Utc>) -> Result<Option<Model>, DbErr> {
        Self::find_by_id(id).filter(COLUMN.revoked_at.is_null()).filter(COLUMN.expires_at.gt(now)).one(db).await
    }

    pub async fn of_user(db: &impl ConnectionTrait, user: Uuid, id: Uuid) -> Result<Option<Model>, DbErr> {
        Self::find_by_id(id).filter(COLUMN.user_id.eq(user)).one(db).await
    }

    /// Ends the session; the first reason stays.
    pub async fn revoke(
        db: &impl ConnectionTrait,
        id: Uuid,
        because: Revocation,
        now: DateTime<Utc>,
    ) -> Result<(), DbErr> {
        Self::revoke_where(db, COLUMN.id.eq(id), because, now).await
    }

    pub async fn revoke_all_of(
        db: &impl ConnectionTrait,
        user: Uuid,
        because: Revocation,
        now: DateTime<Utc>,
    ) -> Result<(), DbErr> {
        Self::revoke_where(db, COLUMN.user_id.eq(user), because, now).await
    }

    async fn revoke_where(
        db: &impl ConnectionTrait,
        which: Expr,
        because: Revocation,
        now: DateTime<Utc>,
    ) -> Result<(), DbErr> {
        let revoked =
            ActiveModel { revoked_at: Set(Some(now)), revoked_because: Set(Some(because)), ..Default::default() };
        let update = Self::update_many().set(revoked);
        update.filter(which).filter(COLUMN.revoked_at.is_null()).exec(db).await?;
        Ok(())
    }

    /// Forgets sessions that ended before `before`, with their refresh tokens.
    pub async fn purge(db: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<u64, DbErr> {
        let purged = Self::delete_many().filter(COLUMN.expires_at.lt(before)).exec(db).await?;
        Ok(purged.rows_affected)
    }
}
