use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::{
    Kind, Size, id, opening,
    words::{FAMILY, GIVEN},
};

/// Index of the demo administrator, `admin@mercado.test`.
pub const ADMIN: u64 = 0;
/// Index of the demo member of staff, `staff@mercado.test`.
pub const STAFF: u64 = 1;
/// Index of the demo customer, `shopper@mercado.test`.
pub const SHOPPER: u64 = 2;

/// A user of the demo market. Nobody of them has a password unless the launcher gives one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: Uuid,
    pub email: String,
    pub name: String,
    pub created_at: DateTime<Utc>,
}

/// The users of a market of this size.
pub fn users(size: Size) -> impl Iterator<Item = User> {
    (0..size.users()).map(user)
}

/// The user with this index.
pub fn user(index: u64) -> User {
    let created_at = opening() + TimeDelta::seconds(index.cast_signed());
    let (given, family) = (GIVEN[index as usize % GIVEN.len()], FAMILY[index as usize / GIVEN.len() % FAMILY.len()]);
    let email = match index {
        ADMIN => "admin@mercado.test".to_owned(),
        STAFF => "staff@mercado.test".to_owned(),
        SHOPPER => "shopper@mercado.test".to_owned(),
        _ => format!("{}.{}.{index}@mercado.test", given.to_lowercase(), family.to_lowercase()),
    };
    User { id: id(Kind::User, index, created_at), email, name: format!("{given} {family}"), created_at }
}
