//! One connection to a GraphQL endpoint on this machine, kept alive.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::Outcome;

pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    port: u16,
    authorization: Option<HeaderValue>,
}

impl Connection {
    pub(crate) async fn open(port: u16) -> Outcome<Self> {
        Ok(Self { sender: connect(port).await?, port, authorization: None })
    }

    /// From now on every request carries this access token.
    pub(crate) fn sign_in(&mut self, token: &str) -> Outcome {
        self.authorization = Some(format!("Bearer {token}").try_into()?);
        Ok(())
    }

    /// The answer to a GraphQL request, whatever its status.
    pub(crate) async fn ask(&mut self, request: Bytes) -> Outcome<(StatusCode, Bytes)> {
        self.send(Method::POST, "/graphql", request).await
    }

    pub(crate) async fn send(&mut self, method: Method, path: &str, body: Bytes) -> Outcome<(StatusCode, Bytes)> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, format!("127.0.0.1:{}", self.port))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json")
            .body(Full::new(body))?;
        if let Some(authorization) = &self.authorization {
            request.headers_mut().insert(header::AUTHORIZATION, authorization.clone());
        }
        if self.sender.ready().await.is_err() {
            // Servers close what lies idle.
            self.sender = connect(self.port).await?;
        }
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }
}

async fn connect(port: u16) -> Outcome<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    // How it ends is told to whoever sends on it.
    tokio::spawn(connection);
    Ok(sender)
}
