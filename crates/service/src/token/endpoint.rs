//! One HTTP endpoint of the issuer, called so that a wrong or hostile answer does no harm.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response, Url, redirect};

/// Key sets and tokens are a few kilobytes at most.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// An endpoint cannot be called as configured.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    #[error("{0:?} is not an http or https URL")]
    Url(String),
    #[error("cannot set up the HTTP client")]
    Http(#[from] reqwest::Error),
}

/// A URL and a client that goes there only: no redirects, no proxy from the environment, a bound on the time.
#[derive(Debug)]
pub(super) struct Endpoint {
    http: Client,
    url: Url,
}

impl Endpoint {
    pub(super) fn new(url: &str, timeout: Duration) -> Result<Self, EndpointError> {
        let parsed = Url::parse(url).ok().filter(|parsed| matches!(parsed.scheme(), "http" | "https"));
        let url = parsed.ok_or_else(|| EndpointError::Url(url.to_owned()))?;
        let http =
            Client::builder().no_proxy().redirect(redirect::Policy::none()).connect_timeout(timeout).timeout(timeout);
        // Without TLS no certificates are needed, and loading the system's fails where an image has none.
        let http = if url.scheme() == "http" { http.tls_certs_only([]) } else { http };
        Ok(Self { http: http.build()?, url })
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    pub(super) fn get(&self) -> RequestBuilder {
        self.http.get(self.url.clone())
    }

    pub(super) fn post(&self) -> RequestBuilder {
        self.http.post(self.url.clone())
    }
}

/// The whole body; `None` when it is cut short or larger than any that is expected.
pub(super) async fn body(mut response: Response) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER_BYTES {
            return None;
        }
    }
    Some(body)
}
