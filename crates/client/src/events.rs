//! The events of one subscription, in the order in which the service sends them.

mod parse;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use tokio::time::timeout;

use crate::answer::{RawResponse, has_media_type};
use crate::client::Answered;
use crate::error::{BadResponse, ClientError, Unavailable};
use parse::{Event, Parser};

/// What the service answers to a subscription.
#[derive(Debug)]
pub(crate) enum Opened {
    Stream(reqwest::Response),
    /// A GraphQL response: the subscription was refused.
    Answer(RawResponse),
}

impl Answered for Opened {
    fn status(&self) -> StatusCode {
        match self {
            Self::Stream(response) => response.status(),
            Self::Answer(answer) => answer.status,
        }
    }
}

/// An open subscription. Nothing is read ahead of what is asked for, so that a service whose events are not taken has
/// to wait. Dropping it closes the connection, by which the service learns that nobody listens any more.
#[derive(Debug)]
pub struct Events {
    service: String,
    source: Source,
    silence: Duration,
}

#[derive(Debug)]
enum Source {
    Stream(Box<Stream>),
    /// An answer in place of a stream is its only event.
    Answer(Bytes),
    Ended,
}

#[derive(Debug)]
struct Stream {
    response: reqwest::Response,
    parser: Parser,
}

impl Events {
    pub(crate) fn new(service: String, opened: Opened, silence: Duration, max_event_bytes: usize) -> Self {
        let source = match opened {
            Opened::Stream(response) => {
                Source::Stream(Box::new(Stream { response, parser: Parser::new(max_event_bytes) }))
            }
            Opened::Answer(answer) => Source::Answer(answer.body),
        };
        Self { service, source, silence }
    }

    /// The JSON of the next execution result, or `None` when the service has said that there are no more. May be
    /// dropped and called again: nothing is lost.
    ///
    /// # Errors
    /// A stream that breaks, falls silent, ends without saying so or sends too large an event is an error, once; after
    /// it there is nothing more.
    pub async fn next(&mut self) -> Option<Result<Bytes, ClientError>> {
        let next = match &mut self.source {
            Source::Stream(stream) => stream.next(self.silence).await,
            Source::Answer(body) => Ok(Some(std::mem::take(body))),
            Source::Ended => return None,
        };
        if !matches!((&next, &self.source), (Ok(Some(_)), Source::Stream(_))) {
            self.source = Source::Ended;
        }
        next.map_err(|fault| fault.of(&self.service)).transpose()
    }
}

enum Fault {
    Cut,
    TooLarge,
}

impl Fault {
    fn of(self, service: &str) -> ClientError {
        let service = service.to_owned();
        match self {
            Self::Cut => ClientError::Unavailable { service, reason: Unavailable::Connection },
            Self::TooLarge => ClientError::BadResponse { service, reason: BadResponse::TooLarge },
        }
    }
}

impl Stream {
    async fn next(&mut self, silence: Duration) -> Result<Option<Bytes>, Fault> {
        loop {
            match self.parser.next() {
                Some(Event::Next(data)) => return Ok(Some(data)),
                Some(Event::Complete) => return Ok(None),
                None if self.parser.is_full() => return Err(Fault::TooLarge),
                None => {}
            }
            match timeout(silence, self.response.chunk()).await {
                Ok(Ok(Some(chunk))) => self.parser.push(&chunk),
                Ok(Ok(None) | Err(_)) | Err(_) => return Err(Fault::Cut),
            }
        }
    }
}

/// Whether `status` and media type announce a stream of events.
pub(crate) fn is_event_stream(status: StatusCode, headers: &HeaderMap) -> bool {
    status.is_success() && has_media_type(headers, "text/event-stream")
}
