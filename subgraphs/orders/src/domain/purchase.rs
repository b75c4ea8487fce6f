//! What a customer asks to buy, once it obeys the rules that need no look at anything else.

use subgraph::{Money, fingerprint, user_error::InvalidInputError};
use uuid::Uuid;

use super::idempotency::check_key;

const MAX_LINES: usize = 100;
/// Of one product, after lines that name the same product are put together.
pub const MAX_QUANTITY: i64 = 1_000;

/// A well-formed wish to buy. Every product is in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purchase {
    pub customer: Uuid,
    pub key: String,
    /// In the order in which the customer listed the products.
    pub lines: Vec<Wanted>,
    /// What the customer expects to pay, where that matters to them.
    pub expected_total: Option<Money>,
}

/// So much of a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub product_id: Uuid,
    pub quantity: i64,
    /// Where the product was first named in the request.
    pub at: usize,
}

/// Why no order was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    KeyReused,
    /// The line of the request is given, as for the two that follow.
    ProductNotFound {
        at: usize,
    },
    ProductArchived {
        at: usize,
    },
    /// Another currency than the first line's.
    CurrencyMismatch {
        at: usize,
    },
    ExpectedCurrencyMismatch,
    /// More than can be counted.
    TooExpensive,
    PriceChanged {
        total: Money,
    },
}

impl Purchase {
    /// Checks a request, and puts lines of the same product together.
    pub fn new(
        customer: Uuid,
        key: String,
        lines: &[(Uuid, i32)],
        expected_total: Option<Money>,
    ) -> Result<Self, Vec<InvalidInputError>> {
        let mut errors: Vec<_> = check_key(&key).err().into_iter().collect();
        let lines = merge(lines).unwrap_or_else(|invalid| {
            errors.extend(invalid);
            Vec::new()
        });
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Self { customer, key, lines, expected_total })
    }

    /// Equal for requests that ask for the same, in whatever order.
    pub fn fingerprint(&self) -> String {
        let mut lines: Vec<_> = self.lines.iter().collect();
        lines.sort_unstable_by_key(|line| line.product_id);
        let mut bytes = Vec::new();
        for line in lines {
            bytes.extend(line.product_id.as_bytes());
            bytes.extend(line.quantity.to_be_bytes());
        }
        if let Some(total) = self.expected_total {
            bytes.extend(total.currency.code().as_bytes());
            bytes.extend(total.minor.to_be_bytes());
        }
        fingerprint(bytes)
    }
}

fn merge(lines: &[(Uuid, i32)]) -> Result<Vec<Wanted>, Vec<InvalidInputError>> {
    if !(1..=MAX_LINES).contains(&lines.len()) {
        let message = format!("An order has 1 to {MAX_LINES} lines.");
        return Err(vec![InvalidInputError::new(["lines"], message)]);
    }
    let mut errors = Vec::new();
    let mut merged: Vec<Wanted> = Vec::new();
    for (at, &(product_id, quantity)) in lines.iter().enumerate() {
        let quantity = i64::from(quantity);
        let before = merged.iter().position(|line| line.product_id == product_id);
        let sum = before.and_then(|index| merged.get(index)).map_or(0, |line| line.quantity) + quantity;
        if quantity < 1 || sum > MAX_QUANTITY {
            errors.push(bad_quantity(at));
        }
        match before.and_then(|index| merged.get_mut(index)) {
            Some(line) => line.quantity = sum,
            None => merged.push(Wanted { product_id, quantity, at }),
        }
    }
    if errors.is_empty() { Ok(merged) } else { Err(errors) }
}

fn bad_quantity(at: usize) -> InvalidInputError {
    InvalidInputError::new(
        ["lines", &at.to_string(), "quantity"],
        format!("An order has 1 to {MAX_QUANTITY} units of a product."),
    )
}

#[cfg(test)]
mod tests {
    use subgraph::Currency;

    use super::*;

    fn purchase(lines: &[(Uuid, i32)]) -> Result<Purchase, Vec<InvalidInputError>> {
        Purchase::new(Uuid::nil(), "key".into(), lines, None)
    }

    #[test]
    fn lines_of_the_same_product_are_put_together() {
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let lines = purchase(&[(a, 1), (b, 2), (a, 3)]).unwrap().lines;
        let quantities: Vec<_> = lines.iter().map(|line| (line.product_id, line.quantity)).collect();
        assert_eq!(quantities, [(a, 4), (b, 2)]);
    }

    #[test]
    fn quantities_and_the_number_of_lines_have_bounds() {
        let a = Uuid::from_u128(1);
        for quantity in [0, -1, i32::MIN, 1_001, i32::MAX] {
            assert!(purchase(&[(a, quantity)]).is_err(), "{quantity}");
        }
        assert!(purchase(&[(a, 1_000)]).is_ok());
        assert!(purchase(&[(a, 600), (a, 400)]).is_ok());
        assert!(purchase(&[(a, 600), (a, 401)]).is_err());
        assert!(purchase(&[(a, 3), (a, -2)]).is_err());
        assert!(purchase(&[]).is_err());
        let lines: Vec<_> = (0..101).map(|n| (Uuid::from_u128(n), 1)).collect();
        assert!(purchase(&lines).is_err());
        assert!(purchase(&lines[..100]).is_ok());
    }

    #[test]
    fn a_key_is_visible_and_short() {
        let lines = [(Uuid::nil(), 1)];
        for (key, ok) in [("k", true), ("", false), ("a b", false), ("a\0", false), ("é", false)] {
            assert_eq!(Purchase::new(Uuid::nil(), key.into(), &lines, None).is_ok(), ok, "{key:?}");
        }
        assert!(Purchase::new(Uuid::nil(), "k".repeat(129), &lines, None).is_err());
    }

    #[test]
    fn the_fingerprint_tells_other_wishes_apart_and_ignores_the_order_of_lines() {
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let print = |lines: &[(Uuid, i32)]| purchase(lines).unwrap().fingerprint();
        assert_eq!(print(&[(a, 1), (b, 2)]), print(&[(b, 2), (a, 1)]));
        assert_ne!(print(&[(a, 1), (b, 2)]), print(&[(a, 2), (b, 1)]));
        let mut expecting = purchase(&[(a, 1)]).unwrap();
        let plain = expecting.fingerprint();
        expecting.expected_total = Some(Money { minor: 1, currency: Currency::Eur });
        assert_ne!(expecting.fingerprint(), plain);
    }
}
