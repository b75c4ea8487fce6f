//! Which references go in one call, of one request and of several.

use std::time::Duration;

use client::Deadline;
use futures_util::FutureExt;
use futures_util::future::join_all;
use gateway::pipeline::{Caller, GatewaySettings};
use serde_json::{Value, json};

use crate::engine::{anonymous, settings};
use crate::engine_gate::Shop;

fn in_batches_of(size: usize) -> GatewaySettings {
    let mut settings = settings();
    settings.max_batch = size;
    settings
}

#[tokio::test]
async fn steps_to_one_subgraph_that_are_ready_together_go_in_one_call() {
    let shop = Shop::new(settings()).await;
    let query = "query($ids: [ID!]!, $unit: String, $row: String!) {
        all: products(ids: $ids) { stock(unit: $unit) }
        some: products(ids: $ids) { shelf(row: $row) }
    }";
    assert_eq!(
        shop.ask(query, json!({ "ids": ["a", "b"], "unit": "kg", "row": "1" }), anonymous()).await,
        json!({ "data": {
            "all": [{ "stock": "a in kg" }, { "stock": "b in kg" }],
            "some": [{ "shelf": "a on 1" }, { "shelf": "b on 1" }]
        } })
    );
    let references = json!([{ "__typename": "Product", "id": "a" }, { "__typename": "Product", "id": "b" }]);
    let request = shop.inventory.request().body;
    let expected =
        json!({ "representations_0": references, "representations_1": references, "unit": "kg", "row": "1" });
    assert_eq!(request["variables"], expected);
    assert_eq!(
        request["query"].as_str().unwrap(),
        "query($representations_0:[_Any!]!,$unit:String,$representations_1:[_Any!]!,$row:String!){\
         _0:_entities(representations:$representations_0){...on Product{stock(unit: $unit)}}\
         _1:_entities(representations:$representations_1){...on Product{shelf(row: $row)}}}"
    );
}

#[tokio::test]
async fn steps_that_ask_the_same_go_in_one_list_and_ask_for_each_reference_once() {
    let shop = Shop::new(settings()).await;
    let query = "query($ids: [ID!]!) { all: products(ids: $ids) { stock } some: products(ids: $ids) { stock } }";
    let stocks = json!([{ "stock": "a in none" }, { "stock": "b in none" }]);
    assert_eq!(
        shop.ask(query, json!({ "ids": ["a", "b"] }), anonymous()).await,
        json!({ "data": { "all": stocks, "some": stocks } })
    );
    assert_eq!(shop.looked_up(), [["a", "b"]]);
    assert_eq!(shop.inventory.request().representations().len(), 2);
}

#[tokio::test]
async fn references_under_way_are_joined_and_new_ones_wait_for_each_other_while_a_like_call_is_under_way() {
    let shop = Shop::new(settings()).await;
    let query = "query($ids: [ID!]!) { products(ids: $ids) { stock } }";
    shop.warm(query, json!({ "ids": ["x"] })).await;
    let ask = |ids: Value| shop.ask(query, ids, anonymous());
    let (ab, bc, cd) = (json!({ "ids": ["a", "b"] }), json!({ "ids": ["b", "c"] }), json!({ "ids": ["c", "d"] }));
    // Nothing is under way, so the first waits for nobody.
    let mut first = ask(ab).boxed();
    tokio::select! {
        _ = &mut first => unreachable!("the gate is closed"),
        () = shop.gate.arrival() => {}
    }
    let (first, second, third, ()) = tokio::join!(first, ask(bc), ask(cd), shop.release_after(1));
    let stocks = |response: Value| -> Vec<String> {
        let products = response["data"]["products"].as_array().unwrap().clone();
        products.iter().map(|product| product["stock"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(stocks(first), ["a in none", "b in none"]);
    assert_eq!(stocks(second), ["b in none", "c in none"]);
    assert_eq!(stocks(third), ["c in none", "d in none"]);
    assert_eq!(shop.looked_up(), [vec!["a", "b"], vec!["c", "d"]]);
}

#[tokio::test]
async fn nobody_waits_for_others_where_nothing_is_under_way() {
    let shop = Shop::new(settings()).await;
    let query = "query($ids: [ID!]!) { products(ids: $ids) { stock } }";
    shop.warm(query, json!({ "ids": ["x"] })).await;
    shop.gate.release();
    for id in ["a", "b", "c"] {
        shop.ask(query, json!({ "ids": [id] }), anonymous()).await;
    }
    let both = ["d", "e"].map(|id| json!({ "ids": [id] }));
    join_all(both.map(|ids| shop.ask(query, ids, anonymous()))).await;
    assert_eq!(shop.looked_up(), [["a"], ["b"], ["c"], ["d"], ["e"]]);
}

#[tokio::test]
async fn values_of_variables_never_mix() {
    let shop = Shop::new(settings()).await;
    let query = "query($ids: [ID!]!, $unit: String) { products(ids: $ids) { stock(unit: $unit) } }";
    shop.warm(query, json!({ "ids": ["x"] })).await;
    let units = [json!("kg"), json!("lb"), Value::Null, json!("kg")];
    let requests = units.iter().map(|unit| shop.ask(query, json!({ "ids": ["a", "b"], "unit": unit }), anonymous()));
    let (responses, ()) = tokio::join!(join_all(requests), shop.release_after(2));
    for (unit, response) in units.iter().zip(responses) {
        let stock = format!("a in {}", unit.as_str().unwrap_or("none"));
        assert_eq!(response["data"]["products"][0]["stock"], stock, "{response}");
    }
    assert_eq!(shop.inventory.requests().len(), 3);
}

/// One call has one definition for each variable, and one that fits a field may not fit the other.
#[tokio::test]
async fn variables_of_one_name_and_value_are_told_apart_by_their_types() {
    let shop = Shop::new(settings()).await;
    let nullable = "query($ids: [ID!]!, $v: String) { products(ids: $ids) { stock(unit: $v) } }";
    let required = "query($ids: [ID!]!, $v: String!) { products(ids: $ids) { shelf(row: $v) } }";
    let variables = |ids: Value| json!({ "ids": ids, "v": "1" });
    shop.warm(required, variables(json!(["x"]))).await;
    shop.gate.release();
    shop.warm(nullable, variables(json!(["x"]))).await;
    let mut first = shop.ask(nullable, variables(json!(["a"])), anonymous()).boxed();
    tokio::select! {
        _ = &mut first => unreachable!("the gate is closed"),
        () = shop.gate.arrival() => {}
    }
    let second = shop.ask(nullable, variables(json!(["b"])), anonymous());
    let third = shop.ask(required, variables(json!(["c"])), anonymous());
    tokio::join!(first, second, third, shop.release_after(1));
    for request in shop.inventory.requests() {
        let query = request.query();
        assert_eq!(query.contains("shelf"), query.contains("$v:String!"), "{query}");
    }
}

#[tokio::test]
async fn who_has_much_more_time_does_not_wait_in_a_batch_that_must_be_answered_soon() {
    let shop = Shop::new(settings()).await;
    let query = "query($ids: [ID!]!) { products(ids: $ids) { stock } }";
    shop.warm(query, json!({ "ids": ["x"] })).await;
    let ask = |id: &str, caller: Caller| shop.ask(query, json!({ "ids": [id] }), caller).boxed();
    let hurried = Caller { deadline: Deadline::after(Duration::from_millis(300)), ..anonymous() };
    let mut first = ask("a", anonymous());
    tokio::select! {
        _ = &mut first => unreachable!("the gate is closed"),
        () = shop.gate.arrival() => {}
    }
    let (hurried, patient) = (ask("b", hurried), ask("c", anonymous()));
    let hurried = hurried.inspect(|_| shop.gate.release());
    let (_, hurried, patient) = tokio::join!(first, hurried, patient);
    assert_eq!(hurried["errors"][0]["extensions"]["code"], "DEADLINE_EXCEEDED", "{hurried}");
    assert!(patient["errors"].is_null(), "{patient}");
}

#[tokio::test]
async fn a_batch_is_no_larger_than_allowed_whatever_it_is_made_of() {
    let shop = Shop::new(in_batches_of(3)).await;
    let query = r#"query($ids: [ID!]!) {
        all: products(ids: $ids) { stock }
        some: products(ids: $ids) { shelf(row: "1") }
    }"#;
    shop.warm(query, json!({ "ids": ["x"] })).await;
    let variables = json!({ "ids": ["a", "b", "c", "d"] });
    let requests = join_all((0..3).map(|_| shop.ask(query, variables.clone(), anonymous())));
    let (responses, ()) = tokio::join!(requests, shop.release_after(3));
    for response in responses {
        assert!(response["errors"].is_null(), "{response}");
        assert_eq!(response["data"]["all"][3]["stock"], "d in none", "{response}");
        assert_eq!(response["data"]["some"][0]["shelf"], "a on none", "{response}");
    }
    let sizes: Vec<usize> = shop.looked_up().iter().map(Vec::len).collect();
    assert_eq!(sizes.iter().sum::<usize>(), 8, "{sizes:?}");
    assert!(sizes.iter().all(|size| *size <= 3), "{sizes:?}");
}
