//! The protocol of a reservation: what each request makes of it, and of the stock. Pure, so that every order of
//! requests can be walked through; the transactions are in `reserve`, `settle` and `expire`.
//!
//! Every request may come twice, late, or before the one that it follows: repeating one answers the same again.

use sea_orm::Iterable as _;

use crate::entities::{reservation::Status, stock::Shift};

/// What is asked of a reservation.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Request {
    /// Hold units for an order, where there are enough.
    Reserve,
    /// They are sold.
    Commit,
    /// They are not wanted any more.
    Release,
    /// They come back after the sale.
    Return,
    /// Nothing was heard of the order for too long.
    Expire,
}

/// What a request does to a reservation.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Step {
    To(Status),
    /// It has been done already, or there is nothing left to do.
    Stay,
    /// It cannot be done, and never will be.
    Refuse,
}

/// What a request makes of an id that no reservation has yet; `None` where that is refused. Units are held if `allowed`:
/// there are enough, and the customer does not hold too many.
///
/// A rejection is kept, so that a request which is repeated cannot succeed after the order was told so. What is released
/// before it was reserved is kept as released, so that a reserve that arrives late finds that it is too late.
pub fn begin(request: Request, allowed: bool) -> Option<Status> {
    match request {
        Request::Reserve if allowed => Some(Status::Held),
        Request::Reserve => Some(Status::Rejected),
        Request::Release => Some(Status::Released),
        Request::Commit | Request::Return | Request::Expire => None,
    }
}

/// What a request makes of a reservation.
pub fn step(found: Status, request: Request) -> Step {
    use Status::{Committed, Expired, Held, Rejected, Released, Returned};
    match (request, found) {
        (Request::Commit, Held) => Step::To(Committed),
        (Request::Release, Held) => Step::To(Released),
        (Request::Expire, Held) => Step::To(Expired),
        (Request::Return, Committed) => Step::To(Returned),
        (Request::Reserve, _)
        | (Request::Commit, Committed | Returned)
        | (Request::Release, Released | Rejected | Expired | Returned)
        | (Request::Return, Returned) => Step::Stay,
        (Request::Commit, Rejected | Released | Expired)
        | (Request::Release, Committed)
        | (Request::Return, Held | Rejected | Released | Expired)
        | (Request::Expire, Rejected | Committed | Released | Returned | Expired) => Step::Refuse,
    }
}

/// The one status from which a request moves a reservation, and where it moves it; none for [`Request::Reserve`].
pub fn arrow(request: Request) -> Option<(Status, Status)> {
    Status::iter().find_map(|found| match step(found, request) {
        Step::To(to) => Some((found, to)),
        Step::Stay | Step::Refuse => None,
    })
}

/// What going to `status` does to the stock, for a line of so many units.
pub fn shift(to: Status, quantity: i64) -> Shift {
    let (on_hand, reserved) = match to {
        Status::Held => (0, quantity),
        Status::Committed => (-quantity, -quantity),
        Status::Released | Status::Expired => (0, -quantity),
        Status::Returned => (quantity, 0),
        Status::Rejected => (0, 0),
    };
    Shift { on_hand, reserved }
}
