//! A TCP proxy that does to connections what networks do.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, copy, sink},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::AbortHandle,
    time::sleep,
};

/// What becomes of a connection.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    /// Every piece of an answer comes so much later.
    Delay(Duration),
    /// Answers come byte by byte, so far apart.
    Drip(Duration),
    /// It is reset as soon as a request comes.
    Reset,
    /// Nothing goes through, and nobody is told.
    BlackHole,
    /// Answers end after so many bytes.
    CutAfter(usize),
    /// Requests go through, answers do not.
    DropResponses,
}

/// Listens on a port of its own in front of a server. Gone when it is dropped.
pub struct FaultProxy {
    pub address: SocketAddr,
    fault: watch::Sender<Fault>,
    requests: Arc<AtomicUsize>,
    listening: AbortHandle,
}

impl FaultProxy {
    pub async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (fault, faults) = watch::channel(Fault::None);
        let requests = Arc::<AtomicUsize>::default();
        let counter = requests.clone();
        let listening = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let (mut faults, counter) = (faults.clone(), counter.clone());
                tokio::spawn(async move {
                    let fault = *faults.borrow_and_update();
                    tokio::select! {
                        () = carry(client, target, fault, &counter) => {}
                        _ = faults.changed() => {}
                    }
                });
            }
        });
        Self { address, fault, requests, listening: listening.abort_handle() }
    }

    /// From now on. Connections that are open are closed.
    pub fn set(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }

    /// POST requests that have come, whatever became of them.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn carry(client: TcpStream, target: SocketAddr, fault: Fault, requests: &AtomicUsize) {
    let Ok(server) = TcpStream::connect(target).await else { return };
    if matches!(fault, Fault::Reset | Fault::BlackHole) {
        if client.readable().await.is_ok() {
            requests.fetch_add(1, Ordering::Relaxed);
        }
        if fault == Fault::BlackHole {
            swallow(client).await;
        }
        // Unread bytes make the close a reset.
        return;
    }
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        () = forward(from_client, to_server, requests) => {}
        () = back(from_server, to_client, fault) => {}
    }
}

async fn swallow(mut from: impl AsyncRead + Unpin) {
    // A connection that breaks is swallowed too.
    let _ = copy(&mut from, &mut sink()).await;
}

async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, requests: &AtomicUsize) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let piece = &buffer[..length];
        requests.fetch_add(usize::from(piece.starts_with(b"POST ")), Ordering::Relaxed);
        if to.write_all(piece).await.is_err() {
            return;
        }
    }
}

async fn back(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, fault: Fault) {
    if fault == Fault::DropResponses {
        return swallow(from).await;
    }
    let mut buffer = vec![0; 64 * 1024];
    let mut left = match fault {
        Fault::CutAfter(bytes) => bytes,
        _ => usize::MAX,
    };
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let piece = &buffer[..length.min(left)];
        left -= piece.len();
        let (size, pause) = match fault {
            Fault::Drip(pause) => (1, pause),
            Fault::Delay(pause) => (piece.len(), pause),
            _ => (piece.len(), Duration::ZERO),
        };
        for part in piece.chunks(size.max(1)) {
            sleep(pause).await;
            if to.write_all(part).await.is_err() {
                return;
            }
        }
        if left == 0 {
            return;
        }
    }
}
