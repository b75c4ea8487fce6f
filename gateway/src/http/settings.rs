use std::time::Duration;

use http::{HeaderName, HeaderValue, Uri, header};
use serde::{Deserialize, Serialize};

/// What the public edge offers and allows. Durations are written like `10s` or `250ms`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EdgeSettings {
    /// Serve GraphiQL at `/`. For development: it is off unless asked for.
    pub playground: bool,
    /// What GraphiQL opens with; none is a neutral example that fits every schema.
    pub playground_tabs: Vec<PlaygroundTab>,
    /// Web origins whose pages may call this gateway, such as `https://shop.example`; `*` is every page. Cookies and
    /// other ambient credentials are never allowed, so a page can only use a token that it holds itself.
    pub cors_origins: Vec<Origin>,
    /// Request headers that travel on to the subgraphs, besides `authorization` and the trace context. Every other
    /// header stops here, among them all those by which a subgraph could be made to trust a caller.
    pub forward_headers: Vec<ForwardedHeader>,
    /// Operations that are executed at the same time; more are answered 503 at once.
    pub max_in_flight: usize,
    /// Subscriptions that are open at the same time; more are answered 503. An open one takes none of the places of
    /// `max_in_flight`, but one of the server's `max_connections`, which should leave some for the rest.
    pub max_subscriptions: usize,
    /// After so long without an event a subscription shows its client that it lives.
    #[serde(with = "humantime_serde")]
    pub subscription_heartbeat: Duration,
    /// From the decoded request to the answer, over everything that the operation needs. Of a subscription, to the
    /// response's head.
    #[serde(with = "humantime_serde")]
    pub request_timeout: Duration,
    /// Values in the JSON of one request, each object, list and scalar counted.
    pub max_json_nodes: usize,
    /// Objects and lists inside each other in `variables`, which is one itself.
    pub max_variables_depth: usize,
}

impl Default for EdgeSettings {
    fn default() -> Self {
        Self {
            playground: false,
            playground_tabs: Vec::new(),
            cors_origins: Vec::new(),
            forward_headers: Vec::new(),
            max_in_flight: 512,
            max_subscriptions: 8_000,
            subscription_heartbeat: Duration::from_secs(12),
            request_timeout: Duration::from_secs(10),
            max_json_nodes: 10_000,
            max_variables_depth: 16,
        }
    }
}

/// A tab of GraphiQL; `variables` and `headers` are JSON texts, as its editors show them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlaygroundTab {
    pub query: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub variables: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub headers: String,
}

/// A web origin as browsers send it (RFC 6454): scheme, host, and the port unless it is the scheme's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(HeaderValue);

impl Origin {
    pub(super) fn is_any(&self) -> bool {
        self.0 == "*"
    }

    pub(super) fn value(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl TryFrom<String> for Origin {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const WANTED: &str = "an origin is `*` or scheme://host[:port], without a path";
        let value = HeaderValue::try_from(&text).map_err(|_| WANTED)?;
        let exact = |uri: &Uri| {
            let scheme = uri.scheme_str().unwrap_or_default();
            let host = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
            text == format!("{scheme}://{host}") && !host.is_empty() && text == text.to_lowercase()
        };
        let valid = text == "*" || text.parse().is_ok_and(|uri| exact(&uri));
        if valid { Ok(Self(value)) } else { Err(WANTED) }
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        String::from_utf8_lossy(origin.0.as_bytes()).into_owned()
    }
}

/// The name of a header that may be forwarded: none that belongs to one connection (RFC 9110, section 7.6.1), to the
/// body that the gateway writes itself, or to what the gateway tells a subgraph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ForwardedHeader(HeaderName);

impl ForwardedHeader {
    pub(crate) fn name(&self) -> &HeaderName {
        &self.0
    }
}

const OWN_HEADERS: [HeaderName; 17] = [
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::AUTHORIZATION,
    header::CONNECTION,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::EXPECT,
    header::HOST,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("x-deadline-ms"),
];

impl TryFrom<String> for ForwardedHeader {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let name = HeaderName::try_from(text).map_err(|_| "this is no header name")?;
        if OWN_HEADERS.contains(&name) {
            return Err("this header is the gateway's own to set");
        }
        Ok(Self(name))
    }
}

impl From<ForwardedHeader> for String {
    fn from(header: ForwardedHeader) -> Self {
        header.0.to_string()
    }
}
