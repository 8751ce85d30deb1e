//! The time: what the machine says, what is believed of it, and what a log's events get.
//!
//! Decision 0002 says why.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use hansard_events::{EventId, Identity};
use hansard_types::Timestamp;
use uuid::{NoContext, Timestamp as IdTime};

mod log_time;
mod steady;
#[cfg(test)]
mod tests;

pub(crate) use log_time::LogTime;
pub use steady::{BELIEVED_AFTER, JUMP_MS, Jump, SteadyClock};

/// Where the engine gets the time from.
pub trait Clock: Send + Sync + 'static {
    /// The time of day, for what others have dated: signatures, `2h ago`. It may go back, when the
    /// machine's clock was wrong before.
    fn now(&self) -> Timestamp;
    /// Time that passes: since some beginning, and never back.
    fn elapsed(&self) -> Duration;
    /// What the machine's clock says and is not believed, if it does.
    fn jump(&self) -> Option<Jump>;
}

/// A machine's two clocks.
pub trait Machine: Send + Sync + 'static {
    /// The time of day, as somebody has set it.
    fn wall(&self) -> Timestamp;
    /// Since some beginning; nobody can set it.
    fn elapsed(&self) -> Duration;
}

/// The machine that this process runs on.
#[derive(Debug, Clone, Copy, Default)]
pub struct ThisMachine;

impl Machine for ThisMachine {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that everyone else is given"
    )]
    fn wall(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let ms = since.map_or(0, |elapsed| elapsed.as_millis());
        Timestamp(u64::try_from(ms).unwrap_or(u64::MAX))
    }

    fn elapsed(&self) -> Duration {
        static BEGUN: OnceLock<Instant> = OnceLock::new();
        BEGUN.get_or_init(Instant::now).elapsed()
    }
}

/// The clock of this machine, as far as it is believed.
pub type SystemClock = SteadyClock<ThisMachine>;

/// Where the engine gets the ids and the salts of events from.
pub trait IdSource: Send + Sync + 'static {
    /// Those of an event of this time.
    fn next(&self, now: Timestamp) -> Identity;
}

/// Random ids in the order of their events' times (UUIDv7), to the millisecond, and salts that
/// nobody can foresee.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemIds;

impl IdSource for SystemIds {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the id source that everyone is given"
    )]
    fn next(&self, now: Timestamp) -> Identity {
        let nanos = u32::try_from(now.0 % 1000).unwrap_or(0) * 1_000_000;
        Identity {
            id: EventId::new_v7(IdTime::from_unix(NoContext, now.seconds(), nanos)),
            salt: rand::random(),
        }
    }
}
