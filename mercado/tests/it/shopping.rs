use serde_json::{Value, json};
use testing::graphql::Client;

use crate::app::{TestMarket, place, text};

const FOLLOW: &str = "query($id: ID!) {
    order(id: $id) {
        status
        lines { quantity product { name price { amount } stock { available } } }
        customer { name }
    }
}";

#[tokio::test]
async fn a_newcomer_buys_three_products_and_changes_her_mind() {
    let market = TestMarket::open().await;
    let shopper = market.newcomer("Ada").await;
    let shelf = browse(&shopper).await;
    let wanted: Vec<String> = shelf[..3].iter().map(|product| text(&product["id"])).collect();

    let placed = place(&shopper, "first", &wanted, 2).await;
    assert_eq!(placed["errors"], json!([]));
    assert_eq!(placed["order"]["status"], "COMPLETED");

    let followed = shopper.data(FOLLOW, json!({ "id": placed["order"]["id"] })).await;
    let line = |product: &Value| {
        let available = product["stock"]["available"].as_i64().unwrap() - 2;
        let product = json!({
            "name": product["name"],
            "price": { "amount": product["price"]["amount"] },
            "stock": { "available": available }
        });
        json!({ "quantity": 2, "product": product })
    };
    let lines: Vec<_> = shelf[..3].iter().map(line).collect();
    assert_eq!(followed, json!({ "order": { "status": "COMPLETED", "lines": lines, "customer": { "name": "Ada" } } }));

    let cancel = "mutation($input: CancelOrderInput!) {
        cancelOrder(input: $input) { order { status cancelReason } errors { __typename } }
    }";
    let input = json!({ "orderId": placed["order"]["id"], "reason": "changed my mind" });
    let cancelled = shopper.data(cancel, json!({ "input": input })).await;
    assert_eq!(cancelled["cancelOrder"]["order"]["status"], "CANCELLED", "{cancelled}");
    assert_eq!(browse(&shopper).await, shelf, "every unit is back on its shelf");
}

/// The first 24 products, with price and stock.
async fn browse(shopper: &Client) -> Vec<Value> {
    let query = "{ products(first: 24) { nodes { id name price { amount } stock { available inStock } } } }";
    let data = shopper.data(query, json!({})).await;
    let nodes = data["products"]["nodes"].as_array().unwrap().clone();
    assert_eq!(nodes.len(), 24);
    assert!(nodes.iter().all(|product| product["stock"]["inStock"] == true), "{nodes:#?}");
    nodes
}

#[tokio::test]
async fn an_order_that_is_too_large_learns_of_every_shortage() {
    let market = TestMarket::open().await;
    let (shopper, staff) = (market.newcomer("Ada").await, market.sign_in("staff").await);
    let products = market.products(3).await;
    for product in &products[..2] {
        let set = "mutation($input: SetStockInput!) { setStock(input: $input) { errors { __typename } } }";
        let input = json!({ "productId": product, "onHand": 1, "reason": "counted", "idempotencyKey": product });
        assert_eq!(staff.data(set, json!({ "input": input })).await["setStock"]["errors"], json!([]));
    }
    let placed = place(&shopper, "too-much", &products, 2).await;
    assert_eq!(placed["order"]["status"], "CANCELLED");
    let mut shortages = placed["errors"][0]["shortages"].as_array().unwrap().clone();
    shortages.sort_by_key(|shortage| text(&shortage["product"]["id"]));
    let mut short = products[..2].to_vec();
    short.sort();
    let expected: Vec<_> =
        short.iter().map(|id| json!({ "product": { "id": id }, "requested": 2, "available": 1 })).collect();
    assert_eq!(shortages, expected);
}

#[tokio::test]
async fn the_same_key_buys_once() {
    let market = TestMarket::open().await;
    let shopper = market.newcomer("Ada").await;
    let products = market.products(2).await;
    let first = place(&shopper, "once", &products, 1).await;
    assert_eq!(place(&shopper, "once", &products, 1).await["order"]["id"], first["order"]["id"]);
    let other = place(&shopper, "once", &products, 2).await;
    assert_eq!(other["order"], Value::Null);
    assert_eq!(other["errors"][0]["code"], "IDEMPOTENCY_KEY_REUSED");
}
