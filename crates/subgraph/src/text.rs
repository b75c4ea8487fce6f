//! Text that people write: normalised before it is compared or stored, and refused where it would
//! show something else than it says.

use unicode_normalization::UnicodeNormalization as _;

/// Why a text is refused; the message is for the client.
#[derive(Copy, Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    #[error("This must not be empty.")]
    Empty,
    /// Counted in characters (Unicode scalar values), after normalisation.
    #[error("This has at most {max} characters.")]
    TooLong { max: usize },
    #[error("This has a control character or an invisible one.")]
    Control,
}

/// One line of text, trimmed and in NFC: 1 to `max` characters.
pub fn line(text: &str, max: usize) -> Result<String, TextError> {
    clean(text, max, |_| false).and_then(|text| if text.is_empty() { Err(TextError::Empty) } else { Ok(text) })
}

/// Text of any number of lines, trimmed and in NFC: 0 to `max` characters. Lines end in `\n`.
pub fn lines(text: &str, max: usize) -> Result<String, TextError> {
    clean(&text.replace("\r\n", "\n"), max, |c| matches!(c, '\n' | '\t'))
}

fn clean(text: &str, max: usize, allowed: impl Fn(char) -> bool) -> Result<String, TextError> {
    let text: String = text.trim().nfc().collect();
    if text.chars().any(|c| is_hidden(c) && !allowed(c)) {
        return Err(TextError::Control);
    }
    if text.chars().count() > max {
        return Err(TextError::TooLong { max });
    }
    Ok(text)
}

/// Control characters (PostgreSQL cannot store NUL), the bidirectional controls that make a text
/// read differently than it is stored (Unicode TR36, 2.5), and marks of no width. The joiners
/// U+200C and U+200D stay: scripts and emoji need them.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_trimmed_and_normalised() {
        assert_eq!(line("  Cafe\u{301} ", 4).as_deref(), Ok("Café"));
        assert_eq!(lines("one\r\ntwo\n", 7).as_deref(), Ok("one\ntwo"));
        assert_eq!(lines("  ", 7).as_deref(), Ok(""));
    }

    #[test]
    fn text_that_hides_something_is_refused() {
        for text in ["a\0b", "a\u{1b}[31m", "a\u{202E}b", "a\u{200B}b", "one\ntwo"] {
            assert_eq!(line(text, 99), Err(TextError::Control), "{text:?}");
        }
        assert_eq!(line("👩\u{200D}🚀", 9).as_deref(), Ok("👩\u{200D}🚀"));
    }

    #[test]
    fn text_has_a_length() {
        assert_eq!(line(" ", 9), Err(TextError::Empty));
        assert_eq!(line("éééé", 3), Err(TextError::TooLong { max: 3 }));
    }
}
