use std::sync::Arc;

use hansard_log::{AppendError, Copies, EventLog, LogProvider, Writer, WriterOptions};
use hansard_projector::Fold;
use hansard_store::Store;
use hansard_types::LogId;
use tokio::sync::watch;

use crate::catch_up::{catch_up, start_of};
use crate::round::{Memory, Tip};
use crate::{OpenError, Progress};

/// How a partition's log is taken over: at the start, again after a failure that can pass, and when
/// its read models are replaced.
pub(crate) struct Recovery {
    pub(crate) log: LogId,
    pub(crate) logs: Arc<dyn LogProvider>,
    pub(crate) fold: Arc<Fold>,
    pub(crate) progress: Arc<dyn Progress>,
    pub(crate) copies: Copies,
    pub(crate) give_up: watch::Receiver<bool>,
}

/// A partition whose read models are at the end of its log.
pub(crate) struct Recovered {
    pub(crate) events: Arc<dyn EventLog>,
    pub(crate) writer: Writer,
    pub(crate) tip: Tip,
    pub(crate) memory: Memory,
}

impl Recovery {
    /// Compares stream, archive and journal and mends them, then brings the read models in `store`
    /// to the log's end. A stream that is gone is made again first.
    pub(crate) async fn run(&self, store: &Arc<dyn Store>) -> Result<Recovered, OpenError> {
        let mut memory = Memory::default();
        // While the log is waited for.
        memory.read_ahead(store, self.log);
        let events = self.logs.open(self.log).await?;
        let start = start_of(&**store, self.log)?;
        let checkpoint = (start.sequence > 0).then_some(start);
        let progress = Arc::clone(&self.progress);
        let writing = WriterOptions {
            give_up: Some(self.give_up.clone()),
            mending: Some(Arc::new(move |log, done, total| {
                progress.mending(log, done, total);
            })),
            ..WriterOptions::default()
        };
        let copies = self.copies.clone();
        let writer = Writer::open(Arc::clone(&events), copies, checkpoint, writing).await?;
        let end = writer.last();
        let reader = writer.reader();
        let tip = catch_up(&reader, store, &self.fold, end, &*self.progress).await?;
        if tip.at.sequence > start.sequence {
            memory.read_ahead(store, self.log);
        }
        Ok(Recovered {
            events,
            writer,
            tip,
            memory,
        })
    }
}

/// Whether trying again may help: the disk was full, or the log did not answer. What contradicts
/// itself does so again.
pub(crate) fn may_pass(error: &OpenError) -> bool {
    use hansard_log::{Error, JournalError, OpenError as Log};
    match error {
        OpenError::Store(_) => true,
        OpenError::Log(log) => match log {
            Log::Log(Error::Unavailable(_) | Error::Copies(_))
            | Log::Archive { .. }
            | Log::Server(_) => true,
            Log::Journal { source, .. } => matches!(source, JournalError::File { .. }),
            Log::Repair { source, .. } => !matches!(source, AppendError::Fenced { .. }),
            Log::Log(Error::Malformed { .. } | Error::Missing { .. } | Error::AgedOut { .. })
            | Log::Lost { .. }
            | Log::Contradiction { .. } => false,
        },
        OpenError::Fold(_)
        | OpenError::CheckpointMismatch { .. }
        | OpenError::ChainBroken { .. }
        | OpenError::Malformed { .. }
        | OpenError::AlreadyOpen { .. }
        | OpenError::Submit(_) => false,
    }
}
