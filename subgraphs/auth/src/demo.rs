//! Accounts that people can try the demo market with. A deployment never calls this.

use ::demo::{ADMIN, SHOPPER, STAFF};
use sea_orm::{ActiveModelTrait as _, EntityTrait as _, IntoActiveModel as _, Set};
use secrecy::SecretString;
use subgraph::{Database, Result, time};

use crate::{
    domain::hashing::Hasher,
    entities::user::{ActiveModel, Entity as Users},
    settings::HashingSettings,
};

/// Gives the demo administrator, member of staff and shopper this password, if they have none yet.
/// A database that was not seeded stays as it is.
pub async fn give_passwords(database: &Database, password: &str) -> Result<()> {
    let hasher = Hasher::new(&HashingSettings::default())?;
    for index in [ADMIN, STAFF, SHOPPER] {
        let user = Users::find_by_id(::demo::user(index).id).one(database.read()).await?;
        let Some(user) = user.filter(|user| user.password_hash.is_none()) else {
            continue;
        };
        let hash = hasher.hash(hasher.turn().await?, SecretString::from(password)).await?;
        let user =
            ActiveModel { password_hash: Set(Some(hash)), updated_at: Set(time::now()), ..user.into_active_model() };
        user.update(database.write()).await?;
    }
    Ok(())
}
