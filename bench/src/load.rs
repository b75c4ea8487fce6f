//! A closed loop: so many connections, each with its next request as soon as the answer to its last one is there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use hyper::StatusCode;
use tokio::task::JoinSet;

use crate::Outcome;
use crate::connection::Connection;
use crate::contender::Running;
use crate::workload::Workload;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub connections: usize,
    pub warm_up: Duration,
    pub window: Duration,
}

pub(crate) struct Loaded {
    /// All of them, before, in and after the window.
    pub requests: u64,
    pub window: Duration,
    /// The contender's, in the window.
    pub cpu: Duration,
    /// Of the requests that were answered in the window, sorted.
    pub latencies: Vec<Duration>,
}

const WARMING_UP: u8 = 0;
const MEASURING: u8 = 1;
const OVER: u8 = 2;

struct Course {
    phase: AtomicU8,
    requests: AtomicU64,
}

impl Load {
    /// Every answer has to be a 200 of `length` bytes, unless the workload forgives missing parts.
    pub(crate) async fn put_on(
        self,
        contender: &Running,
        workload: &'static Workload,
        length: usize,
    ) -> Outcome<Loaded> {
        let course = Arc::new(Course { phase: AtomicU8::new(WARMING_UP), requests: AtomicU64::new(0) });
        let mut clients = JoinSet::new();
        for _ in 0..self.connections {
            let connection = Connection::open(contender.port).await?;
            clients.spawn(client(connection, workload, length, course.clone()));
        }
        tokio::time::sleep(self.warm_up).await;
        let (begun, cpu_before) = (Instant::now(), contender.process.cpu()?);
        course.phase.store(MEASURING, Relaxed);
        tokio::time::sleep(self.window).await;
        course.phase.store(OVER, Relaxed);
        let (window, cpu_after) = (begun.elapsed(), contender.process.cpu()?);
        let mut latencies = Vec::new();
        while let Some(client) = clients.join_next().await {
            latencies.extend(client??);
        }
        latencies.sort_unstable();
        Ok(Loaded { requests: course.requests.load(Relaxed), window, cpu: cpu_after - cpu_before, latencies })
    }
}

async fn client(
    mut connection: Connection,
    workload: &Workload,
    length: usize,
    course: Arc<Course>,
) -> Outcome<Vec<Duration>> {
    let mut latencies = Vec::new();
    while course.phase.load(Relaxed) != OVER {
        let request = workload.request(course.requests.fetch_add(1, Relaxed));
        let sent = Instant::now();
        let (status, answer) = connection.ask(request).await?;
        if status != StatusCode::OK || (answer.len() != length && !workload.partial) {
            return Err(format!("answered with status {status} and {} bytes in place of {length}", answer.len()).into());
        }
        if course.phase.load(Relaxed) == MEASURING {
            latencies.push(sent.elapsed());
        }
    }
    Ok(latencies)
}
