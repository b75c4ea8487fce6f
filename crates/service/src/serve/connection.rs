//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use futures_util::FutureExt;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::layers::{Handler, Protected};
use super::workers::Workers;
use super::{Answers, ServeSettings};
use crate::shutdown::Shutdown;

/// hyper's own default for the number of headers needs no allocation, a configured one does.
const HYPER_DEFAULT_HEADERS: usize = 100;

/// hyper refuses a smaller read buffer than this.
const SMALLEST_BUFFER: usize = 8 * 1024;

/// All connections of one server.
pub(super) struct Connections<S> {
    workers: Workers,
    protocol: http1::Builder,
    service: Arc<Protected<S>>,
    write_timeout: Duration,
    shutdown: Shutdown,
    /// Told to finish what they do and close.
    pub(super) closing: CancellationToken,
    /// Told to stop where they are, after that.
    pub(super) cut: CancellationToken,
    pub(super) tasks: TaskTracker,
}

impl<S: Answers> Connections<S> {
    pub(super) fn new(workers: Workers, service: Protected<S>, settings: &ServeSettings, shutdown: Shutdown) -> Self {
        Self {
            workers,
            protocol: protocol(settings),
            service: Arc::new(service),
            write_timeout: settings.write_timeout,
            shutdown,
            closing: CancellationToken::new(),
            cut: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    /// Serves `stream` in a task of its own, which holds `slot` to its end.
    pub(super) fn serve(&self, stream: TcpStream, slot: OwnedSemaphorePermit) {
        let Some(seat) = self.workers.seat() else { return };
        let worker = Handle::clone(&seat);
        let _entered = worker.enter();
        // These fail only on a connection that is already gone; serving it ends at once.
        let Ok(stream) = stream.into_std().and_then(TcpStream::from_std) else { return };
        let _ = stream.set_nodelay(true);
        let Ok(peer) = stream.peer_addr() else { return };
        let connection = self.protocol.serve_connection(self.io(stream), self.handler());
        // A token of its own, for each poll takes its lock; so has the handler.
        let (closing, cut) = (self.closing.child_token(), self.cut.clone());
        let task = async move {
            let _held = (slot, seat);
            let mut connection = pin!(connection);
            tokio::select! {
                outcome = connection.as_mut() => return log(outcome),
                () = closing.cancelled() => connection.as_mut().graceful_shutdown(),
            }
            tokio::select! {
                outcome = connection => log(outcome),
                () = cut.cancelled() => tracing::warn!(%peer, "connection cut, it did not finish in time"),
            }
        };
        self.tasks.spawn_on(task, &worker);
    }

    fn io(&self, stream: TcpStream) -> TokioIo<Pin<Box<TimeoutStream<TcpStream>>>> {
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(self.write_timeout));
        TokioIo::new(Box::pin(stream))
    }

    fn handler(
        &self,
    ) -> impl hyper::service::Service<
        Request<Incoming>,
        Response = Response,
        Error = Infallible,
        Future = impl Future<Output = Result<Response, Infallible>> + Send + use<S>,
    > + use<S> {
        let handler = Arc::new(Handler { protected: self.service.clone(), shutdown: self.shutdown.child() });
        service_fn(move |request| handler.clone().answer(request).map(Ok))
    }
}

/// What ends a connection early is the client's doing: news for who debugs, not for who operates.
fn log(outcome: hyper::Result<()>) {
    if let Err(error) = outcome {
        tracing::debug!(%error, "connection ended early");
    }
}

fn protocol(settings: &ServeSettings) -> http1::Builder {
    let mut protocol = http1::Builder::new();
    protocol
        .timer(TokioTimer::new())
        .header_read_timeout(settings.header_read_timeout)
        .max_header_size(settings.max_header_bytes)
        .max_buf_size(settings.max_header_bytes.saturating_mul(2).max(SMALLEST_BUFFER));
    if settings.max_headers != HYPER_DEFAULT_HEADERS {
        protocol.max_headers(settings.max_headers);
    }
    protocol
}
