use std::time::Duration;

use hansard_types::Timestamp;
use parking_lot::Mutex;

use super::{Clock, Machine, ThisMachine};
use crate::metrics;

/// So far may the time of day be from where it was expected without being a jump, milliseconds:
/// NTP slews below it, and steps above a tenth of it.
pub const JUMP_MS: u64 = 1000;
/// So long must the time of day stay where it jumped to until it is believed.
pub const BELIEVED_AFTER: Duration = Duration::from_secs(60);
/// Jumps in between are counted, not logged.
const LOGGED_EVERY: Duration = Duration::from_secs(60);

/// The time of day is not where it was expected, and has not been there for long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jump {
    /// How far it jumped, forward or back.
    pub by_ms: i64,
    /// How long ago.
    pub ago: Duration,
}

/// The time of day as far as it is believed: it is followed where it goes on as time does, through
/// drift and slewing. A jump is noticed, and followed once it has held for [`BELIEVED_AFTER`]; until
/// then time goes on from where it was.
#[derive(Debug)]
pub struct SteadyClock<M> {
    machine: M,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    /// The time of day when it was last believed, and when that was.
    believed: (Timestamp, Duration),
    /// How far from what is believed it is, and since when.
    jump: Option<(i64, Duration)>,
    logged_at: Option<Duration>,
    /// Jumps since then.
    unlogged: u64,
}

impl Default for SteadyClock<ThisMachine> {
    fn default() -> Self {
        Self::new(ThisMachine)
    }
}

impl<M: Machine> SteadyClock<M> {
    /// Begins with what the machine says now.
    pub fn new(machine: M) -> Self {
        let believed = (machine.wall(), machine.elapsed());
        let seen = Seen {
            believed,
            jump: None,
            logged_at: None,
            unlogged: 0,
        };
        Self {
            machine,
            seen: Mutex::new(seen),
        }
    }

    fn look(&self) -> (Timestamp, Option<Jump>) {
        let mut seen = self.seen.lock();
        let before = self.machine.elapsed();
        let wall = self.machine.wall();
        let elapsed = self.machine.elapsed();
        // This thread may have been put aside between the two clocks.
        let apart = ms(elapsed.saturating_sub(before));
        let now = seen.look(wall, elapsed, JUMP_MS.saturating_add(apart));
        let jump = seen.jump.map(|(by_ms, since)| Jump {
            by_ms,
            ago: elapsed.saturating_sub(since),
        });
        (now, jump)
    }
}

impl<M: Machine> Clock for SteadyClock<M> {
    fn now(&self) -> Timestamp {
        self.look().0
    }

    fn elapsed(&self) -> Duration {
        self.machine.elapsed()
    }

    fn jump(&self) -> Option<Jump> {
        self.look().1
    }
}

impl Seen {
    fn look(&mut self, wall: Timestamp, elapsed: Duration, tolerance: u64) -> Timestamp {
        let (then, at) = self.believed;
        let expected = Timestamp(then.0.saturating_add(ms(elapsed.saturating_sub(at))));
        let off = apart(wall, expected);
        if off.unsigned_abs() <= tolerance {
            if let Some((by_ms, since)) = self.jump.take() {
                let after_ms = ms(elapsed.saturating_sub(since));
                tracing::debug!(by_ms, after_ms, "the machine's clock came back");
            }
            self.believed = (wall, elapsed);
            return wall;
        }
        match &mut self.jump {
            // Where it was: it may drift there, too.
            Some((by_ms, since)) if off.abs_diff(*by_ms) <= tolerance => {
                *by_ms = off;
                if elapsed.saturating_sub(*since) < BELIEVED_AFTER {
                    return expected;
                }
                tracing::warn!(
                    by_ms = off,
                    "the machine's clock stays where it jumped to: it is followed"
                );
                self.jump = None;
                self.believed = (wall, elapsed);
                wall
            }
            Some(_) | None => {
                self.jump = Some((off, elapsed));
                self.jumped(off, elapsed);
                expected
            }
        }
    }

    fn jumped(&mut self, by_ms: i64, elapsed: Duration) {
        ::metrics::counter!(metrics::CLOCK_JUMPS_TOTAL).increment(1);
        let due = self
            .logged_at
            .is_none_or(|at| elapsed.saturating_sub(at) >= LOGGED_EVERY);
        if !due {
            self.unlogged += 1;
            return;
        }
        tracing::warn!(
            by_ms,
            since_last_line = self.unlogged,
            "the machine's clock jumped: it is followed if it is still there in {} s",
            BELIEVED_AFTER.as_secs()
        );
        self.logged_at = Some(elapsed);
        self.unlogged = 0;
    }
}

/// How far a time is behind another, or before it: negative.
fn apart(time: Timestamp, other: Timestamp) -> i64 {
    let far = i64::try_from(time.0.abs_diff(other.0)).unwrap_or(i64::MAX);
    if time < other { -far } else { far }
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
