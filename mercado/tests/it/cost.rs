//! What a query costs, counted: calls to subgraphs, and SQL statements in each.

use mercado::Market;
use serde_json::{Value, json};
use testing::graphql::Client;

use crate::app::{TestMarket, place};

const NESTED: &str = "query($id: ID!) {
    order(id: $id) {
        lines { quantity product { name price { amount } stock { available } } }
        customer { name }
    }
}";

/// To and in orders, products, inventory and auth.
#[derive(Debug, PartialEq, Eq)]
struct Cost {
    calls: [u64; 4],
    statements: [u64; 4],
}

fn spent(market: &Market) -> Cost {
    let calls = ["orders", "products", "inventory", "auth"]
        .map(|name| market.gateway.gateway.client(name).unwrap().stats().attempts);
    let databases = [&market.orders, &market.products, &market.inventory, &market.auth];
    Cost { calls, statements: databases.map(|running| running.database.statements()) }
}

async fn cost(market: &Market, client: &Client, query: &str, variables: &Value) -> Cost {
    let before = spent(market);
    client.data(query, variables.clone()).await;
    let after = spent(market);
    let difference = |before: [u64; 4], after: [u64; 4]| std::array::from_fn(|i| after[i] - before[i]);
    Cost { calls: difference(before.calls, after.calls), statements: difference(before.statements, after.statements) }
}

#[tokio::test]
async fn following_an_order_costs_one_call_and_one_batch_a_service_however_many_lines_it_has() {
    let app = TestMarket::open().await;
    let shopper = app.newcomer("Ada").await;
    let products = app.products(50).await;
    for lines in [1, 50] {
        let placed = place(&shopper, &format!("{lines}-lines"), &products[..lines], 1).await;
        assert_eq!(placed["order"]["status"], "COMPLETED", "{placed}");
        let id = json!({ "id": placed["order"]["id"] });
        let data = shopper.data(NESTED, id.clone()).await;
        assert_eq!(data["order"]["lines"].as_array().unwrap().len(), lines);
        // Orders reads the order and its lines, each other service one batch of references.
        let expected = Cost { calls: [1; 4], statements: [2, 1, 1, 1] };
        assert_eq!(cost(&app.market, &shopper, NESTED, &id).await, expected, "{lines} lines");
    }
}

#[tokio::test]
async fn a_page_of_products_with_stock_costs_a_statement_in_each_of_two_services() {
    let app = TestMarket::open().await;
    let query = "{ products(first: 24) { nodes { name price { amount } stock { available } } } }";
    let expected = Cost { calls: [0, 1, 1, 0], statements: [0, 1, 1, 0] };
    assert_eq!(cost(&app.market, &app.visitor(), query, &json!({})).await, expected);
}
