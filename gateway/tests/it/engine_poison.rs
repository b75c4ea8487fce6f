//! References that make a whole answer fail, as servers fail that stop at the first error.

use gateway::pipeline::GatewaySettings;
use http::StatusCode;
use serde_json::{Value, json};

use crate::engine::{anonymous, settings};
use crate::engine_gate::{Shop, entities, lists, stocked};

const QUERY: &str = r#"query($ids: [ID!]!, $more: [ID!]!) {
    all: products(ids: $ids) { id stock }
    more: products(ids: $more) { id shelf(row: "1") }
}"#;

/// Whose inventory gives no data where a reference in one of its lists begins with `bad`.
async fn poisoned(settings: GatewaySettings) -> Shop {
    Shop::answering(settings, |request| {
        let is_bad = |reference: &Value| reference["id"].as_str().unwrap().starts_with("bad");
        let bad = lists(request).into_iter().find(|(_, references)| references.iter().any(is_bad));
        let answer = match bad {
            Some((key, _)) => json!({ "data": null, "errors": [{ "message": "bad", "path": [key] }] }),
            None => entities(request, stocked),
        };
        (StatusCode::OK, answer)
    })
    .await
}

fn variables(ids: &[String], more: &[String]) -> Value {
    json!({ "ids": ids, "more": more })
}

fn numbered(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{prefix}{number}")).collect()
}

#[tokio::test]
async fn one_poisoned_reference_in_a_hundred_costs_one_null_and_one_error_wherever_it_stands() {
    for position in [0, 37, 49, 50, 99] {
        let shop = poisoned(settings()).await;
        let (mut ids, mut more) = (numbered("a", 50), numbered("b", 50));
        let (key, field, index) =
            if position < 50 { ("all", "stock", position) } else { ("more", "shelf", position - 50) };
        let list = if position < 50 { &mut ids } else { &mut more };
        list[index] = "bad".to_owned();
        let response = shop.ask(QUERY, variables(&ids, &more), anonymous()).await;
        let error = json!({
            "message": "bad", "path": [key, index], "extensions": { "code": "INTERNAL", "service": "inventory" }
        });
        assert_eq!(response["errors"], json!([error]));
        let nulls = |key: &str, field: &str| -> Vec<Value> {
            let products = response["data"][key].as_array().unwrap().iter();
            products.filter(|product| product[field].is_null()).map(|product| product["id"].clone()).collect()
        };
        let all = [nulls("all", "stock"), nulls("more", "shelf")].concat();
        assert_eq!(all, ["bad"], "{field} at {position}");
        assert!(shop.inventory.requests().len() <= 17);
    }
}

#[tokio::test]
async fn the_search_is_bounded_over_all_lists_and_batches_of_one_call() {
    let mut settings = settings();
    settings.max_batch = 40;
    let shop = poisoned(settings).await;
    let response = shop.ask(QUERY, variables(&numbered("bad", 50), &numbered("bad-", 50)), anonymous()).await;
    assert_eq!(response["data"]["all"].as_array().unwrap().len(), 50);
    // Three for the references themselves.
    assert_eq!(shop.inventory.requests().len(), 3 + 16);
    assert!(shop.looked_up().iter().all(|references| references.len() <= 40));
}

#[tokio::test]
async fn poison_in_what_one_request_asks_is_no_error_of_another() {
    let shop = poisoned(settings()).await;
    let query = "query($ids: [ID!]!) { products(ids: $ids) { id stock } }";
    shop.warm(query, json!({ "ids": ["x"] })).await;
    let held = shop.ask(query, json!({ "ids": ["held"] }), anonymous());
    let bad = shop.ask(query, json!({ "ids": numbered("bad", 100) }), anonymous());
    let sound = shop.ask(query, json!({ "ids": numbered("a", 3) }), anonymous());
    let begun = async {
        shop.gate.arrival().await;
        tokio::join!(bad, sound)
    };
    let (_, (bad, sound), ()) = tokio::join!(held, begun, async {
        while shop.products.requests().len() < 3 {
            tokio::task::yield_now().await;
        }
        // The held call, and those of the others.
        shop.gate.arrival().await;
        shop.gate.release();
    });
    assert!(!bad["errors"].is_null());
    assert!(sound["errors"].is_null(), "{sound}");
}
