//! What a purchase costs right now. The price, name and SKU found here are what the order keeps.

use client::Deadline;
use futures_util::future::try_join_all;
use subgraph::{Currency, Money, Result};

use super::purchase::{Purchase, Refusal, Wanted};
use crate::upstream::catalogue::{Catalogue, Offer};

/// A purchase with its prices.
pub struct Quote<'a> {
    pub lines: Vec<Priced<'a>>,
    pub total: Money,
}

/// A line with what it costs.
pub struct Priced<'a> {
    pub wanted: &'a Wanted,
    pub offer: Offer,
    pub total: Money,
}

/// The purchase at today's prices, or everything that is wrong with it.
pub async fn quote<'a>(
    catalogue: &Catalogue,
    purchase: &'a Purchase,
    deadline: Deadline,
) -> Result<Result<Quote<'a>, Vec<Refusal>>> {
    let offers = catalogue.look_up(deadline).await?;
    let found = try_join_all(purchase.lines.iter().map(|line| offers.get(line.product_id))).await?;
    let (mut lines, mut refusals) = (Vec::new(), Vec::new());
    for (wanted, offer) in purchase.lines.iter().zip(found) {
        match price(wanted, offer) {
            Ok(line) => lines.push(line),
            Err(refusal) => refusals.push(refusal),
        }
    }
    if !refusals.is_empty() {
        return Ok(Err(refusals));
    }
    let total = total(&lines).and_then(|total| as_expected(total, purchase.expected_total));
    Ok(total.map(|total| Quote { lines, total }).map_err(|refusal| vec![refusal]))
}

fn price(wanted: &Wanted, offer: Option<Offer>) -> Result<Priced<'_>, Refusal> {
    let at = wanted.at;
    let offer = offer.ok_or(Refusal::ProductNotFound { at })?;
    if offer.archived {
        return Err(Refusal::ProductArchived { at });
    }
    let total = offer.price.checked_mul(wanted.quantity).ok_or(Refusal::TooExpensive)?;
    Ok(Priced { wanted, offer, total })
}

fn total(lines: &[Priced<'_>]) -> Result<Money, Refusal> {
    let currency = lines.first().map_or(Currency::Eur, |line| line.total.currency);
    if let Some(other) = lines.iter().find(|line| line.total.currency != currency) {
        return Err(Refusal::CurrencyMismatch { at: other.wanted.at });
    }
    let mut totals = lines.iter().map(|line| line.total);
    totals.try_fold(Money { minor: 0, currency }, Money::checked_add).ok_or(Refusal::TooExpensive)
}

fn as_expected(total: Money, expected: Option<Money>) -> Result<Money, Refusal> {
    match expected {
        Some(expected) if expected.currency != total.currency => Err(Refusal::ExpectedCurrencyMismatch),
        Some(expected) if expected != total => Err(Refusal::PriceChanged { total }),
        _ => Ok(total),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn priced(wanted: &Wanted, minor: i64, currency: Currency) -> Result<Priced<'_>, Refusal> {
        let price = Money { minor, currency };
        super::price(wanted, Some(Offer { sku: "A".into(), name: "A".into(), price, archived: false }))
    }

    fn wanted(quantity: i64) -> Wanted {
        Wanted { product_id: Uuid::nil(), quantity, at: 0 }
    }

    #[test]
    fn what_cannot_be_counted_is_refused() {
        let (one, two) = (wanted(1), wanted(2));
        assert_eq!(priced(&two, i64::MAX, Currency::Eur).err(), Some(Refusal::TooExpensive));
        let lines = [i64::MAX, 1].map(|minor| priced(&one, minor, Currency::Eur).unwrap());
        assert_eq!(total(&lines), Err(Refusal::TooExpensive));
    }

    #[test]
    fn a_total_is_the_sum_of_its_lines() {
        let (one, three) = (wanted(1), wanted(3));
        let lines = [priced(&three, 1_250, Currency::Eur).unwrap(), priced(&one, 9_900, Currency::Eur).unwrap()];
        assert_eq!(total(&lines), Ok(Money { minor: 13_650, currency: Currency::Eur }));
    }
}
