use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, json_binary_null, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid,
    },
};

const STATUSES: [&str; 6] = ["HELD", "REJECTED", "COMMITTED", "RELEASED", "RETURNED", "EXPIRED"];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(reservations()).await?;
        manager.create_table(lines()).await?;
        manager
            .create_index(
                Index::create()
                    .name("reservations_due")
                    .table("reservations")
                    .col("status")
                    .col("expires_at")
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["reservation_lines", "reservations"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn reservations() -> TableCreateStatement {
    let (status, expires_at) = (Expr::col("status"), Expr::col("expires_at"));
    Table::create()
        .table("reservations")
        .col(uuid("id").primary_key())
        .col(text("status"))
        .col(text_null("request_hash"))
        .col(timestamp_with_time_zone_null("expires_at"))
        .col(json_binary_null("shortages"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .check(("reservations_status", status.clone().is_in(STATUSES)))
        .check(("reservations_held_expire", status.ne("HELD").or(expires_at.is_not_null())))
        .to_owned()
}

fn lines() -> TableCreateStatement {
    Table::create()
        .table("reservation_lines")
        .col(uuid("reservation_id"))
        .col(uuid("product_id"))
        .col(big_integer("quantity"))
        .primary_key(Index::create().col("reservation_id").col("product_id"))
        .foreign_key(
            ForeignKey::create()
                .name("reservation_lines_reservation")
                .from("reservation_lines", "reservation_id")
                .to("reservations", "id"),
        )
        .foreign_key(
            ForeignKey::create()
                .name("reservation_lines_product")
                .from("reservation_lines", "product_id")
                .to("stock", "product_id"),
        )
        .check(("reservation_lines_quantity", Expr::col("quantity").gt(0)))
        .to_owned()
}
