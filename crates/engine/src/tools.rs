use std::sync::Arc;

use hansard_log::{Archive, Journal, LogProvider};
use hansard_projector::{Fold, Registry};
use hansard_types::LogId;

use crate::{Clock, IdSource};

/// Told how far catching up is.
pub trait Progress: Send + Sync + 'static {
    fn begin(&self, log: LogId, applied: u64, end: u64);
    fn reached(&self, log: LogId, applied: u64, end: u64);
    fn done(&self, log: LogId, applied: u64);
    /// A damaged copy of the log is made again from the other: events done, and in all.
    fn mending(&self, log: LogId, done: u64, total: u64);
}

/// Nobody wants to know.
impl Progress for () {
    fn begin(&self, _log: LogId, _applied: u64, _end: u64) {}
    fn reached(&self, _log: LogId, _applied: u64, _end: u64) {}
    fn done(&self, _log: LogId, _applied: u64) {}
    fn mending(&self, _log: LogId, _done: u64, _total: u64) {}
}

/// What partitions are made with. Not the read models: those are replaced.
#[derive(Clone)]
pub(crate) struct Tools {
    pub(crate) logs: Arc<dyn LogProvider>,
    pub(crate) fold: Arc<Fold>,
    pub(crate) journal: Option<Arc<Journal>>,
    pub(crate) archive: Option<Arc<Archive>>,
    pub(crate) registry: Registry,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
    pub(crate) progress: Arc<dyn Progress>,
}
