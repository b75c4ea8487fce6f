//! Orders, reservations, stock, and what is on its way between the services.

use std::collections::BTreeSet;

use inventory::{
    Shift, Status,
    protocol::{self, Request, Step},
};
use orders::{
    domain::saga::{self, Call, Effect, Event, Reservation, Saga},
    entities::order::State,
};

use crate::rules::Rules;

/// The rows of both databases, and the network. A process that crashes loses nothing but what it was about to hear, for all
/// that it knows is in the rows: a crash is a reply that is lost.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) orders: Vec<Order>,
    pub(crate) stock: Vec<Stock>,
    pub(crate) messages: BTreeSet<Message>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Order {
    /// Product and quantity; each product once.
    lines: Vec<(usize, i64)>,
    pub(crate) saga: Saga,
    version: u8,
    /// Its row in inventory.
    pub(crate) reservation: Option<Status>,
    /// Holds that no row tells of.
    lost_holds: i64,
    /// The version in which it was last driven, where nobody drives it again.
    driven: Option<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Stock {
    pub(crate) first: i64,
    on_hand: i64,
    reserved: i64,
    pub(crate) backorder_limit: i64,
    /// Held by a customer who is in no order here.
    held_by_others: i64,
}

/// What the order's row was when it asked.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Seen {
    version: u8,
    cancel_requested: bool,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Message {
    pub(crate) order: usize,
    call: Call,
    seen: Seen,
    /// `None` for the request.
    reply: Option<Reservation>,
}

/// What can happen next.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Somebody does what an order needs next: the request that placed it, or the recovery worker.
    Drive(usize),
    Deliver(Message),
    /// It arrives, and will arrive again.
    DeliverAndKeep(Message),
    Lose(Message),
    AskToCancel(usize),
    PassDeadline(usize),
    Expire(usize),
    /// The other customer takes a unit, or gives it back.
    Take(usize),
    Give(usize),
}

impl World {
    /// `stock` has units on hand and the back-order limit; an order has products, each once, and quantities.
    pub(crate) fn new(stock: &[(i64, i64)], orders: &[&[(usize, i64)]]) -> Self {
        let stock = stock.iter().map(|&(first, backorder_limit)| Stock {
            first,
            on_hand: first,
            reserved: 0,
            backorder_limit,
            held_by_others: 0,
        });
        let orders = orders.iter().map(|lines| Order {
            lines: lines.to_vec(),
            saga: Saga { state: State::Created, cancel_requested: false },
            version: 1,
            reservation: None,
            lost_holds: 0,
            driven: None,
        });
        Self { orders: orders.collect(), stock: stock.collect(), messages: BTreeSet::new() }
    }

    pub(crate) fn actions(&self, rules: Rules) -> Vec<Action> {
        let mut actions = Vec::new();
        for (number, order) in self.orders.iter().enumerate() {
            if self.can_be_driven(order, rules) {
                actions.push(Action::Drive(number));
            }
            if order.takes(Event::CancelAsked) || !rules.no_cancel_while_committing {
                actions.push(Action::AskToCancel(number));
            }
            if order.takes(Event::DeadlinePassed) {
                actions.push(Action::PassDeadline(number));
            }
            if order.reservation == Some(Status::Held) {
                actions.push(Action::Expire(number));
            }
        }
        for message in &self.messages {
            actions.extend([Action::Deliver(*message), Action::DeliverAndKeep(*message), Action::Lose(*message)]);
        }
        for (product, stock) in self.stock.iter().enumerate() {
            match stock.held_by_others {
                0 if stock.available() > 0 => actions.push(Action::Take(product)),
                0 => {}
                _ => actions.push(Action::Give(product)),
            }
        }
        actions
    }

    pub(crate) fn apply(&mut self, action: Action, rules: Rules) {
        match action {
            Action::Drive(order) => self.drive(order, rules),
            Action::Deliver(message) => {
                self.messages.remove(&message);
                self.deliver(message, rules);
            }
            Action::DeliverAndKeep(message) => self.deliver(message, rules),
            Action::Lose(message) => drop(self.messages.remove(&message)),
            Action::AskToCancel(order) => self.orders[order].ask_to_cancel(rules),
            Action::PassDeadline(order) => self.orders[order].take(Event::DeadlinePassed),
            Action::Expire(order) => {
                self.ask(order, Request::Expire, rules);
            }
            Action::Take(product) => self.stock[product].hold_for_others(1),
            Action::Give(product) => self.stock[product].hold_for_others(-1),
        }
    }

    /// Whether everything is at its end.
    pub(crate) fn is_settled(&self) -> bool {
        self.orders.iter().all(|order| order.saga.effect() == Effect::Rest)
    }

    /// The invariants that hold at every moment, by their names.
    pub(crate) fn violation(&self) -> Option<&'static str> {
        for (product, stock) in self.stock.iter().enumerate() {
            let of = |wanted: &[Status]| -> i64 {
                let orders =
                    self.orders.iter().filter(|order| order.reservation.is_some_and(|it| wanted.contains(&it)));
                orders.flat_map(|order| &order.lines).filter(|line| line.0 == product).map(|line| line.1).sum()
            };
            if stock.on_hand < 0 || stock.reserved < 0 || stock.available() < 0 {
                return Some("I1: more is promised than there is");
            }
            if stock.reserved != of(&[Status::Held]) + stock.held_by_others {
                return Some("I2: what is reserved is not what is held");
            }
            if stock.on_hand != stock.first - of(&[Status::Committed]) {
                return Some("I3: what is on hand is not what the movements say");
            }
        }
        self.orders.iter().find_map(Order::violation)
    }

    fn can_be_driven(&self, order: &Order, rules: Rules) -> bool {
        let unfinished = order.saga.effect() != Effect::Rest || order.owes_commit(rules);
        unfinished && (rules.recovery || order.driven != Some(order.version))
    }

    fn drive(&mut self, number: usize, rules: Rules) {
        let order = &mut self.orders[number];
        if !rules.recovery {
            order.driven = Some(order.version);
        }
        match order.saga.effect() {
            Effect::Rest if order.owes_commit(rules) => self.send(number, Call::Commit),
            Effect::Rest => {}
            Effect::Raise(Event::Decided) if !rules.acknowledged_before_completed => {
                order.go(State::Completed);
                self.send(number, Call::Commit);
            }
            Effect::Raise(event) => order.take(event),
            Effect::Ask(call) => self.send(number, call),
        }
    }

    fn send(&mut self, order: usize, call: Call) {
        let seen = self.orders[order].seen();
        self.messages.insert(Message { order, call, seen, reply: None });
    }

    fn deliver(&mut self, message: Message, rules: Rules) {
        let Message { order: number, call, seen, reply } = message;
        let Some(reservation) = reply else {
            let reply = Some(self.ask(number, request(call), rules));
            self.messages.insert(Message { reply, ..message });
            return;
        };
        let order = &mut self.orders[number];
        match saga::reply(call, reservation) {
            None => {}
            Some(event) if !rules.compare_and_swap => order.believe(event),
            Some(event) if order.seen() == seen => order.take(event),
            Some(_) => {}
        }
    }

    /// What inventory does and answers.
    fn ask(&mut self, number: usize, request: Request, rules: Rules) -> Reservation {
        let enough =
            self.orders[number].lines.iter().all(|&(product, quantity)| self.stock[product].available() >= quantity);
        let Some(found) = self.orders[number].reservation else {
            // What inventory does not know is for `orders` as what has ended.
            let Some(status) = protocol::begin(request, enough) else { return Reservation::Expired };
            let is_kept = match status {
                Status::Released => rules.tombstone,
                Status::Rejected => rules.stored_rejection,
                _ => true,
            };
            if is_kept {
                self.orders[number].reservation = Some(status);
            }
            if status == Status::Held {
                self.shift(number, Status::Held);
            }
            return as_orders_sees(status);
        };
        let step = match (request, found) {
            (Request::Reserve, Status::Held | Status::Committed) if !rules.idempotent_reserve && enough => {
                if self.orders[number].lost_holds == 0 {
                    self.orders[number].lost_holds = 1;
                    self.shift(number, Status::Held);
                }
                Step::Stay
            }
            (Request::Commit, Status::Expired | Status::Released) if !rules.status_checked_on_commit => {
                Step::To(Status::Committed)
            }
            _ => protocol::step(found, request),
        };
        if let Step::To(status) = step {
            if status == Status::Committed && !self.is_on_hand(number) {
                return as_orders_sees(found);
            }
            self.shift(number, status);
            self.orders[number].reservation = Some(status);
        }
        as_orders_sees(self.orders[number].reservation.unwrap_or(found))
    }

    fn is_on_hand(&self, order: usize) -> bool {
        self.orders[order].lines.iter().all(|&(product, quantity)| self.stock[product].on_hand >= quantity)
    }

    fn shift(&mut self, order: usize, to: Status) {
        for &(product, quantity) in &self.orders[order].lines {
            let Shift { on_hand, reserved } = protocol::shift(to, quantity);
            self.stock[product].on_hand += on_hand;
            self.stock[product].reserved += reserved;
        }
    }
}

impl Order {
    fn seen(&self) -> Seen {
        Seen { version: self.version, cancel_requested: self.saga.cancel_requested }
    }

    fn takes(&self, event: Event) -> bool {
        saga::step(self.saga, event).is_some()
    }

    fn take(&mut self, event: Event) {
        if let Some((next, _)) = saga::step(self.saga, event) {
            self.version += u8::from(next.state != self.saga.state);
            self.saga = next;
        }
    }

    fn go(&mut self, state: State) {
        self.saga.state = state;
        self.version = self.version.wrapping_add(1);
    }

    /// Takes what a reply says for the truth, whatever happened since it was asked for.
    fn believe(&mut self, event: Event) {
        let state = match event {
            Event::Held => State::Reserved,
            Event::Committed => State::Completed,
            Event::Rejected | Event::NotHeld | Event::Released | Event::Returned => State::Cancelled,
            Event::Decided | Event::CancelAsked | Event::DeadlinePassed => return,
        };
        if state != self.saga.state {
            // Without the rule nothing looks at the version; at rest, worlds that differ by it alone stay few.
            self.saga.state = state;
        }
    }

    fn ask_to_cancel(&mut self, rules: Rules) {
        match self.saga.state {
            State::Committing if !rules.no_cancel_while_committing => self.go(State::Cancelling),
            _ => self.take(Event::CancelAsked),
        }
    }

    /// Completed first, and the commit sent until it is done.
    fn owes_commit(&self, rules: Rules) -> bool {
        !rules.acknowledged_before_completed
            && self.saga.state == State::Completed
            && self.reservation != Some(Status::Committed)
    }

    fn violation(&self) -> Option<&'static str> {
        use Status::{Committed, Held, Returned};
        let owns = matches!(self.reservation, Some(Held | Committed)) || self.lost_holds > 0;
        match (self.saga.state, self.reservation) {
            (State::Completed, Some(Committed)) | (State::Returning, Some(Committed | Returned)) => None,
            (State::Completed | State::Returning, _) => Some("I4: completed without its stock"),
            (State::Cancelled, _) if owns => Some("I5: cancelled, and owns stock"),
            (State::Created | State::Reserved | State::Cancelling, Some(Committed)) => {
                Some("I6: stock was sold that no order will have")
            }
            _ => None,
        }
    }
}

impl Stock {
    fn available(&self) -> i64 {
        self.on_hand - self.reserved + self.backorder_limit
    }

    fn hold_for_others(&mut self, units: i64) {
        self.reserved += units;
        self.held_by_others += units;
    }
}

fn request(call: Call) -> Request {
    match call {
        Call::Reserve => Request::Reserve,
        Call::Commit => Request::Commit,
        Call::Release => Request::Release,
        Call::Return => Request::Return,
    }
}

fn as_orders_sees(status: Status) -> Reservation {
    match status {
        Status::Held => Reservation::Held,
        Status::Rejected => Reservation::Rejected,
        Status::Committed => Reservation::Committed,
        Status::Released => Reservation::Released,
        Status::Returned => Reservation::Returned,
        Status::Expired => Reservation::Expired,
    }
}
