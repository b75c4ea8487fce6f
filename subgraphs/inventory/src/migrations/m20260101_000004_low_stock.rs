use sea_orm_migration::{prelude::*, schema::big_integer_null, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [threshold(), low(manager.get_database_backend())] {
            manager.alter_table(Table::alter().table("stock").add_column(column).to_owned()).await?;
        }
        let low =
            Index::create().name("stock_low").table("stock").col("product_id").and_where(Expr::col("low")).to_owned();
        manager.create_index(low).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name("stock_low").table("stock").to_owned()).await?;
        for column in ["low", "low_stock_threshold"] {
            manager.alter_table(Table::alter().table("stock").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }

    /// All of it or nothing, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn threshold() -> ColumnDef {
    big_integer_null("low_stock_threshold").check(Expr::col("low_stock_threshold").gte(0)).to_owned()
}

/// An index over it changes only when a stock becomes low or ceases to be: on PostgreSQL, an update that changes no
/// indexed column writes to no index. PostgreSQL 15 can only store such a column, and SQLite cannot add a stored one.
fn low(backend: DbBackend) -> ColumnDef {
    let available = Expr::col("on_hand").sub(Expr::col("reserved")).add(Expr::col("backorder_limit"));
    let is_low = available.lte(Expr::col("low_stock_threshold"));
    ColumnDef::new("low").boolean().generated(is_low, backend == DbBackend::Postgres).to_owned()
}
