//! One attempt: a request out, an answer in, all of it within the deadline.

use bytes::Bytes;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TE, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use hyper::body::Body;
use reqwest::{Url, redirect};

mod body;
mod failure;
mod pool;
mod replica;

use body::read;
pub(crate) use failure::Failure;
use failure::{not_sent, refused};
use pool::Pool;
pub(crate) use replica::Visit;
use replica::{Replica, Replicas};

use crate::answer::{RawResponse, is_graphql};
use crate::deadline::{DEADLINE_HEADER, Deadline};
use crate::error::BuildError;
use crate::events::{Opened, is_event_stream};
use crate::settings::ClientSettings;

/// Prefers the media type at which every status has a GraphQL response.
const ACCEPTED: HeaderValue = HeaderValue::from_static("application/graphql-response+json, application/json;q=0.9");
const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

static NOT_PASSED_ON: [HeaderName; 8] =
    [ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, HOST, TE, TRANSFER_ENCODING, UPGRADE, DEADLINE_HEADER];

/// Headers that are added here, with the host and the length of the body.
const OURS: usize = 5;

#[derive(Debug)]
pub(crate) struct Transport {
    /// For event streams, and for what [`Pool`] does not do.
    http: reqwest::Client,
    replicas: Replicas,
    max_response_bytes: usize,
}

impl Transport {
    pub(crate) fn new(url: &str, settings: &ClientSettings) -> Result<Self, BuildError> {
        let replicas = Replicas::new(url, settings)?;
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
        let plain = replicas.iter().all(|replica| replica.url.scheme() == "http");
        let http = if plain { http.tls_certs_only([]) } else { http };
        Ok(Self { http: http.build()?, replicas, max_response_bytes: settings.max_response_bytes })
    }

    pub(crate) fn url(&self) -> &Url {
        &self.replicas.first().url
    }

    pub(crate) fn replicas(&self) -> usize {
        self.replicas.len()
    }

    /// Chooses where the next attempt goes: not to replica `but`, if there are others.
    pub(crate) fn visit(&self, but: Option<usize>) -> Visit<'_> {
        self.replicas.visit(but)
    }

    /// Sends `body` once. The caller bounds it in time; `deadline` is only told to the service.
    pub(crate) async fn attempt(
        &self,
        visit: Visit<'_>,
        body: Bytes,
        headers: &HeaderMap,
        deadline: Deadline,
    ) -> Result<RawResponse, Failure> {
        let mut headers = outgoing(headers, ACCEPTED);
        headers.insert(DEADLINE_HEADER, deadline.header_value());
        let answer = match &visit.replica.pool {
            Some(pool) => self.attempt_from(pool, body, headers).await,
            None => self.attempt_by_reqwest(visit.replica, body, headers).await,
        };
        visit.settle(&answer);
        answer
    }

    async fn attempt_by_reqwest(
        &self,
        replica: &Replica,
        body: Bytes,
        headers: HeaderMap,
    ) -> Result<RawResponse, Failure> {
        let response = self.post(replica, body, headers).await?;
        self.answer(&mut response.into()).await
    }

    async fn attempt_from(&self, pool: &Pool, body: Bytes, headers: HeaderMap) -> Result<RawResponse, Failure> {
        let (mut response, connection) = pool.post(headers, body).await?;
        let answer = self.answer(&mut response).await;
        if answer.is_ok() || response.body().is_end_stream() {
            connection.keep();
        }
        answer
    }

    /// Asks for an event stream, once. No deadline is told to the service: a stream has none.
    pub(crate) async fn open(&self, visit: Visit<'_>, body: Bytes, headers: &HeaderMap) -> Result<Opened, Failure> {
        let response = self.post(visit.replica, body, outgoing(headers, EVENT_STREAM)).await;
        visit.settle(&response);
        let response = response?;
        if is_event_stream(response.status(), response.headers()) {
            return Ok(Opened::Stream(response));
        }
        self.answer(&mut response.into()).await.map(Opened::Answer)
    }

    async fn post(&self, replica: &Replica, body: Bytes, headers: HeaderMap) -> Result<reqwest::Response, Failure> {
        let request = self.http.post(replica.url.clone()).headers(headers).body(body);
        request.send().await.map_err(|error| not_sent(&error))
    }

    /// Takes the headers out of `response`, and reads its body.
    async fn answer<B: Body<Data = Bytes> + Unpin>(&self, response: &mut Response<B>) -> Result<RawResponse, Failure> {
        let status = response.status();
        if !is_graphql(status, response.headers()) {
            return Err(refused(status, response.headers()));
        }
        let headers = std::mem::take(response.headers_mut());
        let body = read(response.body_mut(), self.max_response_bytes).await.map_err(Failure::BadResponse)?;
        Ok(RawResponse { status, headers, body })
    }
}

/// The caller's headers without those that belong to its own connection and body, and with ours.
fn outgoing(headers: &HeaderMap, accepted: HeaderValue) -> HeaderMap {
    let mut outgoing = HeaderMap::with_capacity(headers.len() + OURS);
    for (name, value) in headers.iter().filter(|(name, _)| !NOT_PASSED_ON.contains(name)) {
        outgoing.append(name.clone(), value.clone());
    }
    outgoing.insert(ACCEPT, accepted);
    outgoing.insert(CONTENT_TYPE, JSON);
    outgoing
}
