//! Connections shared out among threads.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use futures_util::future::join_all;
use service::serve::{BoundServer, ServeSettings, Workers};
use service::shutdown::Shutdown;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::server::{response, rest};

/// Which thread serves a request on the connection.
async fn thread_of(connection: &mut TcpStream) -> String {
    connection.write_all(b"GET /thread HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    response(connection).await.split("\r\n\r\n").nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn each_thread_serves_as_many_connections_to_their_end() {
    let server = BoundServer::bind("127.0.0.1:0".parse().unwrap(), &ServeSettings::default()).await.unwrap();
    let (address, shutdown) = (server.local_addr(), Shutdown::new());
    let router = Router::new().route("/thread", get(|| async { format!("{:?}", thread::current().id()) }));
    let running = tokio::spawn(server.run_on(Workers::start().unwrap(), router, shutdown.clone()));

    let threads = thread::available_parallelism().unwrap().get();
    let connecting = (0..3 * threads).map(|_| TcpStream::connect(address));
    let mut connections: Vec<_> = join_all(connecting).await.into_iter().map(Result::unwrap).collect();
    let first = join_all(connections.iter_mut().map(thread_of)).await;
    let mut counts = BTreeMap::<_, usize>::new();
    first.iter().for_each(|thread| *counts.entry(thread).or_default() += 1);
    assert_eq!(counts.into_values().collect::<Vec<_>>(), vec![3; threads]);
    assert_eq!(join_all(connections.iter_mut().map(thread_of)).await, first);

    shutdown.trigger();
    assert_eq!(rest(&mut connections[0]).await, "");
    timeout(Duration::from_secs(5), running).await.unwrap().unwrap();
}
