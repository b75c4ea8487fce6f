//! `auth` over HTTP, on a port and a database of its own for each test.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must fail loudly")]

mod app;

mod authorization;
mod installation;
mod keys;
mod oauth;
mod password_guessing;
mod registration;
mod sessions;
mod signing_in;
mod users;
