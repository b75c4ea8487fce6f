//! The protocol between an order and its stock: which arrow follows which event, and what to do next.
//! Pure, so that every state and every event can be walked through; the calls are made in `drive`.
//!
//! The reservation's id is the order's id and every call is idempotent, so an outcome that was lost is
//! found out by asking again. Only from [`State::Committing`] may a commit be sent, and in that state an
//! order is never cancelled: the commit may already have happened.

use sea_orm::Iterable as _;

use crate::entities::order::{self, State};

/// What an order's row says of its saga.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Saga {
    pub state: State,
    /// Somebody wants to cancel; where that cannot be done now it is done once the commit is known.
    pub cancel_requested: bool,
}

/// What happens to an order.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// All lines are reserved.
    Held,
    /// Some line is short, and nothing is reserved.
    Rejected,
    /// It is decided to commit.
    Decided,
    Committed,
    /// The reservation is over: it expired, or was released.
    NotHeld,
    Released,
    Returned,
    /// Somebody who may do so asks to cancel.
    CancelAsked,
    DeadlinePassed,
}

const EVENTS: [Event; 9] = [
    Event::Held,
    Event::Rejected,
    Event::Decided,
    Event::Committed,
    Event::NotHeld,
    Event::Released,
    Event::Returned,
    Event::CancelAsked,
    Event::DeadlinePassed,
];

/// A call to inventory.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Call {
    Reserve,
    Commit,
    Release,
    Return,
}

/// What an order needs next.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    Ask(Call),
    Raise(Event),
    /// Nothing; the order is at its end.
    Rest,
}

/// Where inventory says that a reservation stands.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Reservation {
    Held,
    Rejected,
    Committed,
    Released,
    Returned,
    Expired,
}

impl Saga {
    pub fn of(order: &order::Model) -> Self {
        Self { state: order.saga_state, cancel_requested: order.cancel_requested }
    }

    /// What to do in this state, the first time and every time after a crash.
    pub fn effect(self) -> Effect {
        match self.state {
            State::Created => Effect::Ask(Call::Reserve),
            State::Reserved => Effect::Raise(Event::Decided),
            State::Committing => Effect::Ask(Call::Commit),
            State::Cancelling => Effect::Ask(Call::Release),
            State::Returning => Effect::Ask(Call::Return),
            State::Completed if self.cancel_requested => Effect::Raise(Event::CancelAsked),
            State::Completed | State::Cancelled => Effect::Rest,
        }
    }
}

/// Nothing is left to do for this order, unless somebody asks to cancel it.
pub fn is_settled(order: &order::Model) -> bool {
    Saga::of(order).effect() == Effect::Rest
}

/// Nothing will ever happen to this order again.
pub fn is_over(order: &order::Model) -> bool {
    order.saga_state == State::Cancelled
}

/// The saga after the event and what it then needs, or `None` where the event changes nothing: a reply that comes
/// late or twice, or a wish that cannot be met.
pub fn step(saga: Saga, event: Event) -> Option<(Saga, Effect)> {
    let remember = saga.state == State::Committing && event == Event::CancelAsked;
    let next = if remember {
        Saga { cancel_requested: true, ..saga }
    } else {
        Saga { state: arrow(saga.state, event)?, ..saga }
    };
    (next != saga).then(|| (next, next.effect()))
}

fn arrow(from: State, event: Event) -> Option<State> {
    let to = match (from, event) {
        (State::Created, Event::Held) => State::Reserved,
        (State::Created, Event::Rejected | Event::NotHeld) => State::Cancelled,
        (State::Reserved, Event::Decided) => State::Committing,
        (State::Committing, Event::Committed) => State::Completed,
        (State::Committing, Event::NotHeld) => State::Cancelled,
        (State::Created | State::Reserved, Event::CancelAsked | Event::DeadlinePassed) => State::Cancelling,
        (State::Cancelling, Event::Released) => State::Cancelled,
        (State::Completed, Event::CancelAsked) => State::Returning,
        (State::Returning, Event::Returned) => State::Cancelled,
        _ => return None,
    };
    Some(to)
}

/// Every arrow that an order can take, some more than once.
pub fn arrows() -> impl Iterator<Item = (State, State)> {
    State::iter().flat_map(|from| EVENTS.into_iter().filter_map(move |event| Some((from, arrow(from, event)?))))
}

/// What inventory's answer to a call means, or `None` where it means nothing for certain and the call is made again.
pub fn reply(call: Call, reservation: Reservation) -> Option<Event> {
    use Reservation::{Committed, Expired, Held, Rejected, Released, Returned};
    match (call, reservation) {
        (Call::Reserve, Held | Committed) => Some(Event::Held),
        (Call::Reserve, Rejected) => Some(Event::Rejected),
        (Call::Reserve | Call::Commit, Released | Expired) => Some(Event::NotHeld),
        (Call::Commit, Committed | Returned) => Some(Event::Committed),
        (Call::Commit, Rejected) => Some(Event::NotHeld),
        (Call::Release, Released | Rejected | Expired) => Some(Event::Released),
        (Call::Return, Returned) => Some(Event::Returned),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;

    fn sagas() -> impl Iterator<Item = Saga> {
        State::iter().flat_map(|state| [false, true].map(|cancel_requested| Saga { state, cancel_requested }))
    }

    #[test]
    fn only_the_allowed_arrows_exist() {
        use State::{Cancelled, Cancelling, Committing, Completed, Created, Reserved, Returning};
        let allowed = HashSet::from([
            (Created, Reserved),
            (Created, Cancelled),
            (Created, Cancelling),
            (Reserved, Committing),
            (Reserved, Cancelling),
            (Committing, Completed),
            (Committing, Cancelled),
            (Cancelling, Cancelled),
            (Completed, Returning),
            (Returning, Cancelled),
        ]);
        let taken: HashSet<_> = arrows().collect();
        assert_eq!(taken, allowed);
    }

    #[test]
    fn while_committing_a_wish_to_cancel_is_only_remembered() {
        let committing = Saga { state: State::Committing, cancel_requested: false };
        let remembered = Saga { cancel_requested: true, ..committing };
        assert_eq!(step(committing, Event::CancelAsked), Some((remembered, Effect::Ask(Call::Commit))));
        assert_eq!(step(remembered, Event::CancelAsked), None);
        assert_eq!(step(remembered, Event::DeadlinePassed), None);
        let (completed, effect) = step(remembered, Event::Committed).unwrap();
        assert_eq!((completed.state, effect), (State::Completed, Effect::Raise(Event::CancelAsked)));
        let (returning, effect) = step(completed, Event::CancelAsked).unwrap();
        assert_eq!((returning.state, effect), (State::Returning, Effect::Ask(Call::Return)));
    }

    #[test]
    fn a_commit_is_asked_for_in_one_state_only() {
        for saga in sagas() {
            let asks = saga.effect() == Effect::Ask(Call::Commit);
            assert_eq!(asks, saga.state == State::Committing, "{saga:?}");
        }
    }

    #[test]
    fn from_every_state_an_order_comes_to_rest_and_never_returns_to_a_state() {
        let mut steps: HashMap<Saga, Vec<Saga>> = HashMap::new();
        for saga in sagas() {
            steps.insert(saga, EVENTS.iter().filter_map(|event| Some(step(saga, *event)?.0)).collect());
        }
        for start in sagas() {
            let mut seen = HashSet::new();
            let mut open = steps[&start].clone();
            while let Some(saga) = open.pop() {
                assert_ne!(saga, start, "a circle");
                if seen.insert(saga) {
                    open.extend(&steps[&saga]);
                }
            }
            let rests = start.effect() == Effect::Rest || seen.iter().any(|saga| saga.effect() == Effect::Rest);
            assert!(rests, "{start:?} has no end");
        }
    }

    #[test]
    fn a_cancelled_order_hears_nothing_more() {
        for saga in sagas().filter(|saga| saga.state == State::Cancelled) {
            for event in EVENTS {
                assert_eq!(step(saga, event), None);
            }
        }
    }

    #[test]
    fn every_state_asks_for_one_thing() {
        let effects = [
            (State::Created, Effect::Ask(Call::Reserve)),
            (State::Reserved, Effect::Raise(Event::Decided)),
            (State::Committing, Effect::Ask(Call::Commit)),
            (State::Completed, Effect::Rest),
            (State::Returning, Effect::Ask(Call::Return)),
            (State::Cancelling, Effect::Ask(Call::Release)),
            (State::Cancelled, Effect::Rest),
        ];
        for (state, effect) in effects {
            assert_eq!(Saga { state, cancel_requested: false }.effect(), effect, "{state:?}");
            let wish_is_open = if state == State::Completed { Effect::Raise(Event::CancelAsked) } else { effect };
            assert_eq!(Saga { state, cancel_requested: true }.effect(), wish_is_open, "{state:?}");
        }
    }

    #[test]
    fn every_answer_has_one_meaning_or_none() {
        use Reservation::{Committed, Expired, Held, Rejected, Released, Returned};
        let columns = [Held, Rejected, Committed, Released, Returned, Expired];
        let (held, rejected, committed) = (Some(Event::Held), Some(Event::Rejected), Some(Event::Committed));
        let (not_held, released, returned) = (Some(Event::NotHeld), Some(Event::Released), Some(Event::Returned));
        let meanings = [
            (Call::Reserve, [held, rejected, held, not_held, None, not_held]),
            (Call::Commit, [None, not_held, committed, not_held, committed, not_held]),
            (Call::Release, [None, released, None, released, None, released]),
            (Call::Return, [None, None, None, None, returned, None]),
        ];
        for (call, meanings) in meanings {
            assert_eq!(columns.map(|reservation| reply(call, reservation)), meanings, "{call:?}");
        }
    }

    #[test]
    fn an_order_completes_only_on_a_committed_reservation() {
        let all = [
            Reservation::Held,
            Reservation::Rejected,
            Reservation::Committed,
            Reservation::Released,
            Reservation::Returned,
            Reservation::Expired,
        ];
        for reservation in all {
            let completes = reply(Call::Commit, reservation) == Some(Event::Committed);
            // A returned reservation was committed before, so a late answer still tells the truth.
            let owned = matches!(reservation, Reservation::Committed | Reservation::Returned);
            assert_eq!(completes, owned);
            let freed = reply(Call::Release, reservation) == Some(Event::Released);
            assert!(!(freed && matches!(reservation, Reservation::Held | Reservation::Committed)));
        }
    }
}
