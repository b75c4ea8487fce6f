use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, integer, pk_uuid, text, timestamp_with_time_zone, timestamp_with_time_zone_null},
    sea_orm::DbBackend,
};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(products(manager.get_database_backend())).await?;
        for (name, columns) in [
            ("products_by_name", &["name_key", "id"][..]),
            ("products_by_price", &["currency", "price_minor", "id"][..]),
        ] {
            manager.create_index(index(name, columns)).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("products").to_owned()).await
    }
}

fn products(backend: DbBackend) -> TableCreateStatement {
    Table::create()
        .table("products")
        .col(pk_uuid("id"))
        .col(text("sku").unique_key())
        .col(text("slug").unique_key())
        .col(text("name"))
        .col(text("description"))
        .col(big_integer("price_minor"))
        .col(by_bytes(backend, text("currency")))
        .col(integer("version"))
        .col(timestamp_with_time_zone_null("archived_at"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .col(by_bytes(backend, text("name_key")))
        .col(text("search"))
        .check(("products_sku_not_empty", Expr::col("sku").ne("")))
        .check(("products_slug_not_empty", Expr::col("slug").ne("")))
        .check(("products_name_not_empty", Expr::col("name").ne("")))
        .check(("products_price_not_negative", Expr::col("price_minor").gte(0)))
        .check(("products_version_positive", Expr::col("version").gte(1)))
        .to_owned()
}

/// Compared byte by byte, as SQLite does by default, so that one cursor means the same row on both
/// databases, whatever locale the server was made with.
fn by_bytes(backend: DbBackend, mut column: ColumnDef) -> ColumnDef {
    if backend == DbBackend::Postgres {
        column.extra("COLLATE \"C\"");
    }
    column
}

fn index(name: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create().name(name).table("products").to_owned();
    for column in columns {
        index.col(*column);
    }
    index
}
