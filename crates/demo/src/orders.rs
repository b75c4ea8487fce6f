use chrono::{DateTime, TimeDelta, Utc};
use rand::{Rng, RngExt as _};
use uuid::Uuid;

use crate::{Kind, Size, id, opening, rng};

/// How an order of the demo market ended; none is left open.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Completed,
    /// By the customer, before the stock was committed.
    Cancelled,
}

/// An order of the demo market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub id: Uuid,
    /// From 1, in order of time.
    pub number: u64,
    /// Index of the customer, for [`crate::user`].
    pub customer: u64,
    pub outcome: Outcome,
    pub placed_at: DateTime<Utc>,
    pub ended_at: DateTime<Utc>,
    /// At most one line a product.
    pub lines: Vec<Line>,
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub id: Uuid,
    /// Index of the product, for [`crate::product`].
    pub product: u64,
    pub quantity: i64,
}

/// The orders of a market of this size, oldest first. Products are drawn by Zipf's law.
pub fn orders(size: Size) -> impl Iterator<Item = Order> {
    let popularity = Popularity::of(size.products());
    (0..size.orders()).map(move |index| order(index, size, &popularity))
}

fn order(index: u64, size: Size, popularity: &Popularity) -> Order {
    // After the last user signed up and the last product was listed.
    let placed_at = opening() + TimeDelta::days(2) + TimeDelta::seconds(20 * index.cast_signed());
    let mut rng = rng(Kind::Order, index);
    let outcome = if rng.random_range(0..10_u32) == 0 { Outcome::Cancelled } else { Outcome::Completed };
    let mut lines: Vec<Line> = Vec::new();
    for nth in 0..rng.random_range(1..=8_u64) {
        let (product, quantity) = (popularity.draw(&mut rng), rng.random_range(1..=3_i64));
        match lines.iter_mut().find(|line| line.product == product) {
            Some(line) => line.quantity += quantity,
            None => lines.push(Line { id: id(Kind::Line, index * 8 + nth, placed_at), product, quantity }),
        }
    }
    Order {
        id: id(Kind::Order, index, placed_at),
        number: index + 1,
        customer: rng.random_range(0..size.users()),
        outcome,
        placed_at,
        ended_at: placed_at + TimeDelta::milliseconds(800),
        lines,
    }
}

/// Which products people want, by Zipf's law with exponent 1 in whole numbers: the product at rank r has the weight W / r.
#[derive(Clone, Debug)]
pub struct Popularity(Vec<u64>);

impl Popularity {
    const WEIGHT: u64 = 1_000_000_000;

    /// Of the first so many products.
    pub fn of(products: u64) -> Self {
        let weights = (1..=products).map(|rank| Self::WEIGHT / rank);
        Self(
            weights
                .scan(0, |sum, weight| {
                    *sum += weight;
                    Some(*sum)
                })
                .collect(),
        )
    }

    /// The index of a product, for [`crate::product`]; 0 where there are none.
    pub fn draw(&self, rng: &mut impl Rng) -> u64 {
        let total = self.0.last().copied().unwrap_or_default();
        let point = rng.random_range(0..total.max(1));
        self.0.partition_point(|&sum| sum <= point) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product;

    #[test]
    fn the_small_market_never_sells_more_than_it_has() {
        let mut sold = [0_i64; 200];
        for line in orders(Size::S).flat_map(|order| order.lines) {
            sold[line.product as usize] += line.quantity;
        }
        for (index, sold) in sold.into_iter().enumerate() {
            assert!(sold < product(index as u64).first_stock, "product {index} sold {sold}");
        }
    }

    #[test]
    fn an_order_has_one_to_eight_lines_of_different_products() {
        for order in orders(Size::S) {
            assert!((1..=8).contains(&order.lines.len()));
            let mut products: Vec<_> = order.lines.iter().map(|line| line.product).collect();
            products.sort_unstable();
            products.dedup();
            assert_eq!(products.len(), order.lines.len());
        }
    }
}
