mod attacks;
mod each_limit;
mod introspection;
mod syntax;

use document::{LimitError, Limits, check};

fn code(source: &str) -> &'static str {
    code_under(source, &Limits::default())
}

fn code_under(source: &str, limits: &Limits) -> &'static str {
    check(source, limits).as_ref().map_or_else(LimitError::code, |_| "passes")
}
