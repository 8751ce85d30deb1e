use std::collections::BTreeMap;
use std::sync::Arc;

use hansard_types::{LogId, Timestamp};
use parking_lot::Mutex;

/// What a projection is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Reads what was there before it started.
    CatchingUp,
    /// Applies events as they come.
    Following,
    /// It could not apply an event or the log failed it; the text says why.
    Stopped(String),
}

/// How far a projection is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub name: &'static str,
    pub version: u32,
    /// In the write's own commit, or following behind.
    pub inline: bool,
    pub state: State,
    /// The last sequence it has applied.
    pub applied: u64,
    /// The log's last committed sequence when this was written.
    pub log_end: u64,
    /// The time of the last event it has applied; 0 before the first.
    pub applied_time: Timestamp,
}

impl Status {
    /// Committed events that it has not applied.
    #[must_use]
    pub fn lag_events(&self) -> u64 {
        self.log_end.saturating_sub(self.applied)
    }
}

/// Where every projection of this process says how far it is.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    rows: Arc<Mutex<BTreeMap<(LogId, &'static str), Status>>>,
}

impl Registry {
    /// Replaces what is known of one projection.
    pub fn set(&self, log: LogId, status: Status) {
        self.rows.lock().insert((log, status.name), status);
    }

    /// Changes what is known of one projection; nothing when it never reported.
    pub fn update(&self, log: LogId, name: &'static str, change: impl FnOnce(&mut Status)) {
        if let Some(status) = self.rows.lock().get_mut(&(log, name)) {
            change(status);
        }
    }

    /// Everything that is known, by log and name.
    #[must_use]
    pub fn all(&self) -> Vec<(LogId, Status)> {
        self.rows
            .lock()
            .iter()
            .map(|((log, _), status)| (*log, status.clone()))
            .collect()
    }
}
