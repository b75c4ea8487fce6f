//! Bad input. The names say which row of the threat table a test is for.

use serde_json::{Value, json};

use crate::app::{TestApp, codes};

const LIST: &str = "query($first: Int, $after: String, $filter: ProductFilter, $sort: ProductSort) {
    products(first: $first, after: $after, filter: $filter, sort: $sort) { edges { cursor node { name } } }
}";

#[tokio::test]
async fn t20_a_page_that_is_no_page_is_refused() {
    for app in TestApp::on_each_database().await {
        app.product("A-1", "Lamp").await;
        let answer = app.anonymous().data(LIST, json!({ "sort": "NAME_ASC" })).await;
        let cursor = answer["products"]["edges"][0]["cursor"].as_str().unwrap();
        // ["products:NameAsc",{"text":"\u0000","number":0,"id":"019b76da-a800-7c83-9c0a-f0823d7b34df"}]
        let nul = "WyJwcm9kdWN0czpOYW1lQXNjIix7InRleHQiOiJcdTAwMDAiLCJudW1iZXIiOjAsImlkIjoiMDE5Yjc2ZGEtYTgwMC03YzgzLTljMGEtZjA4MjNkN2IzNGRmIn1d";
        for variables in [
            json!({ "first": 101 }),
            json!({ "first": 0 }),
            json!({ "first": -1 }),
            json!({ "first": 1.5 }),
            json!({ "after": "forged" }),
            json!({ "after": format!("{cursor}x") }),
            json!({ "after": cursor, "sort": "NAME_DESC" }),
            json!({ "after": cursor, "sort": "PRICE_ASC" }),
            json!({ "after": nul }),
        ] {
            let answer = app.anonymous().run(LIST, variables.clone()).await;
            assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{variables}");
        }
        let huge = app.anonymous().run(LIST, json!({ "first": 99_999_999 })).await;
        assert_eq!(codes(&huge), ["MAX_ROWS"]);
        let backwards = "{ products(first: 1, last: 1) { totalCount } }";
        assert_eq!(codes(&app.anonymous().run(backwards, json!({})).await), ["BAD_USER_INPUT"]);
    }
}

#[tokio::test]
async fn t36_fields_that_are_not_the_callers_to_set_are_refused() {
    let app = TestApp::start().await;
    let create = "mutation($input: CreateProductInput!) { createProduct(input: $input) { product { id } } }";
    for field in ["id", "version", "archivedAt", "createdAt", "search"] {
        let price = json!({ "amount": "1.00", "currencyCode": "EUR" });
        let mut input = json!({ "sku": "A-1", "name": "Lamp", "price": price });
        input[field] = json!(1);
        let answer = app.staff().run(create, json!({ "input": input })).await;
        assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{field}");
    }
    let total = app.anonymous().data("{ products { totalCount } }", json!({})).await;
    assert_eq!(total["products"]["totalCount"], 0);
}

#[tokio::test]
async fn t39_prices_that_are_not_exact_in_their_currency_are_refused() {
    let app = TestApp::start().await;
    for (amount, currency) in [
        ("1.005", "EUR"),
        ("-0.01", "EUR"),
        ("1.5", "JPY"),
        ("99999999999999999999", "EUR"),
        ("92233720368547758.08", "EUR"),
    ] {
        let price = json!({ "amount": amount, "currencyCode": currency });
        let payload = app.create(json!({ "sku": "A-1", "name": "Lamp", "price": price })).await;
        assert_eq!(payload["errors"][0]["path"], json!(["price"]), "{amount} {currency}");
    }
    for (sku, amount, currency) in [("A-1", "92233720368547758.07", "EUR"), ("A-2", "0", "EUR"), ("A-3", "1250", "JPY")]
    {
        let price = json!({ "amount": amount, "currencyCode": currency });
        let payload = app.create(json!({ "sku": sku, "name": "Lamp", "price": price })).await;
        assert_eq!(payload["errors"], json!([]), "{amount} {currency}");
    }
}

#[tokio::test]
async fn t39_an_amount_that_is_no_decimal_is_refused() {
    let app = TestApp::start().await;
    let create = "mutation($input: CreateProductInput!) { createProduct(input: $input) { product { id } } }";
    for amount in [json!("1e3"), json!("NaN"), json!(""), json!("1,50"), json!(1.5), json!("9".repeat(33)), Value::Null]
    {
        let price = json!({ "amount": amount, "currencyCode": "EUR" });
        let input = json!({ "sku": "A-1", "name": "Lamp", "price": price });
        let answer = app.staff().run(create, json!({ "input": input })).await;
        assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{amount}");
    }
}

#[tokio::test]
async fn t45_a_search_takes_wildcards_and_quotes_for_what_they_are() {
    for app in TestApp::on_each_database().await {
        app.product("A-1", "100% wool_felt").await;
        app.product("A-2", r"C:\lamps 'n' trays").await;
        app.product("A-3", "Plain").await;
        for (text, names) in [
            ("%", &["100% wool_felt"][..]),
            ("_", &["100% wool_felt"]),
            (r"\", &[r"C:\lamps 'n' trays"]),
            ("'", &[r"C:\lamps 'n' trays"]),
            ("l_f", &["100% wool_felt"]),
            ("' OR '1'='1", &[]),
            ("x'); DROP TABLE products; --", &[]),
        ] {
            let answer = app.anonymous().data(LIST, json!({ "filter": { "text": text } })).await;
            let edges = answer["products"]["edges"].as_array().unwrap();
            let found: Vec<_> = edges.iter().map(|edge| edge["node"]["name"].as_str().unwrap()).collect();
            assert_eq!(found, names, "{text}");
        }
    }
}

#[tokio::test]
async fn t45_what_cannot_be_searched_or_sorted_for_is_refused() {
    for app in TestApp::on_each_database().await {
        let euros = json!({ "amount": "1.00", "currencyCode": "EUR" });
        let dollars = json!({ "amount": "2.00", "currencyCode": "USD" });
        for variables in [
            json!({ "filter": { "text": "%".repeat(1_000) } }),
            json!({ "filter": { "text": "a b c d e f g h i" } }),
            json!({ "filter": { "text": "a\u{0}b" } }),
            json!({ "filter": { "sku": "A-1" } }),
            json!({ "filter": { "price": { "min": euros, "max": dollars } } }),
            json!({ "filter": { "price": { "min": { "amount": "-1", "currencyCode": "EUR" } } } }),
            json!({ "sort": "name; DROP TABLE products" }),
            json!({ "sort": "search" }),
        ] {
            let answer = app.anonymous().run(LIST, variables.clone()).await;
            assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{variables}");
        }
        for key in ["slug", "sku"] {
            let query = format!("query($key: String) {{ product({key}: $key) {{ id }} }}");
            let answer = app.anonymous().run(&query, json!({ "key": "a\u{0}" })).await;
            assert_eq!(codes(&answer), ["BAD_USER_INPUT"]);
            let answer = app.anonymous().data(&query, json!({ "key": "' OR '1'='1" })).await;
            assert_eq!(answer, json!({ "product": null }));
        }
    }
}
