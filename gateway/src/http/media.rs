use http::{HeaderMap, HeaderValue, header};

/// The two media types of the GraphQL-over-HTTP specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MediaType {
    /// `application/graphql-response+json`: a 4xx tells that the operation was not executed.
    GraphqlResponse,
    /// `application/json`, for clients and proxies that know no other: a well-formed request is answered 200 even if
    /// its document is invalid, because a 400 could come from anything in between.
    Json,
}

impl MediaType {
    /// What the `Accept` headers prefer; `None` if they allow neither. `Json` is for clients that do not care: those
    /// that know the other one name it.
    pub(super) fn negotiate(headers: &HeaderMap) -> Option<Self> {
        let accept = headers.get_all(header::ACCEPT);
        if accept.iter().next().is_none() {
            return Some(Self::Json);
        }
        let texts = accept.iter().filter_map(|value| value.to_str().ok());
        let ranges = texts.flat_map(|text| text.split(',')).filter_map(Range::parse);
        let (mut response, mut json) = (Preference::default(), Preference::default());
        for range in ranges {
            response.learn("graphql-response+json", &range);
            json.learn("json", &range);
        }
        let (response, json) = (response.quality(), json.quality());
        match (response, json) {
            (None, None) => None,
            // Equal and by name: the more precise type. Equal by wildcard: the more widely understood one.
            (response, json) if response > json => Some(Self::GraphqlResponse),
            (Some((_, true)), json) if response == json => Some(Self::GraphqlResponse),
            _ => Some(Self::Json),
        }
    }

    pub(super) fn header_value(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        })
    }
}

/// Whether the body is what a GraphQL request may be sent as: JSON in UTF-8, which is also the default.
pub(super) fn is_json(content_type: &HeaderValue) -> bool {
    let Ok(text) = content_type.to_str() else { return false };
    let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
    essence.trim().eq_ignore_ascii_case("application/json") && parameters.split(';').all(is_utf8_or_other)
}

/// One media range of an `Accept` header (RFC 9110, section 12.5.1) that a GraphQL response can match.
struct Range<'h> {
    subtype: &'h str,
    /// 0.0 is "not acceptable".
    quality: f32,
}

impl<'h> Range<'h> {
    fn parse(text: &'h str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let of_ours = kind.eq_ignore_ascii_case("application") || (kind == "*" && subtype == "*");
        let mut quality = 1.0;
        for parameter in parts {
            match parameter.split_once('=') {
                Some((name, value)) if name.eq_ignore_ascii_case("q") => quality = value.parse().ok()?,
                _ if is_utf8_or_other(parameter) => {}
                _ => return None,
            }
        }
        of_ours.then_some(Self { subtype, quality })
    }
}

/// Of one media type the quality that the first range gives which names it, and the first of those that match any.
#[derive(Default)]
struct Preference {
    by_name: Option<f32>,
    by_wildcard: Option<f32>,
}

impl Preference {
    fn learn(&mut self, subtype: &str, range: &Range<'_>) {
        let place = match range.subtype {
            "*" => &mut self.by_wildcard,
            named if named.eq_ignore_ascii_case(subtype) => &mut self.by_name,
            _ => return,
        };
        place.get_or_insert(range.quality);
    }

    /// And whether the type was named. The more specific range counts.
    fn quality(&self) -> Option<(f32, bool)> {
        let quality = self.by_name.or(self.by_wildcard).filter(|quality| *quality > 0.0)?;
        Some((quality, self.by_name.is_some()))
    }
}

fn is_utf8_or_other(parameter: &str) -> bool {
    match parameter.trim().split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            matches!(value.trim_matches('"').to_ascii_lowercase().as_str(), "utf-8" | "utf8")
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_media_type_follows_quality_then_precision() {
        let cases = [
            ("application/graphql-response+json", Some(MediaType::GraphqlResponse)),
            ("application/json", Some(MediaType::Json)),
            ("application/json, application/graphql-response+json", Some(MediaType::GraphqlResponse)),
            ("application/graphql-response+json;q=0.5, application/json;q=0.9", Some(MediaType::Json)),
            ("application/graphql-response+json, application/json;q=0.9", Some(MediaType::GraphqlResponse)),
            ("*/*", Some(MediaType::Json)),
            ("application/*", Some(MediaType::Json)),
            ("application/graphql-response+json, */*", Some(MediaType::GraphqlResponse)),
            ("application/graphql-response+json;q=0, */*;q=0.1", Some(MediaType::Json)),
            ("text/html, application/xhtml+xml, */*;q=0.8", Some(MediaType::Json)),
            ("application/json; charset=utf-8", Some(MediaType::Json)),
            ("application/json; charset=latin1", None),
            ("text/html", None),
            ("application/json;q=0", None),
            ("application/json;q=many", None),
            ("", None),
        ];
        for (accept, expected) in cases {
            let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(MediaType::negotiate(&headers), expected, "{accept:?}");
        }
        assert_eq!(MediaType::negotiate(&HeaderMap::new()), Some(MediaType::Json));
    }
}
