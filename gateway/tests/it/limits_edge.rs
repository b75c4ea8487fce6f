//! The limits hold at the edge: a stable code, status 400, and no call to any subgraph.

use reqwest::header::ACCEPT;
use serde_json::{Value, json};

use crate::http_gateway::{TestGateway, outcome};

async fn refused(gateway: &TestGateway, document: &str, expected: &str) {
    for media in ["application/json", "application/graphql-response+json"] {
        let answer = outcome(gateway.query(document).header(ACCEPT, media)).await;
        assert_eq!(answer, (400, expected.to_owned()), "{}", &document[..document.len().min(100)]);
    }
    assert_eq!(gateway.subgraph_calls(), 0);
}

#[tokio::test]
async fn t1_to_t8_bombs_are_refused_before_anything_is_planned() {
    let gateway = TestGateway::start().await;
    let deep = |levels: usize| format!("{}{{hello}}{}", "{node".repeat(levels), "}".repeat(levels));
    refused(&gateway, &deep(10), "MAX_DEPTH").await;
    refused(&gateway, &deep(20_000), "MAX_DEPTH").await;
    let level = |at: usize| format!("fragment f{at} on Query {{...f{0} ...f{0}}}", at + 1);
    let bomb: String = (0..30).map(level).collect();
    refused(&gateway, &format!("{{node{{...f0}}}} {bomb} fragment f30 on Query {{hello}}"), "MAX_SELECTIONS").await;
    let aliases: String = (0..101).map(|at| format!("a{at}: __typename ")).collect();
    refused(&gateway, &format!("{{{aliases}}}"), "MAX_ALIASES").await;
    refused(&gateway, &format!("{{hello {}}}", "@skip(if: false) ".repeat(51)), "MAX_DIRECTIVES").await;
    refused(&gateway, &format!("{{node{{{}}}}}", "hello ".repeat(8_000)), "MAX_TOKENS").await;
    refused(&gateway, &format!("{{{}}}", "hello ".repeat(21)), "MAX_ROOT_FIELDS").await;
    refused(&gateway, "{...f} fragment f on Query {...f}", "FRAGMENT_CYCLE").await;
    refused(&gateway, "{node(first: 12) {nodes {hello(first: 100)}}}", "MAX_ROWS").await;
    refused(&gateway, &format!("{{hello}} #{}", " ".repeat(16 * 1024)), "DOCUMENT_TOO_LARGE").await;
}

#[tokio::test]
async fn the_size_of_a_page_counts_where_a_variable_gives_it() {
    let gateway = TestGateway::start().await;
    let query = "query($n: Int) { node(first: $n) { nodes { hello(first: $n) } } }";
    // 34 pages of 34 rows pass the limit, and then fail for want of such fields.
    for (n, expected) in [(34, "GRAPHQL_VALIDATION_FAILED"), (35, "MAX_ROWS")] {
        let body = json!({ "query": query, "variables": { "n": n } }).to_string();
        let answer: Value = gateway.post(body).send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["errors"][0]["extensions"]["code"], expected, "{answer}");
    }
}

#[tokio::test]
async fn t4_a_credential_is_checked_once_a_request() {
    let gateway = TestGateway::with(|config| config.engine.limits.once = vec!["login".to_owned()]).await;
    refused(&gateway, "mutation { a: login b: login }", "ONCE_PER_REQUEST").await;
    assert_eq!(outcome(gateway.query("mutation { login }")).await, (200, String::new()));
}

#[tokio::test]
async fn t10_t11_refusals_teach_nothing_about_the_schema() {
    let gateway = TestGateway::start().await;
    for document in [
        "{ helo }",
        "{ hello(nam: \"x\") }",
        "{ _service { sdl } }",
        "{ _entities(representations: []) { __typename } }",
    ] {
        let body: Value = gateway.query(document).send().await.unwrap().json().await.unwrap();
        let text = body.to_string();
        assert!(!text.contains("Did you mean") && body.get("data").is_none(), "{text}");
        assert_eq!(body["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{text}");
    }
    assert_eq!(gateway.subgraph_calls(), 0);
}
