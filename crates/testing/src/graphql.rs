//! A GraphQL client that shows a test the whole answer.

use serde_json::{Value, json};

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

    /// The `data` of an answer that must have no errors.
    pub async fn data(&self, query: &str, variables: Value) -> Value {
        let mut answer = self.run(query, variables).await;
        assert_eq!(answer.get("errors"), None, "{answer:#}");
        answer["data"].take()
    }

    /// Status and parsed body.
    pub async fn send(&self, query: &str, variables: Value) -> (u16, Value) {
        let mut request = self.http.post(&self.url).json(&json!({ "query": query, "variables": variables }));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }
}
