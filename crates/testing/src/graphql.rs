//! A GraphQL client that shows a test the whole answer.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::subscription::Subscription;

/// Speaks GraphQL over HTTP to one address.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
}

impl Client {
    /// `url` with its path, e.g. `http://127.0.0.1:4000/graphql`.
    pub fn new(url: impl Into<String>) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { http, url: url.into(), token: None }
    }

    /// The same client, with this access token on every request.
    #[must_use]
    pub fn token(&self, token: impl Into<String>) -> Self {
        Self { token: Some(token.into()), ..self.clone() }
    }

    /// The parsed body of the answer, whatever its status.
    pub async fn run(&self, query: &str, variables: Value) -> Value {
        self.send(query, variables).await.1
    }

    /// The parsed body, or `None` where no whole answer came.
    pub async fn try_run(&self, query: &str, variables: Value) -> Option<Value> {
        self.request(query, variables).send().await.ok()?.json().await.ok()
    }

    /// The `data` of an answer that must have no errors.
    pub async fn data(&self, query: &str, variables: Value) -> Value {
        let mut answer = self.run(query, variables).await;
        assert_eq!(answer.get("errors"), None, "{answer:#}");
        answer["data"].take()
    }

    /// Status and parsed body.
    pub async fn send(&self, query: &str, variables: Value) -> (u16, Value) {
        let response = self.request(query, variables).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// The answer to an operation; of a subscription the first event.
    pub async fn first(&self, operation: &str) -> Value {
        if operation.starts_with("subscription") {
            return self.subscribe(operation, json!({})).await.next().await.unwrap();
        }
        self.run(operation, json!({})).await
    }

    /// The names of all root fields that the schema has. Who tests authorisation compares them with its cases, so
    /// that a new field cannot be forgotten.
    pub async fn root_fields(&self) -> BTreeSet<String> {
        let roots = "{ __schema { queryType { ...F } mutationType { ...F } subscriptionType { ...F } } }
            fragment F on __Type { fields { name } }";
        let schema = self.data(roots, json!({})).await["__schema"].take();
        let fields = |root: &Value| root["fields"].as_array().cloned().unwrap_or_default();
        let all = schema.as_object().unwrap().values().flat_map(fields);
        all.map(|field| field["name"].as_str().unwrap().to_owned()).collect()
    }

    /// The event stream that answers the operation.
    pub async fn subscribe(&self, query: &str, variables: Value) -> Subscription {
        let request = self.request(query, variables).header("accept", "text/event-stream");
        Subscription::new(request.send().await.unwrap())
    }

    fn request(&self, query: &str, variables: Value) -> reqwest::RequestBuilder {
        let request = self.http.post(&self.url).json(&json!({ "query": query, "variables": variables }));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
}
