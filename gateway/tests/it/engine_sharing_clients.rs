//! Client requests that are executed once for all who ask them at the same time.

use std::cell::Cell;
use std::convert::Infallible;

use bytes::Bytes;
use futures_util::future::join_all;
use gateway::pipeline::{Caller, GatewaySettings, Reply};
use http::HeaderValue;
use serde_json::{Value, json};

use crate::engine::{anonymous, body, request, settings, signed_in};
use crate::engine_gate::{Shop, bearer};

const QUERY: &str = "query($ids: [ID!]!, $unit: String) { depot products(ids: $ids) { stock(unit: $unit) } }";

/// Shares client requests and, so that nothing else is counted, no calls.
fn sharing(clients: bool) -> GatewaySettings {
    let mut settings = settings();
    settings.share_client_requests = clients;
    settings.share_subgraph_requests = false;
    settings.batch_across_requests = false;
    settings
}

/// How many executions concurrent requests cost.
async fn executions(clients: bool, requests: Vec<(Value, Caller)>) -> usize {
    let shop = Shop::new(sharing(clients)).await;
    let warm = json!({ "ids": ["x"] });
    shop.warm(QUERY, warm).await;
    let all = requests.iter().map(|(variables, caller)| shop.ask(QUERY, variables.clone(), caller.clone()));
    let (responses, ()) = tokio::join!(join_all(all), shop.release_after(1));
    for ((variables, _), response) in requests.iter().zip(responses) {
        assert!(response["errors"].is_null(), "{response}");
        let unit = variables["unit"].as_str().unwrap_or("none");
        assert_eq!(response["data"]["products"][0]["stock"], format!("a in {unit}"), "{response}");
    }
    // Each execution asks both subgraphs for a root field, and one of them for references.
    let (roots, calls) = (shop.products.requests().len(), shop.inventory.requests().len());
    assert_eq!(calls, 2 * roots);
    roots
}

fn variables(unit: &str) -> Value {
    json!({ "ids": ["a"], "unit": unit })
}

#[tokio::test]
async fn equal_queries_of_equal_callers_are_executed_once() {
    let requests = vec![(variables("kg"), anonymous()); 8];
    assert_eq!(executions(true, requests).await, 1);
}

#[tokio::test]
async fn nothing_is_shared_where_the_settings_say_so() {
    let requests = vec![(variables("kg"), anonymous()); 8];
    assert_eq!(executions(false, requests).await, 8);
}

#[tokio::test]
async fn other_variables_and_other_callers_are_executed_for_themselves() {
    let mut tenant = anonymous();
    tenant.forwarded.insert("x-tenant", HeaderValue::from_static("1"));
    let requests = vec![
        (variables("kg"), anonymous()),
        (variables("lb"), anonymous()),
        (json!({ "ids": ["a"] }), anonymous()),
        (json!({ "ids": ["a"], "unit": null }), anonymous()),
        (json!({ "ids": ["a", "b"], "unit": "kg" }), anonymous()),
        (variables("kg"), bearer("a")),
        (variables("kg"), bearer("b")),
        (variables("kg"), tenant),
    ];
    let twice: Vec<_> = requests.iter().chain(&requests).cloned().collect();
    assert_eq!(executions(true, twice).await, requests.len());
}

/// Nothing in this operation is protected, so that what the callers may see is the same, and so is the answer.
#[tokio::test]
async fn callers_are_told_apart_by_what_travels_and_not_by_what_they_might_do() {
    let requests = vec![(variables("kg"), anonymous()), (variables("kg"), signed_in(&["admin"]))];
    assert_eq!(executions(true, requests).await, 1);
}

#[tokio::test]
async fn what_is_sent_alike_while_it_is_under_way_is_not_read_again() {
    let shop = Shop::new(sharing(true)).await;
    shop.warm(QUERY, json!({ "ids": ["x"] })).await;
    let (sent, times_read) = (Bytes::from_static(b"as it was sent"), Cell::new(0));
    let ask = || async {
        let read = || {
            times_read.set(times_read.get() + 1);
            Ok::<_, Infallible>(request(QUERY, variables("kg")))
        };
        match shop.gateway.reply(&sent, anonymous(), read).await {
            Ok(Reply::Once(answer)) => body(&answer),
            Ok(Reply::Stream(_)) => unreachable!("a query is answered once"),
        }
    };
    let (answers, ()) = tokio::join!(join_all((0..8).map(|_| ask())), shop.release_after(1));
    assert_eq!(times_read.get(), 1);
    assert_eq!(answers, vec![json!({ "data": { "depot": "Hamburg", "products": [{ "stock": "a in kg" }] } }); 8]);
}
