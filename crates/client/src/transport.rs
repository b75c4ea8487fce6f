//! One attempt: a request out, an answer in, all of it within the deadline.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, RETRY_AFTER, TE, TRANSFER_ENCODING,
    UPGRADE,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use reqwest::{Url, redirect};

use crate::answer::{RawResponse, is_graphql};
use crate::deadline::{DEADLINE_HEADER, Deadline};
use crate::error::{BadResponse, BuildError, Unavailable};
use crate::events::{Opened, is_event_stream};
use crate::settings::ClientSettings;

/// Prefers the media type at which every status has a GraphQL response.
const ACCEPTED: HeaderValue = HeaderValue::from_static("application/graphql-response+json, application/json;q=0.9");
const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A longer `Retry-After` is not believed.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct Transport {
    http: reqwest::Client,
    url: Url,
    max_response_bytes: usize,
}

/// How an attempt ended without an answer.
#[derive(Debug)]
pub(crate) enum Failure {
    Unavailable { reason: Unavailable, retry_after: Option<Duration> },
    RateLimited { retry_after: Option<Duration> },
    BadResponse(BadResponse),
}

impl Failure {
    /// Whether it tells against the service. Refusing a request (4xx, 429) does not; nor does an answer larger than
    /// allowed, for which a caller can ask as often as it likes.
    pub(crate) fn is_the_services(&self) -> bool {
        match self {
            Self::Unavailable { .. } => true,
            Self::RateLimited { .. } => false,
            Self::BadResponse(BadResponse::NotGraphql(status)) => !(400..500).contains(status),
            Self::BadResponse(BadResponse::TooLarge) => false,
            Self::BadResponse(_) => true,
        }
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } | Self::RateLimited { retry_after } => *retry_after,
            Self::BadResponse(_) => None,
        }
    }
}

impl Transport {
    pub(crate) fn new(url: &str, settings: &ClientSettings) -> Result<Self, BuildError> {
        let parsed = Url::parse(url).ok().filter(|parsed| matches!(parsed.scheme(), "http" | "https"));
        let url = parsed.ok_or_else(|| BuildError::Url(url.to_owned()))?;
        // No compression feature is on, so what is counted while reading is what would be held.
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .connect_timeout(settings.connect_timeout)
            .pool_idle_timeout(settings.pool_idle_timeout)
            .pool_max_idle_per_host(settings.pool_max_idle)
            .http1_only()
            .tcp_nodelay(true);
        // Without TLS no certificates are needed, and loading the system's fails where an image has none.
        let http = if url.scheme() == "http" { http.tls_certs_only([]) } else { http };
        Ok(Self { http: http.build()?, url, max_response_bytes: settings.max_response_bytes })
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// Sends `body` once. The caller bounds it in time; `deadline` is only told to the service.
    pub(crate) async fn attempt(
        &self,
        body: Bytes,
        headers: HeaderMap,
        deadline: Deadline,
    ) -> Result<RawResponse, Failure> {
        let mut headers = outgoing(headers, ACCEPTED);
        headers.insert(DEADLINE_HEADER, deadline.header_value());
        let response = self.post(body, headers).await?;
        self.answer(response).await
    }

    /// Asks for an event stream, once. No deadline is told to the service: a stream has none.
    pub(crate) async fn open(&self, body: Bytes, headers: HeaderMap) -> Result<Opened, Failure> {
        let response = self.post(body, outgoing(headers, EVENT_STREAM)).await?;
        if is_event_stream(response.status(), response.headers()) {
            return Ok(Opened::Stream(response));
        }
        self.answer(response).await.map(Opened::Answer)
    }

    async fn post(&self, body: Bytes, headers: HeaderMap) -> Result<reqwest::Response, Failure> {
        let request = self.http.post(self.url.clone()).headers(headers).body(body);
        request.send().await.map_err(|error| not_sent(&error))
    }

    async fn answer(&self, response: reqwest::Response) -> Result<RawResponse, Failure> {
        let (status, headers) = (response.status(), response.headers().clone());
        if !is_graphql(status, &headers) {
            return Err(refused(status, &headers));
        }
        let body = self.read(response).await.map_err(Failure::BadResponse)?;
        Ok(RawResponse { status, headers, body })
    }

    async fn read(&self, mut response: reqwest::Response) -> Result<Bytes, BadResponse> {
        let cap = self.max_response_bytes;
        let announced = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
        if announced > cap {
            return Err(BadResponse::TooLarge);
        }
        let mut body = BytesMut::with_capacity(announced);
        while let Some(chunk) = response.chunk().await.map_err(|_| BadResponse::Truncated)? {
            if body.len() + chunk.len() > cap {
                return Err(BadResponse::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }
}

/// The caller's headers without those that belong to its own connection and body, and with ours.
fn outgoing(mut headers: HeaderMap, accepted: HeaderValue) -> HeaderMap {
    let dropped = [ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, HOST, TE, TRANSFER_ENCODING, UPGRADE, DEADLINE_HEADER];
    for name in dropped {
        headers.remove(name);
    }
    headers.insert(ACCEPT, accepted);
    headers.insert(CONTENT_TYPE, JSON);
    headers
}

fn not_sent(error: &reqwest::Error) -> Failure {
    let reason = if error.is_connect() { Unavailable::Connect } else { Unavailable::Connection };
    Failure::Unavailable { reason, retry_after: None }
}

fn refused(status: StatusCode, headers: &HeaderMap) -> Failure {
    match status {
        StatusCode::TOO_MANY_REQUESTS => Failure::RateLimited { retry_after: retry_after(headers) },
        status if status.is_server_error() => {
            Failure::Unavailable { reason: Unavailable::Status(status.as_u16()), retry_after: retry_after(headers) }
        }
        status => Failure::BadResponse(BadResponse::NotGraphql(status.as_u16())),
    }
}

/// Seconds only: the other form, a date, would need the clocks of both ends to agree (RFC 9110, section 10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_RETRY_AFTER))
}
