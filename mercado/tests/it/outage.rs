use client::{BreakerSettings, BreakerState};
use serde_json::{Value, json};
use service::shutdown::Shutdown;

use crate::app::TestMarket;

const BROWSE: &str = "{ products(first: 5) { nodes { name stock { available } } } }";

#[tokio::test]
async fn without_inventory_products_are_shown_without_stock_until_it_is_back() {
    let mut app = TestMarket::open().await;
    let settings = app.market.inventory_settings();
    let visitor = app.visitor();
    let inventory = app.market.gateway.gateway.client("inventory").unwrap().clone();
    assert_eq!(visitor.run(BROWSE, json!({})).await.get("errors"), None);

    app.market.inventory.stop().await;
    // The breaker opens after the last of these at the latest; before and after, the answer is the same.
    for _ in 0..=BreakerSettings::default().min_calls {
        assert_stockless(&visitor.run(BROWSE, json!({})).await);
    }
    assert_eq!(inventory.stats().queries.state, BreakerState::Open);
    let attempts = inventory.stats().attempts;
    assert_stockless(&visitor.run(BROWSE, json!({})).await);
    assert_eq!(inventory.stats().attempts, attempts, "an open breaker sends nothing");

    app.market.inventory = subgraph::boot::start(settings, Shutdown::new()).await.unwrap();
    while inventory.stats().queries.state != BreakerState::Closed {
        visitor.run(BROWSE, json!({})).await;
    }
    assert_eq!(visitor.run(BROWSE, json!({})).await.get("errors"), None);
}

fn assert_stockless(answer: &Value) {
    let nodes = answer["data"]["products"]["nodes"].as_array().unwrap_or_else(|| panic!("{answer:#}"));
    assert_eq!(nodes.len(), 5);
    for product in nodes {
        assert!(product["name"].is_string() && product["stock"].is_null(), "{product}");
    }
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{answer:#}");
    assert_eq!(errors[0]["extensions"]["code"], "SUBGRAPH_UNAVAILABLE");
    assert_eq!(errors[0]["extensions"]["service"], "inventory");
}
