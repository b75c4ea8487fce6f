//! Rows, and the finders that say whose they are.

pub mod refresh_token;
pub mod session;
pub mod sign_in_attempt;
pub mod signing_key;
pub mod user;
