use std::ops::RangeInclusive;
use std::sync::Arc;

use hansard_types::LogId;

use crate::archive::merged;
use crate::{Archive, ArchiveError, Journal, JournalError, StoredEvent};

/// Why events cannot be read from our own files.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// What of one log is in our own files: the archive, and behind it the journal. Together they are
/// the second copy of the log.
#[derive(Clone)]
pub struct Copies {
    log: LogId,
    archive: Option<Arc<Archive>>,
    journal: Option<Arc<Journal>>,
}

impl Copies {
    #[must_use]
    pub fn new(log: LogId, archive: Option<Arc<Archive>>, journal: Option<Arc<Journal>>) -> Self {
        Self {
            log,
            // What ages out is in the stream alone, and for minutes in the journal.
            archive: archive.filter(|_| !log.is_live()),
            journal,
        }
    }

    #[must_use]
    pub fn id(&self) -> LogId {
        self.log
    }

    #[must_use]
    pub fn archive(&self) -> Option<&Arc<Archive>> {
        self.archive.as_ref()
    }

    #[must_use]
    pub fn journal(&self) -> Option<&Arc<Journal>> {
        self.journal.as_ref()
    }

    /// What is held, as ranges without holes, ascending. What is known to be damaged in the journal
    /// is left out; damage in the archive shows when it is read.
    #[must_use]
    pub fn ranges(&self) -> Vec<RangeInclusive<u64>> {
        let archive = self.archive.as_ref();
        let mut ranges = archive.map_or_else(Vec::new, |archive| archive.ranges(self.log));
        if let Some(journal) = &self.journal
            && let Some((first, last)) = journal.bounds(self.log)
        {
            let mut next = first;
            for damage in journal.damage(self.log) {
                if damage.events.is_empty() {
                    continue;
                }
                if *damage.events.start() > next {
                    ranges.push(next..=damage.events.start() - 1);
                }
                next = next.max(damage.events.end().saturating_add(1));
            }
            if next <= last {
                ranges.push(next..=last);
            }
        }
        ranges.sort_by_key(|range| *range.start());
        merged(ranges.into_iter())
    }

    /// The events of a range that are held by neither.
    #[must_use]
    pub fn missing(&self, wanted: RangeInclusive<u64>) -> Vec<RangeInclusive<u64>> {
        let mut missing = Vec::new();
        let mut next = *wanted.start();
        for range in self.ranges() {
            if *range.start() > *wanted.end() {
                break;
            }
            if *range.start() > next {
                missing.push(next..=range.start() - 1);
            }
            next = next.max(range.end().saturating_add(1));
        }
        if next <= *wanted.end() {
            missing.push(next..=*wanted.end());
        }
        missing
    }

    /// The last event that is held.
    #[must_use]
    pub fn last(&self) -> Option<u64> {
        let archived = self.archive.as_ref().and_then(|one| one.last(self.log));
        let journal = self.journal.as_ref();
        let journaled = journal.and_then(|journal| journal.bounds(self.log));
        archived.max(journaled.map(|(_, last)| last))
    }

    /// At most `events_max` events from a sequence (included), in order, without holes. Empty when
    /// the sequence is not held. Blocks while files are read.
    ///
    /// # Errors
    /// [`CopyError`], when the first of them cannot be read.
    pub fn read(&self, from: u64, events_max: usize) -> Result<Vec<StoredEvent>, CopyError> {
        let archived = match &self.archive {
            Some(archive) => archive.read(self.log, from, events_max),
            None => Ok(Vec::new()),
        };
        match archived {
            Ok(events) if !events.is_empty() => return Ok(events),
            Ok(_) => {}
            Err(error) => {
                // What was archived a short while ago is still in the journal.
                let journaled = self.journaled(from, events_max)?;
                return if journaled.is_empty() {
                    Err(error.into())
                } else {
                    Ok(journaled)
                };
            }
        }
        let journaled = self.journaled(from, events_max)?;
        if !journaled.is_empty() {
            return Ok(journaled);
        }
        // It may have moved from the journal to the archive between the two looks.
        match &self.archive {
            Some(archive) => Ok(archive.read(self.log, from, events_max)?),
            None => Ok(journaled),
        }
    }

    fn journaled(&self, from: u64, events_max: usize) -> Result<Vec<StoredEvent>, JournalError> {
        match &self.journal {
            Some(journal) => journal.entries(self.log, from, events_max),
            None => Ok(Vec::new()),
        }
    }
}
