//! The edges of a `main`: starting the asynchronous runtime, and telling a person why it ended.

use std::{error::Error, future::Future, io::Write as _, process::ExitCode};

/// Runs a process's one future to its end on a multi-threaded runtime.
///
/// # Errors
/// The runtime cannot be built: the operating system gives no threads or no poll descriptor.
pub fn block_on<F: Future>(future: F) -> std::io::Result<F::Output> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    Ok(runtime.block_on(future))
}

/// Writes an error and its causes to standard error, one line, for the person who started the process.
pub fn report(error: &dyn Error) -> ExitCode {
    let mut line = format!("error: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        source = cause.source();
    }
    // Nobody is left to be told that standard error is closed.
    let _ = writeln!(std::io::stderr(), "{line}");
    ExitCode::FAILURE
}
