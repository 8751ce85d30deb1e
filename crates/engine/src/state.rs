use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hansard_store::Store;
use hansard_types::limits::{LOG_SILENT_MS_MAX, ROUND_RESULT_MS_MAX};
use parking_lot::{Mutex, RwLock};
use tokio::time::Instant;

/// A round without a result for longer says that its partition stands still.
const RESULT_WITHIN: Duration = Duration::from_millis(ROUND_RESULT_MS_MAX);
/// A log that has not answered for longer is called silent.
const SILENT_AFTER: Duration = Duration::from_millis(LOG_SILENT_MS_MAX);

/// What a partition says of itself.
#[derive(Debug, Default)]
pub(crate) struct PartitionState {
    stopped: AtomicBool,
    reason: RwLock<Option<String>>,
    /// When each round was begun that has no result yet, the oldest first.
    rounds: Mutex<VecDeque<Instant>>,
    /// Since when the log has not answered, and what it said last.
    silent: Mutex<Option<(Instant, String)>>,
}

impl PartitionState {
    /// The first reason stays.
    pub(crate) fn stop(&self, reason: String) {
        self.reason.write().get_or_insert(reason);
        self.stopped.store(true, Ordering::Release);
    }

    /// What is in the way now.
    pub(crate) fn replace(&self, reason: String) {
        *self.reason.write() = Some(reason);
        self.stopped.store(true, Ordering::Release);
    }

    /// Commands are taken again.
    pub(crate) fn resume(&self) {
        self.stopped.store(false, Ordering::Release);
        *self.reason.write() = None;
    }

    pub(crate) fn stopped(&self) -> Option<String> {
        if self.stopped.load(Ordering::Acquire) {
            self.reason.read().clone()
        } else {
            None
        }
    }

    pub(crate) fn round_begun(&self, at: Instant) {
        self.rounds.lock().push_back(at);
    }

    /// The oldest one.
    pub(crate) fn round_ended(&self) {
        self.rounds.lock().pop_front();
    }

    /// Whoever worked on rounds has gone.
    pub(crate) fn no_rounds(&self) {
        self.rounds.lock().clear();
    }

    pub(crate) fn log_answered(&self) {
        *self.silent.lock() = None;
    }

    pub(crate) fn log_is_silent(&self, reason: String) {
        let mut silent = self.silent.lock();
        let since = silent
            .as_ref()
            .map_or_else(Instant::now, |(since, _)| *since);
        *silent = Some((since, reason));
    }

    /// What is wrong with it, whether or not it takes commands.
    pub(crate) fn trouble(&self) -> Vec<String> {
        if let Some(reason) = self.stopped() {
            return vec![reason];
        }
        let mut found = Vec::new();
        let oldest = self.rounds.lock().front().map(Instant::elapsed);
        if let Some(waited) = oldest.filter(|waited| *waited > RESULT_WITHIN) {
            let seconds = waited.as_secs();
            found.push(format!(
                "its oldest round has had no result for {seconds} s"
            ));
        }
        if let Some((since, reason)) = &*self.silent.lock()
            && since.elapsed() > SILENT_AFTER
        {
            let seconds = since.elapsed().as_secs();
            found.push(format!(
                "its log has not answered for {seconds} s ({reason})"
            ));
        }
        found
    }
}

/// The read models that a partition is read from: replaced as a whole once they were built again.
#[derive(Clone)]
pub(crate) struct Models(Arc<RwLock<Arc<dyn Store>>>);

impl Models {
    pub(crate) fn of(store: Arc<dyn Store>) -> Self {
        Self(Arc::new(RwLock::new(store)))
    }

    pub(crate) fn now(&self) -> Arc<dyn Store> {
        Arc::clone(&self.0.read())
    }

    pub(crate) fn replace(&self, store: Arc<dyn Store>) {
        *self.0.write() = store;
    }
}
