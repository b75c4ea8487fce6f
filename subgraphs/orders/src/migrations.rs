//! The database's schema, the same statements for SQLite and PostgreSQL.

mod m20260101_000001_orders;

use sea_orm_migration::prelude::*;
use subgraph::outbox;

/// Brings an orders database up to date.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m20260101_000001_orders::Migration), Box::new(outbox::Migration)]
    }
}
