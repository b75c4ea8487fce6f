//! An HTTP/1.1 server that bounds what a client can take from it, and that stops without losing requests.
//!
//! `axum::serve` sets no timers and no caps; here silent, slow and too many connections end by themselves.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use hyper::Request;
use hyper::body::Bytes;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tower::Service;

use crate::shutdown::Shutdown;

mod accept;
mod body;
mod connection;
mod drain;
mod layers;
mod workers;

pub use workers::Workers;

/// What one server allows its clients. Durations are written like `10s` or `250ms`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServeSettings {
    /// From the first byte awaited to the end of the headers; also how long an idle connection is kept.
    #[serde(with = "humantime_serde")]
    pub header_read_timeout: Duration,
    /// From where the body has first to be waited for to its end, then 408.
    #[serde(with = "humantime_serde")]
    pub body_read_timeout: Duration,
    /// How long a client may take no byte of its response.
    #[serde(with = "humantime_serde")]
    pub write_timeout: Duration,
    /// More answers 413.
    pub max_body_bytes: usize,
    /// More answers 431.
    pub max_headers: usize,
    /// Request line and headers together; more answers 431 or 414.
    pub max_header_bytes: usize,
    /// Connections beyond it are accepted and closed. Never more than half of the file descriptors that the process
    /// may open, so that databases and outgoing calls keep theirs.
    pub max_connections: usize,
    /// After a stop is requested, how long new connections are still accepted, so that load balancers can notice.
    #[serde(with = "humantime_serde")]
    pub lame_duck: Duration,
    /// After that, how long requests in flight may take before they are cut.
    #[serde(with = "humantime_serde")]
    pub drain_timeout: Duration,
}

impl Default for ServeSettings {
    fn default() -> Self {
        Self {
            header_read_timeout: Duration::from_secs(10),
            body_read_timeout: Duration::from_secs(15),
            write_timeout: Duration::from_secs(30),
            max_body_bytes: 256 * 1024,
            max_headers: 100,
            max_header_bytes: 32 * 1024,
            max_connections: 10_000,
            lame_duck: Duration::ZERO,
            drain_timeout: Duration::from_secs(20),
        }
    }
}

/// The address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    #[error("cannot listen on {addr}: another process has taken the port")]
    Taken { addr: SocketAddr },

    #[error("cannot listen on {addr}")]
    Refused { addr: SocketAddr, source: io::Error },
}

impl BindError {
    /// The address that was asked for.
    pub fn addr(&self) -> SocketAddr {
        match self {
            Self::Taken { addr } | Self::Refused { addr, .. } => *addr,
        }
    }
}

/// A server that holds its port already and answers once it [`run`](Self::run)s; until then connections wait.
#[derive(Debug)]
pub struct BoundServer {
    listener: TcpListener,
    local_addr: SocketAddr,
    settings: ServeSettings,
}

impl BoundServer {
    /// Takes `addr`; port 0 lets the system choose.
    ///
    /// # Errors
    /// Names the address, and says when it is taken.
    pub async fn bind(addr: SocketAddr, settings: &ServeSettings) -> Result<Self, BindError> {
        let refused = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => BindError::Taken { addr },
            _ => BindError::Refused { addr, source },
        };
        let listener = TcpListener::bind(addr).await.map_err(refused)?;
        let local_addr = listener.local_addr().map_err(refused)?;
        Ok(Self { listener, local_addr, settings: settings.clone() })
    }

    /// The address with the port that the system chose.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Serves `service` until `shutdown` is requested, then drains, and returns when the last connection is gone.
    ///
    /// Connections are not upgraded. A handler that panics costs its client a 500, nobody else anything.
    pub async fn run(self, service: impl Answers, shutdown: Shutdown) {
        self.run_on(Workers::here(), service, shutdown).await;
    }

    /// The same, with the connections shared out among `workers`. It is for who waits for other services only: what is
    /// common to all threads, such as a database's connections, is best used from one runtime.
    pub async fn run_on(self, workers: Workers, service: impl Answers, shutdown: Shutdown) {
        let service = layers::Protected::new(service, &self.settings);
        accept::run(self.listener, workers, self.settings, service, shutdown).await;
    }
}

/// What can be served: a [`Router`], or what stands before some.
pub trait Answers: Send + Sync + 'static {
    /// Answers a request whose body is there as a whole.
    fn answer(&self, request: Request<Bytes>) -> impl Future<Output = Response> + Send;
}

impl Answers for Router {
    async fn answer(&self, request: Request<Bytes>) -> Response {
        let Ok(response) = self.clone().call(request.map(Body::from)).await;
        response
    }
}
