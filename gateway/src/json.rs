//! A strict JSON scanner (RFC 8259) for the responses of subgraphs. It builds nothing: what it walks over is known to be
//! valid, and can be passed on as bytes.

use std::{borrow::Cow, sync::Arc};

use bytes::Bytes;

/// As deep as the lists and objects of one response may nest.
const MAX_DEPTH: usize = 128;

/// Few answers have more strings than one in so many bytes.
const BYTES_PER_STRING: usize = 32;

/// A text of valid JSON.
#[derive(Debug, Clone, Default)]
pub(crate) struct Checked {
    pub(crate) text: Bytes,
    /// Where each string that is a value ends, in their order, so that nobody needs to walk over them again.
    pub(crate) strings: Arc<[u32]>,
}

/// A place in a text of valid UTF-8.
pub(crate) struct Scanner<'a> {
    pub(crate) text: &'a [u8],
    pub(crate) at: usize,
    depth: usize,
    /// Of [`Checked`], as far as the scanner is, where they are wanted.
    strings: Option<Vec<u32>>,
}

/// What a value begins as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    List,
    String,
    Null,
    Other,
}

impl<'a> Scanner<'a> {
    /// A scanner that notes where strings end; `None` for what is no UTF-8.
    pub(crate) fn new(text: &'a [u8]) -> Option<Self> {
        std::str::from_utf8(text).ok()?;
        Some(Self { text, at: 0, depth: 0, strings: Some(Vec::with_capacity(text.len() / BYTES_PER_STRING)) })
    }

    /// A scanner of a part that another one has walked over already.
    pub(crate) fn at(text: &'a [u8], at: usize) -> Self {
        Self { text, at, depth: 0, strings: None }
    }

    /// Where the strings end that are values, of all that it has walked over.
    pub(crate) fn into_strings(self) -> Vec<u32> {
        self.strings.unwrap_or_default()
    }

    pub(crate) fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.text.get(self.at) {
            self.at += 1;
        }
    }

    /// The kind of the value that comes next.
    pub(crate) fn kind(&mut self) -> Option<Kind> {
        self.space();
        Some(match self.text.get(self.at)? {
            b'{' => Kind::Object,
            b'[' => Kind::List,
            b'"' => Kind::String,
            b'n' => Kind::Null,
            _ => Kind::Other,
        })
    }

    /// Whether nothing but white space is left.
    pub(crate) fn is_at_end(&mut self) -> bool {
        self.space();
        self.at == self.text.len()
    }

    /// Takes one byte of punctuation.
    pub(crate) fn take(&mut self, byte: u8) -> Option<()> {
        self.space();
        self.takes(byte).then_some(())
    }

    fn takes(&mut self, byte: u8) -> bool {
        let found = self.text.get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }

    /// Enters an object or a list, whose first byte it takes. Says whether there is a member.
    pub(crate) fn enter(&mut self, open: u8, close: u8) -> Option<bool> {
        self.take(open)?;
        if self.depth == MAX_DEPTH {
            return None;
        }
        self.space();
        let empty = self.takes(close);
        self.depth += usize::from(!empty);
        Some(!empty)
    }

    /// Goes on after a member. Says whether there is another.
    pub(crate) fn next(&mut self, close: u8) -> Option<bool> {
        self.space();
        let byte = *self.text.get(self.at)?;
        self.at += 1;
        match byte {
            b',' => Some(true),
            _ if byte == close => {
                self.depth -= 1;
                Some(false)
            }
            _ => None,
        }
    }

    /// The text between the quotes of a member's key, with its escapes, and takes the colon.
    pub(crate) fn key(&mut self) -> Option<&'a [u8]> {
        self.take(b'"')?;
        let start = self.at;
        self.string()?;
        let end = self.at - 1;
        self.take(b':')?;
        Some(&self.text[start..end])
    }

    /// The bytes of the value that comes next, which it walks over.
    pub(crate) fn value(&mut self) -> Option<&'a [u8]> {
        self.space();
        let start = self.at;
        self.skip()?;
        Some(&self.text[start..self.at])
    }

    fn skip(&mut self) -> Option<()> {
        self.space();
        match self.text.get(self.at)? {
            b'"' => {
                self.at += 1;
                self.string()?;
                if let Some(strings) = &mut self.strings {
                    strings.push(u32::try_from(self.at).ok()?);
                }
                Some(())
            }
            b'{' => {
                let mut more = self.enter(b'{', b'}')?;
                while more {
                    self.key()?;
                    self.skip()?;
                    more = self.next(b'}')?;
                }
                Some(())
            }
            b'[' => {
                let mut more = self.enter(b'[', b']')?;
                while more {
                    self.skip()?;
                    more = self.next(b']')?;
                }
                Some(())
            }
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        let found = self.text[self.at..].starts_with(word);
        self.at += word.len();
        found.then_some(())
    }

    fn number(&mut self) -> Option<()> {
        self.takes(b'-');
        if !self.takes(b'0') {
            self.digits()?;
        }
        if self.takes(b'.') {
            self.digits()?;
        }
        if self.takes(b'e') || self.takes(b'E') {
            let _ = self.takes(b'+') || self.takes(b'-');
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    /// Walks to the end of a string whose opening quote has been taken.
    fn string(&mut self) -> Option<()> {
        loop {
            self.plain();
            match *self.text.get(self.at)? {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\' => self.escape()?,
                0x00..0x20 => return None,
                _ => self.at += 1,
            }
        }
    }

    /// Walks over characters that mean themselves, in blocks as long as there are enough of them: small ones for short
    /// strings and for the ends of long ones.
    fn plain(&mut self) {
        loop {
            for _ in 0..4 {
                let Some(block) = self.block::<8>() else { return };
                let special = special(u64::from_le_bytes(*block));
                if special != 0 {
                    self.at += special.trailing_zeros() as usize / 8;
                    return;
                }
                self.at += block.len();
            }
            while let Some(block) = self.block::<32>()
                && !any_special(block)
            {
                self.at += block.len();
            }
        }
    }

    fn block<const N: usize>(&self) -> Option<&'a [u8; N]> {
        self.text.get(self.at..)?.first_chunk()
    }

    fn escape(&mut self) -> Option<()> {
        let escaped = *self.text.get(self.at + 1)?;
        self.at += 2;
        match escaped {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => self.unicode(),
            _ => None,
        }
    }

    /// Halves of a surrogate pair stand together (RFC 8259, section 7); alone they are no text.
    fn unicode(&mut self) -> Option<()> {
        match self.hex()? {
            0xDC00..=0xDFFF => None,
            0xD800..=0xDBFF => {
                let pair = self.text.get(self.at..self.at + 2)? == br"\u";
                self.at += 2;
                (pair && matches!(self.hex()?, 0xDC00..=0xDFFF)).then_some(())
            }
            _ => Some(()),
        }
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        digits.iter().try_fold(0, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?))
    }
}

/// What the inside of a string means.
pub(crate) fn unescaped(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    if !text.contains(&b'\\') {
        return Some(Cow::Borrowed(text));
    }
    let quoted = [b"\"", text, b"\""].concat();
    serde_json::from_slice::<String>(&quoted).ok().map(|text| Cow::Owned(text.into_bytes()))
}

/// Eight bytes of which the lowest that is a quote, a backslash or a control character has its highest bit set, and no lower
/// one. (A subtraction borrows from a byte that is lower than what is subtracted; those above it may come out wrong.)
fn special(block: u64) -> u64 {
    const EACH: u64 = u64::MAX / 0xFF;
    let below = |bytes: u64, limit: u64| bytes.wrapping_sub(EACH * limit) & !bytes & (EACH * 0x80);
    let equal = |byte: u8| below(block ^ (EACH * u64::from(byte)), 1);
    equal(b'"') | equal(b'\\') | below(block, 0x20)
}

/// Without a branch, so that it is done for many bytes at once.
fn any_special(block: &[u8; 32]) -> bool {
    let special = |byte: u8| u8::from(byte < 0x20) | u8::from(byte == b'"') | u8::from(byte == b'\\');
    block.iter().fold(0, |found, byte| found | special(*byte)) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_valid(text: &[u8]) -> bool {
        Scanner::new(text).is_some_and(|mut scanner| scanner.value().is_some() && scanner.is_at_end())
    }

    #[test]
    fn what_is_valid_is_what_another_reader_takes() {
        let long = format!("\"{}\"", "é".repeat(40));
        let valid = [
            "{}",
            "[]",
            " [ 1 , -0.5e+3 , {\"a\" : null } ] ",
            "\"\\u00e9\\ud83d\\ude00\\n\"",
            "0",
            "true",
            &long,
            "\"0123456789012345678901234567890\\\"1\"",
            &format!("\"{}\\n{}\"", "a".repeat(77), "b".repeat(70)),
        ];
        let invalid = [
            "",
            "[1,]",
            "{\"a\":}",
            "{\"a\" 1}",
            "{a:1}",
            "01",
            "1.",
            "-",
            "1e",
            "tru",
            "nul",
            "\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\ud800\"",
            "\"\\ud800\\n\"",
            "\"\\udc00\"",
            "\"\u{1}\"",
            "[1 2]",
            "{\"a\":1,}",
            "[1] 2",
            "]",
            "+1",
            "\"a\nb\"",
            "\"01234567890123456789012345678901\u{1f}\"",
        ];
        for (texts, is) in [(&valid[..], true), (&invalid[..], false)] {
            for text in texts {
                assert_eq!(is_valid(text.as_bytes()), is, "{text}");
                assert_eq!(serde_json::from_str::<serde_json::Value>(text).is_ok(), is, "{text}");
            }
        }
        assert!(!is_valid(b"\"\xff\""));
    }

    #[test]
    fn strings_that_are_values_are_noted_and_keys_are_not() {
        let text = br#"{"a":"x","b":[1,"",{"c":"\"y'","d":{}}],"e":null}"#;
        let mut scanner = Scanner::new(text).unwrap();
        scanner.value().unwrap();
        let last = |end: &u32| String::from_utf8_lossy(&text[*end as usize - 2..*end as usize]);
        assert_eq!(scanner.into_strings().iter().map(last).collect::<Vec<_>>(), ["x\"", "\"\"", "'\""]);
    }

    #[test]
    fn the_first_special_byte_of_eight_is_found() {
        for byte in 0..=u8::MAX {
            for (at, around) in (0..8).flat_map(|at| [b' ', b'a', 0x7F, 0x80, 0xFF].map(|around| (at, around))) {
                let mut block = [around; 8];
                block[at] = byte;
                let found = special(u64::from_le_bytes(block)).trailing_zeros() as usize / 8;
                let is_special = byte < 0x20 || byte == b'"' || byte == b'\\';
                assert_eq!(found, if is_special { at } else { 8 }, "{block:?}");
            }
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(is_valid(nested(MAX_DEPTH).as_bytes()));
        assert!(!is_valid(nested(MAX_DEPTH + 1).as_bytes()));
        assert!(!is_valid("{\"a\":".repeat(100_000).as_bytes()));
    }
}
