//! Subgraphs that are asked without the caller's token where everybody may see what is asked.

use futures_util::future::join_all;
use gateway::pipeline::{Caller, Gateway, GatewaySettings, HidesCallers, SubgraphSettings};
use gateway::supergraph::Supergraph;
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::engine::{Received, Subgraph, answer, body, settings, signed_in, supergraph};

const SDL: &str = r#"
    type Query {
        open: Thing
        mine: Thing @authenticated
        named: [Named]
        either: [Either]
        sealed: Sealed
    }
    type Mutation { change: Int }
    interface Named { name: String }
    union Either = Open | Sealed
    type Open implements Named { name: String plain: Int }
    type Secret implements Named { name: String @authenticated }
    type Sealed @requiresScopes(scopes: [["seal"]]) { name: String }
    type Thing @key(fields: "id") { id: ID! size: Int secret: Int @requiresScopes(scopes: [["seal"]]) kind: Kind inner: Inner }
    type Inner { deep: Int @authenticated shallow: Int }
    enum Kind @authenticated { A B }
"#;

fn hiding() -> GatewaySettings {
    let mut settings = settings();
    settings
        .subgraphs
        .insert("things".to_owned(), SubgraphSettings { hides_callers: HidesCallers::Always, ..Default::default() });
    settings
}

fn caller(token: &str) -> Caller {
    let authorization = Some(HeaderValue::from_str(&format!("Bearer {token}")).unwrap());
    Caller { authorization, ..signed_in(&["seal"]) }
}

async fn things(settings: GatewaySettings) -> (Subgraph, Gateway) {
    let things = Subgraph::scripted("things", SDL, |_| {
        let open = json!({ "__typename": "Open", "name": "o", "plain": 1 });
        let thing = json!({
            "__typename": "Thing", "id": "1", "size": 1, "secret": 2, "kind": "A", "inner": { "deep": 1, "shallow": 2 }
        });
        let data = json!({
            "open": thing, "mine": thing, "named": [open], "either": [open], "change": 1, "sealed": { "name": "s" }
        });
        (StatusCode::OK, json!({ "data": data }).to_string())
    })
    .await;
    let gateway = Gateway::new(supergraph(&[&things]), settings).unwrap();
    (things, gateway)
}

fn token(request: &Received) -> Option<&str> {
    request.headers.get("authorization").map(|value| value.to_str().unwrap())
}

/// The tokens with which the subgraph was asked the operation.
async fn tokens(query: &str) -> Vec<Option<String>> {
    let (things, gateway) = things(hiding()).await;
    let response = body(&answer(&gateway, query, caller("a")).await);
    assert!(response["errors"].is_null(), "{response}");
    things.requests().iter().map(|request| token(request).map(str::to_owned)).collect()
}

#[tokio::test]
async fn what_needs_no_scope_is_asked_without_a_token() {
    for query in [
        "{ open { id size inner { shallow } } }",
        "{ named { ... on Open { name plain } } }",
        "{ either { ... on Open { name } } }",
    ] {
        assert_eq!(tokens(query).await, [None], "{query}");
    }
}

#[tokio::test]
async fn what_anybody_might_be_denied_is_asked_with_the_callers_token() {
    for query in [
        "{ mine { id } }",
        "{ open { id secret } }",
        "{ open { inner { deep } } }",
        "{ open { kind } }",
        "{ sealed { name } }",
        "{ sealed { __typename } }",
        "{ named { ... on Secret { name } } }",
        "{ either { ... on Sealed { name } } }",
        // Through the interface, of which only some objects protect it.
        "{ named { name } }",
        "{ open { id } mine { size } }",
    ] {
        assert_eq!(tokens(query).await, [Some("Bearer a".to_owned())], "{query}");
    }
}

/// Composition before Federation 2.12 leaves the directives of the objects to the gateway.
#[tokio::test]
async fn an_interface_without_directives_hides_nobody_who_asks_what_its_objects_protect() {
    let (things, _) = things(settings()).await;
    let sdl = supergraph(&[&things]).sdl().to_owned();
    let (before, interface) = sdl.split_once("interface Named").unwrap();
    let bare = Supergraph::from_sdl(&format!("{before}interface Named{}", interface.replacen("@authenticated", "", 1)));
    let gateway = Gateway::new(bare.unwrap(), hiding()).unwrap();
    for query in ["{ named { name } }", "{ named { ... on Secret { name } } }"] {
        things.forget_requests();
        answer(&gateway, query, caller("a")).await;
        assert_eq!(token(&things.request()), Some("Bearer a"), "{query}");
    }
    things.forget_requests();
    answer(&gateway, "{ named { ... on Open { name } } }", caller("a")).await;
    assert_eq!(token(&things.request()), None);
}

/// Who changes something is not hidden: nothing would be shared, and the subgraph may want to know.
#[tokio::test]
async fn a_mutation_is_sent_with_the_callers_token() {
    assert_eq!(tokens("mutation { change }").await, [Some("Bearer a".to_owned())]);
}

#[tokio::test]
async fn every_other_subgraph_gets_the_token() {
    let (things, gateway) = things(settings()).await;
    answer(&gateway, "{ open { id } }", caller("a")).await;
    assert_eq!(token(&things.request()), Some("Bearer a"));
}

#[tokio::test]
async fn all_callers_share_what_is_asked_without_their_tokens() {
    let (things, gateway) = things(hiding()).await;
    let query = "{ open { size } }";
    answer(&gateway, query, caller("a")).await;
    things.forget_requests();
    let mut elsewhere = caller("a");
    elsewhere.forwarded.insert("x-tenant", HeaderValue::from_static("2"));
    let callers = [caller("a"), caller("b"), caller("c"), elsewhere];
    let responses: Vec<Value> =
        join_all(callers.map(|caller| answer(&gateway, query, caller))).await.iter().map(body).collect();
    assert_eq!(responses, vec![json!({ "data": { "open": { "size": 1 } } }); 4]);
    assert_eq!(things.requests().len(), 2);
    assert!(things.requests().iter().all(|request| token(request).is_none()));
}
