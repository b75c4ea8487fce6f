//! Expected failures of mutations, returned as data in a payload's `errors`.
//!
//! Every member of a payload's error union is an object with at least `code`, `message` and `path`
//! and implements `interface UserError`. Each subgraph declares that interface over the types it
//! uses; the types here are the ones that mean the same everywhere, so they are `@shareable`.

use async_graphql::{Enum, SimpleObject};

/// What went wrong, for programs. Values are only ever added.
#[derive(Enum, Copy, Clone, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    InvalidInput,
    NotFound,
    VersionConflict,
    IdempotencyKeyReused,
    EmailTaken,
    SkuTaken,
    SlugTaken,
    InvalidCredentials,
    AccountLocked,
    InvalidRefreshToken,
    WeakPassword,
    ProductArchived,
    ProductNotFound,
    StockExists,
    LocationExists,
    InsufficientStock,
    OutOfStock,
    TooManyHeld,
    PriceChanged,
    CurrencyMismatch,
    OrderNotCancellable,
    /// Between services only: the reservation does not hold what is to be settled.
    #[graphql(inaccessible)]
    NotHeld,
}

/// A value breaks a rule of its field.
#[derive(SimpleObject, Clone, Debug, PartialEq, Eq)]
#[graphql(shareable)]
pub struct InvalidInputError {
    pub code: ErrorCode,
    pub message: String,
    /// The way from the input object to the value at fault, e.g. `["lines", "0", "quantity"]`.
    pub path: Option<Vec<String>>,
}

impl InvalidInputError {
    pub fn new<const N: usize>(path: [&str; N], message: impl Into<String>) -> Self {
        Self { code: ErrorCode::InvalidInput, message: message.into(), path: Some(path.map(String::from).to_vec()) }
    }
}

/// The thing to change does not exist, or is not the caller's to see.
#[derive(SimpleObject, Clone, Debug, PartialEq, Eq)]
#[graphql(shareable)]
pub struct NotFoundError {
    pub code: ErrorCode,
    pub message: String,
    pub path: Option<Vec<String>>,
}

impl NotFoundError {
    pub fn new<const N: usize>(path: [&str; N], message: impl Into<String>) -> Self {
        Self { code: ErrorCode::NotFound, message: message.into(), path: Some(path.map(String::from).to_vec()) }
    }
}

/// The catalogue has no such product.
#[derive(SimpleObject, Clone, Debug, PartialEq, Eq)]
#[graphql(shareable)]
pub struct ProductNotFoundError {
    pub code: ErrorCode,
    pub message: String,
    pub path: Option<Vec<String>>,
}

impl ProductNotFoundError {
    pub fn new<const N: usize>(path: [&str; N]) -> Self {
        Self {
            code: ErrorCode::ProductNotFound,
            message: "There is no such product.".into(),
            path: Some(path.map(String::from).to_vec()),
        }
    }
}

/// Somebody changed the thing since the caller read it.
#[derive(SimpleObject, Clone, Debug, PartialEq, Eq)]
#[graphql(shareable)]
pub struct VersionConflictError {
    pub code: ErrorCode,
    pub message: String,
    pub path: Option<Vec<String>>,
    /// The version that is stored now.
    pub current_version: i32,
}

impl VersionConflictError {
    pub fn new(current_version: i32) -> Self {
        Self {
            code: ErrorCode::VersionConflict,
            message: format!("This was changed meanwhile; its version is now {current_version}."),
            path: Some(vec!["expectedVersion".into()]),
            current_version,
        }
    }
}

/// The idempotency key was used before, with another body.
#[derive(SimpleObject, Clone, Debug, PartialEq, Eq)]
#[graphql(shareable)]
pub struct IdempotencyKeyReusedError {
    pub code: ErrorCode,
    pub message: String,
    pub path: Option<Vec<String>>,
}

impl Default for IdempotencyKeyReusedError {
    fn default() -> Self {
        Self {
            code: ErrorCode::IdempotencyKeyReused,
            message: "This idempotency key was used before with another body.".into(),
            path: Some(vec!["idempotencyKey".into()]),
        }
    }
}
