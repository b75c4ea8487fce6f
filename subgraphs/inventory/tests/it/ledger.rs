use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{TestApp, codes, on_each_database};

const LEDGER: &str = "query($id: ID!, $first: Int, $after: String) {
    stockMovements(productId: $id, first: $first, after: $after) {
        totalCount pageInfo { hasNextPage endCursor }
        nodes { version kind onHandBefore onHandAfter reservedBefore reservedAfter reason actor orderId } } }";

async fn page(app: &TestApp, product: Uuid, first: i64, after: &Value) -> Value {
    let variables = json!({ "id": product, "first": first, "after": after });
    app.staff().data(LEDGER, variables).await["stockMovements"].take()
}

#[tokio::test]
async fn every_change_is_in_the_ledger_with_before_after_reason_and_actor() {
    on_each_database(async |app| {
        let (product, sold, given_up) = (app.stocked(10).await, Uuid::now_v7(), Uuid::now_v7());
        app.reserve(sold, &[(product, 3)]).await;
        app.settle("commitReservation", sold).await;
        app.settle("returnReservation", sold).await;
        app.reserve(given_up, &[(product, 2)]).await;
        app.settle("releaseReservation", given_up).await;
        let ledger = page(app, product, 20, &Value::Null).await;
        let rows: Vec<_> = ledger["nodes"].as_array().unwrap().iter().rev().collect();
        let numbers = |row: &Value| {
            ["version", "onHandBefore", "onHandAfter", "reservedBefore", "reservedAfter"]
                .map(|field| row[field].as_i64().unwrap())
        };
        let seen: Vec<_> =
            rows.iter().map(|row| (row["kind"].as_str().unwrap(), numbers(row), row["orderId"].as_str())).collect();
        let (sold, given_up) = (sold.to_string(), given_up.to_string());
        assert_eq!(
            seen,
            [
                ("INITIAL", [1, 0, 10, 0, 0], None),
                ("RESERVE", [2, 10, 10, 0, 3], Some(sold.as_str())),
                ("COMMIT", [3, 10, 7, 3, 0], Some(sold.as_str())),
                ("RETURN", [4, 7, 10, 0, 0], Some(sold.as_str())),
                ("RESERVE", [5, 10, 10, 0, 2], Some(given_up.as_str())),
                ("RELEASE", [6, 10, 10, 2, 0], Some(given_up.as_str())),
            ]
        );
        assert_eq!((&rows[1]["reason"], &rows[1]["actor"]), (&json!("reserved for an order"), &json!("orders")));
        assert_eq!(ledger["totalCount"], 6);
    })
    .await;
}

#[tokio::test]
async fn the_ledger_is_read_page_by_page_newest_first() {
    on_each_database(async |app| {
        let (staff, product) = (app.staff(), app.stocked(10).await);
        for n in 0..6 {
            let input = json!({ "productId": product, "delta": 1, "reason": "delivery", "idempotencyKey": n });
            app.change(&staff, "adjustStock", input).await;
        }
        let (mut versions, mut after) = (Vec::new(), Value::Null);
        loop {
            let page = page(app, product, 3, &after).await;
            versions.extend(page["nodes"].as_array().unwrap().iter().map(|row| row["version"].as_i64().unwrap()));
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(versions, [7, 6, 5, 4, 3, 2, 1]);
    })
    .await;
}

#[tokio::test]
async fn pages_have_bounds_and_cursors_belong_to_their_product() {
    let app = TestApp::start().await;
    let (one, other) = (app.stocked(10).await, app.stocked(10).await);
    let cursor = page(&app, one, 1, &Value::Null).await["pageInfo"]["endCursor"].take();
    for (variables, code) in [
        (json!({ "id": one, "first": 0 }), "BAD_USER_INPUT"),
        (json!({ "id": one, "first": -1 }), "BAD_USER_INPUT"),
        (json!({ "id": one, "first": 101 }), "BAD_USER_INPUT"),
        (json!({ "id": one, "first": 99_999_999 }), "MAX_ROWS"),
        (json!({ "id": one, "after": "forged" }), "BAD_USER_INPUT"),
        (json!({ "id": other, "after": cursor }), "BAD_USER_INPUT"),
    ] {
        let answer = app.staff().run(LEDGER, variables.clone()).await;
        assert_eq!(codes(&answer), [code], "{variables}: {answer}");
    }
}
