//! Events of a subscription: each is executed to its end and projected like a query.

use std::convert::Infallible;
use std::slice;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use gateway::pipeline::{Answer, Caller, Event, Gateway, Reply, StatusKind};
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::engine::{Subgraph, anonymous, ask, body, request, settings, signed_in, supergraph};
use crate::subscriptions::{Feed, Opening, PRODUCTS, event, products, soon, stock};

async fn graph() -> (Feed, Subgraph, Arc<Gateway>) {
    let (feed, products) = (Feed::start().await, products().await);
    let gateway = gateway(&feed, &products);
    (feed, products, gateway)
}

fn gateway(feed: &Feed, products: &Subgraph) -> Arc<Gateway> {
    Arc::new(Gateway::new(supergraph(&[&feed.subgraph, products]), settings()).unwrap())
}

async fn reply(gateway: &Gateway, document: &str, caller: Caller) -> Reply {
    let read = || Ok::<_, Infallible>(request(document, Value::Null));
    gateway.reply(&Bytes::copy_from_slice(document.as_bytes()), caller, read).await.unwrap()
}

async fn subscribe(gateway: &Arc<Gateway>, document: &str, caller: Caller) -> BoxStream<'static, Event> {
    match reply(gateway, document, caller).await {
        Reply::Stream(subscription) => subscription.events(),
        Reply::Once(answer) => panic!("{answer:?}"),
    }
}

async fn refused(gateway: &Arc<Gateway>, document: &str, caller: Caller) -> Answer {
    match reply(gateway, document, caller).await {
        Reply::Once(answer) => answer,
        Reply::Stream(_) => panic!("{document} is served"),
    }
}

/// The next execution result; a fault is its list of errors.
async fn next(events: &mut BoxStream<'static, Event>) -> Value {
    let (Event::Next(json) | Event::Fault(json)) = soon(events.next()).await.unwrap();
    serde_json::from_slice(&json).unwrap()
}

/// Sends the first events, for whose result the subgraph is asked, and gives the first result.
async fn first(feed: &Feed, events: &mut BoxStream<'static, Event>, sent: &[Value]) -> (Opening, Value) {
    let sending = async {
        let opening = feed.opened().await;
        for event in sent {
            opening.send(event).await;
        }
        opening
    };
    tokio::join!(sending, next(events))
}

#[tokio::test]
async fn each_event_is_completed_by_other_subgraphs_in_one_request() {
    let (feed, products, gateway) = graph().await;
    let mut caller = anonymous();
    caller.authorization = Some(HeaderValue::from_static("Bearer abc"));
    let mut events = subscribe(&gateway, "subscription { all: stocks { left product { name } } }", caller).await;
    let three = json!({ "data": { "_m0": [stock(3, "p1"), stock(2, "p2"), stock(1, "p1")] } });
    let (opening, result) = first(&feed, &mut events, slice::from_ref(&three)).await;

    let (tea, cup) = (json!({ "name": "Tea" }), json!({ "name": "Cup" }));
    let line = |left: i32, product: &Value| json!({ "left": left, "product": product });
    assert_eq!(result, json!({ "data": { "all": [line(3, &tea), line(2, &cup), line(1, &tea)] } }));
    assert_eq!(products.request().representations().len(), 2);

    assert_eq!(opening.body["query"], "subscription{_m0: stocks{left product{__typename id}}}");
    assert_eq!(opening.headers["accept"], "text/event-stream");
    assert_eq!(opening.headers["authorization"], "Bearer abc");
    assert!(!opening.headers.contains_key("x-deadline-ms"), "a stream has no deadline");
    assert_eq!(products.request().headers["authorization"], "Bearer abc");
    assert!(products.request().headers.contains_key("x-deadline-ms"), "an event has one");

    opening.send(&json!({ "data": { "_m0": [] } })).await;
    assert_eq!(next(&mut events).await, json!({ "data": { "all": [] } }));
    opening.complete().await;
    assert_eq!(soon(events.next()).await, None);
}

#[tokio::test]
async fn a_null_that_bubbles_and_an_error_are_of_their_event_only() {
    let (feed, _products, gateway) = graph().await;
    let document = "subscription { stock { left product { price } } }";
    let mut events = subscribe(&gateway, document, anonymous()).await;
    let (opening, result) = first(&feed, &mut events, &[event(1, "p2")]).await;
    assert_eq!(result["data"], json!({ "stock": { "left": 1, "product": null } }));
    assert_eq!(result["errors"][0]["path"], json!(["stock", "product", "price"]), "{result}");

    opening.stock(2, "p1").await;
    assert_eq!(next(&mut events).await, json!({ "data": { "stock": { "left": 2, "product": { "price": 5 } } } }));

    let error = json!({ "message": "no such stock", "path": ["stock"], "extensions": { "code": "NOT_FOUND" } });
    opening.send(&json!({ "data": null, "errors": [error] })).await;
    let extensions = json!({ "code": "NOT_FOUND", "service": "feed" });
    let error = json!({ "message": "no such stock", "path": ["stock"], "extensions": extensions });
    assert_eq!(next(&mut events).await, json!({ "data": null, "errors": [error] }));

    opening.write("event: next\ndata: <html>\n\n".to_owned()).await.unwrap();
    let result = next(&mut events).await;
    assert_eq!(result["errors"][0]["extensions"]["code"], "SUBGRAPH_UNAVAILABLE", "{result}");

    opening.stock(3, "p1").await;
    assert_eq!(next(&mut events).await["data"]["stock"]["left"], 3);
}

#[tokio::test]
async fn events_are_executed_together_and_arrive_in_their_order() {
    let feed = Feed::start().await;
    let second = Arc::new(Semaphore::new(0));
    let answer = move |request: Value| {
        let second = second.clone();
        async move {
            let id = request["variables"]["representations"][0]["id"].clone();
            // The first event's look-up is answered once the second event's has come.
            match id.as_str() {
                Some("p1") => second.acquire().await.unwrap().forget(),
                _ => second.add_permits(1),
            }
            let product = json!({ "__typename": "Product", "name": id });
            (StatusCode::OK, json!({ "data": { "_entities": [product] } }).to_string())
        }
    };
    let link = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key"])"#;
    let products = Subgraph::resolving("products", format!("{link}{PRODUCTS}"), answer).await;
    let gateway = gateway(&feed, &products);
    let mut events = subscribe(&gateway, "subscription { stock { product { name } } }", anonymous()).await;
    let (_opening, result) = first(&feed, &mut events, &[event(2, "p1"), event(1, "p2")]).await;
    assert_eq!(result["data"]["stock"]["product"]["name"], "p1");
    assert_eq!(next(&mut events).await["data"]["stock"]["product"]["name"], "p2");
}

#[tokio::test]
async fn a_subgraph_that_completes_events_no_more_costs_its_fields() {
    let feed = Feed::start().await;
    let products = Subgraph::down("products", PRODUCTS).await;
    let gateway = gateway(&feed, &products);
    let mut events = subscribe(&gateway, "subscription { stock { left product { name } } }", anonymous()).await;
    let (_opening, result) = first(&feed, &mut events, &[event(1, "p1")]).await;
    assert_eq!(result["data"], json!({ "stock": { "left": 1, "product": { "name": null } } }));
    let extensions = json!({ "code": "SUBGRAPH_UNAVAILABLE", "service": "products" });
    assert_eq!(result["errors"][0]["extensions"], extensions, "{result}");
}

#[tokio::test]
async fn a_stream_that_breaks_or_does_not_open_ends_with_one_fault() {
    let (feed, products, gateway) = graph().await;
    let fault = json!([{
        "message": "The service is unavailable.",
        "extensions": { "code": "SUBGRAPH_UNAVAILABLE", "service": "feed" }
    }]);
    let mut events = subscribe(&gateway, "subscription { stock { left } }", anonymous()).await;
    let (opening, _) = first(&feed, &mut events, &[event(1, "p1")]).await;
    drop(opening);
    assert_eq!(next(&mut events).await, fault);
    assert_eq!(soon(events.next()).await, None);

    let sdl = "type Query { feed: String } type Subscription { stock: Stock! } type Stock { left: Int! }";
    let down = Subgraph::down("feed", sdl).await;
    let gateway = Arc::new(Gateway::new(supergraph(&[&down, &products]), settings()).unwrap());
    let mut events = subscribe(&gateway, "subscription { stock { left } }", anonymous()).await;
    assert_eq!(next(&mut events).await, fault);
    assert_eq!(soon(events.next()).await, None);
}

#[tokio::test]
async fn a_subgraph_that_refuses_a_subscription_is_heard() {
    let sdl = "type Query { feed: String } type Subscription { stock: Stock! } type Stock { left: Int! }";
    let refusal = json!({ "errors": [{ "message": "not today", "extensions": { "code": "RATE_LIMITED" } }] });
    let feed = Subgraph::scripted("feed", sdl, move |_| (StatusCode::OK, refusal.to_string())).await;
    let gateway = Arc::new(Gateway::new(supergraph(&[&feed]), settings()).unwrap());
    let mut events = subscribe(&gateway, "subscription { stock { left } }", anonymous()).await;
    let error = json!({ "message": "not today", "extensions": { "code": "RATE_LIMITED", "service": "feed" } });
    assert_eq!(next(&mut events).await, json!({ "data": null, "errors": [error] }));
    assert_eq!(soon(events.next()).await, None);
}

#[tokio::test]
async fn what_a_query_is_refused_for_refuses_a_subscription_before_it_is_opened() {
    let (feed, _products, gateway) = graph().await;
    let cases = [
        ("subscription { stock { left } audit { left } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { stock { nothing } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { __typename }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { kind: __typename }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { stock { left } @skip(if: true) }", "GRAPHQL_PARSE_FAILED"),
        ("subscription { stock @skip(if: true) { left } }", "GRAPHQL_VALIDATION_FAILED"),
    ];
    for (document, code) in cases {
        let answer = refused(&gateway, document, anonymous()).await;
        assert_eq!(body(&answer)["errors"][0]["extensions"]["code"], code, "{document}");
    }
    let deep = format!("subscription {{ stock {}{} }}", "{ product ".repeat(20), "}".repeat(20));
    assert_eq!(refused(&gateway, &deep, anonymous()).await.status, StatusKind::LimitExceeded);
    let get = Caller { allow_mutation: false, ..anonymous() };
    let answer = refused(&gateway, "subscription { stock { left } }", get).await;
    assert_eq!(answer.status, StatusKind::MethodNotAllowed);
    assert!(feed.is_unopened().await);
}

#[tokio::test]
async fn a_subscription_that_the_caller_may_not_have_is_not_opened() {
    let (feed, _products, gateway) = graph().await;
    for (caller, code) in [(anonymous(), "UNAUTHENTICATED"), (signed_in(&["user"]), "FORBIDDEN")] {
        let answer = refused(&gateway, "subscription { seen: audit { left } }", caller).await;
        assert_eq!(answer.status, StatusKind::Ok);
        let body = body(&answer);
        assert_eq!((&body["data"], &body["errors"][0]["path"]), (&Value::Null, &json!(["seen"])));
        assert_eq!(body["errors"][0]["extensions"]["code"], code);
    }
    assert!(feed.is_unopened().await);

    let mut events = subscribe(&gateway, "subscription { audit { left } }", signed_in(&["stock:read"])).await;
    let event = json!({ "data": { "audit": { "left": 4 } } });
    let (_opening, result) = first(&feed, &mut events, slice::from_ref(&event)).await;
    assert_eq!(result, event);
}

#[tokio::test]
async fn introspection_and_plans_tell_of_subscriptions() {
    let (_feed, _products, gateway) = graph().await;
    assert_eq!(
        ask(&gateway, "{ __schema { subscriptionType { name fields { name } } } }").await["data"]["__schema"],
        json!({ "subscriptionType": {
            "name": "Subscription", "fields": [{ "name": "stock" }, { "name": "stocks" }, { "name": "audit" }]
        } })
    );
    let plan = gateway.plan_text("subscription { stock { product { name } } }", None).await.unwrap();
    assert!(plan.starts_with("1. feed\n   subscription{stock{product{"), "{plan}");
    assert!(plan.contains("2. products at stock.product, after 1"), "{plan}");
}
