//! Against a subgraph of async-graphql as it comes: how it fails is what the gateway has to put up with.

use async_graphql::{
    EmptyMutation, EmptySubscription, Object, Request, SDLExportOptions, Schema, SimpleObject, Variables,
};
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::engine::{Subgraph, ask, gateway};

struct Query;

#[derive(SimpleObject)]
struct Product {
    id: String,
    stock: Option<i32>,
}

struct Refused;

impl From<Refused> for async_graphql::Error {
    fn from(_: Refused) -> Self {
        Self::new("refused")
    }
}

#[Object]
impl Query {
    async fn warehouses(&self) -> i32 {
        3
    }

    #[graphql(entity)]
    async fn product(&self, id: String) -> Result<Option<Product>, Refused> {
        match id.as_str() {
            "poison" => Err(Refused),
            "gone" => Ok(None),
            _ => Ok(Some(Product { id, stock: Some(1) })),
        }
    }
}

async fn inventory() -> Subgraph {
    let schema = Schema::build(Query, EmptyMutation, EmptySubscription).enable_federation().finish();
    let sdl = schema.sdl_with_options(SDLExportOptions::new().federation());
    Subgraph::resolving("inventory", sdl, move |request: Value| {
        let schema = schema.clone();
        async move {
            let variables = Variables::from_json(request["variables"].clone());
            let request = Request::new(request["query"].as_str().unwrap()).variables(variables);
            (StatusCode::OK, serde_json::to_string(&schema.execute(request).await).unwrap())
        }
    })
    .await
}

async fn catalogue(ids: &[&str]) -> Subgraph {
    let products: Vec<Value> = ids.iter().map(|id| json!({ "__typename": "Product", "id": id })).collect();
    Subgraph::new(
        "products",
        r#"type Query { products: [Product] } type Product @key(fields: "id") { id: String! @shareable }"#,
        json!({ "Query": { "products": products } }),
    )
    .await
}

#[tokio::test]
async fn a_resolver_error_for_one_reference_costs_only_that_one() {
    let products = catalogue(&["a", "gone", "b", "poison", "c", "d"]).await;
    let inventory = inventory().await;
    let gateway = gateway(&[&products, &inventory]);
    assert_eq!(
        ask(&gateway, "{ products { id stock } warehouses }").await,
        json!({
            "data": {
                "products": [
                    { "id": "a", "stock": 1 },
                    { "id": "gone", "stock": null },
                    { "id": "b", "stock": 1 },
                    { "id": "poison", "stock": null },
                    { "id": "c", "stock": 1 },
                    { "id": "d", "stock": 1 }
                ],
                "warehouses": 3
            },
            "errors": [{
                "message": "refused",
                "path": ["products", 3],
                "extensions": { "code": "INTERNAL", "service": "inventory" }
            }]
        })
    );
}
