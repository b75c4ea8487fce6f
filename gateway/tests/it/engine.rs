//! A gateway in front of real subgraph servers, which resolve GraphQL from the JSON that a test gives them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_graphql::Positioned;
use async_graphql::parser::types::{
    ExecutableDocument, Field, FragmentDefinition, OperationType, Selection, SelectionSet, TypeKind,
    TypeSystemDefinition,
};
use async_graphql::parser::{parse_query, parse_schema};
use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use client::Deadline;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use gateway::pipeline::{Answer, Caller, Gateway, GatewaySettings, GraphqlRequest};
use gateway::supergraph::{SubgraphSource, Supergraph};
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What every subgraph of these tests imports.
pub(crate) const LINK: &str = r#"
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: [
        "@key", "@external", "@requires", "@provides", "@shareable", "@inaccessible", "@interfaceObject",
        "@authenticated", "@requiresScopes", "@override", "@tag"
    ])
"#;

/// A running subgraph; it stops when it is dropped.
pub(crate) struct Subgraph {
    name: &'static str,
    sdl: String,
    url: String,
    requests: Arc<Mutex<Vec<Received>>>,
    server: JoinHandle<()>,
}

/// One request as a subgraph got it.
#[derive(Clone)]
pub(crate) struct Received {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    pub(crate) at: Instant,
}

impl Received {
    pub(crate) fn query(&self) -> &str {
        self.body["query"].as_str().unwrap()
    }

    pub(crate) fn representations(&self) -> &[Value] {
        self.body["variables"]["representations"].as_array().unwrap()
    }
}

type Answering = Arc<dyn Fn(Value) -> BoxFuture<'static, (StatusCode, String)> + Send + Sync>;

#[derive(Clone)]
struct Serving {
    answer: Answering,
    requests: Arc<Mutex<Vec<Received>>>,
}

impl Subgraph {
    /// Resolves from `data`: `{ "Query": {…}, "Mutation": {…}, "entities": [{ "__typename": …, … }] }`.
    pub(crate) async fn new(name: &'static str, sdl: &str, data: Value) -> Self {
        let resolver = Resolver::new(sdl, data);
        Self::scripted(name, sdl, move |request| (StatusCode::OK, resolver.answer(request).to_string())).await
    }

    /// Like `new`, and answers each request when what the closure makes of it has ended.
    pub(crate) async fn pausing<F>(
        name: &'static str,
        sdl: &str,
        data: Value,
        pause: impl Fn(Value) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let resolver = Arc::new(Resolver::new(sdl, data));
        Self::resolving(name, format!("{LINK}{sdl}"), move |request| {
            let (resolver, paused) = (Arc::clone(&resolver), pause(request.clone()));
            async move {
                paused.await;
                (StatusCode::OK, resolver.answer(&request).to_string())
            }
        })
        .await
    }

    /// Answers what the closure makes of a request body, well-formed or not.
    pub(crate) async fn scripted(
        name: &'static str,
        sdl: &str,
        answer: impl Fn(&Value) -> (StatusCode, String) + Send + Sync + 'static,
    ) -> Self {
        let sdl = format!("{LINK}{sdl}");
        let answer = Arc::new(answer);
        Self::resolving(name, sdl, move |request| {
            let answer = Arc::clone(&answer);
            async move { answer(&request) }
        })
        .await
    }

    /// Like `scripted`, of a complete federated schema and by a future.
    pub(crate) async fn resolving<F>(
        name: &'static str,
        sdl: String,
        answer: impl Fn(Value) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = (StatusCode, String)> + Send + 'static,
    {
        let requests = Arc::default();
        let answer: Answering = Arc::new(move |request| answer(request).boxed());
        let serving = Serving { answer, requests: Arc::clone(&requests) };
        let router = Router::new().route("/graphql", post(serve)).with_state(serving);
        Self::listening(name, sdl, router, requests).await
    }

    /// Answers what the router answers at `/graphql`; requests are not recorded.
    pub(crate) async fn routed(name: &'static str, sdl: &str, router: Router) -> Self {
        Self::listening(name, format!("{LINK}{sdl}"), router, Arc::default()).await
    }

    async fn listening(name: &'static str, sdl: String, router: Router, requests: Arc<Mutex<Vec<Received>>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/graphql", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { name, sdl, url, requests, server }
    }

    /// A subgraph at whose address nobody listens.
    pub(crate) async fn down(name: &'static str, sdl: &str) -> Self {
        let subgraph = Self::scripted(name, sdl, |_| (StatusCode::OK, String::new())).await;
        subgraph.server.abort();
        while !subgraph.server.is_finished() {
            tokio::task::yield_now().await;
        }
        subgraph
    }

    pub(crate) fn requests(&self) -> Vec<Received> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn forget_requests(&self) {
        self.requests.lock().unwrap().clear();
    }

    /// The only request that there was.
    pub(crate) fn request(&self) -> Received {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "requests to {}", self.name);
        requests[0].clone()
    }
}

impl Drop for Subgraph {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(
    State(serving): State<Serving>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> (StatusCode, HeaderMap, String) {
    serving.requests.lock().unwrap().push(Received { headers, body: body.clone(), at: Instant::now() });
    let (status, answer) = (serving.answer)(body).await;
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/json".parse().unwrap());
    (status, headers, answer)
}

pub(crate) fn supergraph(subgraphs: &[&Subgraph]) -> Supergraph {
    let sources: Vec<_> = subgraphs
        .iter()
        .map(|subgraph| SubgraphSource {
            name: subgraph.name.to_owned(),
            url: subgraph.url.clone(),
            sdl: subgraph.sdl.clone(),
        })
        .collect();
    Supergraph::compose(&sources).unwrap()
}

pub(crate) fn gateway(subgraphs: &[&Subgraph]) -> Gateway {
    Gateway::new(supergraph(subgraphs), settings()).unwrap()
}

/// One attempt for each request, so that tests can count.
pub(crate) fn settings() -> GatewaySettings {
    let mut settings = GatewaySettings::default();
    settings.subgraph.max_retries = 0;
    settings
}

pub(crate) fn anonymous() -> Caller {
    Caller::anonymous(Deadline::after(Duration::from_secs(10)))
}

pub(crate) fn signed_in(scopes: &[&str]) -> Caller {
    let scopes = scopes.iter().map(ToString::to_string).collect();
    Caller { scopes, authenticated: true, ..anonymous() }
}

pub(crate) fn request(query: &str, variables: Value) -> GraphqlRequest {
    let variables = variables.as_object().cloned().unwrap_or_default();
    GraphqlRequest { query: query.to_owned(), variables, ..GraphqlRequest::default() }
}

pub(crate) async fn answer(gateway: &Gateway, query: &str, caller: Caller) -> Answer {
    gateway.answer(request(query, Value::Null), caller).await
}

pub(crate) fn body(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap()
}

/// The response to an anonymous caller.
pub(crate) async fn ask(gateway: &Gateway, query: &str) -> Value {
    body(&answer(gateway, query, anonymous()).await)
}

pub(crate) async fn ask_with(gateway: &Gateway, query: &str, variables: Value) -> Value {
    body(&gateway.answer(request(query, variables), anonymous()).await)
}

/// Resolves fields by name from JSON objects. Arguments are not looked at.
struct Resolver {
    data: Value,
    /// Interfaces and unions of each object type.
    abstracts: HashMap<String, Vec<String>>,
}

struct Operation<'a> {
    fragments: &'a HashMap<async_graphql::Name, Positioned<FragmentDefinition>>,
    variables: &'a Value,
}

impl Resolver {
    fn new(sdl: &str, data: Value) -> Self {
        let mut abstracts: HashMap<String, Vec<String>> = HashMap::new();
        for definition in parse_schema(sdl).unwrap().definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let name = definition.node.name.node.to_string();
            match definition.node.kind {
                TypeKind::Object(object) => {
                    abstracts
                        .entry(name)
                        .or_default()
                        .extend(object.implements.iter().map(|name| name.node.to_string()));
                }
                TypeKind::Union(union) => {
                    for member in union.members {
                        abstracts.entry(member.node.to_string()).or_default().push(name.clone());
                    }
                }
                _ => {}
            }
        }
        Self { data, abstracts }
    }

    fn answer(&self, request: &Value) -> Value {
        let document: ExecutableDocument = match parse_query(request["query"].as_str().unwrap()) {
            Ok(document) => document,
            Err(error) => return json!({ "errors": [{ "message": error.to_string() }] }),
        };
        let (_, operation) = document.operations.iter().next().unwrap();
        let root = match operation.node.ty {
            OperationType::Mutation => "Mutation",
            _ => "Query",
        };
        let context = Operation { fragments: &document.fragments, variables: &request["variables"] };
        let mut object = self.data.get(root).cloned().unwrap_or(json!({}));
        object["__typename"] = json!(root);
        json!({ "data": self.select(&object, &operation.node.selection_set.node, &context) })
    }

    fn select(&self, object: &Value, set: &SelectionSet, operation: &Operation<'_>) -> Value {
        let mut selected = Map::new();
        self.collect(object, set, operation, &mut selected);
        Value::Object(selected)
    }

    fn collect(&self, object: &Value, set: &SelectionSet, operation: &Operation<'_>, out: &mut Map<String, Value>) {
        for selection in &set.items {
            let (condition, set) = match &selection.node {
                Selection::Field(field) => {
                    let key = field.node.response_key().node.to_string();
                    let value = self.field(object, &field.node, operation);
                    merge(out.entry(key).or_insert(Value::Null), value);
                    continue;
                }
                Selection::InlineFragment(fragment) => {
                    (fragment.node.type_condition.as_ref(), &fragment.node.selection_set)
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = &operation.fragments[&spread.node.fragment_name.node].node;
                    (Some(&fragment.type_condition), &fragment.selection_set)
                }
            };
            if condition.is_none_or(|condition| self.is_of(object, condition.node.on.node.as_str())) {
                self.collect(object, &set.node, operation, out);
            }
        }
    }

    fn field(&self, object: &Value, field: &Field, operation: &Operation<'_>) -> Value {
        let set = &field.selection_set.node;
        if field.name.node == "_entities" {
            let (_, argument) = &field.arguments[0];
            let name = argument.node.to_string();
            let representations = operation.variables[name.trim_start_matches('$')].as_array().unwrap();
            return representations.iter().map(|reference| self.entity(reference, set, operation)).collect();
        }
        self.complete(object.get(field.name.node.as_str()).unwrap_or(&Value::Null), set, operation)
    }

    fn complete(&self, value: &Value, set: &SelectionSet, operation: &Operation<'_>) -> Value {
        match value {
            Value::Array(items) => items.iter().map(|item| self.complete(item, set, operation)).collect(),
            Value::Object(_) if !set.items.is_empty() => self.select(value, set, operation),
            other => other.clone(),
        }
    }

    /// The entity of the reference's type that contradicts none of its fields, with those fields added.
    fn entity(&self, reference: &Value, set: &SelectionSet, operation: &Operation<'_>) -> Value {
        let mut fields = reference.as_object().unwrap().clone();
        let typename = fields.remove("__typename").unwrap();
        let entities = self.data["entities"].as_array().unwrap();
        let found = entities.iter().find(|entity| {
            self.is_of(entity, typename.as_str().unwrap())
                && fields.iter().all(|(key, value)| entity.get(key).is_none_or(|known| known == value))
        });
        let Some(entity) = found else { return Value::Null };
        let mut entity = entity.clone();
        merge(&mut entity, Value::Object(fields));
        self.select(&entity, set, operation)
    }

    fn is_of(&self, object: &Value, condition: &str) -> bool {
        let name = object["__typename"].as_str().unwrap_or_default();
        name == condition
            || self.abstracts.get(name).is_some_and(|abstracts| abstracts.iter().any(|known| known == condition))
    }
}

fn merge(known: &mut Value, value: Value) {
    match (known, value) {
        (Value::Object(known), Value::Object(value)) => {
            for (key, value) in value {
                merge(known.entry(key).or_insert(Value::Null), value);
            }
        }
        (Value::Array(known), Value::Array(value)) if known.len() == value.len() => {
            known.iter_mut().zip(value).for_each(|(known, value)| merge(known, value));
        }
        (known, value) => *known = value,
    }
}
