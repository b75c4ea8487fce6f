use chrono::{DateTime, Utc};
use sea_orm::{QueryOrder as _, Set, entity::prelude::*};

/// An Ed25519 key pair. Whoever reads this table can sign tokens: the database's own access control is
/// what protects it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "signing_keys")]
pub struct Model {
    /// The thumbprint of the public key (RFC 7638).
    #[sea_orm(primary_key, auto_increment = false)]
    pub kid: String,
    /// The private key (RFC 8410), DER.
    pub pkcs8: Vec<u8>,
    pub state: State,
    pub created_at: DateTime<Utc>,
    pub activated_at: Option<DateTime<Utc>>,
    pub retired_at: Option<DateTime<Utc>>,
}

impl ActiveModelBehavior for ActiveModel {}

/// NEXT is published so that verifiers know it when it becomes CURRENT; PREVIOUS verifies what it signed.
#[derive(Copy, Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum State {
    #[sea_orm(string_value = "PREVIOUS")]
    Previous,
    #[sea_orm(string_value = "CURRENT")]
    Current,
    #[sea_orm(string_value = "NEXT")]
    Next,
}

impl Entity {
    /// Every key that is published, oldest first.
    pub async fn published(db: &impl ConnectionTrait) -> Result<Vec<Model>, DbErr> {
        Self::find().order_by_asc(COLUMN.created_at).order_by_asc(COLUMN.kid).all(db).await
    }

    /// CURRENT becomes PREVIOUS, if it still is `kid`.
    pub async fn retire(db: &impl ConnectionTrait, kid: &str, now: DateTime<Utc>) -> Result<bool, DbErr> {
        let retired = ActiveModel { state: Set(State::Previous), retired_at: Set(Some(now)), ..Default::default() };
        let update =
            Self::update_many().set(retired).filter(COLUMN.kid.eq(kid)).filter(COLUMN.state.eq(State::Current));
        Ok(update.exec(db).await?.rows_affected == 1)
    }

    /// NEXT becomes CURRENT.
    pub async fn activate(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<bool, DbErr> {
        let activated = ActiveModel { state: Set(State::Current), activated_at: Set(Some(now)), ..Default::default() };
        let update = Self::update_many().set(activated).filter(COLUMN.state.eq(State::Next));
        Ok(update.exec(db).await?.rows_affected == 1)
    }

    pub async fn purge(db: &impl ConnectionTrait, retired_before: DateTime<Utc>) -> Result<(), DbErr> {
        let purge =
            Self::delete_many().filter(COLUMN.state.eq(State::Previous)).filter(COLUMN.retired_at.lt(retired_before));
        purge.exec(db).await?;
        Ok(())
    }
}
