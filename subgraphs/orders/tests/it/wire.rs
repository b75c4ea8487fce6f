//! The wire between orders and inventory, which can be cut, and which can hold and lose what goes over it.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse as _, Response},
    routing::post,
};
use tokio::{
    net::TcpListener,
    sync::watch,
    task::{AbortHandle, JoinHandle},
};

/// What happens to calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// They do not reach inventory.
    LoseRequest,
    /// They reach inventory, and orders does not hear the answer.
    LoseReply,
    /// They wait for [`Wire::let_go`] before they reach inventory.
    Hold,
}

/// Stands before inventory; gone when dropped.
pub(crate) struct Wire {
    pub(crate) url: String,
    shared: Arc<Shared>,
    server: AbortHandle,
}

struct Shared {
    http: reqwest::Client,
    target: String,
    /// The next so many calls of an operation (`Reserve`, `Commit`, `Release`, `Return`; all when empty).
    faults: Mutex<Vec<(&'static str, Fault, usize)>>,
    held: watch::Sender<bool>,
    /// The operations that came, in order.
    seen: watch::Sender<Vec<&'static str>>,
    /// Those that inventory has answered.
    answered: watch::Sender<Vec<&'static str>>,
}

impl Wire {
    pub(crate) async fn to(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/graphql", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            target,
            faults: Mutex::default(),
            held: watch::Sender::new(true),
            seen: watch::Sender::default(),
            answered: watch::Sender::default(),
        });
        let router = Router::new().route("/graphql", post(carry)).with_state(shared.clone());
        let server: JoinHandle<()> = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, shared, server: server.abort_handle() }
    }

    /// From now on nothing reaches inventory.
    pub(crate) fn cut(&self) {
        self.fail("", Fault::LoseRequest, usize::MAX);
    }

    /// From now on all is well.
    pub(crate) fn mend(&self) {
        self.shared.faults.lock().unwrap().clear();
    }

    pub(crate) fn fail(&self, operation: &'static str, fault: Fault, times: usize) {
        self.shared.faults.lock().unwrap().push((operation, fault, times));
    }

    /// Ends once a call of this operation has come.
    pub(crate) async fn until_seen(&self, operation: &str) {
        self.shared.seen.subscribe().wait_for(|seen| seen.contains(&operation)).await.unwrap();
    }

    /// Ends once so many calls of this operation have come.
    pub(crate) async fn until_counted(&self, operation: &str, times: usize) {
        let counted = |seen: &Vec<&str>| seen.iter().filter(|seen| **seen == operation).count() >= times;
        self.shared.seen.subscribe().wait_for(counted).await.unwrap();
    }

    /// Ends once inventory has answered a call of this operation.
    pub(crate) async fn until_answered(&self, operation: &str) {
        self.shared.answered.subscribe().wait_for(|answered| answered.contains(&operation)).await.unwrap();
    }

    /// How many calls of this operation have come.
    pub(crate) fn count(&self, operation: &str) -> usize {
        self.shared.seen.borrow().iter().filter(|seen| **seen == operation).count()
    }

    pub(crate) fn let_go(&self) {
        self.shared.held.send_replace(false);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Shared {
    fn next_fault(&self, operation: &str) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap();
        let (_, fault, times) =
            faults.iter_mut().find(|(of, _, times)| *times > 0 && (of.is_empty() || *of == operation))?;
        *times -= 1;
        Some(*fault)
    }

    async fn forward(&self, headers: &HeaderMap, body: Bytes) -> Response {
        let operation = operation(&body);
        let request = self.http.post(&self.target).headers(end_to_end(headers)).body(body);
        match request.send().await {
            Ok(answer) => {
                let (status, body) = (answer.status(), answer.bytes().await.unwrap());
                self.answered.send_modify(|answered| answered.push(operation));
                (status, [(CONTENT_TYPE, "application/json")], body).into_response()
            }
            Err(_) => StatusCode::BAD_GATEWAY.into_response(),
        }
    }
}

async fn carry(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let operation = operation(&body);
    let fault = shared.next_fault(operation);
    shared.seen.send_modify(|seen| seen.push(operation));
    match fault {
        None => shared.forward(&headers, body).await,
        Some(Fault::LoseRequest) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Some(Fault::LoseReply) => {
            shared.forward(&headers, body).await;
            StatusCode::BAD_GATEWAY.into_response()
        }
        Some(Fault::Hold) => {
            // In a task of its own: what was sent arrives although the sender gives up.
            let held = tokio::spawn(async move {
                shared.held.subscribe().wait_for(|held| !held).await.unwrap();
                shared.forward(&headers, body).await
            });
            held.await.unwrap()
        }
    }
}

fn operation(body: &[u8]) -> &'static str {
    let text = std::str::from_utf8(body).unwrap();
    let known = ["Reserve", "Commit", "Release", "Return"];
    known.into_iter().find(|name| text.contains(&format!("mutation {name}("))).expect("a call of the protocol")
}

fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    let kept = ["authorization", "content-type"];
    headers.iter().filter(|(name, _)| kept.contains(&name.as_str())).map(|(n, v)| (n.clone(), v.clone())).collect()
}
