use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, text, timestamp_with_time_zone, uuid, uuid_null},
};

const KINDS: [&str; 8] = ["INITIAL", "ADJUST", "SET", "RESERVE", "COMMIT", "RELEASE", "RETURN", "EXPIRE"];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(stock()).await?;
        manager.create_table(movements()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["movements", "stock"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn stock() -> TableCreateStatement {
    let (on_hand, reserved, backorder_limit) =
        (Expr::col("on_hand"), Expr::col("reserved"), Expr::col("backorder_limit"));
    Table::create()
        .table("stock")
        .col(uuid("product_id").primary_key())
        .col(big_integer("on_hand"))
        .col(big_integer("reserved"))
        .col(big_integer("backorder_limit"))
        .col(big_integer("version"))
        .col(timestamp_with_time_zone("updated_at"))
        .check(("stock_on_hand", on_hand.clone().gte(0)))
        .check(("stock_backorder_limit", backorder_limit.clone().gte(0)))
        .check(("stock_not_oversold", reserved.clone().gte(0).and(reserved.lte(on_hand.add(backorder_limit)))))
        .to_owned()
}

/// The ledger: the row that brought a stock to `version`.
fn movements() -> TableCreateStatement {
    Table::create()
        .table("movements")
        .col(uuid("product_id"))
        .col(big_integer("version"))
        .col(text("kind"))
        .col(big_integer("on_hand_before"))
        .col(big_integer("on_hand_after"))
        .col(big_integer("reserved_before"))
        .col(big_integer("reserved_after"))
        .col(text("reason"))
        .col(text("actor"))
        .col(uuid_null("reference"))
        .col(timestamp_with_time_zone("at"))
        .primary_key(Index::create().col("product_id").col("version"))
        .foreign_key(
            ForeignKey::create().name("movements_product").from("movements", "product_id").to("stock", "product_id"),
        )
        .check(("movements_kind", Expr::col("kind").is_in(KINDS)))
        .check(("movements_version", Expr::col("version").gte(1)))
        .to_owned()
}
