use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use client::{ClientError, ClientSettings, Deadline, Lookup};
use futures_util::future::{join_all, pending};
use http::HeaderMap;
use serde_json::{Value, json};

use crate::stub::{Behaviour, Stub, client};

fn references(stub: &Stub) -> Lookup<String, Value> {
    let client = client(&stub.url, ClientSettings::default());
    Lookup::references(client, "Product", "id", "name", HeaderMap::new(), Deadline::after(Duration::from_secs(2)))
}

#[tokio::test]
async fn look_ups_made_together_are_one_request_and_each_gets_its_own_answer() {
    let stub = Stub::start(Behaviour::data(&json!({ "_entities": [{ "name": "x" }] }))).await;
    let lookup = references(&stub);
    assert_eq!(lookup.get("a".into()).await.unwrap(), Some(json!({ "name": "x" })));
    assert_eq!(lookup.get("a".into()).await.unwrap(), Some(json!({ "name": "x" })), "from the cache");
    let received = stub.requests().remove(0);
    assert_eq!(
        received.body,
        json!({
            "query": "query($representations:[_Any!]!){_entities(representations:$representations){... on Product{name}}}",
            "variables": { "representations": [{ "__typename": "Product", "id": "a" }] },
        })
    );

    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    let lookup: Lookup<u32, u32> = Lookup::new(move |keys: Vec<u32>| {
        counter.fetch_add(1, Ordering::SeqCst);
        async move { Ok(keys.into_iter().filter(|key| key % 7 != 0).map(|key| (key, key * 10)).collect()) }
    });
    let found = join_all((1..=50).chain(1..=50).map(|key| lookup.get(key))).await;
    for (key, found) in (1..=50).chain(1..=50).zip(found) {
        assert_eq!(found.unwrap(), (key % 7 != 0).then_some(key * 10));
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let many = lookup.get_many([6, 7, 8]).await.unwrap();
    assert_eq!(many, HashMap::from([(6, 60), (8, 80)]));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_failed_batch_fails_each_of_its_look_ups_with_the_reason() {
    let stub = Stub::start(Behaviour::status("500 Internal Server Error")).await;
    let lookup = references(&stub);
    let found = join_all(["a", "b", "c"].map(|key| lookup.get(key.into()))).await;
    for outcome in found {
        assert_eq!(outcome.unwrap_err().code(), "SUBGRAPH_UNAVAILABLE");
    }
    assert_eq!(stub.hits(), 1);
    assert!(matches!(lookup.get_many(["a".to_owned()]).await, Err(ClientError::Unavailable { .. })));
}

#[tokio::test]
async fn an_answer_of_another_length_is_not_paired_with_keys() {
    let stub = Stub::start(Behaviour::data(&json!({ "_entities": [] }))).await;
    assert_eq!(references(&stub).get("a".into()).await.unwrap_err().code(), "SUBGRAPH_BAD_RESPONSE");
}

#[tokio::test]
async fn a_look_up_dropped_while_it_loads_does_not_lose_those_of_others() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = calls.clone();
    let lookup: Lookup<u32, u32> = Lookup::new(move |keys: Vec<u32>| {
        let first = counter.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            if first {
                pending::<()>().await;
            }
            Ok(keys.into_iter().map(|key| (key, key)).collect())
        }
    });
    let leader = lookup.get(1);
    let follower = lookup.get(2);
    let hanging_up = async {
        let _ = tokio::time::timeout(Duration::from_millis(50), leader).await;
    };
    let ((), found) = tokio::join!(hanging_up, follower);
    assert_eq!(found.unwrap(), Some(2));
}
