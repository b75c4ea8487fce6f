//! The demo market: a pure function from an index to a product, a user or an order.
//!
//! Every service seeds its own share from the same rows, so that ids, names and prices agree without
//! the services knowing each other. The same bytes on every machine: integer arithmetic and a seeded
//! ChaCha generator only.

mod catalogue;
mod orders;
mod people;
mod words;

use chrono::{DateTime, TimeDelta, Utc};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use uuid::{Builder, Uuid};

pub use catalogue::{Product, product, products};
pub use orders::{Line, Order, Outcome, Popularity, orders};
pub use people::{ADMIN, SHOPPER, STAFF, User, user, users};

/// How big a demo market is.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Size {
    /// 200 products, 50 users, 500 orders.
    S,
    /// 10,000 products, 10,000 users, 200,000 orders.
    M,
    /// 100,000 products, 100,000 users, 1,000,000 orders.
    L,
}

impl Size {
    pub fn products(self) -> u64 {
        match self {
            Self::S => 200,
            Self::M => 10_000,
            Self::L => 100_000,
        }
    }

    pub fn users(self) -> u64 {
        match self {
            Self::S => 50,
            Self::M => 10_000,
            Self::L => 100_000,
        }
    }

    pub fn orders(self) -> u64 {
        match self {
            Self::S => 500,
            Self::M => 200_000,
            Self::L => 1_000_000,
        }
    }
}

/// What a row is of; it keeps the random streams of two kinds apart.
#[derive(Copy, Clone)]
enum Kind {
    Product = 1,
    User,
    Order,
    Line,
}

fn rng(kind: Kind, index: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(0x6d65_7263_6164_6f00 + kind as u64);
    rng.set_stream(index);
    rng
}

/// A UUIDv7 that is the same on every machine.
fn id(kind: Kind, index: u64, at: DateTime<Utc>) -> Uuid {
    let bytes: [u8; 10] = rng(kind, index).random();
    Builder::from_unix_timestamp_millis(at.timestamp_millis().unsigned_abs(), &bytes).into_uuid()
}

/// The demo market opened at this moment; everything in it happened afterwards.
fn opening() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_454)
}
