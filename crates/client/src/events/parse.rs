//! Server-sent events (<https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream>), of
//! which only the two matter that GraphQL over SSE knows.

use bytes::{Bytes, BytesMut};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// An event of GraphQL over SSE.
#[derive(Debug, PartialEq)]
pub(super) enum Event {
    Next(Bytes),
    Complete,
}

/// Takes bytes as they come and gives events as they are complete.
#[derive(Debug)]
pub(super) struct Parser {
    unread: BytesMut,
    /// How much of `unread` has no line break.
    scanned: usize,
    /// A carriage return ended the last line; a line feed that follows belongs to it.
    after_return: bool,
    at_start: bool,
    name: Vec<u8>,
    data: Option<BytesMut>,
    max_event_bytes: usize,
}

impl Parser {
    pub(super) fn new(max_event_bytes: usize) -> Self {
        Self {
            unread: BytesMut::new(),
            scanned: 0,
            after_return: false,
            at_start: true,
            name: Vec::new(),
            data: None,
            max_event_bytes,
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.unread.extend_from_slice(bytes);
    }

    /// Whether an event has begun that is larger than allowed.
    pub(super) fn is_full(&self) -> bool {
        self.name.len() + self.data.as_ref().map_or(0, BytesMut::len) + self.unread.len() > self.max_event_bytes
    }

    /// The next event, if all of it is there and it is not too large.
    pub(super) fn next(&mut self) -> Option<Event> {
        while let Some(line) = self.line() {
            if line.is_empty() {
                if let Some(event) = self.dispatch() {
                    return Some(event);
                }
            } else {
                self.field(&line);
                if self.data.as_ref().is_some_and(|data| data.len() > self.max_event_bytes) {
                    return None;
                }
            }
        }
        None
    }

    /// A line without its end, which is a carriage return, a line feed, or both.
    fn line(&mut self) -> Option<BytesMut> {
        if self.after_return && !self.unread.is_empty() {
            self.after_return = false;
            if self.unread[0] == b'\n' {
                let _ = self.unread.split_to(1);
            }
        }
        let Some(offset) = self.unread[self.scanned..].iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
            self.scanned = self.unread.len();
            return None;
        };
        let mut line = self.unread.split_to(self.scanned + offset + 1);
        self.scanned = 0;
        self.after_return = line.ends_with(b"\r");
        line.truncate(line.len() - 1);
        if std::mem::take(&mut self.at_start) && line.starts_with(BYTE_ORDER_MARK) {
            let _ = line.split_to(BYTE_ORDER_MARK.len());
        }
        Some(line)
    }

    fn field(&mut self, line: &[u8]) {
        let (name, value) = match line.iter().position(|byte| *byte == b':') {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &[][..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"event" => self.name = value.to_vec(),
            b"data" => match &mut self.data {
                Some(data) => data.extend_from_slice(&[b"\n", value].concat()),
                None => self.data = Some(BytesMut::from(value)),
            },
            // Comments, which are heartbeats; `id` and `retry` are for streams that are taken up again.
            _ => {}
        }
    }

    /// Completion counts without data too, which the specification of events would drop.
    fn dispatch(&mut self) -> Option<Event> {
        let (name, data) = (std::mem::take(&mut self.name), self.data.take());
        match (name.as_slice(), data) {
            (b"next", Some(data)) => Some(Event::Next(data.freeze())),
            (b"complete", _) => Some(Event::Complete),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(stream: &[u8], chunk: usize) -> Vec<Event> {
        let mut parser = Parser::new(1_000);
        let mut events = Vec::new();
        for bytes in stream.chunks(chunk) {
            parser.push(bytes);
            while let Some(event) = parser.next() {
                events.push(event);
            }
        }
        events
    }

    fn next(data: &'static str) -> Event {
        Event::Next(Bytes::from_static(data.as_bytes()))
    }

    #[test]
    fn events_are_the_same_however_they_are_cut_and_their_lines_end() {
        let stream = "\u{feff}event: next\ndata: {\"a\":\ndata:1}\n\n:\n\nid: 7\nevent:next\ndata: {}\n\n\
                      event: other\ndata: 0\n\ndata: 1\n\nevent: complete\ndata:\n\n";
        let expected = [next("{\"a\":\n1}"), next("{}"), Event::Complete];
        for line_end in ["\n", "\r\n", "\r"] {
            let stream = stream.replace('\n', line_end);
            for chunk in 1..stream.len() {
                assert_eq!(events(stream.as_bytes(), chunk), expected, "{line_end:?} in chunks of {chunk}");
            }
        }
    }

    #[test]
    fn completion_needs_no_data() {
        assert_eq!(events(b"event: complete\n\n", 64), [Event::Complete]);
    }

    #[test]
    fn an_event_larger_than_allowed_is_not_collected() {
        let mut parser = Parser::new(16);
        parser.push(b"event: next\ndata: 0123456789\n\n");
        assert_eq!(parser.next(), Some(next("0123456789")));
        parser.push(b"event: next\ndata: 0123456789\ndata: 0123456789\n\n");
        assert_eq!(parser.next(), None);
        assert!(parser.is_full());
    }
}
