use serde_json::json;

use crate::app::{TestMarket, place, text};

#[tokio::test]
async fn nobody_sees_the_order_of_somebody_else() {
    let market = TestMarket::open().await;
    let (ada, mallory) = (market.newcomer("Ada").await, market.newcomer("Mallory").await);
    let placed = place(&ada, "mine", &market.products(1).await, 1).await;
    let query = "query($id: ID!) { order(id: $id) { id status customer { name } } }";
    let of = json!({ "id": placed["order"]["id"] });
    let missing = json!({ "id": "0190a000-0000-7000-8000-000000000000" });

    let stolen = mallory.run(query, of.clone()).await;
    assert_eq!(stolen, json!({ "data": { "order": null } }));
    assert_eq!(stolen, mallory.run(query, missing).await, "as if there were no such order");

    let anonymous = market.visitor().run(query, of.clone()).await;
    assert_eq!(anonymous["data"], json!({ "order": null }));
    assert_eq!(anonymous["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");

    let staff = market.sign_in("staff").await;
    assert_eq!(staff.data(query, of).await["order"]["customer"]["name"], "Ada");
}

#[tokio::test]
async fn what_services_say_to_each_other_is_not_in_the_graph() {
    let market = TestMarket::open().await;
    let staff = market.sign_in("staff").await;
    let internal = [
        "mutation { reserveStock(input: {}) { __typename } }",
        "mutation { commitReservation(input: {}) { __typename } }",
        "mutation { releaseReservation(input: {}) { __typename } }",
        "mutation { returnReservation(input: {}) { __typename } }",
        "{ productsByIds(ids: []) { id } }",
        "{ _service { sdl } }",
        "{ _entities(representations: []) { __typename } }",
    ];
    for operation in internal {
        let answer = staff.run(operation, json!({})).await;
        assert_eq!(answer.get("data"), None, "{answer}");
        let error = &answer["errors"][0];
        assert_eq!(error["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
        assert!(text(&error["message"]).starts_with("Cannot query field"), "{answer}");
    }
}
