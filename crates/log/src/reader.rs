use std::sync::Arc;

use hansard_events::{Recorded, decode};
use hansard_types::LogId;
use tokio::sync::watch;

use crate::{Error, EventLog, Result, StoredEvent};

/// Shows a log up to its committed position: nobody learns from here of an event that could
/// still vanish.
#[derive(Clone)]
pub struct Reader {
    log: Arc<dyn EventLog>,
    committed: watch::Receiver<u64>,
}

impl Reader {
    #[must_use]
    pub fn new(log: Arc<dyn EventLog>, committed: watch::Receiver<u64>) -> Self {
        Self { log, committed }
    }

    /// A log without its writer: everything that is there now counts as committed.
    ///
    /// # Errors
    /// [`Error::Unavailable`]
    pub async fn at_end(log: Arc<dyn EventLog>) -> Result<Self> {
        let end = log.last().await?;
        // The sender may go: a watch keeps its last value.
        Ok(Self {
            log,
            committed: watch::channel(end).1,
        })
    }

    #[must_use]
    pub fn id(&self) -> LogId {
        self.log.id()
    }

    /// The last committed sequence, and news of it.
    #[must_use]
    pub fn committed(&self) -> watch::Receiver<u64> {
        self.committed.clone()
    }

    /// At most `events_max` committed events from a sequence (included), in order, without holes.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn read(&self, from: u64, events_max: usize) -> Result<Vec<StoredEvent>> {
        let end = *self.committed.borrow();
        let from = from.max(1);
        let there = usize::try_from((end + 1).saturating_sub(from)).unwrap_or(usize::MAX);
        let wanted = events_max.min(there);
        if wanted == 0 {
            return Ok(Vec::new());
        }
        let mut events = self.log.read(from, wanted).await?;
        events.truncate(wanted);
        for (sequence, event) in (from..).zip(&events) {
            if event.sequence != sequence {
                return Err(Error::Missing {
                    log: self.id().to_string(),
                    sequence,
                });
            }
        }
        if events.is_empty() {
            return Err(Error::Missing {
                log: self.id().to_string(),
                sequence: from,
            });
        }
        Ok(events)
    }

    /// As [`Reader::read`], decoded.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn read_recorded(&self, from: u64, events_max: usize) -> Result<Vec<Recorded>> {
        let events = self.read(from, events_max).await?;
        let mut recorded = Vec::with_capacity(events.len());
        for stored in events {
            let one = decode(stored.sequence, &stored.event).map_err(|error| Error::Malformed {
                log: self.id().to_string(),
                sequence: stored.sequence,
                reason: error.to_string(),
            })?;
            recorded.push(one);
        }
        Ok(recorded)
    }
}
