//! What a role lets its holder do.

use subgraph::Scope;

use crate::entities::user::Role;

const CUSTOMER: &[Scope] = &[Scope::User];
const STAFF: &[Scope] =
    &[Scope::User, Scope::CatalogWrite, Scope::StockWrite, Scope::StockRead, Scope::OrdersRead, Scope::OrdersWrite];
const ADMIN: &[Scope] = &[
    Scope::User,
    Scope::CatalogWrite,
    Scope::StockWrite,
    Scope::StockRead,
    Scope::OrdersRead,
    Scope::OrdersWrite,
    Scope::UsersRead,
    Scope::UsersWrite,
];

/// The scopes of an access token for somebody with this role.
pub fn scopes(role: Role) -> &'static [Scope] {
    match role {
        Role::Customer => CUSTOMER,
        Role::Staff => STAFF,
        Role::Admin => ADMIN,
    }
}
