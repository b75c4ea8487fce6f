//! The wire between orders and inventory. Every call waits on it until a test says what becomes of it.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse as _, Response},
    routing::post,
};
use serde_json::Value;
use tokio::{net::TcpListener, sync::oneshot, task::AbortHandle};
use uuid::Uuid;

/// What becomes of a call.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Arrive,
    /// It arrives, and once more later.
    ArriveTwice,
    LoseRequest,
    /// It arrives, and its answer does not.
    LoseAnswer,
    /// It arrives when nobody waits for its answer any more.
    ArriveLate,
}

/// Gone when dropped.
pub(crate) struct Wire {
    pub(crate) url: String,
    shared: Arc<Shared>,
    server: AbortHandle,
}

struct Shared {
    http: reqwest::Client,
    inventory: String,
    waiting: Mutex<Vec<Waiting>>,
    /// What is still on its way, though nobody waits for the answer.
    late: Mutex<Vec<Call>>,
    /// What becomes of the calls that come, the next one last; none waits while there are any.
    fates: Mutex<Option<Vec<Fate>>>,
}

struct Waiting {
    call: Call,
    fate: oneshot::Sender<Fate>,
}

#[derive(Clone)]
struct Call {
    order: Uuid,
    headers: HeaderMap,
    body: Bytes,
}

impl Wire {
    pub(crate) async fn to(inventory: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/graphql", listener.local_addr().unwrap());
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let (waiting, late, fates) = Default::default();
        let shared = Arc::new(Shared { http, inventory, waiting, late, fates });
        let router = Router::new().route("/graphql", post(carry)).with_state(shared.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, shared, server: server.abort_handle() }
    }

    /// How many calls wait, those aside whose callers have given up.
    pub(crate) fn waiting(&self) -> usize {
        let mut waiting = self.shared.waiting.lock().unwrap();
        waiting.retain(|waiting| !waiting.fate.is_closed());
        waiting.len()
    }

    /// Lets the oldest call of this order go to its fate; `false` when none waits.
    pub(crate) fn let_go(&self, order: Uuid, fate: Fate) -> bool {
        let mut waiting = self.shared.waiting.lock().unwrap();
        let Some(at) = waiting.iter().position(|waiting| waiting.call.order == order) else { return false };
        // A caller who has given up does not hear it.
        let _ = waiting.remove(at).fate.send(fate);
        true
    }

    /// Something late arrives, if anything of this order is on its way: then `true`.
    pub(crate) async fn arrive_late(&self, order: Uuid) -> bool {
        let call = {
            let mut late = self.shared.late.lock().unwrap();
            let at = late.iter().position(|call| call.order == order);
            at.map(|at| late.remove(at))
        };
        match call {
            Some(call) => {
                self.shared.forward(&call).await;
                true
            }
            None => false,
        }
    }

    /// From now on calls do not wait: these fates first, then all arrive.
    pub(crate) fn run_free(&self, mut fates: Vec<Fate>) {
        fates.reverse();
        *self.shared.fates.lock().unwrap() = Some(fates);
        for waiting in self.shared.waiting.lock().unwrap().drain(..) {
            let _ = waiting.fate.send(self.shared.next_fate().unwrap_or(Fate::Arrive));
        }
    }

    /// From now on calls wait, and nothing is on its way.
    pub(crate) fn reset(&self) {
        *self.shared.fates.lock().unwrap() = None;
        self.shared.waiting.lock().unwrap().clear();
        self.shared.late.lock().unwrap().clear();
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Shared {
    fn next_fate(&self) -> Option<Fate> {
        self.fates.lock().unwrap().as_mut().map(|fates| fates.pop().unwrap_or(Fate::Arrive))
    }

    async fn fate(&self, call: &Call) -> Fate {
        if let Some(fate) = self.next_fate() {
            return fate;
        }
        let (fate, told) = oneshot::channel();
        self.waiting.lock().unwrap().push(Waiting { call: call.clone(), fate });
        told.await.unwrap_or(Fate::LoseRequest)
    }

    async fn forward(&self, call: &Call) -> Response {
        let request = self.http.post(&self.inventory).headers(call.headers.clone()).body(call.body.clone());
        let answer = request.send().await.unwrap();
        let (status, body) = (answer.status(), answer.bytes().await.unwrap());
        (status, [(CONTENT_TYPE, "application/json")], body).into_response()
    }
}

async fn carry(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let kept = ["authorization", "content-type"];
    let headers = headers.iter().filter(|(name, _)| kept.contains(&name.as_str()));
    let headers = headers.map(|(name, value)| (name.clone(), value.clone())).collect();
    let call = Call { order: order_of(&body), headers, body };
    let lost = || StatusCode::BAD_GATEWAY.into_response();
    match shared.fate(&call).await {
        Fate::Arrive => shared.forward(&call).await,
        Fate::ArriveTwice => {
            let answer = shared.forward(&call).await;
            shared.late.lock().unwrap().push(call);
            answer
        }
        Fate::LoseRequest => lost(),
        Fate::LoseAnswer => {
            shared.forward(&call).await;
            lost()
        }
        Fate::ArriveLate => {
            shared.late.lock().unwrap().push(call);
            lost()
        }
    }
}

fn order_of(body: &[u8]) -> Uuid {
    let request: Value = serde_json::from_slice(body).unwrap();
    request["variables"]["input"]["reservationId"].as_str().unwrap().parse().unwrap()
}
