use hansard_domain::Rejection;
use hansard_types::{LogId, Position};

/// Why a command has no answer of its own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    #[error(transparent)]
    Rejected(#[from] Rejection),
    #[error("there is no such app")]
    AppUnknown,
    /// Nothing happened; try again later.
    #[error("the partition is busy: its mailbox is full")]
    Busy,
    /// Nothing happened.
    #[error("{0}")]
    Unavailable(String),
    /// It may have happened. Sending it again is safe: it is recognised.
    #[error("the outcome is not known: {0}")]
    OutcomeUnknown(String),
}

/// Why the engine could not be opened. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Log(#[from] hansard_log::OpenError),
    #[error("the read models cannot be read or written")]
    Store(#[from] hansard_store::Error),
    #[error(transparent)]
    Fold(#[from] hansard_projector::FoldError),
    #[error(
        "{log}: the event at the checkpoint ({sequence}) is not the one that was applied: the log \
         was changed or replaced. Run `hansard audit verify`; if the log is right, delete the \
         read models and start again to rebuild them"
    )]
    CheckpointMismatch { log: LogId, sequence: u64 },
    #[error(
        "{log}: the hash chain breaks at event {sequence}: an event was changed, lost or \
         renumbered. Run `hansard audit verify`, and restore the log from a copy"
    )]
    ChainBroken { log: LogId, sequence: u64 },
    #[error("{log}: event {sequence} does not read: {reason}")]
    Malformed {
        log: LogId,
        sequence: u64,
        reason: String,
    },
    #[error("{log} is open already")]
    AlreadyOpen { log: LogId },
    #[error("the command was refused: {0}")]
    Submit(#[from] SubmitError),
}

impl OpenError {
    /// Whether read models are damaged: they have to be built again from the log.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        let mut next: Option<&(dyn std::error::Error + 'static)> = Some(self);
        while let Some(cause) = next {
            if let Some(hansard_store::Error::Damaged { .. }) = cause.downcast_ref() {
                return true;
            }
            next = cause.source();
        }
        false
    }
}

/// Why events could not be read.
#[derive(Debug, thiserror::Error)]
pub enum EventsError {
    #[error("there is no such app")]
    AppUnknown,
    #[error("the log cannot be read")]
    Log(#[from] hansard_log::Error),
}

/// The read models have not reached a position in time. The data is not at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("position {position} is not yet visible")]
pub struct NotYetVisible {
    pub position: Position,
}
