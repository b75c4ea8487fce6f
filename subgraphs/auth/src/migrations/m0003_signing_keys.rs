use sea_orm_migration::{
    prelude::*,
    schema::{binary, text, timestamp_with_time_zone, timestamp_with_time_zone_null},
};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(signing_keys()).await?;
        manager.create_index(one_current_one_next()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("signing_keys").take()).await
    }
}

fn signing_keys() -> TableCreateStatement {
    Table::create()
        .table("signing_keys")
        .col(text("kid").primary_key())
        .col(binary("pkcs8"))
        .col(text("state").check(Expr::col("state").is_in(["PREVIOUS", "CURRENT", "NEXT"])))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("activated_at"))
        .col(timestamp_with_time_zone_null("retired_at"))
        .take()
}

/// Replicas that start or rotate at the same moment meet here, and one of them wins.
fn one_current_one_next() -> IndexCreateStatement {
    Index::create()
        .name("idx_signing_keys_state")
        .table("signing_keys")
        .col("state")
        .unique()
        .and_where(Expr::col("state").is_in(["CURRENT", "NEXT"]))
        .take()
}
