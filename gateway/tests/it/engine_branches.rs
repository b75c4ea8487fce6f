//! Executions that have become equal: what follows from one answer is done once, for all who have got it.

use std::sync::Arc;
use std::time::Duration;

use client::Deadline;
use futures_util::FutureExt;
use futures_util::future::join_all;
use gateway::pipeline::{Caller, Gateway, GatewaySettings};
use http::StatusCode;
use serde_json::{Value, json};

use crate::engine::{Subgraph, anonymous, body, request, settings, supergraph};
use crate::engine_gate::{Gate, Shop, bearer};

const STOCK: &str = "query($ids: [ID!]!) { products(ids: $ids) { stock } }";

/// Two executions have no look-up in common but for a branch.
fn without_common_lookups() -> GatewaySettings {
    let mut settings = settings();
    settings.batch_across_requests = false;
    settings
}

fn ids() -> Value {
    json!({ "ids": ["a", "b"] })
}

async fn lookups_for(asked: &[(&str, Value, Caller)]) -> usize {
    let shop = Shop::new(without_common_lookups()).await;
    for (query, variables, _) in asked {
        shop.gate.release();
        shop.warm(query, variables.clone()).await;
    }
    let requests = asked.iter().map(|(query, variables, caller)| shop.ask(query, variables.clone(), caller.clone()));
    let (responses, ()) = tokio::join!(join_all(requests), shop.release_after(1));
    for ((query, variables, _), response) in asked.iter().zip(responses) {
        assert_eq!(response, shop.ask(query, variables.clone(), anonymous()).await);
    }
    shop.looked_up().len() - asked.len()
}

#[tokio::test]
async fn equal_executions_go_on_as_one() {
    assert_eq!(lookups_for(&vec![(STOCK, ids(), anonymous()); 12]).await, 1);
}

#[tokio::test]
async fn executions_go_on_apart_where_anything_differs() {
    let named = "query($ids: [ID!]!) { products(ids: $ids) { all: stock } }";
    let in_unit = "query($ids: [ID!]!, $unit: String) { products(ids: $ids) { stock(unit: $unit) } }";
    let of_unit = |unit: &str| json!({ "ids": ["a", "b"], "unit": unit });
    let cases = [
        vec![(STOCK, ids(), bearer("a")), (STOCK, ids(), bearer("b")), (STOCK, ids(), anonymous())],
        vec![(STOCK, ids(), anonymous()), (named, ids(), anonymous())],
        vec![(STOCK, ids(), anonymous()), (STOCK, json!({ "ids": ["b", "a"] }), anonymous())],
        vec![(in_unit, of_unit("kg"), anonymous()), (in_unit, of_unit("lb"), anonymous())],
    ];
    for asked in cases {
        let twice: Vec<_> = asked.iter().chain(&asked).cloned().collect();
        assert_eq!(lookups_for(&twice).await, asked.len(), "{asked:?}");
    }
}

/// `visitor` is sent with the first step alone, and has changed nothing in its answer.
#[tokio::test]
async fn variables_that_have_had_their_effect_keep_nobody_apart() {
    let first = Subgraph::scripted(
        "first",
        "type Query { things(visitor: Int): [Thing!]! } type Thing @key(fields: \"id\") { id: ID! }",
        |_| (StatusCode::OK, json!({ "data": { "things": [{ "__typename": "Thing", "id": "1" }] } }).to_string()),
    )
    .await;
    let gate = Gate::open();
    let second = sized(&gate, json!(3)).await;
    let gateway = Gateway::new(supergraph(&[&first, &second]), without_common_lookups()).unwrap();
    let query = "query($visitor: Int) { things(visitor: $visitor) { size } }";
    let ask = async |visitor: usize| {
        let answer = gateway.answer(request(query, json!({ "visitor": visitor })), anonymous()).await;
        assert_eq!(body(&answer), json!({ "data": { "things": [{ "size": 3 }] } }));
    };
    ask(0).await;
    first.forget_requests();
    second.forget_requests();
    gate.close();
    let release = async {
        gate.arrival().await;
        while first.requests().len() < 12 {
            tokio::task::yield_now().await;
        }
        gate.release();
    };
    tokio::join!(join_all((1..=12).map(ask)), release);
    assert_eq!(first.requests().len(), 12);
    assert_eq!(second.requests().len(), 1);
}

/// A subgraph that says of every reference which `size` it has, as soon as the gate lets it.
async fn sized(gate: &Arc<Gate>, size: Value) -> Subgraph {
    let gate = gate.clone();
    let sdl = format!("{} type Thing @key(fields: \"id\") {{ id: ID! size: Int! }}", crate::engine::LINK);
    Subgraph::resolving("second", sdl, move |request| {
        let (gate, size) = (gate.clone(), size.clone());
        async move {
            gate.pass().await;
            let references = request["variables"]["representations"].as_array().unwrap().len();
            let sizes = vec![json!({ "__typename": "Thing", "size": size }); references];
            (StatusCode::OK, json!({ "data": { "_entities": sizes } }).to_string())
        }
    })
    .await
}

#[tokio::test]
async fn a_null_that_comes_up_to_the_root_has_one_error_for_each_who_waited() {
    let first = Subgraph::scripted(
        "first",
        "type Query { thing: Thing! note: String } type Thing @key(fields: \"id\") { id: ID! }",
        |_| (StatusCode::OK, json!({ "data": { "thing": { "__typename": "Thing", "id": "1" } } }).to_string()),
    )
    .await;
    let gate = Gate::open();
    let second = sized(&gate, Value::Null).await;
    let gateway = Gateway::new(supergraph(&[&first, &second]), without_common_lookups()).unwrap();
    let query = "{ note thing { size } }";
    let ask = || async { body(&gateway.answer(request(query, json!({})), anonymous()).await) };
    let alone = ask().await;
    assert_eq!(alone["data"], Value::Null);
    assert_eq!(alone["errors"].as_array().unwrap().len(), 1, "{alone}");
    assert_eq!(alone["errors"][0]["path"], json!(["thing", "size"]));
    second.forget_requests();
    gate.close();
    let release = async {
        gate.arrival().await;
        gate.release();
    };
    let (responses, ()) = tokio::join!(join_all([ask(), ask(), ask()]), release);
    assert_eq!(responses, [alone.clone(), alone.clone(), alone]);
    assert_eq!(second.requests().len(), 1);
}

#[tokio::test]
async fn when_who_went_on_hangs_up_another_goes_on_for_all() {
    let shop = Shop::new(without_common_lookups()).await;
    shop.warm(STOCK, ids()).await;
    let mut leader = shop.ask(STOCK, ids(), anonymous()).boxed();
    tokio::select! {
        _ = &mut leader => unreachable!("the gate is closed"),
        () = shop.gate.arrival() => {}
    }
    let mut followers = join_all((0..3).map(|_| shop.ask(STOCK, ids(), anonymous()).boxed()));
    while shop.products.requests().len() < 2 {
        assert!((&mut followers).now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    for _ in 0..100 {
        assert!((&mut followers).now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    drop(leader);
    let (responses, ()) = tokio::join!(followers, shop.release_after(1));
    for response in responses {
        assert_eq!(response["data"]["products"][1]["stock"], "b in none", "{response}");
    }
    assert_eq!(shop.looked_up().len(), 2);
}

#[tokio::test]
async fn who_has_much_more_time_does_not_follow_who_must_be_answered_soon() {
    let shop = Shop::new(without_common_lookups()).await;
    shop.warm(STOCK, ids()).await;
    let hurried = Caller { deadline: Deadline::after(Duration::from_millis(300)), ..anonymous() };
    let hurried = async {
        let response = shop.ask(STOCK, ids(), hurried).await;
        shop.gate.release();
        response
    };
    let patient = async {
        shop.gate.arrival().await;
        shop.ask(STOCK, ids(), anonymous()).await
    };
    let (hurried, patient) = tokio::join!(hurried, patient);
    assert_eq!(hurried["errors"][0]["extensions"]["code"], "DEADLINE_EXCEEDED", "{hurried}");
    assert_eq!(patient["data"]["products"][0]["stock"], "a in none", "{patient}");
}
