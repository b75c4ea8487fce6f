//! Rows T48, T49, T51 and T52 of the threat model, with timeouts short enough for a test.

use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use service::serve::ServeSettings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::server::{Server, response, rest, start, start_with};

const SHORT: Duration = Duration::from_millis(300);

fn impatient() -> ServeSettings {
    ServeSettings {
        header_read_timeout: SHORT,
        body_read_timeout: SHORT,
        write_timeout: SHORT,
        ..ServeSettings::default()
    }
}

/// Sends `start`, then a byte every 20 ms, until the server closes; returns what it answered and after how long.
async fn drip(server: &Server, start: &str, byte: u8) -> (String, Duration) {
    let started = Instant::now();
    let stream = server.connect().await;
    let (mut reader, mut writer) = stream.into_split();
    writer.write_all(start.as_bytes()).await.unwrap();
    let dripping = tokio::spawn(async move {
        while writer.write_all(&[byte]).await.is_ok() {
            sleep(Duration::from_millis(20)).await;
        }
    });
    let mut answer = Vec::new();
    let _ =
        tokio::time::timeout(Duration::from_secs(5), reader.read_to_end(&mut answer)).await.expect("must be closed");
    dripping.abort();
    (String::from_utf8(answer).unwrap(), started.elapsed())
}

#[tokio::test]
async fn t48_a_silent_connection_is_closed() {
    let server = start(impatient()).await;
    let started = Instant::now();
    let mut silent = server.connect().await;
    server.assert_alive().await;
    rest(&mut silent).await;
    assert!(started.elapsed() >= SHORT && started.elapsed() < 5 * SHORT, "{:?}", started.elapsed());
}

#[tokio::test]
async fn t48_an_idle_connection_is_closed_after_its_last_answer() {
    let server = start(impatient()).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    response(&mut stream).await;
    let started = Instant::now();
    rest(&mut stream).await;
    assert!(started.elapsed() < 5 * SHORT, "{:?}", started.elapsed());
}

#[tokio::test]
async fn t48_headers_that_drip_are_not_waited_for() {
    let server = start(impatient()).await;
    let (answer, took) = drip(&server, "GET /health HTTP/1.1\r\nhost: a\r\nx: ", b'a').await;
    assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(took < 5 * SHORT, "{took:?}");
    server.assert_alive().await;
}

#[tokio::test]
async fn t48_a_body_that_drips_is_answered_408_and_cut() {
    let server = start(impatient()).await;
    let (answer, took) = drip(&server, "POST /length HTTP/1.1\r\nhost: a\r\ncontent-length: 10000\r\n\r\n", b'a').await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("connection: close") && answer.contains("BODY_TOO_SLOW"), "{answer}");
    assert!(took >= SHORT && took < 5 * SHORT, "{took:?}");
    server.assert_alive().await;
}

#[tokio::test]
async fn t48_a_reader_that_does_not_read_gives_its_place_up() {
    let large = Router::new().route("/large", get(|| async { vec![b'a'; 64 << 20] }));
    let server = start_with(ServeSettings { max_connections: 1, ..impatient() }, large).await;
    let mut greedy = server.connect().await;
    greedy.write_all(b"GET /large HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    // Something has been written, so it is the writing and not the reading that ends the connection.
    greedy.readable().await.unwrap();
    let started = Instant::now();
    while served(&server).await.is_none() {
        assert!(started.elapsed() < Duration::from_secs(5), "still held");
        sleep(Duration::from_millis(20)).await;
    }
    drop(greedy);
}

/// An answer, unless the connection is refused for the cap.
async fn served(server: &Server) -> Option<String> {
    let mut stream = server.connect().await;
    let _ = stream.write_all(b"GET /health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    Some(rest(&mut stream).await).filter(|answer| !answer.is_empty())
}

#[tokio::test]
async fn t49_connections_beyond_the_cap_are_closed_and_places_come_back() {
    let server = start(ServeSettings { max_connections: 2, ..ServeSettings::default() }).await;
    let mut held: Vec<TcpStream> = Vec::new();
    for _ in 0..2 {
        let mut stream = server.connect().await;
        stream.write_all(b"GET /health HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        response(&mut stream).await;
        held.push(stream);
    }
    for _ in 0..50 {
        assert_eq!(served(&server).await, None);
    }
    held[0].write_all(b"GET /health HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    assert!(response(&mut held[0]).await.starts_with("HTTP/1.1 200"), "who is in stays in");

    drop(held.pop());
    let started = Instant::now();
    while served(&server).await.is_none() {
        assert!(started.elapsed() < Duration::from_secs(5), "the place did not come back");
    }
}

#[tokio::test]
async fn t51_ambiguous_requests_are_refused() {
    let server = start(ServeSettings::default()).await;
    let cases = [
        ("two lengths", "POST /length HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab", 400),
        ("a list of lengths", "POST /length HTTP/1.1\r\nhost: a\r\ncontent-length: 1, 2\r\n\r\nab", 400),
        ("a signed length", "POST /length HTTP/1.1\r\nhost: a\r\ncontent-length: +1\r\n\r\na", 400),
        (
            "a bad chunk",
            "POST /length HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n",
            400,
        ),
        (
            "chunked not last",
            "POST /length HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
            400,
        ),
        ("a folded header", "GET /health HTTP/1.1\r\nhost: a\r\nx: a\r\n b\r\n\r\n", 400),
        ("a space before the colon", "GET /health HTTP/1.1\r\nhost: a\r\nx : a\r\n\r\n", 400),
        ("an absolute target", "GET http://elsewhere/health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", 400),
        ("two hosts", "GET /health HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n\r\n", 400),
        ("no host", "GET /health HTTP/1.1\r\nconnection: close\r\n\r\n", 400),
        ("CONNECT", "CONNECT elsewhere:443 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", 405),
        ("TRACE", "TRACE /health HTTP/1.1\r\nhost: a\r\ncookie: secret\r\nconnection: close\r\n\r\n", 405),
    ];
    for (what, request, status) in cases {
        let answer = server.answer(request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{what}: {answer}");
        assert!(!answer.contains("secret"), "{what}: {answer}");
    }
}

/// RFC 9112, section 6.3: the chunks count, and the connection ends with the answer, so that nothing hides behind it.
#[tokio::test]
async fn t51_a_length_beside_chunks_smuggles_nothing() {
    let server = start(ServeSettings::default()).await;
    let hidden = "GET /health HTTP/1.1\r\nhost: a\r\n\r\n";
    let framing = "content-length: 5\r\ntransfer-encoding: chunked";
    let request = format!("POST /length HTTP/1.1\r\nhost: a\r\n{framing}\r\n\r\n0\r\n\r\n{hidden}");
    let answer = server.answer(&request).await;
    assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
}

#[tokio::test]
async fn t52_too_much_of_a_head_is_refused() {
    let server = start(ServeSettings::default()).await;
    let many: String = (0..200).map(|n| format!("x-{n}: 1\r\n")).collect();
    let cases = [
        ("200 headers", format!("GET /health HTTP/1.1\r\nhost: a\r\n{many}\r\n"), vec!["431"]),
        ("a header of 64 KiB", format!("GET /health HTTP/1.1\r\nx: {}\r\n\r\n", "a".repeat(64 * 1024)), vec!["431"]),
        ("a target of 1 MB", format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "a".repeat(1_000_000)), vec!["414", "431"]),
    ];
    for (what, request, statuses) in cases {
        let mut stream = server.connect().await;
        // The server may close before it has read all of it.
        let _ = stream.write_all(request.as_bytes()).await;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        let status = std::str::from_utf8(&answer[9..]).unwrap();
        assert!(statuses.contains(&status), "{what}: {status}");
    }
    server.assert_alive().await;
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_413_whether_announced_or_not() {
    let server = start(ServeSettings { max_body_bytes: 10, ..ServeSettings::default() }).await;
    let announced = "POST /length HTTP/1.1\r\nhost: a\r\ncontent-length: 11\r\n\r\nhello world";
    let chunked = "POST /length HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\n\r\n";
    for request in [announced, chunked] {
        let answer = server.answer(request).await;
        assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("BODY_TOO_LARGE"), "{answer}");
    }
    let fits = "POST /length HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\nconnection: close\r\n\r\nhello worl";
    assert!(server.answer(fits).await.ends_with("10"));
}
