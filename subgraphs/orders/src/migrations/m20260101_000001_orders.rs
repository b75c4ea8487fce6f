use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(orders()).await?;
        for index in order_indexes() {
            manager.create_index(index).await?;
        }
        manager.create_table(order_lines()).await?;
        manager.create_table(order_events()).await?;
        manager.create_table(idempotency_keys()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["idempotency_keys", "order_events", "order_lines", "orders"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// The public status that each state of the saga shows.
fn status_of_state() -> Expr {
    let shows = |status: &'static str, states: &[&'static str]| {
        Expr::col("status").eq(status).and(Expr::col("saga_state").is_in(states.iter().copied()))
    };
    shows("PENDING", &["CREATED", "RESERVED", "COMMITTING"])
        .or(shows("COMPLETED", &["COMPLETED", "RETURNING"]))
        .or(shows("CANCELLED", &["CANCELLING", "CANCELLED"]))
}

/// The first event comes from nowhere, and no other does.
fn first_from_nowhere() -> Expr {
    let (sequence, from) = (|| Expr::col("sequence"), || Expr::col("from_state"));
    sequence().eq(1).and(from().is_null()).or(sequence().gt(1).and(from().is_not_null()))
}

/// `number` is the key, because a key is what both databases number by themselves, without a lock
/// that buyers would queue for. Everything else refers to `id`.
fn orders() -> TableCreateStatement {
    Table::create()
        .table("orders")
        .col(big_pk_auto("number"))
        .col(uuid_uniq("id"))
        .col(uuid("customer_id"))
        .col(text("status"))
        .col(text("saga_state"))
        .col(integer("version"))
        .col(big_integer("total_minor"))
        .col(text("currency"))
        .col(text_null("cancel_reason"))
        .col(text_null("cancel_note"))
        .col(boolean("cancel_requested"))
        .col(json_null("shortages"))
        .col(timestamp_with_time_zone_null("stock_released_at"))
        .col(timestamp_with_time_zone("deadline_at"))
        .col(timestamp_with_time_zone_null("next_attempt_at"))
        .col(integer("attempts"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("completed_at"))
        .col(timestamp_with_time_zone_null("cancelled_at"))
        .check(status_of_state())
        .check(Expr::col("total_minor").gte(0))
        .check(Expr::col("version").gte(1).and(Expr::col("attempts").gte(0)))
        .to_owned()
}

/// Pages run over `id`, which is ordered by time.
fn order_indexes() -> [IndexCreateStatement; 3] {
    [
        Index::create().name("orders_of_customer").table("orders").col("customer_id").col("id").to_owned(),
        Index::create().name("orders_of_status").table("orders").col("status").col("id").to_owned(),
        Index::create().name("orders_due").table("orders").col("next_attempt_at").to_owned(),
    ]
}

fn order_lines() -> TableCreateStatement {
    Table::create()
        .table("order_lines")
        .col(pk_uuid("id"))
        .col(uuid("order_id"))
        .col(integer("position"))
        .col(uuid("product_id"))
        .col(text("sku"))
        .col(text("name"))
        .col(big_integer("unit_price_minor"))
        .col(big_integer("quantity"))
        .check(Expr::col("quantity").between(1, 1000))
        .check(Expr::col("unit_price_minor").gte(0))
        .index(Index::create().unique().col("order_id").col("position"))
        .index(Index::create().unique().col("order_id").col("product_id"))
        .foreign_key(&mut of_order("order_lines"))
        .to_owned()
}

fn order_events() -> TableCreateStatement {
    Table::create()
        .table("order_events")
        .col(uuid("order_id"))
        .col(integer("sequence"))
        .col(text_null("from_state"))
        .col(text("to_state"))
        .col(timestamp_with_time_zone("at"))
        .col(text_null("detail"))
        .primary_key(Index::create().col("order_id").col("sequence"))
        .check(first_from_nowhere())
        .foreign_key(&mut of_order("order_events"))
        .to_owned()
}

/// The primary key is what makes a second order with the same key impossible.
fn idempotency_keys() -> TableCreateStatement {
    Table::create()
        .table("idempotency_keys")
        .col(uuid("user_id"))
        .col(text("operation"))
        .col(text("key"))
        .col(text("request_hash"))
        .col(uuid("order_id"))
        .col(timestamp_with_time_zone("created_at"))
        .primary_key(Index::create().col("user_id").col("operation").col("key"))
        .foreign_key(&mut of_order("idempotency_keys"))
        .to_owned()
}

fn of_order(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create().from(table, "order_id").to("orders", "id").to_owned()
}
