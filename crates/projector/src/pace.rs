//! When a follower works, and when it leaves the machine to those who write.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// How often the log's end is noted.
const NOTED_EVERY: Duration = Duration::from_millis(250);
/// The rate of the log is taken over about so long.
const RATE_OVER: Duration = Duration::from_secs(1);

/// While much is written, what follows waits, and then works in larger batches; until it is as far
/// behind as it may be: then it takes its share.
#[derive(Debug)]
pub(crate) struct Pace {
    /// How far behind it may be.
    lag_max: Duration,
    /// Events a second above which the log is busy.
    busy_above: u64,
    /// Where the log ended, and when; those that were applied are gone.
    ends: VecDeque<(Instant, u64)>,
    /// The last two of [`RATE_OVER`].
    before: Option<(Instant, u64)>,
    is_busy: bool,
    /// It was too far behind, and is catching up.
    is_late: bool,
}

impl Pace {
    pub(crate) fn new(lag_max: Duration, busy_above: u64) -> Self {
        Self {
            lag_max,
            busy_above,
            ends: VecDeque::new(),
            before: None,
            is_busy: false,
            is_late: false,
        }
    }

    /// Whether to wait a moment: `applied` is behind `log_end`.
    pub(crate) fn waits(&mut self, now: Instant, applied: u64, log_end: u64) -> bool {
        self.note(now, log_end);
        while self.ends.front().is_some_and(|(_, end)| *end <= applied) {
            self.ends.pop_front();
        }
        let behind = self
            .ends
            .front()
            .map_or(Duration::ZERO, |(at, _)| now - *at);
        if behind >= self.lag_max {
            self.is_late = true;
        } else if behind < self.lag_max / 2 {
            self.is_late = false;
        }
        self.is_busy && !self.is_late
    }

    /// How long to wait.
    pub(crate) fn moment() -> Duration {
        NOTED_EVERY
    }

    fn note(&mut self, now: Instant, log_end: u64) {
        let last = self.ends.back();
        if last.is_none_or(|(at, end)| *end < log_end && now - *at >= NOTED_EVERY) {
            self.ends.push_back((now, log_end));
        }
        match self.before {
            None => self.before = Some((now, log_end)),
            Some((at, end)) if now - at >= RATE_OVER => {
                let written = u128::from(log_end.saturating_sub(end));
                let rate = written * 1000 / (now - at).as_millis().max(1);
                self.is_busy = rate > u128::from(self.busy_above);
                self.before = Some((now, log_end));
            }
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAG_MAX: Duration = Duration::from_secs(10);

    /// So many events are written in each quarter of a second for a while, and `applied` follows
    /// whenever it does not wait: how long it waited and worked.
    fn run(seconds: u32, written: u64, applies: u64) -> (Duration, Duration, Duration) {
        let mut pace = Pace::new(LAG_MAX, 1000);
        let (mut applied, mut waited, mut worked) = (0, Duration::ZERO, Duration::ZERO);
        let begun = Instant::now();
        let mut first_work = None;
        for quarter in 0..seconds * 4 {
            let now = begun + NOTED_EVERY * quarter;
            let end = written * u64::from(quarter + 1);
            if pace.waits(now, applied, end) {
                waited += NOTED_EVERY;
            } else {
                first_work = first_work.or((applied > 0).then_some(now - begun));
                applied = (applied + applies).min(end);
                worked += NOTED_EVERY;
            }
        }
        (waited, worked, first_work.unwrap_or_default())
    }

    #[test]
    fn a_quiet_log_is_followed_at_once() {
        let (waited, _, _) = run(60, 100, 100);
        assert_eq!(waited, Duration::ZERO);
    }

    #[test]
    fn a_busy_log_is_left_alone_until_too_much_is_behind_and_then_followed() {
        let (waited, worked, _) = run(9, 5000, 20_000);
        assert!(waited >= Duration::from_secs(7), "{waited:?}");
        assert!(worked <= Duration::from_secs(2), "{worked:?}");
        let (waited, worked, _) = run(120, 5000, 20_000);
        assert!(
            worked >= Duration::from_secs(25),
            "it takes its share: {worked:?}"
        );
        assert!(waited >= Duration::from_secs(60), "{waited:?}");
    }

    #[test]
    fn who_cannot_keep_up_works_all_the_time() {
        let (waited, worked, _) = run(60, 5000, 2000);
        assert!(waited <= LAG_MAX, "{waited:?}");
        assert!(worked >= Duration::from_secs(49), "{worked:?}");
    }
}
