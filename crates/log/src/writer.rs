use std::sync::Arc;
use std::time::Duration;

use hansard_events::{RawEvent, header};
use hansard_types::{Checkpoint, LogId, limits};
use tokio::sync::watch;

use crate::{AppendError, Copies, Error, EventLog, OpenError, Reader, Unit};

mod compare;
pub(crate) mod mend;
mod repair;

pub use repair::Repaired;

/// Told how far mending a log is: events done, and events in all.
pub type Mending = Arc<dyn Fn(LogId, u64, u64) + Send + Sync>;

/// How a writer behaves.
#[derive(Clone)]
pub struct WriterOptions {
    /// Turns true when unknown outcomes are to be left unknown: the process is ending.
    pub give_up: Option<watch::Receiver<bool>>,
    /// Take the log's end for the truth where the journal is missing.
    pub accept_missing_journal: bool,
    /// The first and the longest wait before an append is tried again.
    pub retry_after: (Duration, Duration),
    /// Told how far mending is, when something is mended.
    pub mending: Option<Mending>,
}

impl Default for WriterOptions {
    fn default() -> Self {
        Self {
            give_up: None,
            accept_missing_journal: false,
            retry_after: (Duration::from_millis(10), Duration::from_secs(1)),
            mending: None,
        }
    }
}

/// The one writer of a stream: an [`Appender`] and a [`Sealer`].
pub struct Writer {
    appender: Appender,
    sealer: Sealer,
    repaired: Repaired,
    copies: Copies,
}

/// The first half of a commit: events get into the log.
pub struct Appender {
    log: Arc<dyn EventLog>,
    options: WriterOptions,
    /// The last sequence that was appended.
    last: u64,
}

/// The second half of a commit: what was appended is brought to disk, and is committed then.
pub struct Sealer {
    log: LogId,
    copies: Copies,
    committed: watch::Sender<u64>,
}

impl Writer {
    /// Takes a log over: stream, archive and journal are compared, and each is mended from the
    /// others.
    ///
    /// `checkpoint` is what the read models have applied, which is never more than is journaled.
    ///
    /// # Errors
    /// [`OpenError`], which says what to do.
    pub async fn open(
        log: Arc<dyn EventLog>,
        copies: Copies,
        checkpoint: Option<Checkpoint>,
        options: WriterOptions,
    ) -> Result<Self, OpenError> {
        let (last, repaired) = repair::repair(&log, &copies, checkpoint, &options).await?;
        let (committed, _) = watch::channel(last);
        let sealer = Sealer {
            log: log.id(),
            copies: copies.clone(),
            committed,
        };
        Ok(Self {
            appender: Appender { log, options, last },
            sealer,
            repaired,
            copies,
        })
    }

    /// Shows what is committed.
    #[must_use]
    pub fn reader(&self) -> Reader {
        let log = Arc::clone(&self.appender.log);
        Reader::new(log, Some(self.copies.clone()), self.committed())
    }

    #[must_use]
    pub fn id(&self) -> LogId {
        self.sealer.log
    }

    /// The last committed sequence.
    #[must_use]
    pub fn last(&self) -> u64 {
        *self.sealer.committed.borrow()
    }

    /// The last committed sequence, and news of it.
    #[must_use]
    pub fn committed(&self) -> watch::Receiver<u64> {
        self.sealer.committed.subscribe()
    }

    /// What was mended when the log was taken over.
    #[must_use]
    pub fn repaired(&self) -> Repaired {
        self.repaired
    }

    /// Commits units: they are in the log, in order, each once, and on disk when this returns.
    ///
    /// # Errors
    /// As [`Appender::append`] and [`Sealer::seal`]. After any of them this writer must not be
    /// used again: the log's end is not known.
    pub async fn append(&mut self, units: &[Unit]) -> Result<u64, AppendError> {
        let first = self.appender.append(units).await?;
        self.sealer.seal(first, units)?;
        Ok(self.last())
    }

    /// The two halves, so that one round is appended while the one before it is brought to disk.
    #[must_use]
    pub fn into_halves(self) -> (Appender, Sealer) {
        (self.appender, self.sealer)
    }
}

impl Appender {
    /// Appends units, in order, each once, and returns the sequence of their first event. Unknown
    /// outcomes are resolved by trying again under the same expected sequences.
    ///
    /// # Errors
    /// [`AppendError::Fenced`]: someone else writes; [`AppendError::Unknown`]: told to give up;
    /// [`AppendError::Refused`]. After any of them the log's end is not known.
    pub async fn append(&mut self, units: &[Unit]) -> Result<u64, AppendError> {
        append_resolved(&*self.log, self.last, units, &self.options).await?;
        let first = self.last + 1;
        self.last += units.iter().map(Vec::len).sum::<usize>() as u64;
        Ok(first)
    }
}

impl Sealer {
    /// Brings units to disk that were appended, the first at `first`, with one fsync, and calls
    /// them committed. Blocks while the disk works. Units are sealed in the order of their append.
    ///
    /// # Errors
    /// [`AppendError::Journal`]: whether they are on disk is not known.
    pub fn seal(&self, first: u64, units: &[Unit]) -> Result<(), AppendError> {
        let events: Vec<&RawEvent> = units.iter().flatten().collect();
        if let Some(journal) = self.copies.journal() {
            journal
                .append(self.log, first, &events)
                .map_err(AppendError::Journal)?;
        }
        self.committed.send_replace(first + events.len() as u64 - 1);
        Ok(())
    }
}

/// Appends units after `last`, until all are in or it is certain that they never will be.
///
/// An event that timed out may still arrive. It can only arrive at the sequence that it was sent
/// for, which is the one that the same event is sent for again: so it is never doubled.
async fn append_resolved(
    log: &dyn EventLog,
    last: u64,
    units: &[Unit],
    options: &WriterOptions,
) -> Result<(), AppendError> {
    let total: usize = units.iter().map(Vec::len).sum();
    let mut wait = options.retry_after.0;
    let mut done = 0;
    loop {
        let rest = &units[done..];
        let in_log: usize = units[..done].iter().map(Vec::len).sum();
        let error = match log.append(last + in_log as u64, rest).await {
            Ok(()) => return Ok(()),
            Err(error @ (AppendError::Unknown(_) | AppendError::Conflict { .. })) => error,
            Err(error) => return Err(error),
        };
        tracing::warn!(log = %log.id(), %error, "an append is not resolved yet");
        match ours_in_log(log, last, units).await {
            Ok(events) if events == total => return Ok(()),
            Ok(events) => done = whole_units(log, last, units, events)?,
            Err(Resolve::Fenced(error)) => return Err(error),
            Err(Resolve::Unavailable(reason)) => {
                tracing::warn!(log = %log.id(), %reason, "the log cannot be read");
            }
        }
        if pause(wait, options).await {
            return Err(error);
        }
        wait = (wait * 2).min(options.retry_after.1);
    }
}

enum Resolve {
    Fenced(AppendError),
    Unavailable(String),
}

/// How many of the units' events are in the log, told by their ids.
async fn ours_in_log(log: &dyn EventLog, last: u64, units: &[Unit]) -> Result<usize, Resolve> {
    let events: Vec<&RawEvent> = units.iter().flatten().collect();
    let mut found = 0;
    loop {
        let from = last + found as u64 + 1;
        // One more than ours: an event behind them is someone else's.
        let wanted = (events.len() + 1 - found).min(limits::READ_BATCH_MAX);
        let stored = match log.read(from, wanted).await {
            Ok(stored) => stored,
            Err(Error::Unavailable(reason)) => return Err(Resolve::Unavailable(reason)),
            Err(error) => return Err(Resolve::Unavailable(error.to_string())),
        };
        if stored.is_empty() {
            return Ok(found);
        }
        for (sequence, there) in (from..).zip(&stored) {
            let ours = events.get(found).and_then(|event| event.header(header::ID));
            if there.sequence != sequence
                || ours.is_none()
                || ours != there.event.header(header::ID)
            {
                let log = log.id().to_string();
                return Err(Resolve::Fenced(AppendError::Fenced { log, sequence }));
            }
            found += 1;
        }
    }
}

/// How many whole units a number of events is.
fn whole_units(
    log: &dyn EventLog,
    last: u64,
    units: &[Unit],
    events: usize,
) -> Result<usize, AppendError> {
    let mut sum = 0;
    for (index, unit) in units.iter().enumerate() {
        if sum == events {
            return Ok(index);
        }
        sum += unit.len();
    }
    let at = last + events as u64;
    Err(AppendError::Refused(format!(
        "{}: half of a command is in the log at {at}",
        log.id()
    )))
}

/// Waits before the next try; true when it is time to give up.
async fn pause(wait: Duration, options: &WriterOptions) -> bool {
    let Some(mut give_up) = options.give_up.clone() else {
        tokio::time::sleep(wait).await;
        return false;
    };
    // A sender that is gone means that the process is ending.
    tokio::time::timeout(wait, give_up.wait_for(|give_up| *give_up))
        .await
        .is_ok()
}

#[cfg(test)]
mod tests;
