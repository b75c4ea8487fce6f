//! The stock of a product: what lies at each location, and what that comes to.

use sea_orm::prelude::DateTimeUtc;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::entities::stock;

/// At least one level, in the order of location ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Kept")]
pub(crate) struct Stock {
    pub levels: Vec<stock::Model>,
}

/// Answers that were kept before there were locations are one row.
#[derive(Deserialize)]
#[serde(untagged)]
enum Kept {
    Stock { levels: Vec<stock::Model> },
    Row(stock::Model),
}

impl From<Kept> for Stock {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::Stock { levels } => Self { levels },
            Kept::Row(row) => Self { levels: vec![row] },
        }
    }
}

impl Stock {
    /// The stocks of all products of these rows, which are in the order of product ids.
    pub(crate) fn of_rows(rows: &[stock::Model]) -> impl Iterator<Item = Self> {
        rows.chunk_by(|one, next| one.product_id == next.product_id).map(|levels| Self { levels: levels.to_vec() })
    }

    pub(crate) fn product_id(&self) -> Uuid {
        self.levels.first().map_or(Uuid::nil(), |level| level.product_id)
    }

    pub(crate) fn on_hand(&self) -> i64 {
        self.sum(|level| level.on_hand)
    }

    pub(crate) fn reserved(&self) -> i64 {
        self.sum(|level| level.reserved)
    }

    pub(crate) fn backorder_limit(&self) -> i64 {
        self.sum(|level| level.backorder_limit)
    }

    /// Units that can be ordered now, back-orders included. Never negative.
    pub(crate) fn available(&self) -> i64 {
        self.sum(stock::Model::available)
    }

    /// Whether a unit lies somewhere that nobody was promised.
    pub(crate) fn in_stock(&self) -> bool {
        self.levels.iter().any(stock::Model::in_stock)
    }

    /// Rises with every change at any location.
    pub(crate) fn version(&self) -> i64 {
        self.sum(|level| level.version)
    }

    pub(crate) fn updated_at(&self) -> DateTimeUtc {
        self.levels.iter().map(|level| level.updated_at).max().unwrap_or_default()
    }

    fn sum(&self, units: impl Fn(&stock::Model) -> i64) -> i64 {
        self.levels.iter().map(units).sum()
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use serde_json::json;

    use super::*;
    use crate::{domain::ledger, entities::location};

    #[test]
    fn a_stock_is_as_new_as_the_newest_of_its_rows() {
        let now = subgraph::time::now();
        let level = |at| ledger::empty(Uuid::nil(), Uuid::nil(), 0, at);
        let stock =
            Stock { levels: vec![level(now - TimeDelta::hours(1)), level(now), level(now - TimeDelta::hours(2))] };
        assert_eq!(stock.updated_at(), now);
    }

    #[test]
    fn an_answer_that_was_kept_before_there_were_locations_is_read() {
        let row = json!({ "product_id": Uuid::from_u128(7), "on_hand": 3, "reserved": 1, "backorder_limit": 0,
            "version": 2, "updated_at": "2026-01-01T00:00:00Z" });
        let kept: Result<Stock, ()> = serde_json::from_value(json!({ "Ok": row })).unwrap();
        let stock = kept.unwrap();
        assert_eq!((stock.levels[0].location_id, stock.available(), stock.version()), (location::DEFAULT, 2, 2));
        assert_eq!(serde_json::from_value::<Stock>(serde_json::to_value(&stock).unwrap()).unwrap(), stock);
    }
}
