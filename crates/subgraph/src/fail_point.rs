//! Where a test may let a process die: around every commit, and around every call to another service.
//!
//! A point is `fail_point!("orders.ask.before", call)`: its name, and where it is passed for several reasons, which one.
//! Without the feature `failpoints`, which only tests turn on, it is nothing at all.

#[cfg(feature = "failpoints")]
use std::{fmt, process, sync::OnceLock};

#[cfg(feature = "failpoints")]
static DEADLY: OnceLock<String> = OnceLock::new();

/// From now on the process aborts where it passes this point: `name`, or `name:Reason`.
#[cfg(feature = "failpoints")]
pub fn die_at(point: String) {
    DEADLY.get_or_init(|| point);
}

/// For the macro.
#[cfg(feature = "failpoints")]
pub fn pass(point: fmt::Arguments<'_>) {
    if DEADLY.get().is_some_and(|deadly| *deadly == point.to_string()) {
        process::abort();
    }
}

#[cfg(feature = "failpoints")]
#[macro_export]
macro_rules! fail_point {
    ($name:literal) => {
        $crate::fail_point::pass(::std::format_args!($name))
    };
    ($name:literal, $reason:expr) => {
        $crate::fail_point::pass(::std::format_args!("{}:{:?}", $name, $reason))
    };
}

#[cfg(not(feature = "failpoints"))]
#[macro_export]
macro_rules! fail_point {
    ($name:literal $(, $reason:expr)?) => {};
}
