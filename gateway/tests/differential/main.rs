//! A differential test: random valid operations are answered by the gateway, over real subgraph servers, and by a
//! reference interpreter that executes the API schema over the same data. Both have to answer alike.
//!
//! By itself it tries the same operations each time, so that what fails has to do with what was changed, and for a
//! minute at most. `DIFFERENTIAL_SEED` begins elsewhere, or replays a seed, `DIFFERENTIAL_OPERATIONS` sets how many
//! operations to try, however long it takes, `DIFFERENTIAL_SECONDS` how long to try, however many those are,
//! `DIFFERENTIAL_WORLD` picks one graph of `schemas`.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod checks;
mod compare;
mod document;
mod generate;
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
    time::{Duration, Instant},
};

use server::Server;
use trial::Trial;
use world::World;

const TIME: Duration = Duration::from_secs(60);
const OPERATIONS: u64 = 2_000;
/// Differences after which a graph is left.
const ENOUGH: usize = 3;

/// Which operations to try; every graph has the same seeds.
#[derive(Clone, Copy)]
struct Schedule {
    first: u64,
    /// For each graph.
    operations: u64,
    started: Instant,
    time: Duration,
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::print_stderr, reason = "a seed has to be known even if the test never ends")]
async fn the_gateway_answers_as_one_server_would() {
    let only = variable("DIFFERENTIAL_WORLD");
    let worlds: Vec<_> = World::all().into_iter().map(Arc::new).collect();
    let chosen: Vec<_> =
        worlds.iter().filter(|world| only.as_ref().is_none_or(|only| world.name == *only)).cloned().collect();
    let server = Server::start(&worlds).await;
    let number = |name| variable(name).map(|number| number.parse::<u64>().unwrap());
    let (operations, time) = match (number("DIFFERENTIAL_OPERATIONS"), number("DIFFERENTIAL_SECONDS")) {
        (None, None) => (OPERATIONS, TIME),
        (operations, seconds) => (operations.unwrap_or(u64::MAX), seconds.map_or(Duration::MAX, Duration::from_secs)),
    };
    let operations = operations.div_ceil(chosen.len() as u64);
    let first = number("DIFFERENTIAL_SEED").unwrap_or(1);
    let schedule = Schedule { first, operations, started: Instant::now(), time };
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

#[tokio::test(flavor = "multi_thread")]
async fn what_was_found_once_is_not_found_again() {
    let found = [
        // One error was told twice, by two steps that look up the same for one place.
        ("interface_object", 501_128),
        // What the references of two types need, in a fetch that became one, was asked of one of the types only.
        ("interface_object", 500_435),
        // A field with `@requires` in a fragment was asked of objects that the fragment excludes.
        ("interface_object", 155),
        // So was a field below a field in such a fragment.
        ("interface_object", 287),
        // A field in a fragment was asked together with one outside of it, of all objects.
        ("interface_object", 410),
        // Fields in a fragment and outside of it became one fetch, for the objects of the fragment only.
        ("interface_object", 2_779),
        // Fetches for two fragments became one, for the objects of one of them only.
        ("interface_object", 3_296),
        // What `@requires` asks for with arguments was not found where the key comes from a third subgraph.
        ("chains", 6),
        ("market", 76),
    ];
    for (name, seed) in found {
        let world = Arc::new(World::all().into_iter().find(|world| world.name == name).unwrap());
        let server = Server::start(&[Arc::clone(&world)]).await;
        assert_eq!(Trial::new(world, &server).run(seed).await, None);
    }
}

/// How many operations were tried, and what each difference looks like.
async fn run(trial: Trial, schedule: Schedule) -> (u64, Vec<String>) {
    let mut differences = Vec::new();
    let mut tried = 0;
    while tried < schedule.operations && schedule.started.elapsed() < schedule.time {
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
