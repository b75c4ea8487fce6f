//! Pages, orders and filters of the catalogue.

use std::cmp::Reverse;

use serde_json::{Value, json};

use crate::app::TestApp;

const PAGE: &str = "query($first: Int, $after: String, $filter: ProductFilter, $sort: ProductSort) {
    products(first: $first, after: $after, filter: $filter, sort: $sort) {
        pageInfo { hasNextPage hasPreviousPage endCursor }
        nodes { id name price { amount currencyCode } }
    }
}";

/// Every row of a list, read in pages of seven.
async fn walk(app: &TestApp, sort: &str) -> Vec<Value> {
    let (mut rows, mut after) = (Vec::new(), Value::Null);
    loop {
        let variables = json!({ "first": 7, "after": after, "sort": sort });
        let mut page = app.anonymous().data(PAGE, variables).await["products"].take();
        assert_eq!(page["pageInfo"]["hasPreviousPage"], !rows.is_empty());
        rows.append(page["nodes"].as_array_mut().unwrap());
        if page["pageInfo"]["hasNextPage"] == false {
            return rows;
        }
        after = page["pageInfo"]["endCursor"].take();
    }
}

/// What lists are sorted by, worked out without the database: (name, currency and cents, id).
fn keys(row: &Value) -> (String, (String, u64), String) {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let name = text(&row["name"]).to_lowercase().replace('é', "e");
    let cents = text(&row["price"]["amount"]).replace('.', "").parse().unwrap();
    (name, (text(&row["price"]["currencyCode"]), cents), text(&row["id"]))
}

#[tokio::test]
async fn every_order_pages_through_all_products_without_gaps_or_repeats() {
    for app in TestApp::on_each_database().await {
        app.seed().await;
        // Names that tie, that only differ in case or accent, and that locales sort in their own ways.
        for (n, name) in ["apple", "Apple", "APPLE", "épicé", "Epic", "a-b", "a b", "ab", "Zebra", "_z", "-z", "Ørken"]
            .iter()
            .enumerate()
        {
            app.product(&format!("X-{n}"), name).await;
        }
        let dollars = json!({ "amount": "10.00", "currencyCode": "USD" });
        app.create(json!({ "sku": "X-USD", "name": "Apple", "price": dollars })).await;

        let mut rows = walk(&app, "NEWEST").await;
        assert_eq!(rows.len(), 213);
        assert!(rows.is_sorted_by_key(|row| Reverse(keys(row).2)));

        rows.sort_by_key(|row| (keys(row).0, keys(row).2));
        assert_eq!(walk(&app, "NAME_ASC").await, rows);
        rows.reverse();
        assert_eq!(walk(&app, "NAME_DESC").await, rows);
        rows.sort_by_key(|row| (keys(row).1, keys(row).2));
        assert_eq!(walk(&app, "PRICE_ASC").await, rows);
        rows.reverse();
        assert_eq!(walk(&app, "PRICE_DESC").await, rows);
    }
}

#[tokio::test]
async fn a_walk_sees_every_product_that_was_there_all_along_while_others_come_and_go() {
    let app = TestApp::start().await;
    app.seed().await;
    let first = app.anonymous().data(PAGE, json!({ "first": 100 })).await["products"].take();
    let passed = first["nodes"][3]["id"].clone();
    app.archive(json!({ "id": passed })).await;
    app.product("X-1", "AAA, before all others").await;
    let variables = json!({ "first": 100, "after": first["pageInfo"]["endCursor"] });
    let second = app.anonymous().data(PAGE, variables).await["products"].take();
    assert_eq!(second["nodes"].as_array().unwrap().len(), 100);
    assert_eq!(second["pageInfo"]["hasNextPage"], false);
}

#[tokio::test]
async fn a_page_costs_one_statement_and_its_total_another() {
    for app in TestApp::on_each_database().await {
        app.seed().await;
        let (page, statements) = app.counted(app.anonymous().data(PAGE, json!({ "first": 24 }))).await;
        assert_eq!(page["products"]["nodes"].as_array().unwrap().len(), 24);
        assert_eq!(statements, 1);
        let query = "{ products(first: 24) { totalCount nodes { id } } }";
        let (page, statements) = app.counted(app.anonymous().data(query, json!({}))).await;
        assert_eq!(page["products"]["totalCount"], 200);
        assert_eq!(statements, 2);
    }
}

/// The names that a filter finds, sorted.
async fn found(app: &TestApp, filter: Value) -> Vec<String> {
    let answer = app.anonymous().data(PAGE, json!({ "filter": filter })).await;
    let nodes = answer["products"]["nodes"].as_array().unwrap();
    nodes.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn text_finds_words_anywhere_whatever_their_case_and_accents() {
    for app in TestApp::on_each_database().await {
        app.product("OAK-7", "Plain Lamp").await;
        app.product("B-2", "ÉCLAIR Tray").await;
        let price = json!({ "amount": "1.00", "currencyCode": "EUR" });
        app.create(json!({ "sku": "B-3", "name": "Bowl", "description": "Made of OAK.", "price": price })).await;
        for (text, names) in [
            ("oak", &["Bowl", "Plain Lamp"][..]),
            ("Oak LAMP", &["Plain Lamp"]),
            ("lamp oak", &["Plain Lamp"]),
            ("eclair", &["ÉCLAIR Tray"]),
            ("éCLA", &["ÉCLAIR Tray"]),
            ("  ", &["Bowl", "ÉCLAIR Tray", "Plain Lamp"]),
            ("walnut", &[]),
        ] {
            assert_eq!(found(&app, json!({ "text": text })).await, names, "{text}");
        }
    }
}

#[tokio::test]
async fn price_ranges_include_their_ends_and_keep_to_one_currency() {
    for app in TestApp::on_each_database().await {
        for (sku, amount, currency) in
            [("Five", "5.00", "EUR"), ("Ten", "10.00", "EUR"), ("Twenty", "20.00", "EUR"), ("Yen", "1000", "JPY")]
        {
            let price = json!({ "amount": amount, "currencyCode": currency });
            app.create(json!({ "sku": sku, "name": sku, "price": price })).await;
        }
        let euros = |amount: &str| json!({ "amount": amount, "currencyCode": "EUR" });
        for (range, names) in [
            (json!({ "min": euros("10") }), &["Ten", "Twenty"][..]),
            (json!({ "max": euros("10.00") }), &["Five", "Ten"]),
            (json!({ "min": euros("5.01"), "max": euros("19.99") }), &["Ten"]),
            (json!({ "min": euros("20"), "max": euros("5") }), &[]),
            (json!({}), &["Five", "Ten", "Twenty", "Yen"]),
        ] {
            assert_eq!(found(&app, json!({ "price": range })).await, names, "{range}");
        }
    }
}
