//! Against a subgraph of async-graphql as it comes: how it fails is what the gateway has to put up with.

use async_graphql::{
    ComplexObject, EmptyMutation, EmptySubscription, Object, ObjectType, Request, SDLExportOptions, Schema,
    SimpleObject, Variables,
};
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::engine::{Subgraph, ask, ask_with, gateway};

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
    serving("inventory", Query).await
}

async fn serving<Q: ObjectType + 'static>(name: &'static str, query: Q) -> Subgraph {
    let schema = Schema::build(query, EmptyMutation, EmptySubscription).enable_federation().finish();
    let sdl = schema.sdl_with_options(SDLExportOptions::new().federation());
    Subgraph::resolving(name, sdl, move |request: Value| {
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

struct Prices;

#[derive(SimpleObject)]
#[graphql(name = "Product", complex)]
struct Priced {
    id: String,
}

#[ComplexObject]
impl Priced {
    async fn price(&self, r#in: String) -> String {
        format!("{} {in}", self.id)
    }
}

#[Object]
impl Prices {
    async fn currency(&self) -> &'static str {
        "EUR"
    }

    #[graphql(entity)]
    async fn product(&self, id: String) -> Priced {
        Priced { id }
    }
}

#[tokio::test]
async fn one_field_of_a_reference_with_different_arguments_is_two_values() {
    let products = Subgraph::new(
        "products",
        r#"type Query { cheap: [Product] dear: [Product] } type Product @key(fields: "id") { id: String! @shareable }"#,
        json!({ "Query": {
            "cheap": [{ "__typename": "Product", "id": "a" }],
            "dear": [{ "__typename": "Product", "id": "a" }, { "__typename": "Product", "id": "b" }]
        } }),
    )
    .await;
    let prices = serving("prices", Prices).await;
    let gateway = gateway(&[&products, &prices]);
    let query = r#"query($c: String!) {
        cheap { price(in: "EUR") other: price(in: "USD") third: price(in: $c) }
        dear { price(in: "USD") other: price(in: "EUR") }
    }"#;
    assert_eq!(
        ask_with(&gateway, query, json!({ "c": "GBP" })).await,
        json!({ "data": {
            "cheap": [{ "price": "a EUR", "other": "a USD", "third": "a GBP" }],
            "dear": [{ "price": "a USD", "other": "a EUR" }, { "price": "b USD", "other": "b EUR" }]
        } })
    );
}
