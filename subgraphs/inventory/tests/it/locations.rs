//! Stock that lies at several locations.

use futures_util::future::join_all;
use serde_json::{Value, json};
use testing::graphql::Client;
use uuid::Uuid;

use crate::app::{SERVICE, TestApp, on_each_database, on_postgres, reserve, settle};

/// A product with so many units at the default location, and so many at another one that orders turn to later.
async fn at_two(app: &TestApp, main: i64, other: i64) -> (Uuid, Uuid) {
    let (product, location) = (app.stocked(main).await, app.location(5).await);
    put(app, product, location, other).await;
    (product, location)
}

async fn put(app: &TestApp, product: Uuid, location: Uuid, units: i64) {
    let input = json!({ "productId": product, "locationId": location, "onHand": units });
    assert_eq!(app.create(input).await["errors"], json!([]));
}

/// On hand and reserved at each location, in the order in which orders take from them.
async fn levels(app: &TestApp, product: Uuid) -> Vec<(i64, i64)> {
    let query = "query($id: ID!) { stock(productId: $id) { levels { onHand reserved } } }";
    let answer = app.staff().data(query, json!({ "id": product })).await;
    let number = |level: &Value, field: &str| level[field].as_i64().unwrap();
    let levels = answer["stock"]["levels"].as_array().unwrap();
    levels.iter().map(|level| (number(level, "onHand"), number(level, "reserved"))).collect()
}

fn sums(on_hand: i64, reserved: i64) -> Value {
    json!({ "onHand": on_hand, "reserved": reserved, "available": on_hand - reserved, "inStock": on_hand > reserved })
}

#[tokio::test]
async fn an_order_takes_from_the_next_location_what_the_first_does_not_have() {
    on_each_database(async |app| {
        let ((product, _), id) = (at_two(app, 5, 3).await, Uuid::now_v7());
        assert_eq!(app.stock(product).await, sums(8, 0));
        assert_eq!(app.reserve(id, &[(product, 7)]).await["reservation"]["status"], "HELD");
        assert_eq!((app.stock(product).await, levels(app, product).await), (sums(8, 7), vec![(5, 5), (3, 2)]));
        assert_eq!(app.settle("commitReservation", id).await["reservation"]["status"], "COMMITTED");
        assert_eq!((app.stock(product).await, levels(app, product).await), (sums(1, 0), vec![(0, 0), (1, 0)]));
        assert_eq!(app.settle("returnReservation", id).await["reservation"]["status"], "RETURNED");
        assert_eq!((app.stock(product).await, levels(app, product).await), (sums(8, 0), vec![(5, 0), (3, 0)]));
    })
    .await;
}

#[tokio::test]
async fn a_location_that_comes_first_is_taken_from_first_whenever_it_was_made() {
    on_each_database(async |app| {
        let product = app.product().await;
        let (late, early) = (app.location(9).await, app.location(1).await);
        put(app, product, late, 5).await;
        put(app, product, early, 2).await;
        app.reserve(Uuid::now_v7(), &[(product, 3)]).await;
        assert_eq!(levels(app, product).await, [(2, 2), (5, 1)]);
    })
    .await;
}

#[tokio::test]
async fn what_all_locations_together_do_not_have_is_short_and_nothing_is_held() {
    on_each_database(async |app| {
        let ((scarce, _), (plenty, _)) = (at_two(app, 2, 3).await, at_two(app, 9, 9).await);
        let answer = app.reserve(Uuid::now_v7(), &[(plenty, 10), (scarce, 6)]).await;
        assert_eq!(answer["shortages"], json!([{ "productId": scarce, "requested": 6, "available": 5 }]));
        assert_eq!(
            (levels(app, scarce).await, levels(app, plenty).await),
            (vec![(2, 0), (3, 0)], vec![(9, 0), (9, 0)])
        );
    })
    .await;
}

#[tokio::test]
async fn everywhere_a_stock_is_the_same_sum_and_its_version_rises_with_every_change() {
    on_each_database(async |app| {
        let (product, location) = at_two(app, 5, 3).await;
        let mut stream = app
            .anonymous()
            .subscribe("subscription($ids: [ID!]!) { stockChanged(productIds: $ids) { onHand version } }", json!({ "ids": [product] }))
            .await;
        assert_eq!(stream.data().await["stockChanged"], json!({ "onHand": 8, "version": 2 }));
        let input = json!({ "productId": product, "locationId": location, "delta": 4, "reason": "delivery", "idempotencyKey": "1" });
        let changed = app.change(&app.staff(), "adjustStock", input).await;
        assert_eq!((&changed["stock"]["onHand"], &changed["stock"]["version"]), (&json!(12), &json!(3)));
        assert_eq!(stream.data().await["stockChanged"], json!({ "onHand": 12, "version": 3 }));
        let cart = "query($ids: [ID!]!) { availability(productIds: $ids) { onHand version } }";
        let cart = app.anonymous().data(cart, json!({ "ids": [product] })).await;
        assert_eq!(cart["availability"], json!([{ "onHand": 12, "version": 3 }]));
    })
    .await;
}

#[tokio::test]
async fn staff_change_and_count_one_location_and_its_ledger_says_so() {
    on_each_database(async |app| {
        let ((product, location), staff) = (at_two(app, 5, 3).await, app.staff());
        let set = |location: Value, on_hand: i64, key: &str| {
            json!({ "productId": product, "locationId": location, "onHand": on_hand, "reason": "counted", "idempotencyKey": key })
        };
        assert_eq!(app.change(&staff, "setStock", set(json!(location), 1, "a")).await["stock"]["onHand"], 6);
        assert_eq!(app.change(&staff, "setStock", set(Value::Null, 7, "b")).await["stock"]["onHand"], 8);
        assert_eq!(levels(app, product).await, [(7, 0), (1, 0)]);
        let ledger = "query($id: ID!, $location: ID) { stockMovements(productId: $id, locationId: $location) {
            totalCount nodes { version onHandBefore onHandAfter } } }";
        for (location, before, after) in [(Value::Null, 5, 7), (json!(location), 3, 1)] {
            let answer = staff.data(ledger, json!({ "id": product, "location": location })).await;
            let movement = |version: i64, before: i64, after: i64| json!({ "version": version, "onHandBefore": before, "onHandAfter": after });
            let expected = json!({ "totalCount": 2, "nodes": [movement(2, before, after), movement(1, 0, before)] });
            assert_eq!(answer["stockMovements"], expected);
        }
    })
    .await;
}

#[tokio::test]
async fn a_product_has_one_stock_at_a_location_and_none_where_there_is_no_location() {
    on_each_database(async |app| {
        let ((product, location), staff) = (at_two(app, 5, 3).await, app.staff());
        let refused = |typename: &str, code: &str, path: &str| {
            json!({ "stock": null, "errors": [{ "__typename": typename, "code": code, "path": [path] }] })
        };
        let again = json!({ "productId": product, "locationId": location, "onHand": 1 });
        assert_eq!(app.create(again).await, refused("StockExistsError", "STOCK_EXISTS", "productId"));
        let nowhere = json!({ "productId": product, "locationId": Uuid::now_v7(), "onHand": 1 });
        assert_eq!(app.create(nowhere).await, refused("NotFoundError", "NOT_FOUND", "locationId"));
        let empty = app.location(1).await;
        let input = json!({ "productId": product, "locationId": empty, "delta": 1, "reason": "delivery", "idempotencyKey": "1" });
        assert_eq!(app.change(&staff, "adjustStock", input).await, refused("NotFoundError", "NOT_FOUND", "productId"));
    })
    .await;
}

#[tokio::test]
async fn a_product_is_low_where_one_location_is() {
    on_each_database(async |app| {
        let (product, location) = at_two(app, 5, 3).await;
        let set = "mutation($input: SetLowStockThresholdInput!) { setLowStockThreshold(input: $input) {
            stock { levels { lowStockThreshold } } errors { __typename } } }";
        let input = json!({ "input": { "productId": product, "locationId": location, "threshold": 3 } });
        let answer = app.staff().data(set, input).await["setLowStockThreshold"].take();
        assert_eq!(answer["stock"]["levels"], json!([{ "lowStockThreshold": null }, { "lowStockThreshold": 3 }]));
        let low = app.staff().first("{ lowStock { totalCount nodes { available product { id } } } }").await;
        let expected = json!({ "totalCount": 1, "nodes": [{ "available": 8, "product": { "id": product } }] });
        assert_eq!(low["data"]["lowStock"], expected);
    })
    .await;
}

#[tokio::test]
async fn locations_are_listed_in_the_order_in_which_orders_take_from_them() {
    on_each_database(async |app| {
        let (third, second) = (app.location(7).await, app.location(3).await);
        let fourth = app.location(7).await;
        let query = "query($after: String) { locations(first: 1, after: $after) {
            pageInfo { hasNextPage endCursor } nodes { id code priority } } }";
        let (mut found, mut after) = (Vec::new(), Value::Null);
        loop {
            let page = app.staff().data(query, json!({ "after": after })).await["locations"].take();
            found.push(page["nodes"][0].clone());
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!((&found[0]["code"], &found[0]["priority"]), (&json!("MAIN"), &json!(0)));
        let ids: Vec<_> = found[1..].iter().map(|location| location["id"].clone()).collect();
        assert_eq!(ids, [second, third, fourth].map(|id| json!(id)));
    })
    .await;
}

#[tokio::test]
async fn codes_names_and_priorities_have_rules() {
    let app = TestApp::start().await;
    let create = async |code: &str, name: &str, priority: i64| {
        let mutation = "mutation($input: CreateLocationInput!) { createLocation(input: $input) {
            location { code } errors { __typename ... on UserError { code path } } } }";
        let input = json!({ "input": { "code": code, "name": name, "priority": priority } });
        app.staff().data(mutation, input).await["createLocation"].take()
    };
    let refused = |typename: &str, code: &str, path: &str| json!({ "location": null, "errors": [{ "__typename": typename, "code": code, "path": [path] }] });
    let (fits, long) = ("x".repeat(50), "x".repeat(51));
    for (code, name, priority, path) in [
        ("", "A", 1, "code"),
        (long.as_str(), "A", 1, "code"),
        ("A", " ", 1, "name"),
        ("A", "two\nlines", 1, "name"),
        ("A", "A", -1, "priority"),
        ("A", "A", 1_000_001, "priority"),
    ] {
        assert_eq!(create(code, name, priority).await, refused("InvalidInputError", "INVALID_INPUT", path));
    }
    let created = json!({ "location": { "code": fits }, "errors": [] });
    assert_eq!(create(&fits, "A", 1_000_000).await, created);
    for code in [fits.as_str(), "MAIN"] {
        assert_eq!(create(code, "B", 1).await, refused("LocationExistsError", "LOCATION_EXISTS", "code"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn buyers_of_two_products_at_three_locations_get_exactly_what_there_is_without_a_deadlock() {
    on_postgres(async |app| {
        let replica = app.replica(|_| {}).await.token(app.token("orders", SERVICE));
        let products = [app.stocked(40).await, app.stocked(40).await];
        for priority in 1..=2 {
            let location = app.location(priority).await;
            put(app, products[0], location, 30).await;
            put(app, products[1], location, 30).await;
        }
        let buyers = (0..32).map(|buyer| {
            let process = if buyer % 2 == 0 { app.orders() } else { replica.clone() };
            tokio::spawn(async move { buy(&process, products, buyer % 3 == 0).await })
        });
        let sold: i64 = join_all(buyers).await.into_iter().map(Result::unwrap).sum();
        // Three units an order, of 100.
        assert_eq!(sold, 99);
        for product in products {
            assert_eq!(app.stock(product).await, sums(1, 0));
        }
        assert_eq!(app.deadlocks().await, 0);
    })
    .await;
}

/// Three of each product, twice; how many of each were sold.
async fn buy(process: &Client, [one, two]: [Uuid; 2], turned: bool) -> i64 {
    let lines = if turned { [(two, 3), (one, 3)] } else { [(one, 3), (two, 3)] };
    let mut sold = 0;
    for _ in 0..2 {
        let id = Uuid::now_v7();
        if reserve(process, id, &lines).await["reservation"]["status"] == "HELD" {
            assert_eq!(settle(process, "commitReservation", id).await["reservation"]["status"], "COMMITTED");
            sold += 3;
        }
    }
    sold
}
