//! The documented rate limits, per app and endpoint, for those who want them.

use std::collections::HashMap;
use std::time::Instant;

use hansard_types::AppId;
use parking_lot::Mutex;

/// A bucket that holds one second's worth of calls and fills at that rate.
struct Bucket {
    calls: f64,
    filled_at: Instant,
}

/// Buckets by app and endpoint: bounded by the apps there are times the table's rows.
#[derive(Default)]
pub(crate) struct Limiter {
    buckets: Mutex<HashMap<(AppId, &'static str), Bucket>>,
}

impl Limiter {
    /// Takes one call out of the bucket; `false` when it is empty.
    pub(crate) fn take(
        &self,
        app: AppId,
        command: &'static str,
        per_second: u32,
        now: Instant,
    ) -> bool {
        let full = f64::from(per_second);
        let mut buckets = self.buckets.lock();
        let bucket = buckets.entry((app, command)).or_insert(Bucket {
            calls: full,
            filled_at: now,
        });
        let passed = now
            .saturating_duration_since(bucket.filled_at)
            .as_secs_f64();
        bucket.calls = (bucket.calls + passed * full).min(full);
        bucket.filled_at = now;
        if bucket.calls < 1.0 {
            return false;
        }
        bucket.calls -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_second_s_worth_passes_and_one_more_waits() {
        let limiter = Limiter::default();
        let now = Instant::now();
        let take = |app, at| limiter.take(AppId(app), "sendmsg", 200, at);
        assert!((0..200).all(|_| take(1, now)), "the documented rate");
        assert!(!take(1, now), "one over");
        assert!(take(2, now), "another app has its own");
        assert!(take(1, now + Duration::from_millis(5)), "one refilled");
        assert!(!take(1, now + Duration::from_millis(5)), "and only one");
    }
}
