use hansard_events::{EventId, Identity};
use hansard_types::Timestamp;

/// Where the engine gets the time from.
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Timestamp;
}

/// Where the engine gets the ids and the salts of events from.
pub trait IdSource: Send + Sync + 'static {
    fn next(&self, now: Timestamp) -> Identity;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that everyone else is given"
    )]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let ms = since.map_or(0, |elapsed| elapsed.as_millis());
        Timestamp(u64::try_from(ms).unwrap_or(u64::MAX))
    }
}

/// Random ids in the order of time (UUIDv7), and salts that nobody can foresee.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemIds;

impl IdSource for SystemIds {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the id source that everyone is given"
    )]
    fn next(&self, _now: Timestamp) -> Identity {
        Identity {
            id: EventId::now_v7(),
            salt: rand::random(),
        }
    }
}
