//! The tables, the same for SQLite and PostgreSQL. Constraints are the truth: code that disagrees with them is wrong.
//! What has been released is never edited.

mod m20260101_000001_stock;
mod m20260101_000002_reservations;
mod m20260101_000003_idempotency_keys;
mod m20260101_000004_low_stock;
mod m20260101_000005_customers;
mod m20260101_000006_locations;

use sea_orm_migration::prelude::*;
use subgraph::outbox;

pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20260101_000001_stock::Migration),
            Box::new(m20260101_000002_reservations::Migration),
            Box::new(m20260101_000003_idempotency_keys::Migration),
            Box::new(m20260101_000004_low_stock::Migration),
            Box::new(m20260101_000005_customers::Migration),
            Box::new(m20260101_000006_locations::Migration),
            Box::new(outbox::Migration),
        ]
    }
}
