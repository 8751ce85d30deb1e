//! The engine: commands go in, answers and committed events come out.
//!
//! Each partition is one task that takes all waiting commands, decides them one after the other
//! against the state including what it has decided just before, and hands the round to its
//! committer: append to the log, journal with one fsync, write the read models and the checkpoint
//! in one batch, answer. While one round is being committed the next is decided on top of it.
//!
//! Not here: HTTP, configuration, and what commands mean (domain).
//!
//! Invariants:
//! * a partition's stream has one writer; a second one is fenced off by the expected sequence;
//! * nobody is answered before the round is in the log, on disk and in the read models;
//! * the read models are the fold of the log up to their checkpoint, never anything else;
//! * no queue is unbounded: a full mailbox answers "busy";
//! * nobody reads many rows on a runtime's worker: the readers are reached inside the bounded pool
//!   of reads only ([`Handle::read`]).

mod backoff;
mod catch_up;
mod clock;
mod commit;
mod deletions;
mod engine;
mod error;
mod frequency;
mod handle;
mod health;
mod keeper;
mod mailbox;
pub mod metrics;
mod partition;
mod reads;
mod rebuild;
mod recover;
mod round;
mod signals;
mod source;
mod state;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod tools;
mod trouble;
mod view;
mod visits;

pub use backoff::Backoff;
pub use clock::{
    BELIEVED_AFTER, Clock, IdSource, JUMP_MS, Jump, Machine, SteadyClock, SystemClock, SystemIds,
    ThisMachine,
};
pub use engine::{Engine, EngineOptions};
pub use error::{EventsError, NotYetVisible, OpenError, SubmitError};
pub use frequency::Frequency;
pub use handle::{Answer, Handle};
pub use hansard_events::Committed;
pub use hansard_log::{Error as LogError, LogProvider};
pub use health::Health;
pub use reads::Reads;
pub use rebuild::Generations;
pub use signals::AppSignal;
pub use source::LogSource;
pub use tools::Progress;
pub use trouble::Hindrance;
pub use view::StateView;
