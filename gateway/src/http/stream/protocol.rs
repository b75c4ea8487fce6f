use bytes::Bytes;
use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue};

/// How results travel to a client, one after the other in one response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Protocol {
    /// GraphQL over server-sent events, distinct connections mode:
    /// <https://github.com/graphql/graphql-over-http/blob/main/rfcs/GraphQLOverSSE.md>
    EventStream,
    /// What Apollo's clients read without further packages:
    /// <https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol>
    Multipart,
}

impl Protocol {
    /// The one that the `Accept` headers prefer, of those that they name: `*/*` comes from clients that know of no
    /// streams.
    pub(in crate::http) fn negotiate(headers: &HeaderMap) -> Option<Self> {
        let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let offers = values.flat_map(|value| value.split(',')).filter_map(offer);
        // The first of equals.
        let best = offers.reduce(|best, offer| if offer.1 > best.1 { offer } else { best });
        best.map(|(protocol, _)| protocol)
    }

    pub(super) fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::EventStream => "text/event-stream",
            Self::Multipart => "multipart/mixed;boundary=\"graphql\";subscriptionSpec=1.0",
        })
    }

    /// Sent at once, so that the client and all that is in between know that there is a stream.
    pub(super) fn opening(self) -> Bytes {
        match self {
            Self::EventStream => self.heartbeat(),
            Self::Multipart => Bytes::from_static(b"\r\n--graphql"),
        }
    }

    pub(super) fn next(self, result: &[u8]) -> Bytes {
        match self {
            Self::EventStream => event(result),
            Self::Multipart => part(&[b"{\"payload\":", result, b"}"]),
        }
    }

    pub(super) fn heartbeat(self) -> Bytes {
        match self {
            Self::EventStream => Bytes::from_static(b":\n\n"),
            Self::Multipart => part(&[b"{}"]),
        }
    }

    /// The end of a stream that did not come to its own end.
    pub(super) fn fault(self, errors: &[u8]) -> Bytes {
        let last = match self {
            Self::EventStream => event(&[b"{\"errors\":", errors, b"}"].concat()),
            Self::Multipart => part(&[b"{\"payload\":null,\"errors\":", errors, b"}"]),
        };
        [last, self.complete()].concat().into()
    }

    pub(super) fn complete(self) -> Bytes {
        Bytes::from_static(match self {
            Self::EventStream => b"event: complete\ndata:\n\n",
            Self::Multipart => b"--\r\n",
        })
    }
}

fn offer(range: &str) -> Option<(Protocol, f32)> {
    let mut parts = range.split(';').map(str::trim);
    let media_type = parts.next()?;
    let (mut quality, mut speaks_spec) = (1.0, false);
    for (name, value) in parts.filter_map(|parameter| parameter.split_once('=')) {
        match name.to_ascii_lowercase().as_str() {
            "q" => quality = value.parse().ok()?,
            "subscriptionspec" => speaks_spec = value.trim_matches('"') == "1.0",
            _ => {}
        }
    }
    let protocol = match media_type.to_ascii_lowercase().as_str() {
        "text/event-stream" => Protocol::EventStream,
        "multipart/mixed" if speaks_spec => Protocol::Multipart,
        _ => return None,
    };
    (quality > 0.0).then_some((protocol, quality))
}

/// A line break in JSON is white space, in an event it ends the field.
fn event(result: &[u8]) -> Bytes {
    let mut event = [b"event: next\ndata: ", result, b"\n\n"].concat();
    let data = b"event: next\ndata: ".len()..event.len() - 2;
    for byte in &mut event[data] {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    event.into()
}

/// Ends with the delimiter of the part after it, for that is when clients read it.
fn part(json: &[&[u8]]) -> Bytes {
    [b"\r\ncontent-type: application/json\r\n\r\n", json.concat().as_slice(), b"\r\n--graphql"].concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_what_the_client_names() {
        let cases = [
            ("text/event-stream", Some(Protocol::EventStream)),
            ("Text/Event-Stream; charset=utf-8, application/json", Some(Protocol::EventStream)),
            ("multipart/mixed;boundary=graphql;subscriptionSpec=1.0, application/json", Some(Protocol::Multipart)),
            ("multipart/mixed; subscriptionSpec=\"1.0\"", Some(Protocol::Multipart)),
            ("multipart/mixed;subscriptionSpec=1.0, text/event-stream", Some(Protocol::Multipart)),
            ("multipart/mixed;subscriptionSpec=1.0;q=0.5, text/event-stream;q=0.9", Some(Protocol::EventStream)),
            ("multipart/mixed;deferSpec=20220824, application/json", None),
            ("multipart/mixed", None),
            ("text/event-stream;q=0", None),
            ("text/event-stream;q=many", None),
            ("application/json, */*", None),
            ("", None),
        ];
        for (accept, expected) in cases {
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(Protocol::negotiate(&headers), expected, "{accept:?}");
        }
    }

    #[test]
    fn white_space_of_a_custom_scalar_does_not_end_an_event() {
        let frame = Protocol::EventStream.next(b"{\"data\":{\"raw\":{\r\n  \"a\": 1\n}}}");
        assert_eq!(frame, "event: next\ndata: {\"data\":{\"raw\":{    \"a\": 1 }}}\n\n");
    }
}
