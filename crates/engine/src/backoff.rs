use std::time::Duration;

/// What worked for so long had begun well: the next wait is the first again.
const WORKED_WELL: Duration = Duration::from_secs(30);

/// How long whoever owns a task waits before it is begun again: longer each time, up to a longest.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    #[must_use]
    pub fn between(first: Duration, longest: Duration) -> Self {
        Self {
            first,
            longest,
            next: first,
        }
    }

    /// The next wait, after what has ended now had worked for so long.
    pub fn after(&mut self, worked: Duration) -> Duration {
        if worked > WORKED_WELL {
            self.next = self.first;
        }
        let wait = self.next;
        self.next = (wait * 2).min(self.longest);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_the_longest_and_begin_anew_after_a_good_time() {
        let ms = Duration::from_millis;
        let mut backoff = Backoff::between(ms(100), ms(300));
        let waits = [(); 4].map(|()| backoff.after(Duration::ZERO));
        assert_eq!(waits, [ms(100), ms(200), ms(300), ms(300)]);
        assert_eq!(backoff.after(Duration::from_secs(31)), ms(100));
    }
}
