//! A differential test: random valid operations are answered by the gateway, over real subgraph servers, and by a
//! reference interpreter that executes the API schema over the same data. Both have to answer alike.
//!
//! It runs for a minute with a seed of its own. `DIFFERENTIAL_SEED` replays a seed, `DIFFERENTIAL_OPERATIONS` sets how
//! many operations to try, `DIFFERENTIAL_WORLD` picks one graph of `schemas`.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod checks;
mod compare;
mod document;
mod generate;
mod known;
mod merging;
mod reference;
mod schema;
mod server;
mod shrink;
mod store;
mod trial;
mod validation;
mod world;

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use server::Server;
use trial::Trial;
use world::World;

const TIME: Duration = Duration::from_secs(60);
/// Differences after which a graph is left.
const ENOUGH: usize = 3;

/// Which operations to try; every graph has the same seeds.
#[derive(Clone, Copy)]
struct Schedule {
    first: u64,
    /// For each graph; `None` for as many as the time allows.
    operations: Option<u64>,
    started: Instant,
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::print_stderr, reason = "a seed has to be known even if the test never ends")]
async fn the_gateway_answers_as_one_server_would() {
    let only = variable("DIFFERENTIAL_WORLD");
    let worlds: Vec<_> = World::all().into_iter().map(Arc::new).collect();
    let chosen: Vec<_> =
        worlds.iter().filter(|world| only.as_ref().is_none_or(|only| world.name == *only)).cloned().collect();
    let server = Server::start(&worlds).await;
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let first = variable("DIFFERENTIAL_SEED").map_or(clock, |seed| seed.parse().unwrap());
    let operations: Option<u64> = variable("DIFFERENTIAL_OPERATIONS").map(|count| count.parse().unwrap());
    let operations = operations.map(|count| count.div_ceil(chosen.len() as u64));
    let schedule = Schedule { first, operations, started: Instant::now() };
    eprintln!("DIFFERENTIAL_SEED={first}");
    let runs: Vec<_> =
        chosen.iter().map(|world| tokio::spawn(run(Trial::new(Arc::clone(world), &server), schedule))).collect();
    let mut tried = 0;
    let mut differences = Vec::new();
    for run in runs {
        let (count, found) = run.await.unwrap();
        tried += count;
        differences.extend(found);
    }
    eprintln!("{tried} operations in {:?}", schedule.started.elapsed());
    assert!(differences.is_empty(), "\n{}", differences.join("\n\n"));
}

/// How many operations were tried, and what each difference looks like.
async fn run(trial: Trial, schedule: Schedule) -> (u64, Vec<String>) {
    let mut differences = Vec::new();
    let mut tried = 0;
    while match schedule.operations {
        Some(operations) => tried < operations,
        None => schedule.started.elapsed() < TIME,
    } {
        let seed = schedule.first + tried;
        tried += 1;
        if let Some(difference) = trial.run(seed).await {
            differences.push(difference);
            if differences.len() == ENOUGH {
                break;
            }
        }
    }
    (tried, differences)
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
