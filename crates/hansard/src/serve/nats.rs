//! Says in readiness what the supervised nats-server is doing.

use hansard_engine::{Handle, Hindrance};
use hansard_log::server::ServerState;
use tokio::sync::watch;

/// Passes on what a nats-server is doing, for ever. While it recovers no writes are taken: they
/// would wait until they are given up. A restart that is quick is waited for.
pub(crate) async fn watch(mut state: watch::Receiver<ServerState>, engine: Handle) {
    loop {
        let now = state.borrow_and_update().clone();
        let reason = now.describe();
        match now {
            ServerState::Recovering(_) | ServerState::Ended { .. } => {
                engine.pause_writes(Hindrance::Log, reason);
            }
            ServerState::Starting | ServerState::Hung { .. } | ServerState::Ready => {
                engine.report(Hindrance::Log, reason);
            }
        }
        if state.changed().await.is_err() {
            return;
        }
    }
}
