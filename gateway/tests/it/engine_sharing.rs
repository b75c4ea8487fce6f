//! Calls that concurrent requests share, and those that they must not.

use std::time::Duration;

use client::Deadline;
use futures_util::FutureExt;
use futures_util::future::join_all;
use gateway::pipeline::Caller;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};
use service::telemetry::TraceContext;

use crate::engine::{anonymous, settings};
use crate::engine_gate::{Shop, bearer};

const ROOT: &str = "{ depot }";
const LOOKUP: &str = "query($ids: [ID!]!) { products(ids: $ids) { stock } }";

fn ids(ids: &[&str]) -> Value {
    json!({ "ids": ids })
}

/// How many calls the inventory gets for concurrent requests that differ in their callers only.
async fn calls_for(callers: &[Caller], query: &str) -> usize {
    let shop = Shop::new(settings()).await;
    shop.warm(query, ids(&["a", "b"])).await;
    let requests = callers.iter().map(|caller| shop.ask(query, ids(&["a", "b"]), caller.clone()));
    let (responses, ()) = tokio::join!(join_all(requests), shop.release_after(1));
    for response in responses {
        assert!(response["errors"].is_null(), "{response}");
        let expected = json!([{ "stock": "a in none" }, { "stock": "b in none" }]);
        assert!(response["data"]["depot"] == "Hamburg" || response["data"]["products"] == expected, "{response}");
    }
    shop.inventory.requests().len()
}

fn forwarding(headers: &[(&'static str, &'static str)]) -> Caller {
    let mut forwarded = HeaderMap::new();
    for (name, value) in headers {
        forwarded.append(*name, HeaderValue::from_static(value));
    }
    Caller { forwarded, ..anonymous() }
}

fn traced() -> Caller {
    Caller { trace: TraceContext::of(&HeaderMap::new()), ..anonymous() }
}

#[tokio::test]
async fn equal_requests_cost_one_call_for_root_fields_and_one_for_references() {
    let callers = vec![anonymous(); 12];
    assert_eq!(calls_for(&callers, ROOT).await, 1);
    assert_eq!(calls_for(&callers, LOOKUP).await, 1);
}

#[tokio::test]
async fn callers_who_might_get_another_answer_have_calls_of_their_own() {
    let differing = [
        vec![anonymous(), bearer("a"), bearer("b")],
        vec![forwarding(&[]), forwarding(&[("x-tenant", "1")]), forwarding(&[("x-tenant", "2")])],
        vec![forwarding(&[("x-tenant", "1")]), forwarding(&[("x-shop", "1")]), forwarding(&[("x-shop", "1 ")])],
        // Only the first value is the same, or only the last.
        vec![
            forwarding(&[("x-tenant", "1"), ("x-tenant", "2")]),
            forwarding(&[("x-tenant", "1"), ("x-tenant", "3")]),
            forwarding(&[("x-tenant", "1")]),
        ],
        vec![
            forwarding(&[("x-tenant", "1"), ("x-tenant", "3")]),
            forwarding(&[("x-tenant", "2"), ("x-tenant", "3")]),
            forwarding(&[("x-tenant", "3")]),
        ],
    ];
    for callers in differing {
        let twice: Vec<Caller> = callers.iter().chain(&callers).cloned().collect();
        assert_eq!(calls_for(&twice, ROOT).await, 3, "{callers:?}");
        assert_eq!(calls_for(&twice, LOOKUP).await, 3, "{callers:?}");
    }
}

#[tokio::test]
async fn traces_change_no_answer_and_a_shared_call_is_in_the_trace_of_who_began_it() {
    let callers = [traced(), traced(), anonymous()];
    let trace = callers[0].trace.parent();
    assert_eq!(calls_for(&callers, ROOT).await, 1);
    assert_eq!(calls_for(&callers, LOOKUP).await, 1);
    let shop = Shop::new(settings()).await;
    shop.warm(LOOKUP, ids(&["a"])).await;
    let requests = join_all(callers.map(|caller| shop.ask(LOOKUP, ids(&["a"]), caller)));
    tokio::join!(requests, shop.release_after(1));
    assert_eq!(shop.inventory.request().headers["traceparent"], trace);
}

#[tokio::test]
async fn a_failure_is_for_all_who_waited_each_at_its_own_paths() {
    for (variables, selection) in [("", "depot"), ("($ids: [ID!]!)", "products(ids: $ids) { stock }")] {
        let shop = Shop::answering(settings(), |_| (StatusCode::INTERNAL_SERVER_ERROR, json!("down"))).await;
        let keys = ["a", "bb", "ccc"];
        let queries = keys.map(|key| format!("query{variables} {{ {key}: {selection} }}"));
        for query in &queries {
            shop.gate.release();
            shop.warm(query, ids(&["x"])).await;
        }
        let requests = join_all(queries.iter().map(|query| shop.ask(query, ids(&["x"]), anonymous())));
        let (responses, ()) = tokio::join!(requests, shop.release_after(1));
        for (key, response) in keys.iter().zip(responses) {
            let errors = response["errors"].as_array().unwrap();
            assert_eq!(errors.len(), 1, "{response}");
            assert_eq!(errors[0]["path"][0], *key, "{response}");
        }
        assert_eq!(shop.inventory.requests().len(), 1, "{selection}");
    }
}

#[tokio::test]
async fn who_began_a_call_may_hang_up() {
    for query in [ROOT, LOOKUP] {
        let shop = Shop::new(settings()).await;
        shop.warm(query, ids(&["a"])).await;
        let mut leader = shop.ask(query, ids(&["a"]), anonymous()).boxed();
        // Polled until its call is under way.
        tokio::select! {
            _ = &mut leader => unreachable!("the gate is closed"),
            () = shop.gate.arrival() => {}
        }
        let mut follower = shop.ask(query, ids(&["a"]), anonymous()).boxed();
        while shop.products.requests().len() < 2 && query == LOOKUP {
            assert!((&mut follower).now_or_never().is_none());
            tokio::task::yield_now().await;
        }
        assert!((&mut follower).now_or_never().is_none());
        drop(leader);
        let (response, ()) = tokio::join!(follower, async { shop.gate.release() });
        assert!(response["errors"].is_null(), "{response}");
        assert_eq!(shop.inventory.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_any_more_ends_and_is_not_found_by_later_requests() {
    for query in [ROOT, LOOKUP] {
        let shop = Shop::new(settings()).await;
        shop.warm(query, ids(&["a"])).await;
        let mut leader = shop.ask(query, ids(&["a"]), anonymous()).boxed();
        tokio::select! {
            _ = &mut leader => unreachable!("the gate is closed"),
            () = shop.gate.arrival() => {}
        }
        drop(leader);
        shop.gate.release();
        let client = shop.gateway.client("inventory").unwrap();
        while client.stats().in_flight > 0 {
            tokio::task::yield_now().await;
        }
        tokio::task::yield_now().await;
        let response = shop.ask(query, ids(&["a"]), anonymous()).await;
        assert!(response["errors"].is_null(), "{response}");
        assert_eq!(shop.inventory.requests().len(), 2);
    }
}

#[tokio::test]
async fn who_has_much_more_time_does_not_wait_for_a_call_that_must_end_soon() {
    for query in [ROOT, LOOKUP] {
        let shop = Shop::new(settings()).await;
        shop.warm(query, ids(&["a"])).await;
        let hurried = Caller { deadline: Deadline::after(Duration::from_millis(300)), ..anonymous() };
        let hurried = shop.ask(query, ids(&["a"]), hurried);
        let patient = shop.ask(query, ids(&["a"]), anonymous());
        let opened = async {
            shop.gate.arrival().await;
            shop.gate.arrival().await;
        };
        let (hurried, patient, ()) = tokio::join!(
            async {
                let response = hurried.await;
                shop.gate.release();
                response
            },
            patient,
            opened
        );
        assert_eq!(hurried["errors"][0]["extensions"]["code"], "DEADLINE_EXCEEDED", "{hurried}");
        assert!(patient["errors"].is_null(), "{patient}");
    }
}

#[tokio::test]
async fn mutations_are_never_shared() {
    let mut settings = settings();
    settings.share_client_requests = true;
    let shop = Shop::new(settings).await;
    shop.warm("mutation { restock }", Value::Null).await;
    let requests = join_all((0..3).map(|_| shop.ask("mutation { restock }", Value::Null, anonymous())));
    let (responses, ()) = tokio::join!(requests, shop.release_after(3));
    assert_eq!(responses, vec![json!({ "data": { "restock": 1 } }); 3]);
    assert_eq!(shop.inventory.requests().len(), 3);
}

/// Else a client could change something and then be told that it has not.
#[tokio::test]
async fn who_asks_after_a_mutation_does_not_get_what_was_asked_before() {
    for (query, clients) in [(ROOT, false), (LOOKUP, false), (ROOT, true), (LOOKUP, true)] {
        let mut settings = settings();
        settings.share_client_requests = clients;
        let shop = Shop::new(settings).await;
        shop.warm(query, ids(&["a"])).await;
        let mut before = shop.ask(query, ids(&["a"]), anonymous()).boxed();
        tokio::select! {
            _ = &mut before => unreachable!("the gate is closed"),
            () = shop.gate.arrival() => {}
        }
        let renamed = shop.ask("mutation { rename }", Value::Null, anonymous()).await;
        assert_eq!(renamed, json!({ "data": { "rename": 1 } }));
        let after = shop.ask(query, ids(&["a"]), anonymous());
        tokio::join!(before, after, shop.release_after(1));
        assert_eq!(shop.inventory.requests().len(), 2, "{query}");
    }
}
