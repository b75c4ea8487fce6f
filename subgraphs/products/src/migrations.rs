//! The database's schema, the same on SQLite and PostgreSQL. What has been released is never edited.

mod m20260101_000001_products;

use sea_orm_migration::prelude::*;

/// Brings the database up to date.
#[derive(Copy, Clone, Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m20260101_000001_products::Migration)]
    }
}
