//! What a service may do with a request, good and bad.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;

/// What the service does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Behaviour {
    /// A complete response: status line and headers without the length, then the body.
    Answer(&'static str, String),
    /// A good answer, late.
    Slow(Duration),
    /// A good answer, after which the connection stays open.
    Keep,
    /// The same to the first request of a connection, and RST to those that follow.
    KeepThenReset,
    /// A good answer that promises to keep the connection, which is closed all the same.
    HangUp,
    /// Announces more than it sends, then closes.
    CutMidBody,
    /// Closes with RST before a byte is answered.
    Reset,
    /// A good beginning, then one byte a second.
    Drip,
    /// No answer at all; the connection stays open for as long as the client wants.
    Silence,
    /// As `Keep`, but every so many requests late.
    Hiccup(usize, Duration),
    /// As `Keep`, after so long.
    Late(Duration),
    /// As `Late`, for as many requests at once as given; beyond, each takes longer as there are more.
    Crowded(usize, Duration),
    /// As `Keep` to every second request, and 500 to the others, of which the first is one.
    EverySecond,
    /// A body without an end.
    Endless,
    /// A stream of events that begins so and stays open.
    Stream(&'static str),
    /// Only the announcement of a large body.
    Announce(u64),
}

const OK: &str = r#"{"data":{"ok":true}}"#;

pub(crate) const JSON: &str = "200 OK\r\ncontent-type: application/json";

pub(crate) const EVENTS: &str = "200 OK\r\ncontent-type: text/event-stream; charset=utf-8";

impl Behaviour {
    pub(crate) fn ok() -> Self {
        Self::data(&json!({ "ok": true }))
    }

    pub(crate) fn data(data: &Value) -> Self {
        Self::Answer(JSON, json!({ "data": data }).to_string())
    }

    /// Whether the connection waits for another request.
    pub(super) fn keeps(&self) -> bool {
        use Behaviour::*;
        matches!(self, Keep | KeepThenReset | Hiccup(..) | Late(_) | Crowded(..) | EverySecond)
    }

    pub(crate) fn status(status: &'static str) -> Self {
        Self::Answer(status, String::new())
    }
}

pub(super) async fn answer(stream: &mut TcpStream, behaviour: Behaviour) -> std::io::Result<()> {
    match behaviour {
        Behaviour::Answer(head, body) => whole(stream, head, &body).await,
        Behaviour::Slow(delay) => {
            sleep(delay).await;
            whole(stream, JSON, OK).await
        }
        Behaviour::Keep
        | Behaviour::EverySecond
        | Behaviour::KeepThenReset
        | Behaviour::Hiccup(..)
        | Behaviour::Crowded(..)
        | Behaviour::HangUp => {
            write(stream, &format!("HTTP/1.1 {JSON}\r\ncontent-length: {}\r\n\r\n{OK}", OK.len())).await
        }
        // Until the client hangs up.
        Behaviour::Silence => stream.read(&mut [0]).await.map(drop),
        Behaviour::Late(delay) => {
            sleep(delay).await;
            Box::pin(answer(stream, Behaviour::Keep)).await
        }
        Behaviour::CutMidBody => {
            write(stream, &format!("HTTP/1.1 {JSON}\r\ncontent-length: 100\r\n\r\n{{\"data\":")).await
        }
        Behaviour::Reset => stream.set_zero_linger(),
        Behaviour::Drip => {
            write(stream, &format!("HTTP/1.1 {JSON}\r\ncontent-length: 1000\r\n\r\n{{\"data\":")).await?;
            loop {
                sleep(Duration::from_secs(1)).await;
                write(stream, " ").await?;
            }
        }
        Behaviour::Endless => {
            write(stream, &format!("HTTP/1.1 {JSON}\r\ntransfer-encoding: chunked\r\n\r\n")).await?;
            let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
            loop {
                write(stream, &chunk).await?;
            }
        }
        Behaviour::Stream(text) => {
            let length = text.len();
            write(stream, &format!("HTTP/1.1 {EVENTS}\r\ntransfer-encoding: chunked\r\n\r\n{length:x}\r\n{text}\r\n"))
                .await?;
            // Until the client hangs up.
            stream.read(&mut [0]).await.map(drop)
        }
        Behaviour::Announce(length) => {
            write(stream, &format!("HTTP/1.1 {JSON}\r\ncontent-length: {length}\r\n\r\n")).await?;
            // Until the client hangs up.
            stream.read(&mut [0]).await.map(drop)
        }
    }
}

async fn whole(stream: &mut TcpStream, head: &str, body: &str) -> std::io::Result<()> {
    let length = body.len();
    write(stream, &format!("HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")).await
}

async fn write(stream: &mut TcpStream, text: &str) -> std::io::Result<()> {
    stream.write_all(text.as_bytes()).await
}
