//! The users of the demo market.

use ::demo::{ADMIN, STAFF, Size, User};
use sea_orm::{ActiveModelTrait as _, DbErr, EntityTrait as _, IntoActiveModel as _, QuerySelect as _};
use subgraph::Database;

use crate::entities::user::{ActiveModel, Entity as Users, Model, Role};

/// Rows an insert statement; eight values each, far below what either database takes.
const BATCH: usize = 1_000;

/// Fills an empty table, all or nothing. Nobody has a password.
pub(crate) async fn seed(database: &Database, size: Size) -> Result<(), DbErr> {
    let transaction = database.begin().await?;
    if Users::find().limit(1).one(&transaction).await?.is_some() {
        tracing::info!("there are users already, none were added");
        return transaction.rollback().await;
    }
    let mut rows = ::demo::users(size).enumerate().map(row).peekable();
    while rows.peek().is_some() {
        let batch: Vec<ActiveModel> = rows.by_ref().take(BATCH).collect();
        Users::insert_many(batch).exec_without_returning(&transaction).await?;
    }
    transaction.commit().await?;
    tracing::info!(users = size.users(), "demo users added");
    Ok(())
}

fn row((index, user): (usize, User)) -> ActiveModel {
    let role = match index as u64 {
        ADMIN => Role::Admin,
        STAFF => Role::Staff,
        _ => Role::Customer,
    };
    let row = Model {
        id: user.id,
        email: user.email,
        name: user.name,
        role,
        password_hash: None,
        disabled_at: None,
        created_at: user.created_at,
        updated_at: user.created_at,
    };
    row.into_active_model().reset_all()
}
