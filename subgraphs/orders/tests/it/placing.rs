//! `placeOrder` when all services answer.

use std::time::{Duration, Instant};

use futures_util::future::join;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    app::{TestApp, codes, id_of, lines_of, on_each_database, place, place_with},
    wire::Fault,
};

#[tokio::test]
async fn an_order_is_completed_at_once_and_its_stock_is_sold() {
    on_each_database(async |app| {
        let (lamp, rug) = (app.product("LAMP", "12.50", 10).await, app.product("RUG", "99.00", 5).await);
        let customer = Uuid::now_v7();
        let buyer = app.user(customer);
        let payload = place(&buyer, "k1", &[(&lamp, 2), (&rug, 1), (&lamp, 1)]).await;
        let id = id_of(&payload);
        let expected = json!({
            "order": {
                "id": id, "number": "1", "status": "COMPLETED", "version": 4, "cancelReason": null, "cancelNote": null,
                "total": { "amount": "136.50", "currencyCode": "EUR" },
                "lines": [
                    { "quantity": 3, "sku": "LAMP", "name": "The LAMP", "unitPrice": { "amount": "12.50" },
                      "lineTotal": { "amount": "37.50" }, "product": { "id": lamp } },
                    { "quantity": 1, "sku": "RUG", "name": "The RUG", "unitPrice": { "amount": "99.00" },
                      "lineTotal": { "amount": "99.00" }, "product": { "id": rug } },
                ],
                "customer": { "id": customer },
            },
            "errors": [],
        });
        assert_eq!(payload, expected);
        assert_eq!(app.trail(&id).await, ["CREATED", "RESERVED", "COMMITTING", "COMPLETED"]);
        assert_eq!((app.stock(&lamp).await, app.stock(&rug).await), ((7, 0), (4, 0)));
        let second = place(&buyer, "k2", &[(&rug, 1)]).await;
        assert!(second["order"]["number"].as_str().unwrap().parse::<i64>().unwrap() > 1);
    })
    .await;
}

#[tokio::test]
async fn short_stock_cancels_the_order_and_lists_every_shortage() {
    on_each_database(async |app| {
        let (lamp, rug, mug) = (
            app.product("LAMP", "1.00", 1).await,
            app.product("RUG", "1.00", 0).await,
            app.product("MUG", "1.00", 9).await,
        );
        let buyer = app.user(Uuid::now_v7());
        let lines = [(lamp.as_str(), 2), (rug.as_str(), 3), (mug.as_str(), 9)];
        let payload = place(&buyer, "k", &lines).await;
        assert_eq!(payload["order"]["status"], "CANCELLED");
        assert_eq!(payload["order"]["cancelReason"], "OUT_OF_STOCK");
        let error = &payload["errors"][0];
        assert_eq!((&error["__typename"], &error["code"]), (&json!("OutOfStockError"), &json!("OUT_OF_STOCK")));
        let mut shortages = error["shortages"].as_array().unwrap().clone();
        shortages.sort_by_key(|shortage| shortage["requested"].as_i64());
        let expected = json!([
            { "productId": lamp, "requested": 2, "available": 1, "product": { "id": lamp } },
            { "productId": rug, "requested": 3, "available": 0, "product": { "id": rug } },
        ]);
        assert_eq!(Value::from(shortages), expected);
        assert_eq!(app.stock(&mug).await, (9, 0));
        assert_eq!(app.trail(&id_of(&payload)).await, ["CREATED", "CANCELLED"]);
        assert_eq!(place(&buyer, "k", &lines).await, payload, "the same question has the same answer");
    })
    .await;
}

#[tokio::test]
async fn who_holds_as_much_as_anybody_may_is_told_so() {
    let app = TestApp::start().await;
    let (lamp, buyer, hoarder) = (app.product("LAMP", "1.00", 200_000).await, Uuid::now_v7(), Uuid::now_v7());
    app.hold(hoarder, &lamp, 100_000).await;
    let payload = place(&app.user(hoarder), "k", &[(&lamp, 1)]).await;
    assert_eq!(
        (&payload["order"]["status"], &payload["order"]["cancelReason"]),
        (&json!("CANCELLED"), &json!("TOO_MANY_HELD"))
    );
    let error = json!({ "__typename": "TooManyHeldError", "code": "TOO_MANY_HELD", "path": ["lines"] });
    assert_eq!(payload["errors"], json!([error]));
    assert_eq!(place(&app.user(hoarder), "k", &[(&lamp, 1)]).await, payload, "the same question has the same answer");
    assert_eq!(place(&app.user(buyer), "k", &[(&lamp, 1)]).await["order"]["status"], "COMPLETED");
}

#[tokio::test]
async fn a_price_other_than_expected_refuses_the_order_and_leaves_the_key_free() {
    on_each_database(async |app| {
        let lamp = app.product("LAMP", "10.00", 10).await;
        let buyer = app.user(Uuid::now_v7());
        let input = |amount: &str| {
            json!({ "idempotencyKey": "k", "lines": lines_of(&[(&lamp, 2)]),
                    "expectedTotal": { "amount": amount, "currencyCode": "EUR" } })
        };
        app.reprice(&lamp, "11.00").await;
        let refused = place_with(&buyer, input("20.00")).await;
        let error = json!({ "__typename": "PriceChangedError", "code": "PRICE_CHANGED", "path": ["expectedTotal"],
                            "total": { "amount": "22.00", "currencyCode": "EUR" } });
        assert_eq!(refused, json!({ "order": null, "errors": [error] }));
        assert_eq!(app.stock(&lamp).await, (10, 0));
        let placed = place_with(&buyer, input("22.00")).await;
        assert_eq!(placed["order"]["status"], "COMPLETED");
        app.reprice(&lamp, "99.00").await;
        let later = app.until(&id_of(&placed), "COMPLETED").await;
        assert_eq!(later["total"]["amount"], "22.00", "what was bought keeps its price");
    })
    .await;
}

#[tokio::test]
async fn products_that_cannot_be_bought_are_named_line_by_line() {
    let app = TestApp::start().await;
    let (lamp, old) = (app.product("LAMP", "1.00", 9).await, app.product("OLD", "1.00", 9).await);
    app.archive(&old).await;
    let missing = Uuid::now_v7().to_string();
    let payload = place(&app.user(Uuid::now_v7()), "k", &[(&lamp, 1), (&missing, 1), (&old, 1)]).await;
    let expected = json!({ "order": null, "errors": [
        { "__typename": "ProductNotFoundError", "code": "PRODUCT_NOT_FOUND", "path": ["lines", "1", "productId"] },
        { "__typename": "ProductArchivedError", "code": "PRODUCT_ARCHIVED", "path": ["lines", "2", "productId"] },
    ] });
    assert_eq!(payload, expected);
}

#[tokio::test]
async fn an_order_has_one_currency() {
    let app = TestApp::start().await;
    let (lamp, rug) = (app.product("LAMP", "1.00", 9).await, app.product_in("RUG", "100", "JPY", 9).await);
    let buyer = app.user(Uuid::now_v7());
    let mixed = place(&buyer, "k", &[(&lamp, 1), (&rug, 1)]).await;
    let error = json!({ "__typename": "CurrencyMismatchError", "code": "CURRENCY_MISMATCH",
                        "path": ["lines", "1", "productId"] });
    assert_eq!(mixed, json!({ "order": null, "errors": [error] }));
    let input = json!({ "idempotencyKey": "k", "lines": lines_of(&[(&rug, 1)]),
                        "expectedTotal": { "amount": "100.00", "currencyCode": "EUR" } });
    let wrong = place_with(&buyer, input).await;
    assert_eq!(wrong["errors"][0]["path"], json!(["expectedTotal", "currencyCode"]));
}

#[tokio::test]
async fn lines_keys_and_totals_out_of_bounds_are_refused() {
    let app = TestApp::start().await;
    let lamp = app.product("LAMP", "1.00", 9).await;
    let many: Vec<String> = (0..101).map(|_| Uuid::now_v7().to_string()).collect();
    let many: Vec<(&str, i64)> = many.iter().map(|id| (id.as_str(), 1)).collect();
    let cases = [
        (json!({ "idempotencyKey": "k", "lines": [] }), json!(["lines"])),
        (json!({ "idempotencyKey": "k", "lines": lines_of(&many) }), json!(["lines"])),
        (json!({ "idempotencyKey": "k", "lines": lines_of(&[(&lamp, 0)]) }), json!(["lines", "0", "quantity"])),
        (json!({ "idempotencyKey": "k", "lines": lines_of(&[(&lamp, -1)]) }), json!(["lines", "0", "quantity"])),
        (json!({ "idempotencyKey": "k", "lines": lines_of(&[(&lamp, 1_001)]) }), json!(["lines", "0", "quantity"])),
        (
            json!({ "idempotencyKey": "k", "lines": lines_of(&[(&lamp, 600), (&lamp, 600)]) }),
            json!(["lines", "1", "quantity"]),
        ),
        (json!({ "idempotencyKey": "", "lines": lines_of(&[(&lamp, 1)]) }), json!(["idempotencyKey"])),
        (json!({ "idempotencyKey": "a\u{0}b", "lines": lines_of(&[(&lamp, 1)]) }), json!(["idempotencyKey"])),
        (
            json!({ "idempotencyKey": "k", "lines": lines_of(&[(&lamp, 1)]),
                    "expectedTotal": { "amount": "-1.00", "currencyCode": "EUR" } }),
            json!(["expectedTotal", "amount"]),
        ),
    ];
    let buyer = app.user(Uuid::now_v7());
    for (input, path) in cases {
        let payload = place_with(&buyer, input.clone()).await;
        assert_eq!(payload["order"], Value::Null, "{input}");
        assert_eq!(payload["errors"][0]["code"], "INVALID_INPUT", "{input}");
        assert_eq!(payload["errors"][0]["path"], path, "{input}");
    }
}

#[tokio::test]
async fn what_is_no_input_of_the_schema_is_bad_user_input() {
    let app = TestApp::start().await;
    let buyer = app.user(Uuid::now_v7());
    let lamp = Uuid::now_v7().to_string();
    let query = "mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } } }";
    for line in [
        json!({ "productId": lamp, "quantity": 0.5 }),
        json!({ "productId": lamp, "quantity": 2_147_483_648_i64 }),
        json!({ "productId": lamp, "quantity": 1, "price": "0.01" }),
        json!({ "productId": "1", "quantity": 1 }),
        json!({ "productId": lamp.to_uppercase(), "quantity": 1 }),
    ] {
        let input = json!({ "input": { "idempotencyKey": "k", "lines": [line] } });
        assert_eq!(codes(&buyer.run(query, input.clone()).await), ["BAD_USER_INPUT"], "{input}");
    }
}

#[tokio::test]
async fn without_the_catalogue_nothing_is_written() {
    let app = TestApp::with(|settings| settings.products_url = "http://127.0.0.1:9/graphql".into()).await;
    let query = "mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } } }";
    let lines = lines_of(&[(&Uuid::now_v7().to_string(), 1)]);
    let input = json!({ "input": { "idempotencyKey": "k", "lines": lines } });
    let answer = app.user(Uuid::now_v7()).run(query, input).await;
    assert_eq!(codes(&answer), ["SUBGRAPH_UNAVAILABLE"]);
    let orders = app.staff().data("{ orders { totalCount } }", json!({})).await;
    assert_eq!(orders["orders"]["totalCount"], 0);
}

#[tokio::test]
async fn one_purchase_asks_the_catalogue_once() {
    let app = TestApp::start().await;
    let (lamp, rug) = (app.product("LAMP", "1.00", 9).await, app.product("RUG", "1.00", 9).await);
    let before = app.products.statements();
    place(&app.user(Uuid::now_v7()), "k", &[(&lamp, 1), (&rug, 1)]).await;
    assert_eq!(app.products.statements() - before, 1);
}

#[tokio::test]
async fn who_waits_hears_at_once_that_the_order_has_settled_and_does_not_keep_asking() {
    let patient = |settings: &mut orders::Settings| {
        settings.answer_within = Duration::from_secs(8);
        settings.recovery_period = Duration::from_secs(3_600);
    };
    let app = TestApp::with(patient).await;
    let lamp = app.product("LAMP", "1.00", 9).await;
    let buyer = app.user(Uuid::now_v7());
    place(&buyer, "warm", &[(&lamp, 1)]).await;
    app.wire.fail("Reserve", Fault::Hold, 1);
    let (statements, begun) = (app.orders.database.statements(), Instant::now());
    let held = async {
        app.wire.until_counted("Reserve", 2).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        app.wire.let_go();
    };
    let lines = [(lamp.as_str(), 1)];
    let (placed, ()) = join(place(&buyer, "k", &lines), held).await;
    assert_eq!(placed["order"]["status"], "COMPLETED");
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    let statements = app.orders.database.statements() - statements;
    assert!(statements < 40, "{statements} statements");
}
