use sea_orm_migration::{
    prelude::*,
    schema::{binary_len, integer, timestamp_with_time_zone, timestamp_with_time_zone_null},
};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Keyed by the SHA-256 of an address, whether or not somebody has it.
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut attempts = Table::create()
            .table("sign_in_attempts")
            .col(binary_len("account", 32).primary_key())
            .col(integer("failures").check(Expr::col("failures").gt(0)))
            .col(timestamp_with_time_zone("last_at"))
            .col(timestamp_with_time_zone_null("blocked_until"))
            .take();
        manager.create_table(attempts.take()).await?;
        let mut by_age =
            Index::create().name("idx_sign_in_attempts_last_at").table("sign_in_attempts").col("last_at").take();
        manager.create_index(by_age.take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("sign_in_attempts").take()).await
    }
}
