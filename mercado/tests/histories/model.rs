//! What may be, told apart from the code that makes it so.

use std::collections::BTreeSet;

use inventory::Status;
use orders::entities::order::{self, CancelReason, State};
use proptest::sample::Index;
use subgraph::time;
use uuid::Uuid;

use crate::{
    shop::PRICES,
    steps::{ORDERS, PRODUCTS},
};

/// The arrows of an order.
const ARROWS: [(State, State); 10] = [
    (State::Created, State::Reserved),
    (State::Created, State::Cancelled),
    (State::Created, State::Cancelling),
    (State::Reserved, State::Committing),
    (State::Reserved, State::Cancelling),
    (State::Committing, State::Completed),
    (State::Committing, State::Cancelled),
    (State::Cancelling, State::Cancelled),
    (State::Completed, State::Returning),
    (State::Returning, State::Cancelled),
];

/// The arrows of a reservation. It may begin as held, as rejected, or as released before it was asked for.
const FATES: [(Status, Status); 4] = [
    (Status::Held, Status::Committed),
    (Status::Held, Status::Released),
    (Status::Held, Status::Expired),
    (Status::Committed, Status::Returned),
];

pub(crate) struct Model {
    /// Units that came in from outside.
    pub(crate) supplied: [i64; PRODUCTS],
    pub(crate) orders: [Option<Known>; ORDERS],
}

/// What is known of an order: what was done to it, and how it was when it was looked at last.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) units: [i64; PRODUCTS],
    /// By somebody who may.
    pub(crate) cancel_asked: bool,
    /// Its deadline has passed, or what it held was taken from it.
    pub(crate) late: bool,
    row: order::Model,
    reservation: Option<Status>,
}

impl Known {
    pub(crate) fn placed(row: order::Model, units: [i64; PRODUCTS]) -> Self {
        let total: i64 = units.iter().zip(PRICES).map(|(units, price)| units * price).sum();
        assert_eq!(row.total_minor, total);
        Self { units, cancel_asked: false, late: false, row, reservation: None }
    }

    pub(crate) fn id(&self) -> Uuid {
        self.row.id
    }

    pub(crate) fn row(&self) -> &order::Model {
        &self.row
    }

    /// Nothing is left to do, unless somebody asks for it.
    pub(crate) fn rests(&self) -> bool {
        match self.row.saga_state {
            State::Completed => !self.row.cancel_requested,
            state => state == State::Cancelled,
        }
    }

    /// Looks at it again: whatever has happened, it can have come here from where it was.
    pub(crate) fn see(&mut self, row: order::Model, reservation: Option<Status>) {
        let steps = row.version - self.row.version;
        assert!(leads(self.row.saga_state, row.saga_state, steps), "{:?} -> {row:?}", self.row);
        assert!(row.cancel_requested >= self.row.cancel_requested, "{:?} -> {row:?}", self.row);
        assert!(may_become(self.reservation, reservation), "{:?} -> {reservation:?}", self.reservation);
        let fixed = |row: &order::Model| (row.id, row.number, row.customer_id, row.total_minor, row.currency.clone());
        assert_eq!(fixed(&row), fixed(&self.row));
        assert_eq!(row.status, row.saga_state.status());
        (self.row, self.reservation) = (row, reservation);
    }

    /// What an order at rest must be, for what has happened to it.
    fn check_end(&self) {
        let completed = self.row.saga_state == State::Completed;
        assert!(self.rests(), "not at its end: {self:?}");
        assert_eq!(completed, self.reservation == Some(Status::Committed), "{self:?}");
        assert!(!(completed && self.cancel_asked), "a wish to cancel was forgotten: {self:?}");
        if !self.late && !self.cancel_asked && time::now() < self.row.deadline_at {
            let short = self.row.cancel_reason == Some(CancelReason::OutOfStock);
            assert!(completed || short && self.reservation == Some(Status::Rejected), "lost for no reason: {self:?}");
        }
        let gave_back = matches!(self.reservation, Some(Status::Released | Status::Returned | Status::Expired));
        assert!(!gave_back || self.row.stock_released_at.is_some(), "{self:?}");
        assert_eq!(self.row.next_attempt_at, None, "{self:?}");
    }
}

fn leads(from: State, to: State, steps: i32) -> bool {
    if steps <= 0 {
        return from == to && steps == 0;
    }
    ARROWS.iter().filter(|arrow| arrow.0 == from).any(|arrow| leads(arrow.1, to, steps - 1))
}

fn may_become(from: Option<Status>, to: Option<Status>) -> bool {
    let mut reached: BTreeSet<Option<Status>> = BTreeSet::from([from]);
    if from.is_none() {
        reached.extend([Status::Held, Status::Rejected, Status::Released].map(Some));
    }
    for _ in 0..FATES.len() {
        let next = FATES.iter().filter(|arrow| reached.contains(&Some(arrow.0))).map(|arrow| Some(arrow.1));
        reached.extend(next.collect::<Vec<_>>());
    }
    reached.contains(&to)
}

impl Model {
    pub(crate) fn new(supplied: [i64; PRODUCTS]) -> Self {
        Self { supplied, orders: [const { None }; ORDERS] }
    }

    pub(crate) fn change(&mut self, order: usize, change: impl FnOnce(&mut Known)) {
        self.orders[order].as_mut().map(change);
    }

    /// One of the orders that are placed, with its number.
    pub(crate) fn pick(&self, index: Index) -> Option<(usize, &Known)> {
        let placed: Vec<_> =
            self.orders.iter().enumerate().filter_map(|(at, known)| Some((at, known.as_ref()?))).collect();
        (!placed.is_empty()).then(|| placed[index.index(placed.len())])
    }

    pub(crate) fn known(&self) -> impl Iterator<Item = &Known> {
        self.orders.iter().flatten()
    }

    fn units(&self, product: usize, status: Status) -> i64 {
        self.known().filter(|order| order.reservation == Some(status)).map(|order| order.units[product]).sum()
    }

    /// Units on hand and reserved: what came in is here unless it was sold, and what was given back was given back once.
    pub(crate) fn stock(&self) -> [(i64, i64); PRODUCTS] {
        std::array::from_fn(|product| {
            let on_hand = self.supplied[product] - self.units(product, Status::Committed);
            (on_hand, self.units(product, Status::Held))
        })
    }

    /// That everything has come to the end that it must have.
    pub(crate) fn check_end(&self) {
        self.known().for_each(Known::check_end);
    }
}
