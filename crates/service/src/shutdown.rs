//! One switch that says "stop", shared by everything that has to hear it.

use tokio_util::sync::CancellationToken;

/// A request to stop. Clones share it; once triggered it stays triggered.
#[derive(Clone, Debug, Default)]
pub struct Shutdown(CancellationToken);

impl Shutdown {
    /// A switch that only [`trigger`](Self::trigger) flips.
    pub fn new() -> Self {
        Self::default()
    }

    /// A switch that SIGINT or SIGTERM flips. Must be called within a Tokio runtime.
    ///
    /// A second signal is not caught, so that an impatient operator can still end the process.
    pub fn on_signals() -> Self {
        let shutdown = Self::new();
        let switch = shutdown.clone();
        tokio::spawn(async move {
            let name = first_signal().await;
            // First of all: with standard error gone, the log line could fail, and the process must stop regardless.
            switch.trigger();
            tracing::info!(signal = name, "shutdown requested");
        });
        shutdown
    }

    /// A switch that this one flips too, and that can be flipped without it: one part of a process that stops alone.
    #[must_use]
    pub fn child(&self) -> Self {
        Self(self.0.child_token())
    }

    /// Asks everything that holds a clone to stop.
    pub fn trigger(&self) {
        self.0.cancel();
    }

    /// Ends when the stop is requested, at once if it was already.
    pub async fn requested(&self) {
        self.0.cancelled().await;
    }

    pub fn is_requested(&self) -> bool {
        self.0.is_cancelled()
    }
}

#[cfg(unix)]
async fn first_signal() -> &'static str {
    use tokio::signal::unix::{SignalKind, signal};
    // Installing a handler fails only on a signal number the platform forbids, which these are not.
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => "SIGINT",
        _ = terminate.recv() => "SIGTERM",
    }
}

#[cfg(not(unix))]
async fn first_signal() -> &'static str {
    match tokio::signal::ctrl_c().await {
        Ok(()) => "Ctrl-C",
        Err(_) => std::future::pending().await,
    }
}
