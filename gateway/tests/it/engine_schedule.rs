//! When a step is begun: as soon as what it needs is there, however slow the others are.

use std::time::{Duration, Instant};

use gateway::pipeline::Gateway;
use serde_json::json;

use crate::engine::{Subgraph, ask, gateway};

const SLOW: Duration = Duration::from_millis(500);
/// Far less than what a wait for the slow subgraph would come to, and far more than a busy machine needs.
const MARGIN: Duration = Duration::from_millis(100);

struct Shop {
    products: Subgraph,
    stock: Subgraph,
    gateway: Gateway,
    _prices: Subgraph,
}

/// `prices` answers late; `stock` looks up products, and what `prices` knows.
async fn shop() -> Shop {
    let product = |id: &str| json!({ "__typename": "Product", "id": id });
    let products = Subgraph::new(
        "products",
        r#"type Query { products: [Product!]! } type Product @key(fields: "id") { id: ID! }"#,
        json!({ "Query": { "products": [product("a"), product("b")] } }),
    );
    let prices = Subgraph::pausing(
        "prices",
        r#"type Query { dear: Product } type Product @key(fields: "id") { id: ID! price: Int }"#,
        json!({
            "Query": { "dear": product("d") },
            "entities": [{ "__typename": "Product", "id": "a", "price": 1 }, { "__typename": "Product", "id": "b", "price": 2 }]
        }),
        |_| tokio::time::sleep(SLOW),
    );
    let entity = |id: &str, stock: u32| json!({ "__typename": "Product", "id": id, "stock": stock, "shelf": "s" });
    let stock = Subgraph::new(
        "stock",
        r#"type Product @key(fields: "id") {
            id: ID! price: Int @external stock: Int shelf: String worth: Int @requires(fields: "price")
        }"#,
        json!({ "entities": [entity("a", 1), entity("b", 2), entity("d", 3)] }),
    );
    let (products, prices, stock) = (products.await, prices.await, stock.await);
    let gateway = gateway(&[&products, &prices, &stock]);
    Shop { products, stock, gateway, _prices: prices }
}

impl Shop {
    /// How long after the answer of `products` each request to `stock` came in.
    async fn waits(&self, query: &str) -> Vec<Duration> {
        self.stock.forget_requests();
        self.products.forget_requests();
        let begun = Instant::now();
        let response = ask(&self.gateway, query).await;
        assert!(response["errors"].is_null(), "{response}");
        assert!(begun.elapsed() >= SLOW, "nothing was slow");
        let known = self.products.request().at;
        self.stock.requests().iter().map(|request| request.at.duration_since(known)).collect()
    }
}

#[tokio::test]
async fn who_does_not_need_the_slow_one_does_not_wait_for_it() {
    let shop = shop().await;
    // The second time the gateway knows how long everybody takes.
    for _ in 0..2 {
        for query in ["{ products { price stock } }", "{ dear { price } products { stock } }"] {
            let waits = shop.waits(query).await;
            assert_eq!(waits.len(), 1, "{query}");
            assert!(waits[0] < MARGIN, "{query} {waits:?}");
        }
    }
}

#[tokio::test]
async fn nor_for_another_step_to_its_subgraph_that_does() {
    let shop = shop().await;
    for query in ["{ products { stock } dear { stock } }", "{ products { stock } dear { shelf } }"] {
        for _ in 0..2 {
            let waits = shop.waits(query).await;
            assert_eq!(waits.len(), 2, "{query}");
            assert!(waits[0] < MARGIN, "{query} {waits:?}");
            assert!(waits[1] >= SLOW - MARGIN, "{query} {waits:?}");
        }
    }
}
