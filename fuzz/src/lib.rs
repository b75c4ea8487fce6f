//! What the fuzz targets share: a gateway over a small graph that has a bit of everything, and what holds for every answer.

use std::{panic, sync::OnceLock, time::Duration};

use client::Deadline;
use gateway::{
    pipeline::{Answer, Caller, Gateway, GatewaySettings, GraphqlRequest, StatusKind},
    supergraph::{SubgraphSource, Supergraph},
};
use serde_json::Value;
use tokio::runtime::Runtime;

const LINK: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.3",
    import: ["@key", "@shareable", "@external", "@requires"])"#;

const PRODUCTS: &str = r#"
    type Query { products(first: Int = 2, filter: Filter): [Product!]! node(id: ID!): Node search(text: String!): [Result] }
    type Mutation { rename(id: ID!, name: String!): Product }
    type Subscription { renamed: Product }
    input Filter { tags: [String!] price: Range = { low: 1 } }
    input Range { low: Int high: Float }
    interface Node { id: ID! }
    union Result = Product | Maker
    enum Colour { RED GREEN }
    scalar Any
    type Product implements Node @key(fields: "id") {
        id: ID! name: String! colour: Colour weight: Float any: Any grid: [[Int!]] makers(first: Int): [Maker!]!
    }
    type Maker implements Node @key(fields: "id") { id: ID! name: String products: [Product] }
"#;

const STOCK: &str = r#"
    type Query { depot: String! }
    type Product @key(fields: "id") {
        id: ID! weight: Float @external stock: Int! fee: Int @requires(fields: "weight") rows: [Row!]
    }
    type Row { at: String! left: Int! }
"#;

/// A runtime for all the runs of one process.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
    })
}

/// A gateway whose subgraphs are both at `url`. Panics that it catches end no run, unless the answer tells of them.
pub fn gateway(url: &str) -> Gateway {
    let _ = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let source = |name: &str, sdl: &str| SubgraphSource {
        name: name.to_owned(),
        url: url.to_owned(),
        sdl: format!("{LINK}{sdl}"),
    };
    let supergraph = Supergraph::compose(&[source("products", PRODUCTS), source("stock", STOCK)]).expect("a supergraph");
    let mut settings = GatewaySettings::default();
    settings.subgraph.max_retries = 0;
    settings.subgraph.breaker.min_calls = u64::MAX;
    Gateway::new(supergraph, settings).expect("a gateway")
}

/// Answers a request, and checks what holds for every answer: it is JSON with `data` or with errors, each of which has a
/// message and a code, and nothing broke on the way.
pub fn answer(gateway: &Gateway, request: GraphqlRequest) -> Value {
    let caller = Caller::anonymous(Deadline::after(Duration::from_secs(10)));
    let query = request.query.clone();
    let Answer { status, body } = runtime().block_on(gateway.answer(request, caller));
    let fail = |why: &str| -> ! {
        eprintln!("{why}\n{query}\n{}", String::from_utf8_lossy(&body));
        std::process::abort()
    };
    let Ok(answer) = serde_json::from_slice::<Value>(&body) else { fail("the answer is no JSON") };
    let errors = answer["errors"].as_array().map_or(0, Vec::len);
    if answer.get("data").is_none() && errors == 0 {
        fail("the answer says nothing");
    }
    if answer.get("data").is_none_or(Value::is_null) && errors == 0 {
        fail("no error says why there are no data");
    }
    if status == StatusKind::Internal {
        fail("something broke");
    }
    for error in answer["errors"].as_array().into_iter().flatten() {
        if !error["message"].is_string() || !error["extensions"]["code"].is_string() {
            fail("an error lacks its message or its code");
        }
    }
    answer
}
