//! The protocol of reservations, every request in every state.

use inventory::{
    Shift, Status,
    protocol::{Request, Step, arrow, begin, shift, step},
};

const STATUSES: [Status; 6] =
    [Status::Held, Status::Rejected, Status::Committed, Status::Released, Status::Returned, Status::Expired];

#[test]
fn a_request_for_an_unknown_id_begins_a_reservation_or_is_refused() {
    for (request, with_enough, when_short) in [
        (Request::Reserve, Some(Status::Held), Some(Status::Rejected)),
        (Request::Release, Some(Status::Released), Some(Status::Released)),
        (Request::Commit, None, None),
        (Request::Return, None, None),
        (Request::Expire, None, None),
    ] {
        assert_eq!((begin(request, true), begin(request, false)), (with_enough, when_short), "{request:?}");
    }
}

#[test]
fn every_request_moves_a_reservation_or_leaves_it_or_is_refused() {
    use Step::{Refuse, Stay, To};
    for (request, steps) in [
        (Request::Reserve, [Stay, Stay, Stay, Stay, Stay, Stay]),
        (Request::Commit, [To(Status::Committed), Refuse, Stay, Refuse, Stay, Refuse]),
        (Request::Release, [To(Status::Released), Stay, Refuse, Stay, Stay, Stay]),
        (Request::Return, [Refuse, Refuse, To(Status::Returned), Refuse, Stay, Refuse]),
        (Request::Expire, [To(Status::Expired), Refuse, Refuse, Refuse, Refuse, Refuse]),
    ] {
        assert_eq!(STATUSES.map(|status| step(status, request)), steps, "{request:?}");
        let arrows = STATUSES.into_iter().zip(steps).filter_map(|(from, step)| match step {
            To(to) => Some((from, to)),
            Stay | Refuse => None,
        });
        assert_eq!(Vec::from_iter(arrow(request)), arrows.collect::<Vec<_>>(), "{request:?}");
    }
}

#[test]
fn what_is_held_and_given_back_or_sold_and_returned_leaves_the_stock_as_it_was() {
    let shifts = STATUSES.map(|status| {
        let Shift { on_hand, reserved } = shift(status, 7);
        (on_hand, reserved)
    });
    assert_eq!(shifts, [(0, 7), (0, 0), (-7, -7), (0, -7), (7, 0), (0, -7)]);
}
