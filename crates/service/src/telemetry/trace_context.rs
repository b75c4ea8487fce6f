//! W3C Trace Context: reading `traceparent`, making one, and handing it on.

use http::{HeaderMap, HeaderName, HeaderValue};

/// <https://www.w3.org/TR/trace-context/#traceparent-header>
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

tokio::task_local! {
    pub(super) static CURRENT: TraceContext;
}

/// Where a request stands in its trace: the trace's id, and the id of the span that is this process's part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: u128,
    span_id: u64,
    sampled: bool,
    state: Option<HeaderValue>,
}

impl TraceContext {
    /// Continues the trace that the headers name, or starts one where they name none or a malformed one.
    pub fn of(headers: &HeaderMap) -> Self {
        let mut parents = headers.get_all(TRACEPARENT).iter();
        let parent = match (parents.next(), parents.next()) {
            (Some(only), None) => only.to_str().ok().and_then(parse),
            _ => None,
        };
        match parent {
            Some((trace_id, sampled)) => {
                Self { trace_id, span_id: fresh_span_id(), sampled, state: headers.get(TRACESTATE).cloned() }
            }
            None => Self { trace_id: fresh_trace_id(), span_id: fresh_span_id(), sampled: true, state: None },
        }
    }

    /// That of the request which the current task serves.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    /// 32 lower-case hexadecimal digits.
    pub fn trace_id(&self) -> String {
        let mut text = String::with_capacity(32);
        push_hex(&mut text, self.trace_id, 32);
        text
    }

    /// What the header `traceparent` says.
    pub fn parent(&self) -> String {
        let mut text = String::with_capacity(55);
        text.push_str("00-");
        push_hex(&mut text, self.trace_id, 32);
        text.push('-');
        push_hex(&mut text, self.span_id.into(), 16);
        text.push_str(if self.sampled { "-01" } else { "-00" });
        text
    }

    /// Sets `traceparent`, and `tracestate` where the caller sent one.
    pub fn write_to(&self, headers: &mut HeaderMap) {
        if let Ok(value) = HeaderValue::try_from(self.parent()) {
            headers.insert(TRACEPARENT, value);
        }
        if let Some(state) = &self.state {
            headers.insert(TRACESTATE, state.clone());
        }
    }
}

/// Hands the current request's trace on to an outgoing call; does nothing outside of a request.
pub fn propagate(headers: &mut HeaderMap) {
    if let Some(context) = TraceContext::current() {
        context.write_to(headers);
    }
}

/// The trace id and the sampled flag. Versions above 00 may have more fields; version ff is invalid, as are zero ids.
fn parse(text: &str) -> Option<(u128, bool)> {
    let mut fields = text.split('-');
    let (version, trace, parent, flags) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let whole = fields.next().is_none() || version != "00";
    let widths = version.len() == 2 && trace.len() == 32 && parent.len() == 16 && flags.len() == 2;
    let lower_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-')) || version != "00";
    if !(whole && widths && lower_hex) || version == "ff" {
        return None;
    }
    u8::from_str_radix(version, 16).ok()?;
    let trace_id = u128::from_str_radix(trace, 16).ok().filter(|id| *id != 0)?;
    u64::from_str_radix(parent, 16).ok().filter(|id| *id != 0)?;
    Some((trace_id, u8::from_str_radix(flags, 16).ok()? & 1 == 1))
}

/// Done for every call, and many times as fast as by a formatter.
fn push_hex(text: &mut String, value: u128, digits: u32) {
    let digit = |position| b"0123456789abcdef"[(value >> (4 * position)) as usize & 0xf];
    text.extend((0..digits).rev().map(|position| char::from(digit(position))));
}

fn fresh_trace_id() -> u128 {
    rand::random::<u128>().max(1)
}

fn fresh_span_id() -> u64 {
    rand::random::<u64>().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let context = TraceContext { trace_id: 0, span_id: 0xb7ad_6b71_6920_3331, sampled: true, state: None };
        let (trace_id, sampled) = parse(parent).unwrap();
        assert_eq!(TraceContext { trace_id, sampled, ..context }.parent(), parent);
    }

    #[test]
    fn only_well_formed_parents_are_continued() {
        let trace = "0af7651916cd43dd8448eb211c80319c";
        let good = format!("00-{trace}-b7ad6b7169203331-01");
        assert_eq!(parse(&good), Some((0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c, true)));
        assert_eq!(parse(&format!("01-{trace}-b7ad6b7169203331-00-more")), parse(&good).map(|(id, _)| (id, false)));
        for bad in [
            String::new(),
            format!("ff-{trace}-b7ad6b7169203331-01"),
            format!("00-{trace}-b7ad6b7169203331-01-more"),
            format!("00-{trace}-0000000000000000-01"),
            format!("00-{}-b7ad6b7169203331-01", "0".repeat(32)),
            format!("00-{}-b7ad6b7169203331-01", trace.to_uppercase()),
            format!("00-{trace}-+7ad6b7169203331-01"),
        ] {
            assert_eq!(parse(&bad), None, "{bad}");
        }
    }
}
