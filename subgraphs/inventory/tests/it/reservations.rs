use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{TestApp, codes, on_each_database};

fn answered(id: Uuid, status: &str) -> Value {
    json!({ "reservation": { "id": id, "status": status }, "errors": [] })
}

fn reserved(id: Uuid, status: &str, shortages: &[Value]) -> Value {
    json!({ "reservation": { "id": id, "status": status }, "shortages": shortages, "errors": [] })
}

fn not_held(id: Uuid, status: &str) -> Value {
    json!({ "reservation": { "id": id, "status": status }, "errors": [{ "code": "NOT_HELD", "status": status }] })
}

fn shortage(product: Uuid, requested: i64, available: i64) -> Value {
    json!({ "productId": product, "requested": requested, "available": available })
}

/// On hand and reserved.
async fn units(app: &TestApp, product: Uuid) -> (i64, i64) {
    let stock = app.stock(product).await;
    (stock["onHand"].as_i64().unwrap(), stock["reserved"].as_i64().unwrap())
}

#[tokio::test]
async fn an_order_is_held_then_sold_then_returned() {
    on_each_database(async |app| {
        let (product, id) = (app.stocked(10).await, Uuid::now_v7());
        assert_eq!(app.reserve(id, &[(product, 4)]).await, reserved(id, "HELD", &[]));
        assert_eq!(units(app, product).await, (10, 4));
        for _ in 0..2 {
            assert_eq!(app.settle("commitReservation", id).await, answered(id, "COMMITTED"));
            assert_eq!(units(app, product).await, (6, 0));
        }
        for _ in 0..2 {
            assert_eq!(app.settle("returnReservation", id).await, answered(id, "RETURNED"));
            assert_eq!(units(app, product).await, (10, 0));
        }
        assert_eq!(app.settle("commitReservation", id).await, answered(id, "RETURNED"));
    })
    .await;
}

#[tokio::test]
async fn released_units_are_free_again_and_cannot_be_sold() {
    on_each_database(async |app| {
        let (product, id) = (app.stocked(10).await, Uuid::now_v7());
        app.reserve(id, &[(product, 4)]).await;
        for _ in 0..2 {
            assert_eq!(app.settle("releaseReservation", id).await, answered(id, "RELEASED"));
            assert_eq!(units(app, product).await, (10, 0));
        }
        assert_eq!(app.settle("commitReservation", id).await, not_held(id, "RELEASED"));
        assert_eq!(app.settle("returnReservation", id).await, not_held(id, "RELEASED"));
    })
    .await;
}

#[tokio::test]
async fn duplicate_lines_are_merged_and_repeating_a_request_holds_once() {
    on_each_database(async |app| {
        let (one, two, id) = (app.stocked(10).await, app.stocked(10).await, Uuid::now_v7());
        for lines in [&[(two, 1), (one, 2), (one, 3)][..], &[(one, 5), (two, 1)]] {
            assert_eq!(app.reserve(id, lines).await, reserved(id, "HELD", &[]));
        }
        assert_eq!((units(app, one).await, units(app, two).await), ((10, 5), (10, 1)));
    })
    .await;
}

#[tokio::test]
async fn a_short_order_holds_nothing_and_names_every_shortage() {
    on_each_database(async |app| {
        let (scarce, plenty, none, id) = (app.stocked(2).await, app.stocked(50).await, Uuid::now_v7(), Uuid::now_v7());
        let answer = app.reserve(id, &[(plenty, 5), (scarce, 3), (none, 1)]).await;
        assert_eq!(answer, reserved(id, "REJECTED", &[shortage(scarce, 3, 2), shortage(none, 1, 0)]));
        assert_eq!((units(app, scarce).await, units(app, plenty).await), ((2, 0), (50, 0)));
    })
    .await;
}

#[tokio::test]
async fn a_rejection_stays_one_when_stock_comes_in() {
    on_each_database(async |app| {
        let (product, id) = (app.stocked(2).await, Uuid::now_v7());
        let rejected = reserved(id, "REJECTED", &[shortage(product, 3, 2)]);
        assert_eq!(app.reserve(id, &[(product, 3)]).await, rejected);
        let delivery = json!({ "productId": product, "delta": 9, "reason": "delivery", "idempotencyKey": "1" });
        app.change(&app.staff(), "adjustStock", delivery).await;
        assert_eq!(app.reserve(id, &[(product, 3)]).await, rejected);
        assert_eq!(app.settle("commitReservation", id).await, not_held(id, "REJECTED"));
        assert_eq!(app.settle("releaseReservation", id).await, answered(id, "REJECTED"));
    })
    .await;
}

#[tokio::test]
async fn a_reserve_that_arrives_after_its_release_holds_nothing() {
    on_each_database(async |app| {
        let (product, id) = (app.stocked(10).await, Uuid::now_v7());
        assert_eq!(app.settle("releaseReservation", id).await, answered(id, "RELEASED"));
        assert_eq!(app.reserve(id, &[(product, 4)]).await, reserved(id, "RELEASED", &[]));
        assert_eq!(units(app, product).await, (10, 0));
    })
    .await;
}

#[tokio::test]
async fn an_id_stands_for_one_set_of_lines() {
    on_each_database(async |app| {
        let (product, id) = (app.stocked(10).await, Uuid::now_v7());
        app.reserve(id, &[(product, 4)]).await;
        let answer = app.reserve(id, &[(product, 5)]).await;
        let error = json!({ "__typename": "IdempotencyKeyReusedError", "code": "IDEMPOTENCY_KEY_REUSED",
            "message": "This reservation was made before with other lines.", "path": ["reservationId"] });
        assert_eq!(answer, json!({ "reservation": null, "shortages": [], "errors": [error] }));
        assert_eq!(units(app, product).await, (10, 4));
    })
    .await;
}

#[tokio::test]
async fn sold_units_are_not_released_and_held_ones_not_returned() {
    on_each_database(async |app| {
        let (product, sold, held) = (app.stocked(10).await, Uuid::now_v7(), Uuid::now_v7());
        app.reserve(sold, &[(product, 4)]).await;
        app.settle("commitReservation", sold).await;
        app.reserve(held, &[(product, 1)]).await;
        assert_eq!(app.settle("releaseReservation", sold).await, not_held(sold, "COMMITTED"));
        assert_eq!(app.settle("returnReservation", held).await, not_held(held, "HELD"));
        assert_eq!(units(app, product).await, (6, 1));
    })
    .await;
}

#[tokio::test]
async fn what_was_never_reserved_is_neither_sold_nor_returned() {
    on_each_database(async |app| {
        let unknown = json!({ "reservation": null, "errors": [{ "code": "NOT_HELD", "status": null }] });
        for mutation in ["commitReservation", "returnReservation"] {
            assert_eq!(app.settle(mutation, Uuid::now_v7()).await, unknown);
        }
    })
    .await;
}

#[tokio::test]
async fn back_orders_go_as_far_as_their_limit_and_are_sold_once_the_goods_are_in() {
    on_each_database(async |app| {
        let (product, id, other) = (app.product().await, Uuid::now_v7(), Uuid::now_v7());
        app.create(json!({ "productId": product, "onHand": 2, "backorderLimit": 3 })).await;
        assert_eq!(app.reserve(id, &[(product, 5)]).await, reserved(id, "HELD", &[]));
        assert_eq!(app.stock(product).await, json!({ "onHand": 2, "reserved": 5, "available": 0, "inStock": false }));
        assert_eq!(app.reserve(other, &[(product, 1)]).await, reserved(other, "REJECTED", &[shortage(product, 1, 0)]));
        let waiting = app.settle("commitReservation", id).await;
        assert_eq!(waiting["reservation"]["status"], "HELD");
        assert_eq!(waiting["errors"][0]["code"], "INSUFFICIENT_STOCK");
        let delivery = json!({ "productId": product, "delta": 3, "reason": "delivery", "idempotencyKey": "1" });
        app.change(&app.staff(), "adjustStock", delivery).await;
        assert_eq!(app.settle("commitReservation", id).await, answered(id, "COMMITTED"));
        assert_eq!(units(app, product).await, (0, 0));
    })
    .await;
}

#[tokio::test]
async fn quantities_and_lines_have_bounds() {
    let app = TestApp::start().await;
    let product = app.stocked(10).await;
    let many: Vec<_> = (0..201).map(|_| (Uuid::now_v7(), 1)).collect();
    type Case<'a> = (&'a [(Uuid, i64)], &'a [&'a str]);
    let cases: [Case<'_>; 6] = [
        (&[], &["lines"]),
        (&many, &["lines"]),
        (&[(product, 0)], &["lines", "0", "quantity"]),
        (&[(product, 1), (product, -1)], &["lines", "1", "quantity"]),
        (&[(product, 1_000_000_000)], &["lines", "0", "quantity"]),
        (&[(product, 1_000_000), (product, 1)], &["lines", "1", "quantity"]),
    ];
    for (lines, path) in cases {
        let answer = app.reserve(Uuid::now_v7(), lines).await;
        assert_eq!(answer["reservation"], Value::Null, "{path:?}");
        assert_eq!(
            (&answer["errors"][0]["code"], &answer["errors"][0]["path"]),
            (&json!("INVALID_INPUT"), &json!(path))
        );
    }
    assert_eq!(units(&app, product).await, (10, 0));
}

#[tokio::test]
async fn units_are_held_for_a_second_to_an_hour_and_quantities_are_ints() {
    let app = TestApp::start().await;
    let product = app.stocked(10).await;
    let mutation = "mutation($input: ReserveStockInput!) { reserveStock(input: $input) {
        errors { ... on UserError { code path } } } }";
    let input = |quantity: Value, ttl: i64| {
        let lines = [json!({ "productId": product, "quantity": quantity })];
        json!({ "input": { "reservationId": Uuid::now_v7(), "lines": lines, "ttlSeconds": ttl } })
    };
    for ttl in [0, -1, 3_601] {
        let answer = app.orders().data(mutation, input(json!(1), ttl)).await;
        let error = json!({ "code": "INVALID_INPUT", "path": ["ttlSeconds"] });
        assert_eq!(answer["reserveStock"]["errors"], json!([error]));
    }
    for quantity in [json!(2_147_483_648_i64), json!(0.5), json!("1"), json!(null), json!([1, 2])] {
        let answer = app.orders().run(mutation, input(quantity, 60)).await;
        assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{answer}");
    }
    assert_eq!(units(&app, product).await, (10, 0));
}
