use sea_orm_migration::{
    prelude::*,
    schema::{
        binary_len, binary_len_null, pk_uuid, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid,
    },
};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(sessions()).await?;
        manager.create_table(refresh_tokens()).await?;
        manager.create_index(index("sessions", "user_id")).await?;
        manager.create_index(index("sessions", "expires_at")).await?;
        manager.create_index(index("refresh_tokens", "session_id")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("refresh_tokens").take()).await?;
        manager.drop_table(Table::drop().table("sessions").take()).await
    }
}

fn sessions() -> TableCreateStatement {
    Table::create()
        .table("sessions")
        .col(pk_uuid("id"))
        .col(uuid("user_id"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("expires_at"))
        .col(timestamp_with_time_zone_null("revoked_at"))
        .col(text_null("revoked_because").check(Expr::col("revoked_because").is_in(["LOGOUT", "REUSE", "RESET"])))
        .check(both_or_neither("revoked_at", "revoked_because"))
        .foreign_key(&mut references("sessions", "user_id", "users"))
        .take()
}

/// A row is found by the SHA-256 of its token; the token itself is nowhere.
fn refresh_tokens() -> TableCreateStatement {
    Table::create()
        .table("refresh_tokens")
        .col(binary_len("hash", 32).primary_key())
        .col(uuid("session_id"))
        .col(timestamp_with_time_zone("issued_at"))
        .col(timestamp_with_time_zone("expires_at"))
        .col(timestamp_with_time_zone_null("rotated_at"))
        .col(binary_len_null("successor", 32).unique_key())
        .check(both_or_neither("rotated_at", "successor"))
        .foreign_key(&mut references("refresh_tokens", "session_id", "sessions"))
        .take()
}

fn both_or_neither(one: &'static str, other: &'static str) -> Expr {
    Expr::col(one).is_null().eq(Expr::col(other).is_null())
}

fn references(table: &'static str, column: &'static str, target: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create().from(table, column).to(target, "id").on_delete(ForeignKeyAction::Cascade).take()
}

fn index(table: &'static str, column: &'static str) -> IndexCreateStatement {
    Index::create().name(format!("idx_{table}_{column}")).table(table).col(column).take()
}
