//! A session ends.

use subgraph::{Database, Result, time};
use uuid::Uuid;

use crate::entities::session::{Entity as Sessions, Revocation};

/// Ends a session of this user; `false` when the user has no such session. Ending it again changes nothing.
///
/// Its refresh token is dead at once. An access token that is out stays good until it expires, some minutes later:
/// whoever verifies it asks nobody.
pub async fn logout(database: &Database, user: Uuid, session: Uuid) -> Result<bool> {
    if Sessions::of_user(database.read(), user, session).await?.is_none() {
        return Ok(false);
    }
    Sessions::revoke(database.write(), session, Revocation::Logout, time::now()).await?;
    tracing::info!(user.id = %user, "signed out");
    Ok(true)
}
