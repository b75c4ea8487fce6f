//! What an account may be called.

use std::fmt;

use unicode_normalization::UnicodeNormalization as _;

const MAX_NAME_CHARS: usize = 100;
/// RFC 5321, section 4.5.3.1.
const MAX_LOCAL_PART: usize = 64;
const MAX_ADDRESS: usize = 254;

/// An e-mail address as it is stored and compared: trimmed and in lower case.
///
/// Only ASCII addresses are taken (RFC 5322 dot-atoms; an international domain in its `xn--` form), so
/// that no two accounts have addresses that look the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    pub fn parse(text: &str) -> Option<Self> {
        let address = text.trim().to_ascii_lowercase();
        let (local, domain) = address.rsplit_once('@')?;
        let fits = address.len() <= MAX_ADDRESS && local.len() <= MAX_LOCAL_PART;
        (fits && is_dot_atom(local) && is_domain(domain)).then_some(Self(address))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `@`.
    pub fn local_part(&self) -> &str {
        self.0.split('@').next().unwrap_or_default()
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_dot_atom(text: &str) -> bool {
    let is_atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    text.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom))
}

fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.contains('.') && text.split('.').all(is_label)
}

/// A person's name as it is stored: trimmed, in Unicode form NFC, 1 to 100 characters, none of which is
/// invisible or changes the direction of the text around it.
pub fn parse_name(text: &str) -> Option<String> {
    // Before normalising, which is the costly part.
    if text.chars().count() > 4 * MAX_NAME_CHARS {
        return None;
    }
    let name: String = text.trim().nfc().collect();
    let fits = (1..=MAX_NAME_CHARS).contains(&name.chars().count());
    (fits && !name.chars().any(is_deceptive)).then_some(name)
}

/// Controls, line separators, zero-width and bidirectional formatting. The joiners U+200C and U+200D stay:
/// Persian and Indic names are written with them.
fn is_deceptive(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_trimmed_and_lower_cased() {
        let email = Email::parse("  Ada.Lovelace+market@Example.ORG ");
        assert_eq!(email.as_ref().map(Email::as_str), Some("ada.lovelace+market@example.org"));
        assert_eq!(email.as_ref().map(Email::local_part), Some("ada.lovelace+market"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.org", "a".repeat(65));
        let cases = [
            "",
            "ada",
            "@example.org",
            "ada@",
            "ada@localhost",
            "a@b@example.org",
            "ada..b@example.org",
            ".a@example.org",
            "ada @example.org",
            "ada@exam ple.org",
            "ada@-example.org",
            "ada\u{0}@example.org",
            "аda@example.org",
            &long,
        ];
        for case in cases {
            assert_eq!(Email::parse(case), None, "{case:?}");
        }
    }

    #[test]
    fn a_name_is_normalised_and_has_nothing_invisible() {
        assert_eq!(parse_name(" Zoe\u{308} ").as_deref(), Some("Zo\u{eb}"));
        for case in ["", "  ", "a\u{0}b", "a\nb", "a\u{202e}b", "a\u{200b}b", &"x".repeat(101), &"x".repeat(100_000)] {
            assert_eq!(parse_name(case), None, "{case:?}");
        }
    }
}
