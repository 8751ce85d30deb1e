use std::ops::RangeInclusive;

use crate::{ArchiveError, CopyError, JournalError};

/// Why an append did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    #[error("the log's end is not at sequence {expected_last}")]
    Conflict { expected_last: u64 },
    #[error("the log did not answer; whether the events are in is not known yet")]
    Unknown(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the log refused the events: {0}")]
    Refused(String),
    /// [`crate::Writer`] only: someone else writes to this stream. This writer must stop.
    #[error("another writer appended to {log} at sequence {sequence}: this one is fenced off")]
    Fenced { log: String, sequence: u64 },
    /// [`crate::Writer`] only: appended, but not on disk: the commit is not known.
    #[error("the journal failed")]
    Journal(#[source] JournalError),
}

/// What can go wrong with reading a log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the log did not answer: {0}")]
    Unavailable(String),
    #[error("event {sequence} of {log} does not read: {reason}")]
    Malformed {
        log: String,
        sequence: u64,
        reason: String,
    },
    #[error("event {sequence} of {log} is missing")]
    Missing { log: String, sequence: u64 },
    /// Of live logs only: their events go when their time is over.
    #[error("the events of {log} before {begins} have aged out")]
    AgedOut { log: String, begins: u64 },
    #[error("our own copy of the log does not read")]
    Copies(#[source] CopyError),
}

/// Why a log cannot be taken into use. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Log(#[from] Error),
    #[error("the journal of {log} failed")]
    Journal {
        log: String,
        #[source]
        source: JournalError,
    },
    #[error("the archive of {log} failed")]
    Archive {
        log: String,
        #[source]
        source: ArchiveError,
    },
    /// In neither copy.
    #[error(
        "{log} has lost events {}: they are neither in the stream nor in archive and journal. \
         Restore the archive's files that hold them from a backup, then start again; nothing was \
         changed. {why}",
        listed(positions)
    )]
    Lost {
        log: String,
        positions: Vec<RangeInclusive<u64>>,
        why: String,
    },
    #[error("the journal contradicts {log}: {what}")]
    Contradiction { log: String, what: String },
    #[error("{log} could not be repaired")]
    Repair {
        log: String,
        #[source]
        source: AppendError,
    },
    #[error("{0}")]
    Server(String),
}

/// `3 to 7, 9`: at most so many ranges are named.
pub(crate) fn listed(ranges: &[RangeInclusive<u64>]) -> String {
    const NAMED_MAX: usize = 20;
    let mut named: Vec<String> = ranges
        .iter()
        .take(NAMED_MAX)
        .map(|range| match (range.start(), range.end()) {
            (first, last) if first == last => first.to_string(),
            (first, last) => format!("{first} to {last}"),
        })
        .collect();
    if ranges.len() > NAMED_MAX {
        named.push(format!("and {} ranges more", ranges.len() - NAMED_MAX));
    }
    named.join(", ")
}

pub type Result<T, E = Error> = std::result::Result<T, E>;
