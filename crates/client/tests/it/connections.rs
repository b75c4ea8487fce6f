//! Connections that are kept between calls, and what becomes of a call whose connection was not.

use std::time::Duration;

use client::{Client, ClientError, ClientSettings, OperationKind, Unavailable};
use futures_util::future::join_all;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::time::{Instant, timeout};

use crate::stub::{Behaviour, Stub, ask, client, query, until};

#[tokio::test]
async fn calls_share_a_connection_that_the_service_keeps_open() {
    let stub = Stub::start(Behaviour::Keep).await;
    let client = client(&stub.url, ClientSettings::default());
    for _ in 0..20 {
        query(&client).await.unwrap();
        ask(&client, OperationKind::Mutation).await.unwrap();
    }
    assert_eq!((stub.hits(), stub.accepted()), (40, 1));
}

/// A call that goes out by another runtime's connection has to wake that one's threads.
#[test]
fn calls_go_out_by_connections_of_their_own_runtime() {
    let runtimes = [Runtime::new().unwrap(), Runtime::new().unwrap()];
    let stub = runtimes[0].block_on(Stub::start(Behaviour::Keep));
    let client = client(&stub.url, ClientSettings::default());
    for runtime in runtimes.iter().cycle().take(6) {
        runtime.block_on(query(&client)).unwrap();
    }
    assert_eq!((stub.hits(), stub.accepted()), (6, 2));
}

#[tokio::test]
async fn idle_connections_are_bounded_in_number_and_in_time() {
    let stub = Stub::start(Behaviour::Keep).await;
    let pool_idle_timeout = Duration::from_millis(300);
    let settings = ClientSettings { pool_max_idle: 3, pool_idle_timeout, ..ClientSettings::default() };
    let client = client(&stub.url, settings);
    join_all((0..10).map(|_| query(&client))).await.into_iter().for_each(|outcome| drop(outcome.unwrap()));
    assert_eq!(stub.accepted(), 10);
    until(|| stub.open() == 3).await;
    until(|| stub.open() == 0).await;
    query(&client).await.unwrap();
    assert_eq!(stub.accepted(), 11);
}

#[tokio::test]
async fn a_dropped_client_closes_its_connections() {
    let stub = Stub::start(Behaviour::Keep).await;
    let client = client(&stub.url, ClientSettings::default());
    query(&client).await.unwrap();
    drop(client);
    until(|| stub.open() == 0).await;
}

/// A client, with retries to spare, of a service that resets a connection on which it has answered before.
async fn stale(stub: &Stub) -> Client {
    let client = client(&stub.url, ClientSettings { retry_ratio: 1.0, ..ClientSettings::default() });
    query(&client).await.unwrap();
    client
}

#[tokio::test]
async fn a_query_lost_on_a_used_connection_is_sent_on_a_fresh_one_without_a_pause() {
    let mut shortest = Duration::MAX;
    for _ in 0..10 {
        let stub = Stub::start(Behaviour::KeepThenReset).await;
        let client = stale(&stub).await;
        let started = Instant::now();
        query(&client).await.unwrap();
        shortest = shortest.min(started.elapsed());
        assert_eq!((stub.hits(), stub.accepted(), client.stats().retries), (3, 2, 1));
    }
    assert!(shortest < Duration::from_millis(12), "{shortest:?} is as long as a pause");
}

#[tokio::test]
async fn a_mutation_lost_on_a_used_connection_is_not_sent_again() {
    let stub = Stub::start(Behaviour::KeepThenReset).await;
    let client = stale(&stub).await;
    let error = ask(&client, OperationKind::Mutation).await.unwrap_err();
    assert!(matches!(error, ClientError::Unavailable { reason: Unavailable::Connection, .. }), "{error:?}");
    assert!(error.may_have_been_executed());
    assert_eq!((stub.hits(), client.stats().attempts), (2, 2));
}

#[tokio::test]
async fn an_answer_that_is_not_read_to_its_end_costs_its_connection_only() {
    let stub = Stub::start(Behaviour::Announce(20 * 1024 * 1024)).await;
    let client = client(&stub.url, ClientSettings::default());
    query(&client).await.unwrap_err();
    until(|| stub.open() == 0).await;
    stub.behave(Behaviour::Keep);
    query(&client).await.unwrap();
    assert_eq!(stub.accepted(), 2);
}

#[tokio::test]
async fn a_caller_that_hangs_up_takes_its_connection_with_it() {
    let stub = Stub::start(Behaviour::Slow(Duration::from_secs(30))).await;
    let client = client(&stub.url, ClientSettings::default());
    let hanging_up = timeout(Duration::from_millis(50), query(&client));
    assert!(hanging_up.await.is_err());
    stub.behave(Behaviour::Keep);
    query(&client).await.unwrap();
    assert_eq!(stub.accepted(), 2);
}

#[tokio::test]
async fn credentials_in_the_url_and_other_names_of_the_address_work_as_well() {
    let stub = Stub::start(Behaviour::ok()).await;
    let url = stub.url.replace("http://127.0.0.1", "http://me:secret@localhost");
    query(&client(&url, ClientSettings::default())).await.unwrap();
    let head = stub.requests().remove(0).head;
    assert!(head.contains("authorization: basic "), "{head}");
    let named = stub.url.replace("127.0.0.1", "localhost");
    query(&client(&named, ClientSettings::default())).await.unwrap();
    let head = stub.requests().remove(1).head;
    assert!(head.contains("host: localhost:"), "{head}");
}

#[tokio::test]
async fn a_service_that_accepts_no_connections_is_unavailable_after_the_connect_timeout() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    // As many as the system lets wait for `accept`; then connecting takes for ever.
    let mut waiting = Vec::new();
    while let Ok(stream) = timeout(Duration::from_millis(100), TcpStream::connect(address)).await {
        waiting.push(stream.unwrap());
        assert!(waiting.len() < 100);
    }
    let settings = ClientSettings { connect_timeout: Duration::from_millis(200), ..ClientSettings::default() };
    let client = client(&format!("http://{address}/"), settings);
    let started = Instant::now();
    let error = ask(&client, OperationKind::Mutation).await.unwrap_err();
    assert!(matches!(error, ClientError::Unavailable { reason: Unavailable::Connect, .. }), "{error:?}");
    assert!(!error.may_have_been_executed());
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}

#[tokio::test]
async fn what_is_no_http_is_a_broken_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client(&format!("http://{}/", listener.local_addr().unwrap()), ClientSettings::default());
    let service = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"SSH-2.0-OpenSSH_9.6\r\n\r\n").await.unwrap();
        stream
    };
    let (outcome, _stream) = tokio::join!(query(&client), service);
    let error = outcome.unwrap_err();
    assert!(matches!(error, ClientError::Unavailable { reason: Unavailable::Connection, .. }), "{error:?}");
}
