use chrono::{DateTime, Utc};
use sea_orm::{Set, entity::prelude::*};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refresh_tokens")]
pub struct Model {
    /// SHA-256 of the token.
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: Vec<u8>,
    pub session_id: Uuid,
    pub issued_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// When it was used, which can happen once.
    pub rotated_at: Option<DateTime<Utc>>,
    /// The hash of the token that it was exchanged for.
    pub successor: Option<Vec<u8>>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    pub async fn by_hash(db: &impl ConnectionTrait, hash: &[u8]) -> Result<Option<Model>, DbErr> {
        Self::find_by_id(hash.to_vec()).one(db).await
    }

    /// Marks the token used. Of any number of callers at once, one gets `true`.
    pub async fn rotate(
        db: &impl ConnectionTrait,
        hash: &[u8],
        successor: &[u8],
        now: DateTime<Utc>,
    ) -> Result<bool, DbErr> {
        let rotated =
            ActiveModel { rotated_at: Set(Some(now)), successor: Set(Some(successor.to_vec())), ..Default::default() };
        let update =
            Self::update_many().set(rotated).filter(COLUMN.hash.eq(hash.to_vec())).filter(COLUMN.rotated_at.is_null());
        Ok(update.exec(db).await?.rows_affected == 1)
    }
}
