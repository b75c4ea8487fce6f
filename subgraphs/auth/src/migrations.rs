//! The database's schema, one set of steps for SQLite and PostgreSQL.

mod m0001_users;
mod m0002_sessions;
mod m0003_signing_keys;
mod m0004_sign_in_attempts;

use sea_orm_migration::{MigrationTrait, MigratorTrait, async_trait};

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_users::Migration),
            Box::new(m0002_sessions::Migration),
            Box::new(m0003_signing_keys::Migration),
            Box::new(m0004_sign_in_attempts::Migration),
        ]
    }
}
