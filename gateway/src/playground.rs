//! GraphiQL from the binary itself. `playground/README.md` is the contract with the page.

use std::io::Read;
use std::sync::{Arc, OnceLock};

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use bytes::Bytes;
use flate2::read::GzDecoder;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use include_dir::{Dir, include_dir};
use serde_json::json;

use crate::http::PlaygroundTab;

/// Each file is gzip'd and is called as it is served, with `.gz` added.
static DIST: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/playground/dist");

/// No script or style from elsewhere, and nothing sent elsewhere. `'unsafe-inline'` is for styles only, which the
/// editor sets as it goes.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; \
     connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// The page at `/`, its files below `/playground/`, and what it starts with at `/playground-config.json`.
pub(crate) fn router(tabs: &[PlaygroundTab]) -> Router {
    let config = json!({ "endpoint": "/graphql", "defaultTabs": tabs });
    let assets: Arc<[Asset]> = DIST.files().filter_map(Asset::new).collect();
    Router::new()
        .route(
            "/",
            get(|State(assets): State<Arc<[Asset]>>, headers: HeaderMap| async move {
                file(&assets, "index.html", &headers)
            }),
        )
        .route(
            "/playground/{name}",
            get(|State(assets): State<Arc<[Asset]>>, Path(name): Path<String>, headers: HeaderMap| async move {
                file(&assets, &name, &headers)
            }),
        )
        .route("/playground-config.json", get(|| async move { Json(config) }))
        .with_state(assets)
}

struct Asset {
    name: &'static str,
    gzip: &'static [u8],
    /// For the rare client that takes no gzip; made at its first request.
    plain: OnceLock<Bytes>,
}

impl Asset {
    fn new(file: &'static include_dir::File<'static>) -> Option<Self> {
        let name = file.path().to_str()?.strip_suffix(".gz")?;
        Some(Self { name, gzip: file.contents(), plain: OnceLock::new() })
    }

    fn content_type(&self) -> HeaderValue {
        HeaderValue::from_static(match self.name.rsplit('.').next() {
            Some("html") => "text/html; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            _ => "text/plain; charset=utf-8",
        })
    }

    /// The end of a gzip file is the CRC-32 and the length of what it holds (RFC 1952, section 2.3.1). Weak, as it
    /// stands for both encodings.
    fn etag(&self) -> String {
        let trailer = &self.gzip[self.gzip.len().saturating_sub(8)..];
        let digits: String = trailer.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("W/\"{digits}\"")
    }

    fn plain(&self) -> Bytes {
        let unpack = || {
            let mut plain = Vec::new();
            // The file is part of the binary: it unpacks always or never.
            let _ = GzDecoder::new(self.gzip).read_to_end(&mut plain);
            Bytes::from(plain)
        };
        self.plain.get_or_init(unpack).clone()
    }
}

fn file(assets: &[Asset], name: &str, headers: &HeaderMap) -> Response {
    let Some(asset) = assets.iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let etag = asset.etag();
    let common = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::VARY, HeaderValue::from_static("accept-encoding")),
    ];
    if lists(headers, &header::IF_NONE_MATCH, &etag) {
        return (StatusCode::NOT_MODIFIED, common, [(header::ETAG, etag)]).into_response();
    }
    let typed = [(header::CONTENT_TYPE, asset.content_type())];
    if lists(headers, &header::ACCEPT_ENCODING, "gzip") {
        let encoding = [(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))];
        return (common, [(header::ETAG, etag)], typed, encoding, asset.gzip).into_response();
    }
    (common, [(header::ETAG, etag)], typed, asset.plain()).into_response()
}

/// Whether a list header has `wanted`, unless with the quality zero.
fn lists(headers: &HeaderMap, name: &HeaderName, wanted: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|item| {
        let (item, quality) = item.split_once(";q=").unwrap_or((item, "1"));
        item.trim() == wanted && quality.trim().parse().is_ok_and(|quality: f32| quality > 0.0)
    })
}
