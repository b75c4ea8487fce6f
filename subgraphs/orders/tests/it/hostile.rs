//! Requests that want more than there is, for less than it costs.

use std::collections::BTreeMap;

use proptest::{collection::vec, prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};
use testing::graphql::Client;
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::{
    app::{CUSTOMER, ORDER, TestApp, codes, id_of, lines_of, place, place_with},
    invariants,
};

const PLACE: &str = "mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } } }";

fn input_of(lines: Value) -> Value {
    json!({ "input": { "idempotencyKey": "k", "lines": lines } })
}

async fn nothing_was_ordered(app: &TestApp) {
    let orders = app.staff().data("{ orders { totalCount } }", json!({})).await;
    assert_eq!(orders["orders"]["totalCount"], 0);
}

#[tokio::test]
async fn a_quantity_is_a_whole_number_of_32_bits() {
    let app = TestApp::start().await;
    let lamp = app.product("LAMP", "1.00", 9).await;
    let buyer = app.user(Uuid::now_v7());
    let no_int = [
        json!(0.5),
        json!(1.000_000_1),
        json!(1e300),
        json!(2_147_483_648_i64),
        json!(-2_147_483_649_i64),
        json!(u64::MAX),
        json!("1"),
        json!(true),
        json!(null),
        json!([1, 2]),
        json!({ "value": 1 }),
    ];
    for quantity in no_int {
        let input = input_of(json!([{ "productId": lamp, "quantity": quantity }]));
        assert_eq!(codes(&buyer.run(PLACE, input).await), ["BAD_USER_INPUT"], "{quantity}");
    }
    let (bad_input, no_document) = ("BAD_USER_INPUT", "GRAPHQL_PARSE_FAILED");
    for (quantity, code) in [
        ("0.5", bad_input),
        ("1000000000.0", bad_input),
        ("2147483648", bad_input),
        ("\"1\"", bad_input),
        ("true", bad_input),
        ("null", bad_input),
        ("[1, 2]", bad_input),
        ("ONE", bad_input),
        ("99999999999999999999", no_document),
        ("1.", no_document),
    ] {
        let input = format!("{{ idempotencyKey: \"k\", lines: [{{ productId: \"{lamp}\", quantity: {quantity} }}] }}");
        let written_out = format!("mutation {{ placeOrder(input: {input}) {{ order {{ id }} }} }}");
        let answer = buyer.run(&written_out, json!({})).await;
        assert_eq!(codes(&answer), [code], "{quantity}: {answer}");
    }
    for quantity in [1_000_000_000, 2_147_483_647, -2_147_483_648_i64] {
        let payload = place(&buyer, "k", &[(&lamp, quantity)]).await;
        assert_eq!(payload["errors"][0]["path"], json!(["lines", "0", "quantity"]), "{quantity}");
    }
    nothing_was_ordered(&app).await;
}

#[tokio::test]
async fn ten_thousand_lines_are_refused_whatever_they_say() {
    let app = TestApp::start().await;
    let lamp = app.product("LAMP", "1.00", 9).await;
    let buyer = app.user(Uuid::now_v7());
    for (lines, status, code) in [(1_001, 400, "MAX_LIST"), (10_000, 413, "BODY_TOO_LARGE")] {
        let lines = lines_of(&vec![(lamp.as_str(), 1); lines]);
        let (answered, answer) = buyer.send(PLACE, input_of(lines)).await;
        assert_eq!((answered, codes(&answer)), (status, vec![code]));
    }
    let same = place(&buyer, "k", &vec![(lamp.as_str(), 1); 101]).await;
    assert_eq!(same["errors"][0]["path"], json!(["lines"]));
    nothing_was_ordered(&app).await;
}

#[tokio::test]
async fn no_client_says_what_something_costs() {
    let app = TestApp::start().await;
    let lamp = app.product("LAMP", "10.00", 9).await;
    let buyer = app.user(Uuid::now_v7());
    let cheap = json!({ "amount": "0.01", "currencyCode": "EUR" });
    for field in ["price", "unitPrice", "lineTotal", "discount", "sku", "name", "currencyCode", "unitPriceMinor"] {
        let mut line = json!({ "productId": lamp, "quantity": 1 });
        line[field] = cheap.clone();
        assert_eq!(codes(&buyer.run(PLACE, input_of(json!([line]))).await), ["BAD_USER_INPUT"], "{field}");
    }
    for field in ["total", "price", "discount", "coupon", "currencyCode", "status", "customerId", "id"] {
        let mut input = input_of(lines_of(&[(&lamp, 1)]));
        input["input"][field] = cheap.clone();
        assert_eq!(codes(&buyer.run(PLACE, input).await), ["BAD_USER_INPUT"], "{field}");
    }
    nothing_was_ordered(&app).await;
    let expecting = json!({ "idempotencyKey": "k", "lines": lines_of(&[(&lamp, 1)]), "expectedTotal": cheap });
    assert_eq!(place_with(&buyer, expecting).await["errors"][0]["total"]["amount"], "10.00");
    nothing_was_ordered(&app).await;
}

#[tokio::test]
async fn an_expected_total_is_an_exact_amount() {
    let app = TestApp::start().await;
    let (lamp, yen) = (app.product("LAMP", "10.00", 9).await, app.product_in("RUG", "100", "JPY", 9).await);
    let buyer = app.user(Uuid::now_v7());
    for (amount, currency) in [
        ("10.001", "EUR"),
        ("-10.00", "EUR"),
        ("100.5", "JPY"),
        ("1.0001", "KWD"),
        ("99999999999999999999", "EUR"),
        ("92233720368547758.08", "EUR"),
    ] {
        let input = json!({ "idempotencyKey": "k", "lines": lines_of(&[(&lamp, 1)]),
                            "expectedTotal": { "amount": amount, "currencyCode": currency } });
        let payload = place_with(&buyer, input).await;
        assert_eq!(payload["errors"][0]["path"], json!(["expectedTotal", "amount"]), "{amount} {currency}");
    }
    for (amount, currency) in [
        (json!("1e1"), "EUR"),
        (json!("NaN"), "EUR"),
        (json!(""), "EUR"),
        (json!(10), "EUR"),
        (json!(10.0), "EUR"),
        (json!("10.00"), "XXX"),
        (json!("10.00"), "eur"),
    ] {
        let mut input = input_of(lines_of(&[(&lamp, 1)]));
        input["input"]["expectedTotal"] = json!({ "amount": amount, "currencyCode": currency });
        assert_eq!(codes(&buyer.run(PLACE, input).await), ["BAD_USER_INPUT"], "{amount} {currency}");
    }
    let hundredfold = json!({ "idempotencyKey": "k", "lines": lines_of(&[(&yen, 1)]),
                              "expectedTotal": { "amount": "10000", "currencyCode": "JPY" } });
    let refused = place_with(&buyer, hundredfold).await;
    assert_eq!(refused["errors"][0]["total"], json!({ "amount": "100", "currencyCode": "JPY" }));
    nothing_was_ordered(&app).await;
}

#[tokio::test]
async fn a_total_that_cannot_be_counted_is_refused() {
    let app = TestApp::start().await;
    let dear = app.product("DEAR", "92233720368547758.07", 9).await;
    let penny = app.product("PENNY", "0.01", 9).await;
    let buyer = app.user(Uuid::now_v7());
    let too_large = json!({ "__typename": "InvalidInputError", "code": "INVALID_INPUT", "path": ["lines"] });
    for lines in [&[(dear.as_str(), 2)][..], &[(dear.as_str(), 1), (penny.as_str(), 1)]] {
        let payload = place(&buyer, "k", lines).await;
        assert_eq!(payload, json!({ "order": null, "errors": [too_large] }), "{lines:?}");
    }
    nothing_was_ordered(&app).await;
    let one = place(&buyer, "k", &[(&dear, 1)]).await;
    assert_eq!(one["order"]["total"]["amount"], "92233720368547758.07");
    assert_eq!(one["order"]["lines"][0]["lineTotal"]["amount"], "92233720368547758.07");
}

#[tokio::test]
async fn what_was_ordered_stays_as_it_was_while_the_catalogue_moves_on() {
    let app = TestApp::with(|settings| settings.answer_within = std::time::Duration::ZERO).await;
    let lamp = app.product("LAMP", "10.00", 9).await;
    let customer = Uuid::now_v7();
    let buyer = app.user(customer);
    app.wire.cut();
    let pending = place(&buyer, "k", &[(&lamp, 3)]).await;
    assert_eq!(pending["order"]["status"], "PENDING");
    app.reprice(&lamp, "0.01").await;
    app.rename(&lamp, "A cheaper lamp").await;
    app.archive(&lamp).await;
    app.wire.mend();
    let order = app.until(&id_of(&pending), "COMPLETED").await;
    assert_eq!((&order["total"], &order["lines"]), (&pending["order"]["total"], &pending["order"]["lines"]));
    assert_eq!(order["total"]["amount"], "30.00");
    let gone = place(&buyer, "another", &[(&lamp, 1)]).await;
    assert_eq!(gone["errors"][0]["code"], "PRODUCT_ARCHIVED", "it was for sale when the customer looked");
}

/// What is in the shop, and what one customer wants of it, with duplicates.
#[derive(Clone, Debug)]
struct Visit {
    currency: &'static str,
    prices: Vec<i64>,
    lines: Vec<(usize, i64)>,
    /// How far the total that the customer expects is from the true one; `None` when they expect nothing.
    beside: Option<i64>,
    later: i64,
}

fn visit() -> impl Strategy<Value = Visit> {
    let price = || prop_oneof![6 => 0..100_000_i64, 1 => i64::MAX / 2_000..=i64::MAX / 500];
    let beside = prop_oneof![2 => Just(None), 3 => Just(Some(0)), 2 => (-2..=2_i64).prop_map(Some)];
    let currency = prop::sample::select(vec!["EUR", "JPY", "KWD"]);
    (currency, vec(price(), 1..4), vec((0..4_usize, 1..=600_i64), 1..8), beside, price()).prop_map(
        |(currency, prices, lines, beside, later)| {
            let lines = lines.into_iter().map(|(product, units)| (product % prices.len(), units)).collect();
            Visit { currency, prices, lines, beside, later }
        },
    )
}

fn decimal(minor: i128, currency: &str) -> String {
    match currency {
        "JPY" => minor.to_string(),
        "KWD" => format!("{}.{:03}", minor / 1_000, minor % 1_000),
        _ => format!("{}.{:02}", minor / 100, minor % 100),
    }
}

impl Visit {
    fn units(&self) -> BTreeMap<usize, i128> {
        let mut units = BTreeMap::new();
        self.lines.iter().for_each(|(product, quantity)| *units.entry(*product).or_default() += i128::from(*quantity));
        units
    }

    fn total(&self) -> i128 {
        self.units().iter().map(|(product, units)| i128::from(self.prices[*product]) * units).sum()
    }

    fn expected(&self) -> Option<i128> {
        self.beside.map(|beside| (self.total() + i128::from(beside)).max(0))
    }

    /// The code of the answer's only kind of error, if there is one.
    fn outcome(&self) -> Option<&'static str> {
        let countable = |minor: i128| minor <= i64::MAX.into();
        let cost = |(product, units): (&usize, &i128)| i128::from(self.prices[*product]) * units;
        let too_many = self.units().values().any(|units| *units > 1_000);
        let unreadable = self.expected().is_some_and(|total| !countable(total));
        let too_dear = !countable(self.total()) || self.units().iter().map(cost).any(|cost| !countable(cost));
        if too_many || unreadable || too_dear {
            return Some("INVALID_INPUT");
        }
        self.expected().filter(|expected| *expected != self.total()).map(|_| "PRICE_CHANGED")
    }
}

async fn pay_a_visit(app: &TestApp, buyer: &Client, visit: &Visit) {
    let mut products = Vec::new();
    for price in &visit.prices {
        let sku = Uuid::now_v7().simple().to_string();
        products.push(app.product_in(&sku, &decimal((*price).into(), visit.currency), visit.currency, 1_000_000).await);
    }
    let lines: Vec<(&str, i64)> = visit.lines.iter().map(|(at, units)| (products[*at].as_str(), *units)).collect();
    let expected = visit.expected().map(|minor| money(minor, visit));
    let input = json!({ "idempotencyKey": Uuid::now_v7(), "lines": lines_of(&lines), "expectedTotal": expected });
    let payload = place_with(buyer, input).await;
    let codes: Vec<_> = payload["errors"].as_array().unwrap().iter().map(|error| error["code"].as_str()).collect();
    assert!(codes.iter().all(|code| *code == visit.outcome()), "{visit:?}: {payload}");
    if let Some(code) = visit.outcome() {
        assert_eq!((codes.is_empty(), &payload["order"]), (false, &Value::Null), "{visit:?}");
        if code == "PRICE_CHANGED" {
            assert_eq!(payload["errors"][0]["total"], money(visit.total(), visit), "{visit:?}");
        }
        return;
    }
    assert_eq!(payload["order"]["total"], money(visit.total(), visit), "{visit:?}: {payload}");
    let shown = payload["order"]["lines"].as_array().unwrap();
    assert_eq!(shown.len(), visit.units().len(), "{visit:?}");
    for line in shown {
        let at = products.iter().position(|id| line["product"]["id"] == **id).unwrap();
        let (price, units) = (i128::from(visit.prices[at]), visit.units()[&at]);
        assert_eq!(i128::from(line["quantity"].as_i64().unwrap()), units, "{visit:?}");
        assert_eq!(line["unitPrice"]["amount"], decimal(price, visit.currency), "{visit:?}");
        assert_eq!(line["lineTotal"]["amount"], decimal(price * units, visit.currency), "{visit:?}");
    }
    app.reprice_in(&products[0], &decimal(visit.later.into(), visit.currency), visit.currency).await;
    let query = format!("query($id: ID!) {{ order(id: $id) {{ {ORDER} }} }}");
    let later = buyer.data(&query, json!({ "id": id_of(&payload) })).await["order"].take();
    assert_eq!((&later["total"], &later["lines"]), (&payload["order"]["total"], &payload["order"]["lines"]));
}

fn money(minor: i128, visit: &Visit) -> Value {
    json!({ "amount": decimal(minor, visit.currency), "currencyCode": visit.currency })
}

#[test]
fn an_order_costs_what_the_catalogue_says_to_the_last_coin_or_is_not_made() {
    let runtime = Runtime::new().unwrap();
    let app = runtime.block_on(TestApp::start());
    let buyer = app.holder(Uuid::now_v7(), CUSTOMER);
    let mut runner =
        TestRunner::new(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() });
    let outcome = runner.run(&visit(), |visit| {
        runtime.block_on(pay_a_visit(&app, &buyer, &visit));
        Ok(())
    });
    outcome.unwrap();
    runtime.block_on(invariants::check(&app));
}
