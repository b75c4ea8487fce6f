use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt as _;
use uuid::Uuid;

use crate::{
    Kind, Size, id, opening, rng,
    words::{MATERIALS, STYLES, THINGS, USES},
};

/// A product of the demo market, priced in EUR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    pub id: Uuid,
    pub sku: String,
    pub slug: String,
    pub name: String,
    pub description: String,
    /// In cents.
    pub price_minor: i64,
    /// Units in stock before the first order.
    pub first_stock: i64,
    pub created_at: DateTime<Utc>,
}

/// The products of a market of this size.
pub fn products(size: Size) -> impl Iterator<Item = Product> {
    (0..size.products()).map(product)
}

/// The product with this index; names repeat with a number once every combination was used.
pub fn product(index: u64) -> Product {
    let created_at = opening() + TimeDelta::seconds(index.cast_signed());
    let mut rng = rng(Kind::Product, index);
    let name = name(index);
    // Prices from 4.90 to 249.90, and enough units that the most popular product does not run out.
    let price_minor = 490 + 500 * rng.random_range(0..50_i64);
    let first_stock = 5_000 + 10 * rng.random_range(0..100_i64);
    let usage = USES[rng.random_range(0..USES.len() as u32) as usize];
    Product {
        id: id(Kind::Product, index, created_at),
        sku: format!("MER-{:06}", index + 1),
        slug: name.to_lowercase().replace(' ', "-"),
        description: format!("{name}, {usage}."),
        name,
        price_minor,
        first_stock,
        created_at,
    }
}

/// 7,919 is prime and divides none of the lists' lengths, so it visits every combination once.
fn name(index: u64) -> String {
    let combinations = (STYLES.len() * MATERIALS.len() * THINGS.len()) as u64;
    let (round, at) = (index / combinations, index.wrapping_mul(7_919) % combinations);
    let at = at as usize;
    let style = STYLES[at % STYLES.len()];
    let material = MATERIALS[at / STYLES.len() % MATERIALS.len()];
    let thing = THINGS[at / STYLES.len() / MATERIALS.len()];
    if round == 0 { format!("{style} {material} {thing}") } else { format!("{style} {material} {thing} {}", round + 1) }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_product_of_the_largest_market_has_its_own_id_slug_and_sku() {
        let (mut ids, mut slugs, mut skus) = (HashSet::new(), HashSet::new(), HashSet::new());
        for product in products(Size::L) {
            assert!(ids.insert(product.id));
            assert!(slugs.insert(product.slug));
            assert!(skus.insert(product.sku));
        }
    }

    #[test]
    fn the_first_product_is_the_same_on_every_machine() {
        let product = product(0);
        assert_eq!(product.id.to_string(), "019b76da-a800-7c83-9c0a-f0823d7b34df");
        assert_eq!((product.name.as_str(), product.price_minor), ("Plain Oak Lamp", 9_490));
    }
}
