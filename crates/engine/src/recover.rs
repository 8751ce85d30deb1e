use std::sync::Arc;

use hansard_log::{AppendError, Copies, EventLog, Writer, WriterOptions};
use tokio::sync::watch;

use crate::catch_up::{catch_up, start_of};
use crate::round::{Memory, Tip};
use crate::{EngineOptions, OpenError};

/// How a partition's log is taken over: at the start, and again after a failure that can pass.
pub(crate) struct Recovery {
    pub(crate) options: EngineOptions,
    pub(crate) events: Arc<dyn EventLog>,
    pub(crate) copies: Copies,
    pub(crate) give_up: watch::Receiver<bool>,
}

/// A partition whose read models are at the end of its log.
pub(crate) struct Recovered {
    pub(crate) writer: Writer,
    pub(crate) tip: Tip,
    pub(crate) memory: Memory,
}

impl Recovery {
    /// Compares stream, archive and journal and mends them, then brings the read models to the
    /// log's end.
    pub(crate) async fn run(&self, memory: Memory) -> Result<Recovered, OpenError> {
        let Self {
            options,
            events,
            copies,
            give_up,
        } = self;
        let start = start_of(&*options.store, events.id())?;
        let checkpoint = (start.sequence > 0).then_some(start);
        let progress = Arc::clone(&options.progress);
        let writing = WriterOptions {
            give_up: Some(give_up.clone()),
            mending: Some(Arc::new(move |log, done, total| {
                progress.mending(log, done, total);
            })),
            ..WriterOptions::default()
        };
        let copies = copies.clone();
        let writer = Writer::open(Arc::clone(events), copies, checkpoint, writing).await?;
        let (store, fold) = (&options.store, &options.fold);
        let end = writer.last();
        let reader = writer.reader();
        let tip = catch_up(&reader, store, fold, end, &*options.progress).await?;
        let mut memory = memory;
        if tip.at.sequence > start.sequence {
            memory.read_ahead(store, events.id());
        }
        Ok(Recovered {
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
            Log::Log(Error::Malformed { .. } | Error::Missing { .. })
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
