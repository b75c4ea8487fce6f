//! The four calls of the reservation protocol. Every one is idempotent by the reservation's id, the order's id.

use std::time::Duration;

use client::{Deadline, OperationKind};
use serde::Deserialize;
use serde_json::{Value, json};
use subgraph::Peer;
use uuid::Uuid;

use super::CallError;
use crate::{
    domain::saga::Reservation,
    entities::{
        order::{self, Shortage},
        order_line,
    },
};

/// More than the client's own timeout, which is what ends a call.
const TIMEOUT: Duration = Duration::from_secs(4);

const RESERVE: &str = "mutation Reserve($input: ReserveStockInput!) { payload: reserveStock(input: $input) \
    { reservation { status } rejection shortages { productId requested available } errors { ... on UserError { code } } } }";
const COMMIT: &str = "mutation Commit($input: CommitReservationInput!) { payload: commitReservation(input: $input) \
    { reservation { status } errors { ... on UserError { code } } } }";
const RELEASE: &str = "mutation Release($input: ReleaseReservationInput!) { payload: releaseReservation(input: $input) \
    { reservation { status } errors { ... on UserError { code } } } }";
const RETURN: &str = "mutation Return($input: ReturnReservationInput!) { payload: returnReservation(input: $input) \
    { reservation { status } errors { ... on UserError { code } } } }";

/// Where a reservation stands after a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub reservation: Reservation,
    /// Why, where the reservation was rejected.
    pub rejection: Option<Rejection>,
    /// All of them, where that is why.
    pub shortages: Vec<Shortage>,
}

/// Why inventory rejected a reservation.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Rejection {
    OutOfStock,
    /// The customer would hold more than anybody may.
    TooManyHeld,
}

/// The inventory service.
#[derive(Clone, Debug)]
pub struct Inventory {
    peer: Peer,
    /// How long a reservation holds when nobody commits it; a backstop, far longer than an order's deadline.
    reservation_ttl: Duration,
}

#[derive(Deserialize)]
struct Data {
    payload: Payload,
}

#[derive(Deserialize)]
struct Payload {
    reservation: Option<Row>,
    rejection: Option<Rejection>,
    #[serde(default)]
    shortages: Vec<Shortage>,
    errors: Vec<UserError>,
}

#[derive(Deserialize)]
struct Row {
    status: Reservation,
}

#[derive(Deserialize)]
struct UserError {
    code: String,
}

impl Inventory {
    pub fn new(peer: Peer, reservation_ttl: Duration) -> Self {
        Self { peer, reservation_ttl }
    }

    /// Reserves every line, or none.
    pub async fn reserve(&self, order: &order::Model, lines: &[order_line::Model]) -> Result<Answer, CallError> {
        let lines: Vec<Value> =
            lines.iter().map(|line| json!({ "productId": line.product_id, "quantity": line.quantity })).collect();
        let ttl = self.reservation_ttl.as_secs();
        let input = json!({
            "reservationId": order.id, "customerId": order.customer_id, "lines": lines, "ttlSeconds": ttl,
        });
        self.call(RESERVE, input).await
    }

    pub async fn commit(&self, order: Uuid) -> Result<Answer, CallError> {
        self.call(COMMIT, json!({ "reservationId": order })).await
    }

    /// Gives up a reservation that was not committed, or forbids one that has not arrived yet.
    pub async fn release(&self, order: Uuid) -> Result<Answer, CallError> {
        self.call(RELEASE, json!({ "reservationId": order })).await
    }

    /// Takes committed stock back.
    pub async fn take_back(&self, order: Uuid) -> Result<Answer, CallError> {
        self.call(RETURN, json!({ "reservationId": order })).await
    }

    async fn call(&self, document: &str, input: Value) -> Result<Answer, CallError> {
        let deadline = Deadline::after(TIMEOUT);
        let variables = json!({ "input": input });
        let data: Data = self.peer.execute(OperationKind::Mutation, document, variables, deadline).await?;
        answer(data.payload)
    }
}

fn answer(payload: Payload) -> Result<Answer, CallError> {
    match payload.reservation {
        Some(row) => Ok(Answer { reservation: row.status, rejection: payload.rejection, shortages: payload.shortages }),
        // A reservation that inventory does not know holds nothing, as one that has ended.
        None if payload.errors.iter().any(|error| error.code == "NOT_HELD") => {
            Ok(Answer { reservation: Reservation::Expired, rejection: None, shortages: Vec::new() })
        }
        None => {
            Err(CallError::Refused(payload.errors.into_iter().map(|error| error.code).collect::<Vec<_>>().join(", ")))
        }
    }
}
