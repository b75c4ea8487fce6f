//! Subgraphs that fail for a while: what clients get meanwhile, and how soon it is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use client::{BreakerState, Deadline, Stats};
use gateway::pipeline::{Caller, Gateway, GatewaySettings, SubgraphSettings};
use http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::engine::{LINK, Subgraph, anonymous, answer, ask, body, settings, supergraph};

const TIMEOUT: Duration = Duration::from_millis(200);
/// Of each client request.
const DEADLINE: Duration = Duration::from_millis(400);
/// On top of the deadline, for everything that is not waiting.
const MARGIN: Duration = Duration::from_millis(250);
const OPEN_FOR: Duration = Duration::from_millis(300);
const SLOW: Duration = Duration::from_millis(100);

const SOUND: &str = r#"
    type Query { sound: Thing }
    type Thing @key(fields: "id") { id: ID! name: String }
"#;
const BAD: &str = r#"type Thing @key(fields: "id") { id: ID! size: Int }"#;
const QUERY: &str = "{ sound { name size } }";

#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(u8)]
enum Fault {
    None,
    /// Every second answer is a 500.
    Half,
    /// Answers, but late.
    Slow,
    /// Takes the request and never answers.
    Hole,
}

fn quick() -> GatewaySettings {
    let mut settings = settings();
    settings.subgraph.timeout = TIMEOUT;
    let breaker = &mut settings.subgraph.breaker;
    breaker.min_calls = 8;
    breaker.slow_after = SLOW / 2;
    breaker.open_for = OPEN_FOR;
    settings
}

struct Shop {
    gateway: Gateway,
    fault: Arc<AtomicU8>,
    arrived: Arc<AtomicUsize>,
    _subgraphs: [Subgraph; 2],
}

async fn sound() -> Subgraph {
    let thing = json!({ "__typename": "Thing", "id": "1", "name": "one" });
    Subgraph::new("sound", SOUND, json!({ "Query": { "sound": thing } })).await
}

impl Shop {
    async fn new(settings: GatewaySettings) -> Self {
        let (fault, arrived) = (Arc::new(AtomicU8::new(Fault::None as u8)), Arc::new(AtomicUsize::new(0)));
        let (present, count) = (fault.clone(), arrived.clone());
        let bad = Subgraph::resolving("bad", format!("{LINK}{BAD}"), move |_| {
            let (fault, number) = (present.load(Ordering::SeqCst), count.fetch_add(1, Ordering::SeqCst));
            async move {
                match fault {
                    half if half == Fault::Half as u8 && number % 2 == 1 => {
                        return (StatusCode::INTERNAL_SERVER_ERROR, String::new());
                    }
                    slow if slow == Fault::Slow as u8 => tokio::time::sleep(SLOW).await,
                    hole if hole == Fault::Hole as u8 => std::future::pending().await,
                    _ => {}
                }
                (StatusCode::OK, json!({ "data": { "_entities": [{ "size": 1 }] } }).to_string())
            }
        });
        let subgraphs = [sound().await, bad.await];
        let gateway = Gateway::new(supergraph(&[&subgraphs[0], &subgraphs[1]]), settings).unwrap();
        Self { gateway, fault, arrived, _subgraphs: subgraphs }
    }

    fn set(&self, fault: Fault) {
        self.fault.store(fault as u8, Ordering::SeqCst);
    }

    fn stats(&self) -> Stats {
        self.gateway.client("bad").unwrap().stats()
    }

    async fn open(&self) {
        let mut asked = 0;
        while self.stats().queries.state != BreakerState::Open {
            look(&self.gateway).await;
            asked += 1;
            assert!(asked <= 20, "the breaker has not opened");
        }
    }
}

/// Whether `size` is there, and how long it took. What the sound subgraph has is there always, and within the deadline.
async fn look(gateway: &Gateway) -> (bool, Duration) {
    let begun = Instant::now();
    let caller = Caller { deadline: Deadline::after(DEADLINE), ..anonymous() };
    let response = body(&answer(gateway, QUERY, caller).await);
    let took = begun.elapsed();
    assert!(took < DEADLINE + MARGIN, "{took:?}");
    assert_eq!(response["data"]["sound"]["name"], "one", "{response}");
    let complete = response["data"]["sound"]["size"] == 1;
    let errors = response["errors"].as_array().map_or(0, Vec::len);
    assert_eq!(errors, usize::from(!complete), "{response}");
    if !complete {
        assert_eq!(response["errors"][0]["path"], json!(["sound"]), "{response}");
    }
    (complete, took)
}

#[tokio::test]
async fn an_open_breaker_sends_nothing_answers_at_once_and_closes_when_the_subgraph_is_well() {
    for fault in [Fault::Half, Fault::Slow, Fault::Hole] {
        let shop = Shop::new(quick()).await;
        assert!(look(&shop.gateway).await.0);
        shop.set(fault);
        shop.open().await;
        let before = shop.arrived.load(Ordering::SeqCst);
        let mut times = Vec::new();
        // As many as fit into the shortest time for which it is open.
        let begun = Instant::now();
        while begun.elapsed() < OPEN_FOR / 4 {
            let (complete, took) = look(&shop.gateway).await;
            assert!(!complete, "{fault:?}");
            times.push(took);
        }
        assert_eq!(shop.arrived.load(Ordering::SeqCst), before, "{fault:?}");
        times.sort_unstable();
        assert!(times[times.len() / 2] < DEADLINE / 2, "{fault:?} {times:?}");
        shop.set(Fault::None);
        let healed = Instant::now();
        while shop.stats().queries.state != BreakerState::Closed {
            look(&shop.gateway).await;
            tokio::task::yield_now().await;
            assert!(healed.elapsed() < 3 * OPEN_FOR + MARGIN, "{fault:?}: {:?}", shop.stats());
        }
        assert!(look(&shop.gateway).await.0, "{fault:?}");
        assert_eq!(shop.stats().in_flight, 0);
    }
}

/// Neither a refused connection nor a connection that nobody accepts.
#[tokio::test]
async fn a_dead_subgraph_costs_no_request_more_than_its_timeout() {
    let (sound, dead) = (sound().await, Subgraph::down("bad", BAD).await);
    let refused = Gateway::new(supergraph(&[&sound, &dead]), quick()).unwrap();
    let never_accepts = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut settings = quick();
    let address = format!("http://{}/graphql", never_accepts.local_addr().unwrap());
    let own = SubgraphSettings { url: Some(address), ..Default::default() };
    settings.subgraphs.insert("bad".to_owned(), own);
    let unheard = Gateway::new(supergraph(&[&sound, &dead]), settings).unwrap();
    for gateway in [refused, unheard] {
        let stats = || gateway.client("bad").unwrap().stats();
        while stats().queries.state != BreakerState::Open {
            assert!(!look(&gateway).await.0);
            assert!(stats().attempts <= 8, "{:?}", stats());
        }
        let attempts = stats().attempts;
        let mut times = [look(&gateway).await.1, look(&gateway).await.1, look(&gateway).await.1];
        times.sort_unstable();
        assert!(times[1] < TIMEOUT / 2, "{times:?}");
        assert_eq!(stats().attempts, attempts);
    }
}

#[tokio::test]
async fn other_subgraphs_are_as_fast_as_ever() {
    let shop = Shop::new(quick()).await;
    look(&shop.gateway).await;
    shop.set(Fault::Hole);
    let slow = async {
        for _ in 0..10 {
            look(&shop.gateway).await;
        }
    };
    let others = async {
        let mut times = Vec::new();
        for _ in 0..50 {
            let begun = Instant::now();
            let response: Value = ask(&shop.gateway, "{ sound { name } }").await;
            assert!(response["errors"].is_null(), "{response}");
            times.push(begun.elapsed());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        times.sort_unstable();
        times
    };
    let ((), times) = tokio::join!(slow, others);
    assert!(times[times.len() / 2] < Duration::from_millis(20), "{times:?}");
    assert!(times[times.len() - 1] < TIMEOUT, "{times:?}");
}

/// Each query once, and once more for every tenth.
#[tokio::test]
async fn retries_are_a_small_share_of_all_calls() {
    let mut settings = quick();
    settings.subgraph.max_retries = 2;
    settings.subgraph.retry_ratio = 0.1;
    settings.subgraph.breaker.min_calls = 1_000;
    let (sound, dead) = (sound().await, Subgraph::down("bad", BAD).await);
    let gateway = Gateway::new(supergraph(&[&sound, &dead]), settings).unwrap();
    for _ in 0..100 {
        look(&gateway).await;
    }
    let stats = gateway.client("bad").unwrap().stats();
    assert_eq!(stats.calls, 100);
    assert!(stats.attempts <= 120, "{stats:?}");
}
