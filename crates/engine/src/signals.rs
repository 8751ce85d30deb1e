//! Signals on their way from decisions to those who are there: one bus inside the process.

use std::sync::Arc;

use hansard_domain::Signal;
use hansard_types::{AppId, limits};
use tokio::sync::broadcast;

/// A signal and the app that it is of.
#[derive(Debug, Clone, PartialEq)]
pub struct AppSignal {
    pub app: AppId,
    pub signal: Signal,
}

/// Hands signals to everyone who listens. Bounded: who falls behind by more than
/// `SIGNALS_WAITING_MAX` has missed the oldest, and is told how many.
#[derive(Clone)]
pub(crate) struct Bus(broadcast::Sender<Arc<AppSignal>>);

impl Default for Bus {
    fn default() -> Self {
        Self(broadcast::Sender::new(limits::SIGNALS_WAITING_MAX))
    }
}

impl Bus {
    pub(crate) fn listen(&self) -> broadcast::Receiver<Arc<AppSignal>> {
        self.0.subscribe()
    }

    /// Nobody has to be there to hear it.
    pub(crate) fn tell(&self, app: AppId, signals: Vec<Signal>) {
        for signal in signals {
            drop(self.0.send(Arc::new(AppSignal { app, signal })));
        }
    }
}
