use sea_orm_migration::{prelude::*, schema::*};

/// Makes the tables of the outbox.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261124_000001_outbox"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let outbox = Table::create()
            .table("outbox")
            .col(big_pk_auto("position"))
            .col(uuid("id"))
            .col(text("kind"))
            .col(uuid("key"))
            .col(json("data"))
            .col(timestamp_with_time_zone("at"))
            .to_owned();
        manager.create_table(outbox).await?;
        let lease = Table::create()
            .table("outbox_lease")
            .col(integer("id").primary_key())
            .col(uuid_null("holder"))
            .col(timestamp_with_time_zone_null("until"))
            .check(Expr::col("id").eq(1))
            .to_owned();
        manager.create_table(lease).await?;
        let free = Query::insert().into_table("outbox_lease").columns(["id"]).values_panic([1.into()]).to_owned();
        manager.execute(free).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["outbox", "outbox_lease"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
