//! Answers: as they came, and as GraphQL.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::client::Answered;
use crate::error::BadResponse;

/// An answer whose media type says that it is a GraphQL response. The body has not been parsed.
#[derive(Clone, Debug)]
pub struct RawResponse {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// Why an answer has no data of the wanted shape.
#[derive(Debug)]
pub(crate) enum Fault {
    Errors(Vec<GraphqlError>),
    Bad(BadResponse),
}

/// The parts of a response that typed data needs, the data not copied before its type is known.
#[derive(Deserialize)]
struct Typed<'a> {
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "null_as_empty")]
    errors: Vec<GraphqlError>,
}

impl Answered for RawResponse {
    fn status(&self) -> StatusCode {
        self.status
    }
}

impl RawResponse {
    pub(crate) fn data<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        let typed: Typed<'_> = serde_json::from_slice(&self.body).map_err(|_| Fault::Bad(BadResponse::Malformed))?;
        if !typed.errors.is_empty() {
            return Err(Fault::Errors(typed.errors));
        }
        let data = typed.data.map_or("null", RawValue::get);
        serde_json::from_str(data).map_err(|_| Fault::Bad(BadResponse::UnexpectedData))
    }
}

/// A GraphQL response (specification, section 7.1).
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Response {
    #[serde(default)]
    pub data: Option<Value>,
    #[serde(default, deserialize_with = "null_as_empty")]
    pub errors: Vec<GraphqlError>,
    #[serde(default, deserialize_with = "null_as_empty")]
    pub extensions: Map<String, Value>,
}

/// An error of a GraphQL response.
#[derive(Clone, Debug, Deserialize)]
pub struct GraphqlError {
    pub message: String,
    #[serde(default, deserialize_with = "null_as_empty")]
    pub path: Vec<Value>,
    #[serde(default, deserialize_with = "null_as_empty")]
    pub extensions: Map<String, Value>,
}

impl GraphqlError {
    /// `extensions.code`.
    pub fn code(&self) -> Option<&str> {
        self.extensions.get("code")?.as_str()
    }
}

/// Some servers write `null` where the specification wants the entry left out.
fn null_as_empty<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Whether `status` and media type make this a GraphQL response.
///
/// By the GraphQL-over-HTTP draft, `application/graphql-response+json` is one at any status. `application/json` may
/// come from anything in between; below 500 it is taken for one, since servers answer refused documents so.
pub(crate) fn is_graphql(status: StatusCode, headers: &HeaderMap) -> bool {
    if has_media_type(headers, "application/json") {
        return !status.is_server_error() && !status.is_redirection();
    }
    has_media_type(headers, "application/graphql-response+json")
}

/// Whether the body is of `media_type`, whatever the parameters.
pub(crate) fn has_media_type(headers: &HeaderMap, media_type: &str) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(media_type)
}
