//! Batched look-ups: one SQL query for all users that a moment's requests refer to.

use std::collections::HashMap;

use subgraph::{Database, Loader, Result};
use uuid::Uuid;

use crate::entities::user::{Entity as Users, Profile};

/// Users by id, whoever asks: who may see one is decided where it is shown.
pub(crate) struct UserLoader(pub(crate) Database);

impl Loader<Uuid> for UserLoader {
    type Value = Profile;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Profile>> {
        let profiles = Users::profiles(self.0.read(), ids).await?;
        Ok(profiles.into_iter().map(|profile| (profile.id, profile)).collect())
    }
}
