//! Money: integer minor units in the database and in arithmetic, a decimal string in the graph.

use async_graphql::{Enum, InputObject, InputValueError, InputValueResult, Object, Scalar, ScalarType, Value};

use crate::user_error::InvalidInputError;

/// ISO 4217 codes of the currencies that prices may have.
#[derive(Enum, Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[graphql(name = "CurrencyCode", rename_items = "UPPERCASE")]
pub enum Currency {
    Aud,
    Brl,
    Cad,
    Chf,
    Czk,
    Dkk,
    Eur,
    Gbp,
    Jpy,
    Kwd,
    Mxn,
    Nok,
    Pln,
    Sek,
    Usd,
}

impl Currency {
    const ALL: [Self; 15] = [
        Self::Aud,
        Self::Brl,
        Self::Cad,
        Self::Chf,
        Self::Czk,
        Self::Dkk,
        Self::Eur,
        Self::Gbp,
        Self::Jpy,
        Self::Kwd,
        Self::Mxn,
        Self::Nok,
        Self::Pln,
        Self::Sek,
        Self::Usd,
    ];

    /// Digits after the decimal point (ISO 4217's minor unit).
    pub fn exponent(self) -> u32 {
        match self {
            Self::Jpy => 0,
            Self::Kwd => 3,
            _ => 2,
        }
    }

    /// The three letters, as stored.
    pub fn code(self) -> &'static str {
        match self {
            Self::Aud => "AUD",
            Self::Brl => "BRL",
            Self::Cad => "CAD",
            Self::Chf => "CHF",
            Self::Czk => "CZK",
            Self::Dkk => "DKK",
            Self::Eur => "EUR",
            Self::Gbp => "GBP",
            Self::Jpy => "JPY",
            Self::Kwd => "KWD",
            Self::Mxn => "MXN",
            Self::Nok => "NOK",
            Self::Pln => "PLN",
            Self::Sek => "SEK",
            Self::Usd => "USD",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|currency| currency.code() == code)
    }
}

/// An amount in one currency. Arithmetic is checked: `None` is overflow or two currencies.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Money {
    pub minor: i64,
    pub currency: Currency,
}

impl Money {
    pub fn checked_add(self, other: Self) -> Option<Self> {
        (self.currency == other.currency).then_some(())?;
        Some(Self { minor: self.minor.checked_add(other.minor)?, ..self })
    }

    pub fn checked_mul(self, quantity: i64) -> Option<Self> {
        Some(Self { minor: self.minor.checked_mul(quantity)?, ..self })
    }

    /// The amount as a decimal with the currency's digits, e.g. `12.50`, or `1250` in JPY.
    pub fn to_decimal(self) -> String {
        let digits = self.currency.exponent() as usize;
        let sign = if self.minor < 0 { "-" } else { "" };
        let text = format!("{:0>width$}", self.minor.unsigned_abs(), width = digits + 1);
        let (whole, fraction) = text.split_at(text.len() - digits);
        if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
    }

    /// Reads a decimal that has at most the currency's digits after the point.
    pub fn from_decimal(text: &str, currency: Currency) -> Option<Self> {
        let (sign, text) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = currency.exponent() as usize;
        let is_number = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty()
            || text.ends_with('.')
            || fraction.len() > digits
            || !is_number(whole)
            || !is_number(fraction)
        {
            return None;
        }
        let minor = format!("{sign}{whole}{fraction:0<digits$}").parse().ok()?;
        Some(Self { minor, currency })
    }
}

/// An amount of money.
#[Object(shareable)]
impl Money {
    /// A decimal with the currency's digits after the point.
    async fn amount(&self) -> Decimal {
        Decimal(self.to_decimal())
    }

    async fn currency_code(&self) -> Currency {
        self.currency
    }
}

/// The text of a decimal number, checked when it came from a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal(pub String);

/// A decimal number as a string, so that no client rounds it: `-?[0-9]+(\.[0-9]+)?`.
#[Scalar]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) if text.len() <= 32 && is_decimal(&text) => Ok(Self(text)),
            Value::String(_) => Err(InputValueError::custom("not a decimal number")),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

fn is_decimal(text: &str) -> bool {
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    text.split_once('.').map_or_else(|| digits(text), |(whole, fraction)| digits(whole) && digits(fraction))
}

/// An amount of money, as a client sends it.
#[derive(InputObject, Clone, Debug)]
pub struct MoneyInput {
    /// At most the currency's digits after the point: `12.50` in EUR, `1250` in JPY.
    pub amount: Decimal,
    pub currency_code: Currency,
}

impl MoneyInput {
    /// The amount, which must not be negative, or the error to show at `path`.
    pub fn non_negative<const N: usize>(&self, path: [&str; N]) -> Result<Money, InvalidInputError> {
        Money::from_decimal(&self.amount.0, self.currency_code).filter(|money| money.minor >= 0).ok_or_else(|| {
            let digits = self.currency_code.exponent();
            InvalidInputError::new(
                path,
                format!("The amount must not be negative and has at most {digits} digits after the point."),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_reads_back_as_it_was_written() {
        for (text, currency, minor) in [
            ("0.05", Currency::Eur, 5),
            ("-0.05", Currency::Eur, -5),
            ("0.00", Currency::Eur, 0),
            ("12.50", Currency::Usd, 1250),
            ("1250", Currency::Jpy, 1250),
        ] {
            let money = Money { minor, currency };
            assert_eq!(Money::from_decimal(text, currency), Some(money));
            assert_eq!(money.to_decimal(), text);
        }
    }

    #[test]
    fn what_is_not_exact_in_the_currency_is_refused() {
        for (text, currency) in [
            ("1.005", Currency::Eur),
            ("1.5", Currency::Jpy),
            ("1.", Currency::Eur),
            (".5", Currency::Eur),
            ("", Currency::Eur),
            ("1e3", Currency::Eur),
            ("+1", Currency::Eur),
            ("99999999999999999999", Currency::Eur),
        ] {
            assert_eq!(Money::from_decimal(text, currency), None, "{text}");
        }
    }

    #[test]
    fn arithmetic_stops_at_overflow_and_at_two_currencies() {
        let most = Money { minor: i64::MAX, currency: Currency::Eur };
        assert_eq!(most.checked_mul(2), None);
        assert_eq!(most.checked_add(Money { minor: 1, currency: Currency::Eur }), None);
        assert_eq!(most.checked_add(Money { minor: 0, currency: Currency::Usd }), None);
    }
}
