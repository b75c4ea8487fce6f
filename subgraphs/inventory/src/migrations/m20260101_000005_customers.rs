use sea_orm_migration::{
    prelude::*,
    schema::{text_null, uuid_null},
};

const REJECTIONS: [&str; 2] = ["OUT_OF_STOCK", "TOO_MANY_HELD"];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [uuid_null("customer_id"), rejection()] {
            manager.alter_table(Table::alter().table("reservations").add_column(column).to_owned()).await?;
        }
        let of_customer = Index::create()
            .name("reservations_of_customer")
            .table("reservations")
            .col("customer_id")
            .col("status")
            .to_owned();
        manager.create_index(of_customer).await?;
        let reference = Index::create().name("movements_reference").table("movements").col("reference").to_owned();
        manager.create_index(reference).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (index, table) in [("movements_reference", "movements"), ("reservations_of_customer", "reservations")] {
            manager.drop_index(Index::drop().name(index).table(table).to_owned()).await?;
        }
        for column in ["rejection", "customer_id"] {
            manager.alter_table(Table::alter().table("reservations").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }

    /// All of it or nothing, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn rejection() -> ColumnDef {
    text_null("rejection").check(Expr::col("rejection").is_in(REJECTIONS)).to_owned()
}
