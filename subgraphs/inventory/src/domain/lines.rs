//! What one order asks for.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use subgraph::fingerprint;
use uuid::Uuid;

/// Lines of one request.
pub(crate) const MAX_LINES: usize = 200;
/// Units of one product in one request.
pub(crate) const MAX_QUANTITY: i64 = 1_000_000;

/// Units by product: duplicates merged, in the order of product ids, which is the order of locks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lines(BTreeMap<Uuid, i64>);

/// Why lines are refused; the message is for the client.
#[derive(Copy, Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LinesError {
    #[error("A reservation has from 1 to {MAX_LINES} lines.")]
    Count,
    #[error("The quantity of a product is from 1 to {MAX_QUANTITY}.")]
    Quantity { line: usize },
}

impl Lines {
    pub(crate) fn new(lines: &[(Uuid, i64)]) -> Result<Self, LinesError> {
        if !(1..=MAX_LINES).contains(&lines.len()) {
            return Err(LinesError::Count);
        }
        let mut merged = BTreeMap::new();
        for (line, &(product, quantity)) in lines.iter().enumerate() {
            let sum = merged.entry(product).or_insert(0);
            // Both are at most `MAX_QUANTITY` here, so that the sum cannot overflow.
            if !(1..=MAX_QUANTITY).contains(&quantity) || *sum + quantity > MAX_QUANTITY {
                return Err(LinesError::Quantity { line });
            }
            *sum += quantity;
        }
        Ok(Self(merged))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Uuid, i64)> {
        self.0.iter().map(|(&product, &quantity)| (product, quantity))
    }

    pub(crate) fn products(&self) -> impl Iterator<Item = Uuid> {
        self.0.keys().copied()
    }

    /// Units of all products together.
    pub(crate) fn units(&self) -> i64 {
        self.0.values().sum()
    }

    /// The same for the same products and quantities, in whatever order and pieces they were asked for.
    pub(crate) fn digest(&self) -> String {
        let mut text = String::new();
        for (product, quantity) in self.iter() {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{product} {quantity}");
        }
        fingerprint(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Uuid = Uuid::from_u128(1);
    const B: Uuid = Uuid::from_u128(2);

    #[test]
    fn duplicates_are_merged_and_order_does_not_matter() {
        let lines = Lines::new(&[(B, 1), (A, 2), (B, 3)]).unwrap();
        assert_eq!(lines.iter().collect::<Vec<_>>(), [(A, 2), (B, 4)]);
        assert_eq!(lines.digest(), Lines::new(&[(A, 2), (B, 4)]).unwrap().digest());
        assert_ne!(lines.digest(), Lines::new(&[(A, 4), (B, 2)]).unwrap().digest());
    }

    #[test]
    fn a_quantity_is_bounded_after_merging_too() {
        let refused = |lines: &[(Uuid, i64)]| Lines::new(lines).unwrap_err();
        assert_eq!(refused(&[]), LinesError::Count);
        assert_eq!(refused(&[(A, 1); MAX_LINES + 1]), LinesError::Count);
        assert_eq!(refused(&[(A, 1), (B, 0)]), LinesError::Quantity { line: 1 });
        assert_eq!(refused(&[(A, i64::MAX)]), LinesError::Quantity { line: 0 });
        assert_eq!(refused(&[(A, MAX_QUANTITY), (A, 1)]), LinesError::Quantity { line: 1 });
    }
}
