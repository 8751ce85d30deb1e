use std::sync::Arc;
use std::time::Duration;

use hansard_types::{LogId, Timestamp};
use parking_lot::Mutex;

use super::{Clock, JUMP_MS};

/// Behind the log's last event, time passes so many times slower until the clock has caught up.
const SLOWER: u32 = 2;

/// The time that a log's events get, and that its deciders go by: the clock's, but never back. Where
/// the clock is behind what the log holds, it goes on slower instead of standing still: what ends by
/// itself still ends, and the clock catches up.
pub(crate) struct LogTime {
    clock: Arc<dyn Clock>,
    /// A time that was told, and when: from there on it passes at least slowly.
    told: Mutex<(Timestamp, Duration)>,
}

impl LogTime {
    /// Goes on from a log's last event.
    pub(crate) fn after(log: LogId, clock: Arc<dyn Clock>, last: Timestamp) -> Self {
        let told = Mutex::new((last, clock.elapsed()));
        let time = Self { clock, told };
        if let Some(ahead) = time.ahead() {
            tracing::warn!(
                %log,
                ahead_s = ahead.as_secs(),
                "the log's last event is ahead of the machine's clock: if the clock is wrong, set \
                 it right. If it was wrong before, the log's time passes at half its speed until \
                 the clock has caught up"
            );
        }
        time
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.at_least(Timestamp(0))
    }

    /// Not before the log's last event, which may be of somebody whose clock is ahead of ours.
    pub(crate) fn at_least(&self, last: Timestamp) -> Timestamp {
        let mut told = self.told.lock();
        let (clock, elapsed) = (self.clock.now(), self.clock.elapsed());
        let (from, since) = *told;
        let passed = elapsed.saturating_sub(since) / SLOWER;
        let passed = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX);
        let least = Timestamp(from.0.saturating_add(passed));
        if last > clock.max(least) {
            *told = (last, elapsed);
            return last;
        }
        if clock < least {
            return least;
        }
        *told = (clock, elapsed);
        clock
    }

    /// How far it is ahead of the clock, when that is more than a clock's usual corrections.
    pub(crate) fn ahead(&self) -> Option<Duration> {
        let now = self.now();
        let ahead = now.0.saturating_sub(self.clock.now().0);
        (ahead > JUMP_MS).then(|| Duration::from_millis(ahead))
    }
}
