use std::sync::Arc;

use async_trait::async_trait;
use hansard_events::RawEvent;
use hansard_types::LogId;

use crate::{AppendError, OpenError, Result, StoredEvent};

/// Opens logs; makes their streams when they are missing.
#[async_trait]
pub trait LogProvider: Send + Sync + 'static {
    /// # Errors
    /// When the stream can neither be found nor made.
    async fn open(&self, id: LogId) -> Result<Arc<dyn EventLog>, OpenError>;
}

/// What a stream says that it holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    /// The sequence of the first event that is there; in an empty stream the one after the last, or
    /// 0.
    pub first: u64,
    /// The sequence of the last event that was ever there; 0 in a new stream.
    pub last: u64,
    /// Events that are there.
    pub events: u64,
}

impl Extent {
    /// The first sequence that a log must hold: 1, or of a live one where what has not aged out
    /// begins.
    #[must_use]
    pub fn begins(&self, log: LogId) -> u64 {
        if log.is_live() { self.first.max(1) } else { 1 }
    }

    /// Events that are not there, though they have not aged out.
    #[must_use]
    pub fn absent(&self, log: LogId) -> u64 {
        let wanted = (self.last + 1).saturating_sub(self.begins(log));
        wanted.saturating_sub(self.events)
    }
}

/// The events of one command: all of them are in the log or none is.
pub type Unit = Vec<RawEvent>;

/// One stream of events with dense sequences from 1.
///
/// The contract an implementer keeps:
/// * `append` puts the units' events at `expected_last + 1 ..`, in order;
/// * when it fails, a prefix of the units may be in, and may still arrive until the stream has
///   been written to again under an expectation; a unit of several events is never in by half;
/// * it refuses with [`AppendError::Conflict`] when the stream's last sequence is not the
///   expected one, and then has added nothing after the conflict;
/// * what was acknowledged survives the death of any process (power loss is the journal's part);
/// * `read` and `last` see every acknowledged event (read-after-write).
#[async_trait]
pub trait EventLog: Send + Sync + 'static {
    /// Which stream this is.
    fn id(&self) -> LogId;

    /// Appends units, the first at `expected_last + 1`.
    ///
    /// # Errors
    /// [`AppendError::Conflict`]: the stream's end is another one.
    /// [`AppendError::Unknown`]: no answer; a prefix may be in.
    /// [`AppendError::Refused`]: the log will not take it (too large, misconfigured); what was
    /// before it in the call may be in.
    async fn append(&self, expected_last: u64, units: &[Unit]) -> Result<(), AppendError>;

    /// What is there: nothing, when the stream is gone. The last sequence is the highest that was
    /// ever used.
    async fn extent(&self) -> Result<Extent>;

    /// The sequences up to the last one that are not there and have not aged out, ascending: of use
    /// where [`Extent::absent`] says that they are few.
    async fn absent(&self) -> Result<Vec<u64>>;

    /// The sequence of the last event; 0 in an empty stream.
    async fn last(&self) -> Result<u64> {
        Ok(self.extent().await?.last)
    }

    /// Deletes the stream with everything in it and makes a new one, whose first event is `first`
    /// (more than 1 only of a live log). Only for making a damaged stream again from our own copies.
    async fn begin_again(&self, first: u64) -> Result<()>;

    /// At most `events_max` events from `from` (included), in order. Empty past the end.
    /// A sequence that is missing is an error of the caller to notice: it is left out.
    async fn read(&self, from: u64, events_max: usize) -> Result<Vec<StoredEvent>>;
}

/// The first header of an event that a log cannot hold.
pub(crate) fn malformed_header(event: &RawEvent) -> Option<&str> {
    let malformed = event
        .headers()
        .find(|(name, value)| !is_header(name, value));
    malformed.map(|(name, _)| name)
}

/// Whether a log can hold a header. Source: NATS' client protocol.
pub(crate) fn is_header(name: &str, value: &str) -> bool {
    let is_name = |byte: u8| byte.is_ascii_graphic() && byte != b':';
    !name.is_empty() && name.bytes().all(is_name) && !value.contains(['\r', '\n'])
}
