//! Where the units of an order are taken from.

use uuid::Uuid;

use super::{ledger::Move, lines::Lines, protocol};
use crate::entities::{
    reservation::{Shortage, Status},
    stock::{Held, Ranked},
};

/// Units of a product that an order takes from a location.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Allocation {
    pub product: Uuid,
    pub location: Uuid,
    pub quantity: i64,
}

impl Allocation {
    /// What a reservation has of the row, if it has some.
    pub(crate) fn of(held: &Held) -> Option<Self> {
        let (product, location) = held.row.key();
        held.quantity.map(|quantity| Self { product, location, quantity })
    }

    /// What going to `status` does to the stock there.
    pub(crate) fn to(self, status: Status) -> Move {
        Move { key: (self.product, self.location), shift: protocol::shift(status, self.quantity) }
    }
}

/// Takes each product from its locations, small priorities first, and from as many as it needs: what lies there before
/// what can only be back-ordered there. In the order of product and location ids, as the rows must be.
///
/// # Errors
/// Every line for which all locations together have too little; a product without a row has nothing.
pub(crate) fn allocate(lines: &Lines, rows: &[Ranked]) -> Result<Vec<Allocation>, Vec<Shortage>> {
    let (mut allocations, mut shortages) = (Vec::new(), Vec::new());
    for (product_id, requested) in lines.iter() {
        let from = rows.partition_point(|ranked| ranked.row.product_id < product_id);
        let to = rows.partition_point(|ranked| ranked.row.product_id <= product_id);
        let levels = &rows[from..to];
        let available = levels.iter().map(|ranked| ranked.row.available()).sum();
        if requested > available {
            shortages.push(Shortage { product_id, requested, available });
        } else {
            let taken = levels.iter().zip(split(requested, levels)).filter(|(_, quantity)| *quantity > 0);
            allocations.extend(taken.map(|(ranked, quantity)| {
                let (product, location) = ranked.row.key();
                Allocation { product, location, quantity }
            }));
        }
    }
    if shortages.is_empty() { Ok(allocations) } else { Err(shortages) }
}

/// How much of a quantity each level gives.
fn split(mut left: i64, levels: &[Ranked]) -> Vec<i64> {
    let mut by_priority: Vec<usize> = (0..levels.len()).collect();
    by_priority.sort_by_key(|&at| (levels[at].priority, levels[at].row.location_id));
    let mut taken = vec![0; levels.len()];
    let mut take = |at: usize, room: i64| {
        let quantity = left.min((room - taken[at]).max(0));
        taken[at] += quantity;
        left -= quantity;
    };
    by_priority.iter().for_each(|&at| take(at, levels[at].row.on_hand - levels[at].row.reserved));
    by_priority.iter().for_each(|&at| take(at, levels[at].row.available()));
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::ledger, entities::stock};

    const A: Uuid = Uuid::from_u128(1);
    const B: Uuid = Uuid::from_u128(2);

    /// Location, priority, on hand, reserved, back-order limit.
    type Level = (u128, i32, i64, i64, i64);

    fn level(product: Uuid, (location, priority, on_hand, reserved, backorder_limit): Level) -> Ranked {
        let empty = ledger::empty(product, Uuid::from_u128(location), backorder_limit, subgraph::time::now());
        Ranked { row: stock::Model { on_hand, reserved, ..empty }, priority }
    }

    /// Location and quantity of each part of an order of one product.
    fn parts(requested: i64, levels: &[Level]) -> Result<Vec<(u128, i64)>, i64> {
        let rows: Vec<_> = levels.iter().map(|level_| level(A, *level_)).collect();
        match allocate(&Lines::new(&[(A, requested)]).unwrap(), &rows) {
            Ok(parts) => Ok(parts.iter().map(|part| (part.location.as_u128(), part.quantity)).collect()),
            Err(shortages) => Err(shortages[0].available),
        }
    }

    #[test]
    fn a_line_is_taken_by_priority_from_as_many_locations_as_it_needs() {
        let levels = [(1, 2, 5, 0, 0), (2, 1, 4, 1, 0), (3, 1, 2, 0, 0)];
        assert_eq!(parts(3, &levels), Ok(vec![(2, 3)]));
        assert_eq!(parts(4, &levels), Ok(vec![(2, 3), (3, 1)]));
        assert_eq!(parts(6, &levels), Ok(vec![(1, 1), (2, 3), (3, 2)]));
        assert_eq!(parts(10, &levels), Ok(vec![(1, 5), (2, 3), (3, 2)]));
        assert_eq!(parts(11, &levels), Err(10));
    }

    #[test]
    fn what_lies_somewhere_is_taken_before_what_can_only_be_back_ordered() {
        let levels = [(1, 1, 2, 0, 9), (2, 2, 3, 0, 0), (3, 0, 1, 4, 5)];
        assert_eq!(parts(5, &levels), Ok(vec![(1, 2), (2, 3)]));
        assert_eq!(parts(6, &levels), Ok(vec![(1, 2), (2, 3), (3, 1)]));
        assert_eq!(parts(8, &levels), Ok(vec![(1, 3), (2, 3), (3, 2)]));
        assert_eq!(parts(17, &levels), Err(16));
        assert_eq!(
            parts(5, &[(1, 1, 2, 0, 1), (2, 2, 0, 0, 5)]),
            Ok(vec![(1, 3), (2, 2)]),
            "what lies there counts towards the limit"
        );
    }

    #[test]
    fn every_product_that_is_short_is_named_and_then_nothing_is_taken() {
        let rows = [level(A, (1, 0, 1, 0, 0)), level(A, (2, 0, 1, 0, 0)), level(B, (1, 0, 9, 0, 0))];
        let none = Uuid::from_u128(3);
        let lines = Lines::new(&[(none, 1), (A, 3), (B, 9)]).unwrap();
        let shortage = |product_id, requested, available| Shortage { product_id, requested, available };
        assert_eq!(allocate(&lines, &rows), Err(vec![shortage(A, 3, 2), shortage(none, 1, 0)]));
    }
}
