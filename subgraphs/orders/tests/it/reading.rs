//! Who sees which orders, page by page, and at what cost.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{TestApp, id_of, on_each_database, on_each_database_with, place};

const ENTITIES: &str = "query($of: [_Any!]!) { _entities(representations: $of) { ... on Order { id number } } }";
const ORDERS_OF: &str = "query($of: [_Any!]!, $first: Int, $after: String) { _entities(representations: $of) \
    { ... on User { id orders(first: $first, after: $after) { totalCount nodes { id lines { sku } } \
    pageInfo { hasNextPage endCursor } } } } }";

/// The worker's looks for due orders would be counted too.
fn quiet(settings: &mut orders::Settings) {
    settings.recovery_period = Duration::from_secs(3_600);
}

fn order_keys<'a>(ids: impl IntoIterator<Item = &'a str>) -> Value {
    let keys = ids.into_iter().map(|id| json!({ "__typename": "Order", "id": id }));
    json!({ "of": keys.collect::<Vec<_>>() })
}

fn user_key(id: Uuid) -> Value {
    json!({ "__typename": "User", "id": id })
}

#[tokio::test]
async fn the_order_of_somebody_else_is_as_good_as_missing() {
    on_each_database(async |app| {
        let lamp = app.product("LAMP", "1.00", 5).await;
        let customer = Uuid::now_v7();
        let id = id_of(&place(&app.user(customer), "k", &[(&lamp, 1)]).await);
        let (stranger, missing) = (app.user(Uuid::now_v7()), Uuid::now_v7().to_string());
        let by_id = "query($id: ID!) { order(id: $id) { id } }";
        let of_other = stranger.run(by_id, json!({ "id": id })).await;
        assert_eq!(of_other, json!({ "data": { "order": null } }));
        assert_eq!(of_other, stranger.run(by_id, json!({ "id": missing })).await);
        let keys = order_keys([id.as_str(), missing.as_str(), "no id at all"]);
        let seen = stranger.run(ENTITIES, keys.clone()).await;
        assert_eq!(seen, json!({ "data": { "_entities": [null, null, null] } }));
        let edge = stranger.run(ORDERS_OF, json!({ "of": [user_key(customer)] })).await;
        assert_eq!(edge, json!({ "data": { "_entities": [{ "id": customer, "orders": null }] } }));
        for who in [app.user(customer), app.staff()] {
            assert_eq!(who.data(by_id, json!({ "id": id })).await["order"]["id"], id);
            let seen = who.data(ENTITIES, keys.clone()).await;
            assert_eq!(seen, json!({ "_entities": [{ "id": id, "number": "1" }, null, null] }));
        }
    })
    .await;
}

#[tokio::test]
async fn a_batch_of_references_with_an_unknown_one_returns_the_others_for_one_statement() {
    on_each_database_with(quiet, async |app| {
        let lamp = app.product("LAMP", "1.00", 50).await;
        let buyer = app.user(Uuid::now_v7());
        let mut ids = Vec::new();
        for n in 0..5 {
            ids.push(id_of(&place(&buyer, &format!("k{n}"), &[(&lamp, 1)]).await));
        }
        let unknown = Uuid::now_v7().to_string();
        ids.insert(2, unknown);
        let keys = order_keys(ids.iter().map(String::as_str));
        let (seen, statements) = counted(app, buyer.data(ENTITIES, keys)).await;
        let seen: Vec<_> = seen["_entities"].as_array().unwrap().iter().map(|order| order["id"].as_str()).collect();
        let expected: Vec<_> = ids.iter().enumerate().map(|(n, id)| (n != 2).then_some(id.as_str())).collect();
        assert_eq!((seen, statements), (expected, 1));
    })
    .await;
}

#[tokio::test]
async fn an_order_of_fifty_lines_costs_three_statements_with_its_events() {
    on_each_database_with(quiet, async |app| {
        let mut products = Vec::new();
        for n in 0..50 {
            products.push(app.product(&format!("P{n}"), "1.00", 5).await);
        }
        let lines: Vec<(&str, i64)> = products.iter().map(|id| (id.as_str(), 1)).collect();
        let buyer = app.user(Uuid::now_v7());
        let id = id_of(&place(&buyer, "k", &lines).await);
        let query = "query($id: ID!) { order(id: $id) { number total { amount } lines { name product { id } } \
            customer { id } events { nodes { from to at } } } }";
        let (seen, statements) = counted(app, buyer.data(query, json!({ "id": id }))).await;
        assert_eq!(seen["order"]["lines"].as_array().unwrap().len(), 50);
        assert_eq!(statements, 3);
    })
    .await;
}

#[tokio::test]
async fn the_orders_of_many_users_cost_one_statement_for_each_level() {
    on_each_database_with(quiet, async |app| {
        let lamp = app.product("LAMP", "1.00", 99).await;
        let users: Vec<Uuid> = (0..4).map(|_| Uuid::now_v7()).collect();
        for (count, user) in users.iter().enumerate() {
            for n in 0..count {
                place(&app.user(*user), &format!("k{n}"), &[(&lamp, 1)]).await;
            }
        }
        let keys: Vec<Value> = users.iter().map(|id| user_key(*id)).collect();
        let variables = json!({ "of": keys, "first": 2 });
        // Pages, counts and lines.
        let (seen, statements) = counted(app, app.staff().data(ORDERS_OF, variables)).await;
        assert_eq!(statements, 3);
        for (count, user) in seen["_entities"].as_array().unwrap().iter().enumerate() {
            assert_eq!(user["orders"]["totalCount"], count);
            assert_eq!(user["orders"]["nodes"].as_array().unwrap().len(), count.min(2));
            assert_eq!(user["orders"]["pageInfo"]["hasNextPage"], count > 2);
        }
    })
    .await;
}

#[tokio::test]
async fn pages_show_every_order_once_newest_first() {
    on_each_database(async |app| {
        let lamp = app.product("LAMP", "1.00", 99).await;
        let customer = Uuid::now_v7();
        let buyer = app.user(customer);
        let mut placed = Vec::new();
        for n in 0..7 {
            placed.push(id_of(&place(&buyer, &format!("k{n}"), &[(&lamp, 1)]).await));
        }
        placed.reverse();
        let (mut seen, mut after) = (Vec::new(), Value::Null);
        loop {
            let variables = json!({ "of": [user_key(customer)], "first": 3, "after": after });
            let page = buyer.data(ORDERS_OF, variables).await["_entities"][0]["orders"].take();
            let nodes = page["nodes"].as_array().unwrap();
            seen.extend(nodes.iter().map(|order| order["id"].as_str().unwrap().to_owned()));
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(seen, placed);
    })
    .await;
}

#[tokio::test]
async fn staff_filter_orders_by_status_customer_and_time() {
    on_each_database_with(quiet, async |app| {
        let lamp = app.product("LAMP", "1.00", 3).await;
        let (first, second) = (Uuid::now_v7(), Uuid::now_v7());
        place(&app.user(first), "a", &[(&lamp, 1)]).await;
        place(&app.user(first), "b", &[(&lamp, 9)]).await;
        place(&app.user(second), "c", &[(&lamp, 1)]).await;
        let query = "query($filter: OrderFilter) { orders(filter: $filter) { totalCount nodes { id } } }";
        let now = subgraph::time::now().to_rfc3339();
        for (filter, expected) in [
            (json!(null), 3),
            (json!({ "status": "COMPLETED" }), 2),
            (json!({ "customerId": first }), 2),
            (json!({ "customerId": first, "status": "CANCELLED" }), 1),
            (json!({ "placed": { "before": now } }), 3),
            (json!({ "placed": { "from": now } }), 0),
            (json!({ "placed": { "from": "2000-01-01T00:00:00Z", "before": "2000-01-02T00:00:00Z" } }), 0),
        ] {
            let listed = app.staff().data(query, json!({ "filter": filter })).await["orders"].take();
            assert_eq!(listed["totalCount"], expected, "{filter}");
            assert_eq!(listed["nodes"].as_array().unwrap().len(), expected, "{filter}");
        }
        let (_, statements) = counted(app, app.staff().data("{ orders { nodes { id } } }", json!({}))).await;
        assert_eq!(statements, 1, "nothing is counted that nobody asks for");
    })
    .await;
}

#[tokio::test]
async fn pages_and_cursors_out_of_bounds_are_bad_user_input() {
    let app = TestApp::start().await;
    let lamp = app.product("LAMP", "1.00", 3).await;
    place(&app.user(Uuid::now_v7()), "a", &[(&lamp, 1)]).await;
    let page = app.staff().data("{ orders { pageInfo { endCursor } } }", json!({})).await;
    let of_another_list = page["orders"]["pageInfo"]["endCursor"].as_str().unwrap().to_owned();
    let customer = Uuid::now_v7();
    for (first, after, code) in [
        (json!(0), Value::Null, "BAD_USER_INPUT"),
        (json!(-1), Value::Null, "BAD_USER_INPUT"),
        (json!(101), Value::Null, "BAD_USER_INPUT"),
        (json!(99_999_999), Value::Null, "MAX_ROWS"),
        (Value::Null, json!("forged"), "BAD_USER_INPUT"),
        (Value::Null, json!(of_another_list), "BAD_USER_INPUT"),
    ] {
        let variables = json!({ "of": [user_key(customer)], "first": first, "after": after });
        let answer = app.user(customer).run(ORDERS_OF, variables).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{first} {after}");
    }
}

/// What `work` answers, and how many SQL statements it took.
async fn counted<T>(app: &TestApp, work: impl Future<Output = T>) -> (T, u64) {
    let before = app.orders.database.statements();
    let answer = work.await;
    (answer, app.orders.database.statements() - before)
}
