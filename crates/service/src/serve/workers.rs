//! The threads that serve connections.

use std::io;
use std::sync::Arc;
use std::thread::{available_parallelism, yield_now};
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::interval;

/// A timer that ends before all those which a thread knew of when it last waited makes tokio wake that thread with a system
/// call, even where the thread sets it itself. With one that always ends so soon this is rare.
const TICK: Duration = Duration::from_millis(250);

/// Runtimes of one thread each, one for each CPU that this process may use. Each connection is served by one of them to its
/// end, with all that its requests begin, so that little is handed from thread to thread.
#[derive(Debug)]
pub struct Workers(Vec<Worker>);

#[derive(Debug)]
struct Worker {
    seat: Seat,
    /// `None` where it is the caller's.
    runtime: Option<Runtime>,
}

/// A runtime, held by each of its connections, which are counted so.
pub(super) type Seat = Arc<Handle>;

impl Workers {
    /// # Errors
    /// The operating system gives no threads or no poll descriptors.
    pub fn start() -> io::Result<Self> {
        let count = available_parallelism().map_or(1, usize::from);
        (0..count).map(|_| Worker::start()).collect::<Result<_, _>>().map(Self)
    }

    /// The runtime in which this is called, and its threads.
    pub(super) fn here() -> Self {
        Self(vec![Worker { seat: Arc::new(Handle::current()), runtime: None }])
    }

    /// With the worker that has the fewest connections.
    pub(super) fn seat(&self) -> Option<Seat> {
        self.0.iter().map(|worker| &worker.seat).min_by_key(|seat| Arc::strong_count(seat)).cloned()
    }
}

impl Worker {
    /// Its thread lets others run before it waits for the network: where CPUs are short, those are who it waits for, and
    /// then it waits once for several of them.
    fn start() -> io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).on_thread_park(yield_now).enable_all().build()?;
        runtime.spawn(tick());
        Ok(Self { seat: Arc::new(runtime.handle().clone()), runtime: Some(runtime) })
    }
}

async fn tick() {
    let mut ticks = interval(TICK);
    loop {
        ticks.tick().await;
    }
}

impl Drop for Worker {
    /// In the background, for where it is dropped no thread may be waited for. Its connections have ended before.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
