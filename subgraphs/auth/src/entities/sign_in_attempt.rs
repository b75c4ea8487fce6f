use chrono::{DateTime, Utc};
use sea_orm::{Set, TryInsertResult, entity::prelude::*};

/// The sign-ins to one account that failed, or are being checked, since the last one that succeeded.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sign_in_attempts")]
pub struct Model {
    /// SHA-256 of the normalised address, so that addresses without an account are counted alike.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account: Vec<u8>,
    pub failures: i32,
    pub last_at: DateTime<Utc>,
    pub blocked_until: Option<DateTime<Utc>>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    pub async fn of(db: &impl ConnectionTrait, account: &[u8]) -> Result<Option<Model>, DbErr> {
        Self::find_by_id(account.to_vec()).one(db).await
    }

    /// Stores the first attempt; `false` when somebody else was first.
    pub async fn begin(db: &impl ConnectionTrait, attempt: Model) -> Result<bool, DbErr> {
        let insert = Self::insert(ActiveModel::from(attempt)).on_conflict_do_nothing();
        Ok(matches!(insert.exec_without_returning(db).await?, TryInsertResult::Inserted(1)))
    }

    /// Stores a further attempt; `false` when the row no longer counts `seen` failures.
    pub async fn advance(db: &impl ConnectionTrait, seen: i32, attempt: Model) -> Result<bool, DbErr> {
        let advanced = ActiveModel {
            failures: Set(attempt.failures),
            last_at: Set(attempt.last_at),
            blocked_until: Set(attempt.blocked_until),
            ..Default::default()
        };
        let update = Self::update_many()
            .set(advanced)
            .filter(COLUMN.account.eq(attempt.account))
            .filter(COLUMN.failures.eq(seen));
        Ok(update.exec(db).await?.rows_affected == 1)
    }

    pub async fn forgive(db: &impl ConnectionTrait, account: &[u8]) -> Result<(), DbErr> {
        Self::delete_by_id(account.to_vec()).exec(db).await?;
        Ok(())
    }

    pub async fn purge(db: &impl ConnectionTrait, quiet_since: DateTime<Utc>) -> Result<u64, DbErr> {
        let purged = Self::delete_many().filter(COLUMN.last_at.lt(quiet_since)).exec(db).await?;
        Ok(purged.rows_affected)
    }
}
