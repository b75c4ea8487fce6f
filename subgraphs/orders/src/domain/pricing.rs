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
    let offers = catalogue.look_up(deadline);
    let found = try_join_all(purchase.lines.iter().map(|line| offers.get(line.product_id))).await?;
    Ok(at_prices(purchase, found))
}

/// With what was found for each line.
fn at_prices(purchase: &Purchase, found: Vec<Option<Offer>>) -> Result<Quote<'_>, Vec<Refusal>> {
    let (mut lines, mut refusals) = (Vec::new(), Vec::new());
    for (wanted, offer) in purchase.lines.iter().zip(found) {
        match price(wanted, offer) {
            Ok(line) => lines.push(line),
            Err(refusal) => refusals.push(refusal),
        }
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let total = total(&lines).and_then(|total| as_expected(total, purchase.expected_total));
    total.map(|total| Quote { lines, total }).map_err(|refusal| vec![refusal])
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
    use proptest::{collection::vec, prelude::*};
    use uuid::Uuid;

    use super::*;

    const CURRENCIES: [Currency; 3] = [Currency::Eur, Currency::Jpy, Currency::Kwd];

    /// A line, and what the catalogue says of its product.
    type Line = (i64, Option<Offer>);

    fn minor() -> impl Strategy<Value = i64> {
        prop_oneof![6 => 0..1_000_000_i64, 1 => 0..i64::MAX, 1 => Just(i64::MAX), 1 => Just(i64::MAX / 1_000)]
    }

    fn offer() -> impl Strategy<Value = Option<Offer>> {
        let currency = prop_oneof![9 => Just(Currency::Eur), 1 => prop::sample::select(CURRENCIES.to_vec())];
        let offer = (minor(), currency, prop::bool::weighted(0.05)).prop_map(|(minor, currency, archived)| Offer {
            sku: "A".into(),
            name: "A".into(),
            price: Money { minor, currency },
            archived,
        });
        prop_oneof![1 => Just(None), 19 => offer.prop_map(Some)]
    }

    fn wish(lines: &[Line], expected_total: Option<Money>) -> Purchase {
        let wanted = |(at, line): (usize, &Line)| Wanted { product_id: Uuid::now_v7(), quantity: line.0, at: at * 2 };
        let lines = lines.iter().enumerate().map(wanted).collect();
        Purchase { customer: Uuid::nil(), key: "key".into(), lines, expected_total }
    }

    fn fits(minor: i128) -> bool {
        minor <= i64::MAX.into()
    }

    /// The total, or what is wrong, in numbers that cannot overflow.
    fn told(lines: &[Line], expected: Option<Money>) -> Result<i128, Vec<Refusal>> {
        let at = |line: usize| line * 2;
        let costs = |(quantity, offer): &Line| {
            offer.as_ref().map_or(0, |offer| i128::from(*quantity) * i128::from(offer.price.minor))
        };
        let refusals: Vec<_> = lines
            .iter()
            .enumerate()
            .filter_map(|(line, wanted)| match &wanted.1 {
                None => Some(Refusal::ProductNotFound { at: at(line) }),
                Some(offer) if offer.archived => Some(Refusal::ProductArchived { at: at(line) }),
                Some(_) => (!fits(costs(wanted))).then_some(Refusal::TooExpensive),
            })
            .collect();
        if !refusals.is_empty() {
            return Err(refusals);
        }
        let currencies: Vec<_> = lines.iter().flat_map(|line| &line.1).map(|offer| offer.price.currency).collect();
        if let Some(line) = currencies.iter().position(|currency| *currency != currencies[0]) {
            return Err(vec![Refusal::CurrencyMismatch { at: at(line) }]);
        }
        let total: i128 = lines.iter().map(costs).sum();
        let total_money = i64::try_from(total).map(|minor| Money { minor, currency: currencies[0] });
        match (total_money, expected) {
            (Err(_), _) => Err(vec![Refusal::TooExpensive]),
            (Ok(total), Some(money)) if money.currency != total.currency => {
                Err(vec![Refusal::ExpectedCurrencyMismatch])
            }
            (Ok(total), Some(money)) if money.minor != total.minor => Err(vec![Refusal::PriceChanged { total }]),
            _ => Ok(total),
        }
    }

    /// Nothing, the total itself, a little beside it, or the same number in another currency.
    fn expectation(lines: &[Line], choice: u8, beside: i64) -> Option<Money> {
        let total = i64::try_from(told(lines, None).ok()?).ok()?;
        let currency = lines[0].1.as_ref()?.price.currency;
        match choice {
            0 => None,
            1 => Some(Money { minor: total, currency }),
            2 => Some(Money { minor: total.saturating_add(beside), currency }),
            _ => Some(Money { minor: total, currency: CURRENCIES[usize::from(choice) % 3] }),
        }
    }

    proptest! {
        #[test]
        fn a_quote_is_exact_or_says_all_that_is_wrong(
            lines in vec((1..=1_000_i64, offer()), 1..8),
            choice in 0..6_u8,
            beside in -2..=2_i64,
        ) {
            let expected = expectation(&lines, choice, beside);
            let purchase = wish(&lines, expected);
            let quote = at_prices(&purchase, lines.iter().map(|line| line.1.clone()).collect());
            let told = told(&lines, expected);
            prop_assert_eq!(quote.as_ref().err(), told.as_ref().err());
            if let Ok(quote) = quote {
                prop_assert_eq!(Ok(i128::from(quote.total.minor)), told);
                for (priced, (quantity, offer)) in quote.lines.iter().zip(&lines) {
                    prop_assert_eq!(Some(&priced.offer), offer.as_ref());
                    prop_assert_eq!(i128::from(priced.total.minor), i128::from(*quantity) * i128::from(priced.offer.price.minor));
                }
                prop_assert_eq!(quote.lines.len(), lines.len());
            }
        }
    }

    #[test]
    fn what_cannot_be_counted_is_refused() {
        let quote = |quantities: [i64; 2], minor: i64| {
            let offer = Offer {
                sku: "A".into(),
                name: "A".into(),
                price: Money { minor, currency: Currency::Eur },
                archived: false,
            };
            let lines = quantities.map(|quantity| (quantity, Some(offer.clone())));
            at_prices(&wish(&lines, None), lines.iter().map(|line| line.1.clone()).collect())
                .map(|quote| quote.total.minor)
        };
        assert_eq!(quote([2, 2], i64::MAX), Err(vec![Refusal::TooExpensive; 2]));
        assert_eq!(quote([1, 1], i64::MAX), Err(vec![Refusal::TooExpensive]));
        assert_eq!(quote([1, 1], i64::MAX / 2), Ok(i64::MAX - 1));
    }
}
