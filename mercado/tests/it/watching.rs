use serde_json::json;

use crate::app::{TestMarket, place};

#[tokio::test]
async fn a_shopper_watches_an_order_and_its_product_on_the_shelf() {
    let app = TestMarket::open().await;
    let shopper = app.newcomer("Ada").await;
    let product = &app.products(1).await[0];
    let shelf = "subscription($ids: [ID!]!) { stockChanged(productIds: $ids) { available product { name } } }";
    let mut shelf = app.visitor().subscribe(shelf, json!({ "ids": [product] })).await;
    let before = shelf.data().await["stockChanged"].take();
    assert!(before["product"]["name"].is_string(), "the name comes from products, the number from inventory: {before}");

    let placed = place(&shopper, "watched", std::slice::from_ref(product), 2).await;
    let order = json!({ "id": placed["order"]["id"] });
    let query = "subscription($id: ID!) { orderUpdated(id: $id) { status lines { product { stock { available } } } } }";
    let mut updates = shopper.subscribe(query, order.clone()).await;
    assert_eq!(updates.data().await["orderUpdated"]["status"], "COMPLETED");
    let two_less = before["available"].as_i64().unwrap() - 2;
    while shelf.data().await["stockChanged"]["available"] != two_less {}

    let cancel = "mutation($id: ID!) { cancelOrder(input: { orderId: $id }) { errors { __typename } } }";
    shopper.data(cancel, order).await;
    let rest = updates.rest().await;
    assert_eq!(rest.last().unwrap()["data"]["orderUpdated"]["status"], "CANCELLED", "and then nothing can come");
    while shelf.data().await["stockChanged"]["available"] != before["available"] {}
}

#[tokio::test]
async fn nobody_watches_the_order_of_somebody_else() {
    let app = TestMarket::open().await;
    let (ada, mallory) = (app.newcomer("Ada").await, app.newcomer("Mallory").await);
    let placed = place(&ada, "mine", &app.products(1).await, 1).await;
    let query = "subscription($id: ID!) { orderUpdated(id: $id) { status } }";
    let stolen = mallory.subscribe(query, json!({ "id": placed["order"]["id"] })).await.rest().await;
    let missing = mallory.subscribe(query, json!({ "id": "0190a000-0000-7000-8000-000000000000" })).await.rest().await;
    assert_eq!(stolen.len(), 1, "{stolen:?}");
    assert_eq!(stolen[0]["errors"][0]["extensions"]["code"], "NOT_FOUND");
    assert_eq!(stolen, missing, "as if there were no such order");
}
