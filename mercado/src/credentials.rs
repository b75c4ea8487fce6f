use std::collections::BTreeMap;

use auth::settings::PrincipalSettings;
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

/// The secrets by which the market's services know each other.
pub struct Credentials {
    pub orders: SecretString,
    pub inventory: SecretString,
}

impl Credentials {
    /// New at every start, never written down.
    pub(crate) fn fresh() -> Self {
        Self { orders: secret(), inventory: secret() }
    }

    /// As `auth` is told them.
    pub(crate) fn principals(&self) -> BTreeMap<String, PrincipalSettings> {
        [("orders", &self.orders), ("inventory", &self.inventory)]
            .map(|(name, secret)| (name.to_owned(), PrincipalSettings::new(secret.expose_secret())))
            .into()
    }
}

/// 244 random bits.
fn secret() -> SecretString {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()).into()
}
