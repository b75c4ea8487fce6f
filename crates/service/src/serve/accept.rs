//! Accepting connections: as many as are allowed, and on through every error.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::connection::Connections;
use super::drain;
use super::layers::Protected;
use super::workers::Workers;
use super::{Answers, ServeSettings};
use crate::shutdown::Shutdown;

/// After an error that is the process's own (no descriptor left, no memory), accepting at once would only spin.
const PAUSE: Duration = Duration::from_millis(50);

pub(super) async fn run(
    listener: TcpListener,
    workers: Workers,
    settings: ServeSettings,
    service: Protected<impl Answers>,
    shutdown: Shutdown,
) {
    let slots = Arc::new(Semaphore::new(connection_cap(settings.max_connections)));
    let connections = Connections::new(workers, service, &settings, shutdown.clone());
    let stop = drain::lame_duck_ends(&shutdown, settings.lame_duck);
    tokio::pin!(stop);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => break,
            stream = accept(&listener) => match slot(&slots) {
                Some(slot) => connections.serve(stream, slot),
                // Taking it and closing it tells the client at once; leaving it in the backlog would not.
                None => drop(stream),
            },
        }
    }
    drop(listener);
    drain::finish(connections, settings.drain_timeout).await;
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) if is_of_the_peer(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept connections");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

fn is_of_the_peer(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

fn slot(slots: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
    let slot = Arc::clone(slots).try_acquire_owned().ok();
    if slot.is_none() {
        tracing::debug!("connection refused, the cap is reached");
    }
    slot
}

/// Raises the soft limit on descriptors to the hard one, and keeps to half of it.
fn connection_cap(wanted: usize) -> usize {
    let descriptors = rlimit::increase_nofile_limit(u64::MAX).unwrap_or(1024);
    let cap = usize::try_from(descriptors / 2).unwrap_or(usize::MAX).min(wanted);
    if cap < wanted {
        tracing::warn!(wanted, cap, "fewer connections than configured, for want of file descriptors");
    }
    cap.min(Semaphore::MAX_PERMITS)
}
