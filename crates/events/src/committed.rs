use std::fmt;
use std::sync::OnceLock;

use hansard_types::Position;

use crate::cloud_event::CloudEvent;
use crate::codec::{CodecError, decode};
use crate::envelope::Recorded;
use crate::raw_event::RawEvent;

/// A committed event as everyone who follows the log shares it: what it says and how it is shown are
/// worked out once, whoever asks first.
pub struct Committed {
    /// Its stream sequence in its log, from 1.
    pub sequence: u64,
    /// As the log holds it.
    pub event: RawEvent,
    recorded: OnceLock<Recorded>,
    line: OnceLock<String>,
}

impl Committed {
    /// One that was read from the log.
    #[must_use]
    pub fn read(sequence: u64, event: RawEvent) -> Self {
        Self {
            sequence,
            event,
            recorded: OnceLock::new(),
            line: OnceLock::new(),
        }
    }

    /// One that was decided here: `recorded` is what `event` says.
    #[must_use]
    pub fn decided(recorded: Recorded, event: RawEvent) -> Self {
        Self {
            sequence: recorded.sequence,
            event,
            recorded: OnceLock::from(recorded),
            line: OnceLock::new(),
        }
    }

    /// What it says.
    ///
    /// # Errors
    /// [`CodecError`] when it does not decode.
    pub fn recorded(&self) -> Result<&Recorded, CodecError> {
        if let Some(recorded) = self.recorded.get() {
            return Ok(recorded);
        }
        let recorded = decode(self.sequence, &self.event)?;
        Ok(self.recorded.get_or_init(|| recorded))
    }

    /// It as a [`CloudEvent`], one line of JSON. `position` is its own.
    ///
    /// # Errors
    /// [`CodecError`] when its body does not read.
    pub fn line(&self, position: Position) -> Result<&str, CodecError> {
        if let Some(line) = self.line.get() {
            return Ok(line);
        }
        let line = CloudEvent::new(&self.event, position)?.to_line();
        Ok(self.line.get_or_init(|| line))
    }
}

/// Hides what was said.
impl fmt::Debug for Committed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Committed")
            .field("sequence", &self.sequence)
            .field("event", &self.event)
            .finish_non_exhaustive()
    }
}
