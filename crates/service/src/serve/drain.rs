//! Stopping: readiness goes first, then new connections, then the old ones.

use std::time::Duration;

use super::connection::Connections;
use crate::shutdown::Shutdown;

/// Ends when it is time to stop accepting. `/ready` has answered 503 since the request to stop.
pub(super) async fn lame_duck_ends(shutdown: &Shutdown, lame_duck: Duration) {
    shutdown.requested().await;
    tokio::time::sleep(lame_duck).await;
}

/// Lets idle connections close and busy ones finish, and cuts those that have not after `timeout`.
pub(super) async fn finish<S>(connections: Connections<S>, timeout: Duration) {
    let Connections { closing, cut, tasks, .. } = connections;
    tasks.close();
    closing.cancel();
    if tokio::time::timeout(timeout, tasks.wait()).await.is_err() {
        tracing::warn!(connections = tasks.len(), "drain deadline passed");
        cut.cancel();
        tasks.wait().await;
    }
}
