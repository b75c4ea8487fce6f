//! Correcting a stock: goods that came in, were lost or were counted.

use sea_orm::{DatabaseTransaction, DbErr};
use serde::{Deserialize, Serialize};
use subgraph::{Database, fail_point, time};
use uuid::Uuid;

use super::{
    idempotency::{self, Claim, Key},
    ledger::{self, Cause, Move},
    stock::Stock,
};
use crate::entities::{
    location,
    movement::Kind,
    stock::{self, MAX_UNITS, Shift},
};

/// A correction of the units on hand of one product at one location.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Change {
    pub product: Uuid,
    /// None is the default one, and left out: a request that was made before there were locations is still the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Uuid>,
    pub units: Units,
    pub reason: String,
}

#[derive(Copy, Clone, Debug, Serialize)]
pub(crate) enum Units {
    /// So many more, or fewer when negative.
    By(i64),
    /// Exactly so many.
    To(i64),
}

/// Why a correction was not made. It is the answer to the request, and kept as such.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Refusal {
    NoStock,
    /// Fewer would be left than are promised.
    Insufficient {
        available: i64,
    },
    /// More than [`MAX_UNITS`] would be on hand.
    TooMany,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ChangeError {
    #[error("the correction is refused")]
    Refused(Refusal),
    #[error("the idempotency key was used before with another body")]
    Reused,
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// Makes the correction once for the key, and returns the stock as it was right afterwards.
pub(crate) async fn change(database: &Database, change: &Change, actor: &str, key: &str) -> Result<Stock, ChangeError> {
    let key = Key { actor, operation: change.operation(), key };
    let tx = database.begin().await?;
    let outcome = match idempotency::claim(&tx, &key, change).await? {
        Claim::Reused => return Err(ChangeError::Reused),
        Claim::Answered(outcome) => outcome,
        Claim::New => {
            let outcome = make(&tx, change, actor).await?;
            idempotency::answer(&tx, &key, &outcome).await?;
            fail_point!("inventory.change.before");
            database.commit(tx, [change.product]).await?;
            fail_point!("inventory.change.after");
            outcome
        }
    };
    outcome.map_err(ChangeError::Refused)
}

async fn make(tx: &DatabaseTransaction, change: &Change, actor: &str) -> Result<Result<Stock, Refusal>, DbErr> {
    let key = (change.product, change.location.unwrap_or(location::DEFAULT));
    let rows = stock::lock(tx, [change.product]).await?;
    let Some(row) = ledger::find(&rows, key) else {
        return Ok(Err(Refusal::NoStock));
    };
    let shift = match change.shift(&rows[row]) {
        Ok(shift) => shift,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let cause = Cause { kind: change.kind(), reason: &change.reason, actor, reference: None };
    let levels = ledger::apply(tx, rows, vec![Move { key, shift }], &cause, time::now()).await?;
    Ok(Ok(Stock { levels }))
}

impl Change {
    fn operation(&self) -> &'static str {
        match self.units {
            Units::By(_) => "adjustStock",
            Units::To(_) => "setStock",
        }
    }

    fn kind(&self) -> Kind {
        match self.units {
            Units::By(_) => Kind::Adjust,
            Units::To(_) => Kind::Set,
        }
    }

    fn shift(&self, row: &stock::Model) -> Result<Shift, Refusal> {
        let on_hand = match self.units {
            Units::By(delta) => row.on_hand.saturating_add(delta),
            Units::To(on_hand) => on_hand,
        };
        if on_hand > MAX_UNITS {
            return Err(Refusal::TooMany);
        }
        if on_hand < 0 || row.reserved > on_hand + row.backorder_limit {
            return Err(Refusal::Insufficient { available: row.available() });
        }
        Ok(Shift { on_hand: on_hand - row.on_hand, reserved: 0 })
    }
}
