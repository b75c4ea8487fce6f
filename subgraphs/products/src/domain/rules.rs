//! What the fields of a product may be.

use subgraph::{Money, MoneyInput, text, user_error::InvalidInputError};
use unicode_normalization::UnicodeNormalization as _;

const MAX_NAME: usize = 200;
const MAX_DESCRIPTION: usize = 5_000;
const MAX_SKU: usize = 64;
const MAX_SLUG: usize = 160;
/// Leaves room in a slug for a SKU behind it.
const MAX_DERIVED_SLUG: usize = 80;

pub(super) fn name(text: &str) -> Result<String, InvalidInputError> {
    text::line(text, MAX_NAME).map_err(|error| InvalidInputError::new(["name"], error.to_string()))
}

pub(super) fn description(text: &str) -> Result<String, InvalidInputError> {
    text::lines(text, MAX_DESCRIPTION).map_err(|error| InvalidInputError::new(["description"], error.to_string()))
}

pub(super) fn price(price: &MoneyInput) -> Result<Money, InvalidInputError> {
    price.non_negative(["price"])
}

/// Upper and lower case differ: a SKU is taken as it is printed on the shelf.
pub(super) fn sku(text: &str) -> Result<String, InvalidInputError> {
    let text = text.trim();
    let fits = (1..=MAX_SKU).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
    if fits {
        return Ok(text.to_owned());
    }
    let rule = format!("A SKU has 1 to {MAX_SKU} letters, digits, `.`, `_` and `-`, a letter or a digit first.");
    Err(InvalidInputError::new(["sku"], rule))
}

pub(super) fn slug(text: &str) -> Result<String, InvalidInputError> {
    let text = text.trim();
    let is_word = |word: &str| {
        let mut bytes = word.bytes().peekable();
        bytes.peek().is_some() && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    if text.len() <= MAX_SLUG && text.split('-').all(is_word) {
        return Ok(text.to_owned());
    }
    let rule =
        format!("A slug has at most {MAX_SLUG} characters: lower-case letters and digits, in words joined by `-`.");
    Err(InvalidInputError::new(["slug"], rule))
}

/// The slug that a text suggests, or nothing where the text has no Latin letter and no digit.
pub(super) fn derived_slug(text: &str) -> Option<String> {
    let mut slug = String::new();
    for c in text.nfkd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)) {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(MAX_DERIVED_SLUG);
    let slug = slug.trim_end_matches('-');
    (!slug.is_empty()).then(|| slug.to_owned())
}

/// The slug of a SKU, which always has a letter or a digit.
pub(super) fn slug_of_sku(sku: &str) -> String {
    derived_slug(sku).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_lower_case_words() {
        for (text, fits) in [
            ("oak-lamp-2", true),
            ("", false),
            ("-oak", false),
            ("oak--lamp", false),
            ("Oak", false),
            ("oak lamp", false),
            ("oäk", false),
        ] {
            assert_eq!(slug(text).is_ok(), fits, "{text}");
        }
    }

    #[test]
    fn a_derived_slug_is_a_slug() {
        for (text, expected) in
            [("  Plain Oak Lamp! ", Some("plain-oak-lamp")), ("Crème brûlée / 2", Some("creme-brulee-2")), ("灯", None)]
        {
            let derived = derived_slug(text);
            assert_eq!(derived.as_deref(), expected);
            assert!(derived.is_none_or(|derived| slug(&derived).is_ok()));
        }
        assert!(derived_slug(&"a-".repeat(200)).is_some_and(|derived| slug(&derived).is_ok()));
    }
}
