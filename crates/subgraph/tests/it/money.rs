//! Money against arithmetic that cannot overflow.

use async_graphql::{ScalarType as _, Value};
use proptest::prelude::*;
use subgraph::{Currency, Money, MoneyInput, money::Decimal, user_error::InvalidInputError};

/// ISO 4217's minor units.
const DIGITS: [(&str, u32); 15] = [
    ("AUD", 2),
    ("BRL", 2),
    ("CAD", 2),
    ("CHF", 2),
    ("CZK", 2),
    ("DKK", 2),
    ("EUR", 2),
    ("GBP", 2),
    ("JPY", 0),
    ("KWD", 3),
    ("MXN", 2),
    ("NOK", 2),
    ("PLN", 2),
    ("SEK", 2),
    ("USD", 2),
];

fn currency() -> impl Strategy<Value = Currency> {
    prop::sample::select(DIGITS.map(|(code, _)| Currency::from_code(code).unwrap()).to_vec())
}

fn minor() -> impl Strategy<Value = i64> {
    prop_oneof![4 => any::<i64>(), 4 => -100_000..100_000_i64, 1 => Just(i64::MIN), 1 => Just(i64::MAX), 1 => Just(0)]
}

fn money() -> impl Strategy<Value = Money> {
    (minor(), currency()).prop_map(|(minor, currency)| Money { minor, currency })
}

/// Decimals of a few digits around the point, and of too many; a sign or two; and what is no number.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "-?[0-9]{1,7}(\\.[0-9]{0,5})?",
        2 => "-?[0-9]{15,22}(\\.[0-9]{0,4})?",
        1 => "[-+.0-9eE ]{0,12}",
        1 => "\\PC{0,6}",
    ]
}

/// What the text says in units of the currency's smallest coin, where it says a whole number of them.
fn read(text: &str, digits: u32) -> Option<i128> {
    let (sign, unsigned) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let mut parts = unsigned.split('.');
    let (whole, fraction) = (parts.next()?, parts.next());
    let is_number = |part: &str| !part.is_empty() && part.chars().all(|character| character.is_ascii_digit());
    if parts.next().is_some() || !is_number(whole) || fraction.is_some_and(|part| !is_number(part)) {
        return None;
    }
    let coins = whole.parse::<i128>().unwrap() * 10_i128.pow(digits);
    let Some(fraction) = fraction else { return Some(sign * coins) };
    let smaller = digits.checked_sub(u32::try_from(fraction.len()).unwrap())?;
    Some(sign * (coins + fraction.parse::<i128>().unwrap() * 10_i128.pow(smaller)))
}

#[test]
fn every_currency_has_the_digits_of_its_smallest_coin() {
    for (code, digits) in DIGITS {
        let currency = Currency::from_code(code).unwrap();
        assert_eq!((currency.code(), currency.exponent()), (code, digits));
    }
    for unknown in ["", "eur", "EURO", "XXX", "EU"] {
        assert_eq!(Currency::from_code(unknown), None, "{unknown}");
    }
}

#[test]
fn a_coin_of_each_size_is_written_with_its_own_digits() {
    for (code, minor, text) in
        [("JPY", 1_250, "1250"), ("EUR", 5, "0.05"), ("KWD", 5, "0.005"), ("KWD", -12_345, "-12.345")]
    {
        let money = Money { minor, currency: Currency::from_code(code).unwrap() };
        assert_eq!(money.to_decimal(), text);
    }
}

#[test]
fn a_decimal_is_the_text_of_a_number_of_at_most_32_characters() {
    let long = "1".repeat(32);
    for text in ["0", "-0", "12", "0.05", "-12.50", long.as_str(), "-1234567890123456789012345678.50"] {
        let decimal = Decimal::parse(text.into()).unwrap();
        assert_eq!((&decimal, decimal.to_value()), (&Decimal(text.to_owned()), Value::from(text)));
    }
    let too_long = "1".repeat(33);
    let no_number =
        ["", "-", ".", ".5", "5.", "-.5", "-5.", "1.2.3", "--1", "+1", "1e3", " 1", "1 ", "1,5", "٣", "a.b"];
    for text in no_number.into_iter().chain([too_long.as_str()]) {
        assert_eq!(Decimal::parse(text.into()).ok(), None, "{text:?}");
    }
    for value in [Value::Null, 1.into(), true.into(), vec![Value::from("1")].into()] {
        assert_eq!(Decimal::parse(value.clone()).ok(), None, "{value:?}");
    }
}

#[test]
fn an_amount_that_a_client_sends_is_exact_and_not_negative() {
    let read = |amount: &str, currency_code| {
        MoneyInput { amount: Decimal(amount.into()), currency_code }.non_negative(["input", "price"])
    };
    for (amount, currency, minor) in [
        ("0", Currency::Eur, 0),
        ("-0.00", Currency::Eur, 0),
        ("0.01", Currency::Eur, 1),
        ("1250", Currency::Jpy, 1_250),
    ] {
        assert_eq!(read(amount, currency), Ok(Money { minor, currency }));
    }
    for (amount, currency, digits) in
        [("-0.01", Currency::Eur, 2), ("0.001", Currency::Eur, 2), ("1.5", Currency::Jpy, 0), ("-1", Currency::Kwd, 3)]
    {
        let message = format!("The amount must not be negative and has at most {digits} digits after the point.");
        assert_eq!(read(amount, currency), Err(InvalidInputError::new(["input", "price"], message)));
    }
}

proptest! {
    #[test]
    fn every_amount_reads_back_as_it_was_written(money in money()) {
        let text = money.to_decimal();
        prop_assert_eq!(Money::from_decimal(&text, money.currency), Some(money));
        prop_assert_eq!(read(&text, money.currency.exponent()), Some(money.minor.into()));
    }

    #[test]
    fn a_text_is_read_exactly_or_not_at_all(text in text(), currency in currency()) {
        let exact = read(&text, currency.exponent()).and_then(|coins| i64::try_from(coins).ok());
        prop_assert_eq!(Money::from_decimal(&text, currency).map(|money| money.minor), exact);
    }

    #[test]
    fn sums_and_products_are_exact_or_refused(one in money(), other in money(), quantity in minor()) {
        let sum = i128::from(one.minor) + i128::from(other.minor);
        let sum = i64::try_from(sum).ok().filter(|_| one.currency == other.currency);
        prop_assert_eq!(one.checked_add(other), sum.map(|minor| Money { minor, ..one }));
        let product = i64::try_from(i128::from(one.minor) * i128::from(quantity)).ok();
        prop_assert_eq!(one.checked_mul(quantity), product.map(|minor| Money { minor, ..one }));
    }
}
