//! One attempt: a request out, an answer in, all of it within the deadline.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, RETRY_AFTER, TE, TRANSFER_ENCODING,
    UPGRADE,
};
use http::{HeaderMap, HeaderValue, StatusCode, response};
use http_body_util::BodyExt;
use hyper::body::Body;
use reqwest::{Url, redirect};

mod pool;

use pool::{Broken, Pool};

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
    /// For event streams, and for what [`Pool`] does not do.
    http: reqwest::Client,
    url: Url,
    pool: Option<Pool>,
    max_response_bytes: usize,
}

/// How an attempt ended without an answer.
#[derive(Debug)]
pub(crate) enum Failure {
    Unavailable {
        reason: Unavailable,
        retry_after: Option<Duration>,
    },
    /// A connection that had been used before broke before an answer, which may be for its age alone.
    Stale,
    RateLimited {
        retry_after: Option<Duration>,
    },
    BadResponse(BadResponse),
}

impl Failure {
    /// Whether it tells against the service. Refusing a request (4xx, 429) does not; nor does an answer larger than
    /// allowed, for which a caller can ask as often as it likes.
    pub(crate) fn is_the_services(&self) -> bool {
        match self {
            Self::Unavailable { .. } | Self::Stale => true,
            Self::RateLimited { .. } => false,
            Self::BadResponse(BadResponse::NotGraphql(status)) => !(400..500).contains(status),
            Self::BadResponse(BadResponse::TooLarge) => false,
            Self::BadResponse(_) => true,
        }
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } | Self::RateLimited { retry_after } => *retry_after,
            Self::Stale | Self::BadResponse(_) => None,
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
        let pool = Pool::new(&url, settings);
        Ok(Self { http: http.build()?, url, pool, max_response_bytes: settings.max_response_bytes })
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
        match &self.pool {
            Some(pool) => self.attempt_from(pool, body, headers).await,
            None => {
                let (head, mut body) = http::Response::from(self.post(body, headers).await?).into_parts();
                self.answer(head, &mut body).await
            }
        }
    }

    async fn attempt_from(&self, pool: &Pool, body: Bytes, headers: HeaderMap) -> Result<RawResponse, Failure> {
        let (response, connection) = pool.post(headers, body).await?;
        let (head, mut body) = response.into_parts();
        let answer = self.answer(head, &mut body).await;
        if answer.is_ok() || body.is_end_stream() {
            connection.keep();
        }
        answer
    }

    /// Asks for an event stream, once. No deadline is told to the service: a stream has none.
    pub(crate) async fn open(&self, body: Bytes, headers: HeaderMap) -> Result<Opened, Failure> {
        let response = self.post(body, outgoing(headers, EVENT_STREAM)).await?;
        if is_event_stream(response.status(), response.headers()) {
            return Ok(Opened::Stream(response));
        }
        let (head, mut body) = http::Response::from(response).into_parts();
        self.answer(head, &mut body).await.map(Opened::Answer)
    }

    async fn post(&self, body: Bytes, headers: HeaderMap) -> Result<reqwest::Response, Failure> {
        let request = self.http.post(self.url.clone()).headers(headers).body(body);
        request.send().await.map_err(|error| not_sent(&error))
    }

    async fn answer<B>(&self, head: response::Parts, body: &mut B) -> Result<RawResponse, Failure>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let response::Parts { status, headers, .. } = head;
        if !is_graphql(status, &headers) {
            return Err(refused(status, &headers));
        }
        let body = read(body, self.max_response_bytes).await.map_err(Failure::BadResponse)?;
        Ok(RawResponse { status, headers, body })
    }
}

impl From<Broken> for Failure {
    fn from(broken: Broken) -> Self {
        let unavailable = |reason| Self::Unavailable { reason, retry_after: None };
        match broken {
            Broken::NotConnected => unavailable(Unavailable::Connect),
            Broken::Fresh => unavailable(Unavailable::Connection),
            Broken::Stale => Self::Stale,
        }
    }
}

/// All of `body`, which is not copied where it comes in one piece.
async fn read<B: Body<Data = Bytes> + Unpin>(body: &mut B, most: usize) -> Result<Bytes, BadResponse> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > most {
        return Err(BadResponse::TooLarge);
    }
    let first = piece(body).await?.unwrap_or_default();
    if first.len() <= most && body.is_end_stream() {
        return Ok(first);
    }
    let mut whole = BytesMut::with_capacity(announced.max(first.len()));
    let mut next = Some(first);
    while let Some(piece) = next {
        if whole.len() + piece.len() > most {
            return Err(BadResponse::TooLarge);
        }
        whole.extend_from_slice(&piece);
        next = self::piece(body).await?;
    }
    Ok(whole.freeze())
}

/// The next bytes, or `None` at the end.
async fn piece<B: Body<Data = Bytes> + Unpin>(body: &mut B) -> Result<Option<Bytes>, BadResponse> {
    while let Some(frame) = body.frame().await {
        // What is no data is trailers.
        if let Ok(data) = frame.map_err(|_| BadResponse::Truncated)?.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
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
