//! What only `auth` can be told.

use std::{collections::BTreeMap, time::Duration};

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Durations are written like `10m` or `30days`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuthSettings {
    /// How long an access token is good for, which is also how long a logout takes to reach it. At most an hour.
    #[serde(with = "humantime_serde")]
    pub access_token_lifetime: Duration,
    /// How long one key signs. At least an hour.
    #[serde(with = "humantime_serde")]
    pub key_rotation: Duration,
    pub sessions: SessionSettings,
    pub hashing: HashingSettings,
    /// Programs that may ask for tokens at `/oauth/token`, by client id. None by default.
    pub principals: BTreeMap<String, PrincipalSettings>,
    /// Made at start where there is no administrator. Remove it once it has served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bootstrap_admin: Option<BootstrapAdmin>,
}

impl Default for AuthSettings {
    fn default() -> Self {
        Self {
            access_token_lifetime: Duration::from_secs(600),
            key_rotation: 30 * DAY,
            sessions: SessionSettings::default(),
            hashing: HashingSettings::default(),
            principals: BTreeMap::new(),
            bootstrap_admin: None,
        }
    }
}

#[derive(Copy, Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SessionSettings {
    /// A session ends this long after its sign-in, however busy.
    #[serde(with = "humantime_serde")]
    pub lifetime: Duration,
    /// A session that is not refreshed for this long ends.
    #[serde(with = "humantime_serde")]
    pub idle: Duration,
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self { lifetime: 30 * DAY, idle: 14 * DAY }
    }
}

#[derive(Copy, Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HashingSettings {
    /// Passwords hashed at once, each with 19 MiB; as many as there are processors when not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permits: Option<usize>,
    /// How long a request waits for its turn before it is told to come back.
    #[serde(with = "humantime_serde")]
    pub wait: Duration,
}

impl Default for HashingSettings {
    fn default() -> Self {
        Self { permits: None, wait: Duration::from_secs(2) }
    }
}

/// A program that acts on its own account.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrincipalSettings {
    /// At least 32 characters.
    #[serde(skip_serializing)]
    pub secret: SecretString,
    #[serde(default = "service_scope")]
    pub scopes: Vec<String>,
}

impl PrincipalSettings {
    /// A principal with the scope `service`.
    pub fn new(secret: impl Into<String>) -> Self {
        Self { secret: SecretString::from(secret.into()), scopes: service_scope() }
    }
}

fn service_scope() -> Vec<String> {
    vec![subgraph::Scope::Service.as_str().to_owned()]
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BootstrapAdmin {
    pub email: String,
    #[serde(skip_serializing)]
    pub password: SecretString,
}

impl AuthSettings {
    /// The key and the rule of the first setting that reads well but cannot work.
    pub(crate) fn check(&self) -> Result<(), String> {
        let rules = [
            ("access_token_lifetime", self.access_token_lifetime, Duration::from_secs(1), HOUR),
            ("key_rotation", self.key_rotation, HOUR, 3_650 * DAY),
            ("sessions.lifetime", self.sessions.lifetime, Duration::from_secs(1), 3_650 * DAY),
            ("sessions.idle", self.sessions.idle, Duration::from_secs(1), 3_650 * DAY),
        ];
        match rules.into_iter().find(|(_, value, least, most)| value < least || value > most) {
            None => Ok(()),
            Some((key, value, least, most)) => Err(format!(
                "service.{key}: {} s is not between {} s and {} s",
                value.as_secs(),
                least.as_secs(),
                most.as_secs()
            )),
        }
    }
}
