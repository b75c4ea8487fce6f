//! What a customer may ask to buy, against sums that cannot overflow.

use std::collections::BTreeSet;

use orders::domain::purchase::{MAX_QUANTITY, Purchase};
use proptest::{collection::vec, prelude::*};
use subgraph::{Currency, Money};
use uuid::Uuid;

const MOST_LINES: usize = 100;

/// Products by number, few enough to be named twice.
fn lines() -> impl Strategy<Value = Vec<(Uuid, i32)>> {
    let product = (0..40_u128).prop_map(Uuid::from_u128);
    let usual = vec((product.clone(), 1..=60), 1..=MOST_LINES);
    let odd = prop_oneof![
        4 => 1..=1_000,
        2 => prop::sample::select(vec![0, -1, 1_000, 1_001, 1_000_000_000, i32::MAX, i32::MIN]),
        1 => any::<i32>(),
    ];
    prop_oneof![2 => usual, 3 => vec((product, odd), 0..120)]
}

fn total() -> impl Strategy<Value = Option<Money>> {
    let currency = prop::sample::select(vec![Currency::Eur, Currency::Jpy, Currency::Kwd]);
    prop::option::of((0..3_i64, currency).prop_map(|(minor, currency)| Money { minor, currency }))
}

fn wish(lines: &[(Uuid, i32)], expected_total: Option<Money>) -> Result<Purchase, Vec<String>> {
    Purchase::new(Uuid::nil(), "key".into(), lines, expected_total).map_err(|errors| {
        let path = |error: subgraph::user_error::InvalidInputError| error.path.unwrap_or_default().join("/");
        errors.into_iter().map(path).collect()
    })
}

fn units_of(lines: &[(Uuid, i32)], product: Uuid) -> i128 {
    lines.iter().filter(|line| line.0 == product).map(|line| i128::from(line.1)).sum()
}

/// The paths to what is wrong: a quantity, or a line with which its product has too many units.
fn faults(lines: &[(Uuid, i32)]) -> Vec<String> {
    if lines.is_empty() || lines.len() > MOST_LINES {
        return vec!["lines".into()];
    }
    let at_fault = |at: &usize| lines[*at].1 < 1 || units_of(&lines[..=*at], lines[*at].0) > MAX_QUANTITY.into();
    (0..lines.len()).filter(at_fault).map(|at| format!("lines/{at}/quantity")).collect()
}

/// Each product once, where it was first named, with all of its units.
fn merged(lines: &[(Uuid, i32)]) -> Vec<(usize, Uuid, i128)> {
    let mut seen = BTreeSet::new();
    let first = lines.iter().enumerate().filter(|(_, line)| seen.insert(line.0));
    first.map(|(at, line)| (at, line.0, units_of(lines, line.0))).collect()
}

proptest! {
    #[test]
    fn quantities_add_up_or_every_one_that_is_wrong_is_named(lines in lines()) {
        match wish(&lines, None) {
            Err(paths) => prop_assert_eq!(paths, faults(&lines)),
            Ok(wish) => {
                prop_assert_eq!(faults(&lines), Vec::<String>::new());
                let wanted: Vec<_> =
                    wish.lines.iter().map(|line| (line.at, line.product_id, i128::from(line.quantity))).collect();
                prop_assert_eq!(wanted, merged(&lines));
            }
        }
    }

    #[test]
    fn the_same_wish_in_any_order_and_in_pieces_has_the_same_fingerprint(
        units in prop::collection::btree_map(0..40_u128, 1..=8_i32, 1..12),
        mixed in any::<prop::sample::Index>(),
        total in total(),
    ) {
        let whole: Vec<_> = units.iter().map(|(product, units)| (Uuid::from_u128(*product), *units)).collect();
        let mut pieces: Vec<_> = whole.iter().flat_map(|(id, units)| (0..*units).map(|_| (*id, 1))).collect();
        let middle = mixed.index(pieces.len());
        pieces.rotate_left(middle);
        let print = |lines: &[(Uuid, i32)]| wish(lines, total).unwrap().fingerprint();
        prop_assert_eq!(print(&pieces), print(&whole));
    }

    #[test]
    fn another_wish_has_another_fingerprint(
        one in prop::collection::btree_map(0..3_u128, 1..=3_i32, 1..3),
        other in prop::collection::btree_map(0..3_u128, 1..=3_i32, 1..3),
        totals in (total(), total()),
    ) {
        let print = |units: &std::collections::BTreeMap<u128, i32>, total| {
            let lines: Vec<_> = units.iter().map(|(product, units)| (Uuid::from_u128(*product), *units)).collect();
            wish(&lines, total).unwrap().fingerprint()
        };
        let same = one == other && totals.0 == totals.1;
        prop_assert_eq!(print(&one, totals.0) == print(&other, totals.1), same);
    }

    #[test]
    fn a_key_is_visible_ascii_of_bounded_length(key in prop_oneof!["[!-~]{0,130}", "\\PC{0,4}", "[ -~\\x00\\n]{0,6}"]) {
        let fine = (1..=128).contains(&key.chars().count()) && key.chars().all(|letter| ('!'..='~').contains(&letter));
        let wish = Purchase::new(Uuid::nil(), key, &[(Uuid::nil(), 1)], None);
        prop_assert_eq!(wish.is_ok(), fine);
    }
}
