use crate::{LimitError, Limits};

/// Brackets of any kind inside each other. The parser recurses once for each and refuses more than this by itself,
/// but as a syntax error, and only after reading all that came before.
const NESTING: usize = 50;

/// Counts the lexical tokens, and stops at the first one that crosses a limit.
///
/// Only as exact as counting needs: what is no token at all counts as one and is left to the parser to refuse.
pub(crate) fn scan(source: &str, limits: &Limits) -> Result<usize, LimitError> {
    let bytes = source.as_bytes();
    let (mut at, mut tokens, mut nesting) = (0, 0, 0usize);
    while let Some(start) = skip_ignored(bytes, at) {
        match bytes[start] {
            b'{' | b'(' | b'[' => nesting += 1,
            b'}' | b')' | b']' => nesting = nesting.saturating_sub(1),
            _ => {}
        }
        tokens += 1;
        if nesting > NESTING {
            return Err(LimitError::Depth(limits.depth.min(NESTING)));
        }
        if tokens > limits.tokens {
            return Err(LimitError::Tokens(limits.tokens));
        }
        at = token_end(bytes, start);
    }
    if bytes.len() > limits.bytes {
        return Err(LimitError::DocumentTooLarge(limits.bytes));
    }
    Ok(tokens)
}

/// The position of the next token, past white space, commas, comments and byte order marks.
fn skip_ignored(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match bytes.get(at)? {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => at += 1,
            b'#' => at = end_of_line(bytes, at),
            _ if bytes[at..].starts_with("\u{feff}".as_bytes()) => at += '\u{feff}'.len_utf8(),
            _ => return Some(at),
        }
    }
}

fn end_of_line(bytes: &[u8], at: usize) -> usize {
    position(bytes, at, |byte| matches!(byte, b'\n' | b'\r'))
}

fn token_end(bytes: &[u8], start: usize) -> usize {
    match bytes[start] {
        b'"' if bytes[start..].starts_with(b"\"\"\"") => block_string_end(bytes, start + 3),
        b'"' => string_end(bytes, start + 1),
        b'.' if bytes[start..].starts_with(b"...") => start + 3,
        b'_' | b'a'..=b'z' | b'A'..=b'Z' => {
            position(bytes, start, |byte| byte != b'_' && !byte.is_ascii_alphanumeric())
        }
        b'-' | b'0'..=b'9' => {
            position(bytes, start + 1, |byte| !matches!(byte, b'.' | b'+' | b'-') && !byte.is_ascii_alphanumeric())
        }
        _ => start + 1,
    }
}

fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' | b'\n' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn block_string_end(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() {
        match &bytes[at..] {
            [b'\\', b'"', b'"', b'"', ..] => at += 4,
            [b'"', b'"', b'"', ..] => return at + 3,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn position(bytes: &[u8], from: usize, stop: impl Fn(u8) -> bool) -> usize {
    bytes[from..].iter().position(|&byte| stop(byte)).map_or(bytes.len(), |offset| from + offset)
}
