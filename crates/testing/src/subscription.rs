//! The client's end of GraphQL over server-sent events.

use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;

/// Longer than anything takes that a test waits for.
const PATIENCE: Duration = Duration::from_secs(20);

/// One open stream; the connection is closed when this is dropped.
pub struct Subscription {
    response: reqwest::Response,
    unread: Vec<u8>,
}

impl Subscription {
    pub(crate) fn new(response: reqwest::Response) -> Self {
        assert_eq!(response.status(), 200, "a stream begins well");
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, unread: Vec::new() }
    }

    /// The next execution result, or `None` once the stream is complete. Heartbeats are passed over.
    pub async fn next(&mut self) -> Option<Value> {
        let event = timeout(PATIENCE, self.told()).await.expect("nothing but heartbeats came");
        if event == "event: complete\ndata:" {
            assert_eq!(self.event().await, None, "nothing follows `complete`");
            return None;
        }
        let json = event.strip_prefix("event: next\ndata: ").unwrap_or_else(|| panic!("an unknown event: {event}"));
        Some(serde_json::from_str(json).unwrap())
    }

    /// The next event that is no heartbeat.
    async fn told(&mut self) -> String {
        loop {
            let event = self.event().await.expect("a stream ends with `complete`");
            if event != ":" {
                return event;
            }
        }
    }

    /// The `data` of the next result, which must have no errors.
    pub async fn data(&mut self) -> Value {
        let mut result = self.next().await.expect("another event");
        assert_eq!(result.get("errors"), None, "{result:#}");
        result["data"].take()
    }

    /// All results up to the end of the stream.
    pub async fn rest(&mut self) -> Vec<Value> {
        let mut results = Vec::new();
        while let Some(result) = self.next().await {
            results.push(result);
        }
        results
    }

    /// The next event or heartbeat as it was sent, without its empty line; `None` at the end of the body.
    pub async fn event(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.unread.windows(2).position(|bytes| bytes == b"\n\n") {
                let rest = self.unread.split_off(end + 2);
                let mut event = String::from_utf8(std::mem::replace(&mut self.unread, rest)).unwrap();
                event.truncate(end);
                return Some(event);
            }
            let chunk = timeout(PATIENCE, self.response.chunk()).await.expect("nothing came");
            let Some(chunk) = chunk.unwrap() else {
                assert!(self.unread.is_empty(), "the stream was cut within an event");
                return None;
            };
            self.unread.extend_from_slice(&chunk);
        }
    }
}
