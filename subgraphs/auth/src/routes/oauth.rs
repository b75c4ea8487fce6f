//! The token endpoint of OAuth 2.0 for the client credentials grant (RFC 6749, sections 4.4 and 5).

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{
        HeaderMap, StatusCode,
        header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

use crate::domain::{Authority, principals::Principals, tokens::AccessToken};

pub(super) struct TokenEndpoint {
    pub(super) authority: Arc<Authority>,
    pub(super) principals: Principals,
}

/// The error codes of section 5.2 that can happen here.
#[derive(Debug)]
enum Refusal {
    InvalidRequest(&'static str),
    InvalidClient,
    UnsupportedGrantType,
    InvalidScope,
    Fault(subgraph::Error),
}

type Form = BTreeMap<String, String>;

pub(super) async fn grant(State(endpoint): State<Arc<TokenEndpoint>>, headers: HeaderMap, body: Bytes) -> Response {
    match endpoint.grant(&headers, &body) {
        Ok((token, scope)) => answer(
            StatusCode::OK,
            &json!({
                "access_token": token.token,
                "token_type": "Bearer",
                "expires_in": token.expires_in.as_secs(),
                "scope": scope,
            }),
        ),
        Err(refusal) => refusal.into_response(),
    }
}

impl TokenEndpoint {
    fn grant(&self, headers: &HeaderMap, body: &[u8]) -> Result<(AccessToken, String), Refusal> {
        let form = parse_form(headers, body)?;
        let (client_id, secret) = client(headers, &form)?;
        let Some(held) = self.principals.authenticate(&client_id, &secret) else {
            tracing::warn!("client credentials refused");
            return Err(Refusal::InvalidClient);
        };
        match form.get("grant_type").map(String::as_str) {
            Some("client_credentials") => {}
            Some(_) => return Err(Refusal::UnsupportedGrantType),
            None => return Err(Refusal::InvalidRequest("grant_type is missing")),
        }
        let scope = granted_scope(form.get("scope"), held)?;
        let joined = scope.join(" ");
        let token = self.authority.issuer.for_principal(&client_id, scope).map_err(Refusal::Fault)?;
        tracing::info!(client_id, "service token issued");
        Ok((token, joined))
    }
}

/// The body's parameters, none of which may come twice (section 3.2).
fn parse_form(headers: &HeaderMap, body: &[u8]) -> Result<Form, Refusal> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Refusal::InvalidRequest("the body must be application/x-www-form-urlencoded"));
    }
    let mut form = Form::new();
    for (name, value) in form_urlencoded::parse(body) {
        if form.insert(name.into_owned(), value.into_owned()).is_some() {
            return Err(Refusal::InvalidRequest("a parameter is given twice"));
        }
    }
    Ok(form)
}

/// Client id and secret, from HTTP Basic or from the body, not from both (section 2.3).
fn client(headers: &HeaderMap, form: &Form) -> Result<(String, String), Refusal> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let in_body = (form.get("client_id"), form.get("client_secret"));
    match (values.next(), in_body) {
        (Some(value), (_, None)) if values.next().is_none() => basic(value.as_bytes()).ok_or(Refusal::InvalidClient),
        (Some(_), _) => Err(Refusal::InvalidRequest("more than one way of authentication is used")),
        (None, (Some(id), Some(secret))) => Ok((id.clone(), secret.clone())),
        (None, _) => Err(Refusal::InvalidClient),
    }
}

/// `Basic base64(id:secret)`, each form-encoded first (section 2.3.1).
fn basic(value: &[u8]) -> Option<(String, String)> {
    let (scheme, credentials) = std::str::from_utf8(value).ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let credentials = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (id, secret) = credentials.split_once(':')?;
    Some((decoded(id), decoded(secret)))
}

fn decoded(text: &str) -> String {
    // As a lone value: no `&` or `=` separates anything in it.
    let escaped = text.replace('&', "%26").replace('=', "%3D");
    form_urlencoded::parse(escaped.as_bytes()).next().map(|(value, _)| value.into_owned()).unwrap_or_default()
}

/// All scopes of the principal, or those it asks for.
fn granted_scope(asked: Option<&String>, held: &[String]) -> Result<Vec<String>, Refusal> {
    let Some(asked) = asked else { return Ok(held.to_vec()) };
    let scope: Vec<String> = asked.split(' ').map(str::to_owned).collect();
    if scope.iter().all(|one| held.contains(one)) { Ok(scope) } else { Err(Refusal::InvalidScope) }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::InvalidRequest(why) => {
                answer(StatusCode::BAD_REQUEST, &json!({ "error": "invalid_request", "error_description": why }))
            }
            Self::InvalidClient => {
                let refusal = answer(StatusCode::UNAUTHORIZED, &json!({ "error": "invalid_client" }));
                ([(WWW_AUTHENTICATE, r#"Basic realm="mercado""#)], refusal).into_response()
            }
            Self::UnsupportedGrantType => {
                answer(StatusCode::BAD_REQUEST, &json!({ "error": "unsupported_grant_type" }))
            }
            Self::InvalidScope => answer(StatusCode::BAD_REQUEST, &json!({ "error": "invalid_scope" })),
            Self::Fault(fault) => {
                tracing::error!(error = &fault as &dyn std::error::Error, "no service token could be signed");
                answer(StatusCode::INTERNAL_SERVER_ERROR, &json!({ "error": "server_error" }))
            }
        }
    }
}

/// Tokens are not for caches (section 5.1).
fn answer(status: StatusCode, body: &serde_json::Value) -> Response {
    (status, [(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
