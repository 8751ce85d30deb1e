use std::sync::Arc;

use hansard_events::Committed;
use hansard_types::LogId;
use tokio::sync::watch;

use crate::{Copies, Error, EventLog, Result, StoredEvent, Tail};

/// Shows a log up to its committed position: nobody learns from here of an event that could
/// still vanish. It reads our own files where they hold what is wanted, which is faster than the
/// stream and does not depend on it, and the stream where they do not.
#[derive(Clone)]
pub struct Reader {
    id: LogId,
    stream: Option<Arc<dyn EventLog>>,
    copies: Option<Copies>,
    tail: Option<Arc<Tail>>,
    committed: watch::Receiver<u64>,
}

impl Reader {
    #[must_use]
    pub fn new(
        log: Arc<dyn EventLog>,
        copies: Option<Copies>,
        committed: watch::Receiver<u64>,
    ) -> Self {
        Self {
            id: log.id(),
            stream: Some(log),
            copies,
            tail: None,
            committed,
        }
    }

    /// A log without its writer: everything that is there now counts as committed.
    ///
    /// # Errors
    /// [`Error::Unavailable`]
    pub async fn at_end(log: Arc<dyn EventLog>) -> Result<Self> {
        let end = log.last().await?;
        // The sender may go: a watch keeps its last value.
        Ok(Self::new(log, None, watch::channel(end).1))
    }

    /// What our own files hold of a log now; no server is asked.
    #[must_use]
    pub fn of_copies(copies: Copies) -> Self {
        let end = copies.last().unwrap_or(0);
        Self {
            id: copies.id(),
            stream: None,
            copies: Some(copies),
            tail: None,
            committed: watch::channel(end).1,
        }
    }

    /// Reads the end of the log in memory.
    #[must_use]
    pub fn with_tail(mut self, tail: Arc<Tail>) -> Self {
        self.tail = Some(tail);
        self
    }

    #[must_use]
    pub fn id(&self) -> LogId {
        self.id
    }

    /// Our own files of the log.
    #[must_use]
    pub fn copies(&self) -> Option<&Copies> {
        self.copies.as_ref()
    }

    /// The last committed sequence, and news of it.
    #[must_use]
    pub fn committed(&self) -> watch::Receiver<u64> {
        self.committed.clone()
    }

    /// At most `events_max` committed events from a sequence (included), in order, without holes.
    ///
    /// # Errors
    /// [`Error`]. Of a live log [`Error::AgedOut`] says where to go on.
    pub async fn read(&self, from: u64, events_max: usize) -> Result<Vec<StoredEvent>> {
        let end = *self.committed.borrow();
        let from = from.max(1);
        let there = usize::try_from((end + 1).saturating_sub(from)).unwrap_or(usize::MAX);
        let wanted = events_max.min(there);
        if wanted == 0 {
            return Ok(Vec::new());
        }
        let mut events = self.read_either(from, wanted).await?;
        events.truncate(wanted);
        let mut expected = (from..).zip(&events);
        let wrong = expected.position(|(sequence, event)| event.sequence != sequence);
        match wrong {
            None if events.is_empty() => Err(self.missing(from, end + 1)),
            None => Ok(events),
            // What comes before it is of use.
            Some(at) if at > 0 && self.id.is_live() => {
                events.truncate(at);
                Ok(events)
            }
            Some(at) => {
                let sequence = from + at as u64;
                Err(self.missing(sequence, events[at].sequence))
            }
        }
    }

    async fn read_either(&self, from: u64, wanted: usize) -> Result<Vec<StoredEvent>> {
        let mut why = None;
        if let Some(copies) = self.copies.clone() {
            match blocking(move || copies.read(from, wanted)).await? {
                Ok(events) if !events.is_empty() => return Ok(events),
                Ok(_) => {}
                Err(error) => why = Some(error),
            }
        }
        match (&self.stream, why) {
            (Some(stream), why) => {
                if let Some(error) = why {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(log = %self.id, error, "our own copy of the log is damaged");
                }
                stream.read(from, wanted).await
            }
            (None, Some(error)) => Err(Error::Copies(error)),
            (None, None) => Ok(Vec::new()),
        }
    }

    /// `next` is the first one that is there behind it.
    fn missing(&self, sequence: u64, next: u64) -> Error {
        let log = self.id.to_string();
        if self.id.is_live() {
            return Error::AgedOut { log, begins: next };
        }
        Error::Missing { log, sequence }
    }

    /// As [`Reader::read`], shared with everyone who follows: at the end of the log nothing is read
    /// or decoded.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn read_shared(&self, from: u64, events_max: usize) -> Result<Vec<Arc<Committed>>> {
        let end = *self.committed.borrow();
        let there = usize::try_from((end + 1).saturating_sub(from.max(1))).unwrap_or(usize::MAX);
        let tail = self.tail.as_ref().filter(|_| there > 0);
        if let Some(events) = tail.and_then(|tail| tail.read(from.max(1), events_max.min(there))) {
            return Ok(events);
        }
        let events = self.read(from, events_max).await?;
        let shared = |stored: StoredEvent| Arc::new(Committed::read(stored.sequence, stored.event));
        Ok(events.into_iter().map(shared).collect())
    }
}

/// Reads files without keeping a worker of the runtime waiting.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::Unavailable(error.to_string()))
}
