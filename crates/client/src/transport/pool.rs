//! Connections over plain TCP, kept open between calls.
//!
//! reqwest costs a call twice the CPU time of the hyper connection beneath it (27 against 14 µs, kernel included), and
//! that is most of what a call costs at all. So the calls of a plain `http` URL go to hyper themselves.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::Url;
use tokio::runtime::{self, Handle};
use tokio::time::{Instant, sleep, timeout};
use tower::ServiceExt;

use crate::settings::ClientSettings;

type Sender = SendRequest<Full<Bytes>>;

/// The connections to the address of one URL.
#[derive(Debug)]
pub(super) struct Pool {
    address: Uri,
    /// Path and query.
    target: Uri,
    host: HeaderValue,
    connector: HttpConnector,
    connect_timeout: Duration,
    idle: Arc<Idle>,
}

/// Why there is no head of an answer.
#[derive(Debug)]
pub(super) enum Broken {
    /// Nothing was sent.
    NotConnected,
    /// The service had kept the connection open after an earlier answer, and may have closed it just now for that.
    Stale,
    Fresh,
}

impl Pool {
    /// `None` where `url` is one of https, or has credentials, and so is reqwest's.
    pub(super) fn new(url: &Url, settings: &ClientSettings) -> Option<Self> {
        if url.scheme() != "http" || !url.username().is_empty() || url.password().is_some() {
            return None;
        }
        let address: Uri = url.as_str().parse().ok()?;
        let target = Uri::from(address.path_and_query()?.clone());
        let host = HeaderValue::from_str(address.authority()?.as_str()).ok()?;
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        // Shared out among the addresses of a name, of which the first may be a black hole.
        connector.set_connect_timeout(Some(settings.connect_timeout));
        let idle =
            Idle { most: settings.pool_max_idle, timeout: settings.pool_idle_timeout, connections: Mutex::default() };
        let connect_timeout = settings.connect_timeout;
        Some(Self { address, target, host, connector, connect_timeout, idle: Arc::new(idle) })
    }

    /// Posts `body`, and once more only when it is certain that it has not left. The response's body has to be read
    /// before the connection is [kept](Connection::keep).
    pub(super) async fn post(
        &self,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<(Response<Incoming>, Connection<'_>), Broken> {
        let mut request = self.request(headers, body);
        loop {
            let (mut sender, broken) = match self.idle.take() {
                Some(sender) => (sender, Broken::Stale),
                None => (self.connect().await?, Broken::Fresh),
            };
            match sender.try_send_request(request).await {
                Ok(response) => return Ok((response, Connection { sender, idle: &self.idle })),
                Err(mut error) => match error.take_message() {
                    Some(unsent) if matches!(broken, Broken::Stale) => request = unsent,
                    // What came was no HTTP, which has nothing to do with the connection's age.
                    _ if error.error().is_parse() => return Err(Broken::Fresh),
                    _ => return Err(self.lost(broken)),
                },
            }
        }
    }

    fn lost(&self, broken: Broken) -> Broken {
        if matches!(broken, Broken::Stale) {
            // What has closed this one has closed the others, in all likelihood.
            self.idle.lock().entries.clear();
        }
        broken
    }

    fn request(&self, headers: HeaderMap, body: Bytes) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.target.clone();
        *request.headers_mut() = headers;
        request.headers_mut().insert(HOST, self.host.clone());
        request
    }

    async fn connect(&self) -> Result<Sender, Broken> {
        let connecting = async {
            let stream =
                self.connector.clone().oneshot(self.address.clone()).await.map_err(|_| Broken::NotConnected)?;
            http1::handshake(stream).await.map_err(|_| Broken::NotConnected)
        };
        let (sender, connection) =
            timeout(self.connect_timeout, connecting).await.map_err(|_| Broken::NotConnected)??;
        // Ends with the connection, which closes when its sender or the answer that is being read is dropped. What it
        // ends with is seen by the call under way.
        tokio::spawn(connection);
        Ok(sender)
    }
}

/// A connection that has brought an answer. Dropped, it closes.
pub(super) struct Connection<'a> {
    sender: Sender,
    idle: &'a Arc<Idle>,
}

impl Connection<'_> {
    /// For another call, unless it is closing.
    pub(super) fn keep(self) {
        self.idle.put(self.sender);
    }
}

#[derive(Debug)]
struct Idle {
    most: usize,
    timeout: Duration,
    connections: Mutex<Connections>,
}

#[derive(Debug, Default)]
struct Connections {
    /// The oldest comes first.
    entries: VecDeque<Kept>,
    swept: bool,
}

#[derive(Debug)]
struct Kept {
    sender: Sender,
    since: Instant,
    /// Where the connection is read. A call from another would have to wake that one's thread, and be woken by it.
    runtime: runtime::Id,
}

impl Idle {
    fn lock(&self) -> MutexGuard<'_, Connections> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one of this runtime that was used last, so that those in excess of what is needed get old.
    fn take(&self) -> Option<Sender> {
        let here = Handle::current().id();
        let mut connections = self.lock();
        loop {
            let last = connections.entries.iter().rposition(|kept| kept.runtime == here)?;
            let Kept { sender, since, .. } = connections.entries.remove(last)?;
            if since.elapsed() < self.timeout && sender.is_ready() {
                return Some(sender);
            }
        }
    }

    fn put(self: &Arc<Self>, sender: Sender) {
        if sender.is_closed() {
            return;
        }
        let kept = Kept { sender, since: Instant::now(), runtime: Handle::current().id() };
        let mut connections = self.lock();
        connections.entries.push_back(kept);
        if connections.entries.len() > self.most {
            connections.entries.pop_front();
        }
        if !connections.swept {
            connections.swept = true;
            tokio::spawn(sweep(Arc::downgrade(self), self.timeout));
        }
    }

    /// Closes what has been idle for too long; whether there is anything left.
    fn close_old(&self) -> bool {
        let mut connections = self.lock();
        let old = connections.entries.iter().take_while(|kept| kept.since.elapsed() >= self.timeout).count();
        connections.entries.drain(..old);
        connections.swept = !connections.entries.is_empty();
        connections.swept
    }
}

/// Runs for as long as there are idle connections.
async fn sweep(idle: Weak<Idle>, every: Duration) {
    loop {
        sleep(every).await;
        let more = idle.upgrade().is_some_and(|idle| idle.close_old());
        if !more {
            return;
        }
    }
}
