use http::{HeaderMap, header};
use serde_json::{Map, Value};

use super::EdgeSettings;
use super::json;
use super::media;
use super::refusal::Refusal;
use crate::pipeline::GraphqlRequest;

/// Whether a POST is of what is understood here.
pub(super) fn media_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let json_body = types.next().is_some_and(media::is_json) && types.next().is_none();
    if json_body && !headers.contains_key(header::CONTENT_ENCODING) {
        Ok(())
    } else {
        Err(Refusal::UnsupportedMediaType)
    }
}

/// The request of a POST: a JSON object with `query` and perhaps `operationName`, `variables` and `extensions`.
pub(super) fn post(body: &[u8], settings: &EdgeSettings) -> Result<GraphqlRequest, Refusal> {
    match parse("body", body, settings.max_json_nodes, settings.max_variables_depth + 1)? {
        Value::Object(parameters) => request(parameters),
        Value::Array(_) => Err(Refusal::Batch),
        _ => Err(bad("The body must be a JSON object.")),
    }
}

/// The request of a GET: the same parameters in the URL, `variables` and `extensions` as JSON.
pub(super) fn get(query: &[u8], settings: &EdgeSettings) -> Result<GraphqlRequest, Refusal> {
    let mut parameters = Map::new();
    for (name, text) in form_urlencoded::parse(query) {
        let value = match &*name {
            "variables" | "extensions" => {
                parse(&name, text.as_bytes(), settings.max_json_nodes, settings.max_variables_depth)?
            }
            _ => Value::String(text.into_owned()),
        };
        if parameters.insert(name.into_owned(), value).is_some() {
            return Err(bad("A parameter is repeated."));
        }
    }
    request(parameters)
}

fn parse(what: &str, text: &[u8], nodes: usize, depth: usize) -> Result<Value, Refusal> {
    json::parse(text, nodes, depth).map_err(|error| Refusal::BadRequest(format!("The {what} cannot be read: {error}.")))
}

fn request(mut parameters: Map<String, Value>) -> Result<GraphqlRequest, Refusal> {
    let extensions = object(&mut parameters, "extensions")?;
    let query = match string(&mut parameters, "query")? {
        Some(query) => query,
        None if extensions.contains_key("persistedQuery") => return Err(Refusal::PersistedQuery),
        None => return Err(bad("The parameter \"query\" is missing.")),
    };
    Ok(GraphqlRequest {
        query,
        operation_name: string(&mut parameters, "operationName")?.filter(|name| !name.is_empty()),
        variables: object(&mut parameters, "variables")?,
    })
}

fn string(parameters: &mut Map<String, Value>, name: &str) -> Result<Option<String>, Refusal> {
    match parameters.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(bad(&format!("The parameter \"{name}\" must be a string."))),
    }
}

fn object(parameters: &mut Map<String, Value>, name: &str) -> Result<Map<String, Value>, Refusal> {
    match parameters.remove(name) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(object)) => Ok(object),
        Some(_) => Err(bad(&format!("The parameter \"{name}\" must be a JSON object."))),
    }
}

fn bad(message: &str) -> Refusal {
    Refusal::BadRequest(message.to_owned())
}
