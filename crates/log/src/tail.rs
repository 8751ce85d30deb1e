//! The tail: the last committed events of a log, in memory, which everyone at its end shares.
//!
//! An event is decoded once, by whoever decided it; who reads here copies nothing and asks nobody.
//! Whoever is further behind reads the log. Not here: anything that could still vanish.

use std::collections::VecDeque;
use std::sync::Arc;

use hansard_events::{Committed, RawEvent, Recorded};
use hansard_types::limits::{TAIL_BYTES_MAX, TAIL_EVENTS_MAX};
use parking_lot::RwLock;

/// Shared by the one who commits and those who follow.
#[derive(Debug)]
pub struct Tail {
    events: RwLock<Events>,
    events_max: usize,
    bytes_max: usize,
}

impl Default for Tail {
    fn default() -> Self {
        Self::of(TAIL_EVENTS_MAX, TAIL_BYTES_MAX)
    }
}

#[derive(Debug, Default)]
struct Events {
    /// Without holes.
    last: VecDeque<Arc<Committed>>,
    bytes: usize,
}

impl Tail {
    fn of(events_max: usize, bytes_max: usize) -> Self {
        Self {
            events: RwLock::default(),
            events_max,
            bytes_max,
        }
    }

    /// Events that were just committed, in order. Once they do not follow what is here (the log was
    /// opened again meanwhile), the tail begins anew with them.
    pub fn push(&self, committed: impl Iterator<Item = (Recorded, RawEvent)>) {
        let mut events = self.events.write();
        for (recorded, event) in committed {
            let follows = |last: &Arc<Committed>| last.sequence + 1 == recorded.sequence;
            if !events.last.back().is_none_or(follows) {
                *events = Events::default();
            }
            events.bytes += event.size_bytes();
            let one = Arc::new(Committed::decided(recorded, event));
            events.last.push_back(one);
        }
        while events.last.len() > self.events_max || events.bytes > self.bytes_max {
            let Some(oldest) = events.last.pop_front() else {
                break;
            };
            events.bytes -= oldest.event.size_bytes();
        }
    }

    /// At most `events_max` from a sequence (included) on; `None` when that is further back.
    #[must_use]
    pub fn read(&self, from: u64, events_max: usize) -> Option<Vec<Arc<Committed>>> {
        let events = self.events.read();
        let first = events.last.front()?.sequence;
        let skipped = usize::try_from(from.checked_sub(first)?).ok()?;
        if skipped >= events.last.len() {
            return None;
        }
        let wanted = events.last.range(skipped..).take(events_max);
        Some(wanted.cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use hansard_types::{AppId, LogId};
    use tokio::sync::watch;
    use tokio::task::JoinSet;

    use super::*;
    use crate::conformance::{edit, events};
    use crate::{EventLog as _, MemoryLog, Reader};

    fn some(count: usize) -> Vec<(Recorded, RawEvent)> {
        let id = LogId::new(AppId(7), 3);
        let decoded = events(id, count).into_iter().map(|stored| {
            let recorded = hansard_events::decode(stored.sequence, &stored.event);
            (recorded.expect("decodes"), stored.event)
        });
        decoded.collect()
    }

    /// Whoever goes from the log over to the tail while both grow loses, repeats and reorders nothing.
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn a_thousand_times_from_the_log_into_the_tail_under_load() {
        const CROSSINGS: usize = 1000;
        const BEHIND: u64 = 100;
        let all = some(60_000);
        let log = MemoryLog::new(LogId::new(AppId(7), 3));
        let tail = Arc::new(Tail::of(48, TAIL_BYTES_MAX));
        let (committed, end) = watch::channel(0);
        let reader = Reader::new(Arc::new(log.clone()), None, end.clone());
        let reader = reader.with_tail(Arc::clone(&tail));
        let done = Arc::new(AtomicBool::new(false));
        let written = Arc::clone(&done);
        let mut writing = JoinSet::new();
        let into = Arc::clone(&tail);
        writing.spawn(async move {
            let mut last = 0;
            let mut left = all.into_iter();
            while !written.load(Ordering::Acquire) {
                let round: Vec<_> = left
                    .by_ref()
                    .take(1 + usize::try_from(last % 17).unwrap_or(0))
                    .collect();
                if round.is_empty() {
                    break;
                }
                let units: Vec<_> = round.iter().map(|(_, raw)| vec![raw.clone()]).collect();
                log.append(last, &units).await.expect("appends");
                last += units.len() as u64;
                into.push(round.into_iter());
                committed.send_replace(last);
                tokio::task::yield_now().await;
            }
            last
        });
        let mut end = end;
        let (mut from_log, mut from_tail) = (0, 0);
        for crossing in 0..CROSSINGS {
            let begun = end.wait_for(|end| *end > BEHIND).await.map(|end| *end);
            let first = begun.expect("more than that was written") - BEHIND;
            let mut next = first;
            while next <= first + BEHIND {
                let read = reader
                    .read_shared(next, 1 + crossing % 13)
                    .await
                    .expect("reads");
                let from = tail.read(next, 1).and_then(|one| one.into_iter().next());
                let is_shared = from.is_some_and(|one| Arc::ptr_eq(&one, &read[0]));
                from_tail += usize::from(is_shared);
                from_log += usize::from(!is_shared);
                for one in read {
                    assert_eq!(one.sequence, next, "in order, each once");
                    let recorded = one.recorded().expect("decodes");
                    assert_eq!(recorded.sequence, next, "and what it says it is");
                    next += 1;
                }
            }
        }
        done.store(true, Ordering::Release);
        let last = writing.join_next().await.expect("one").expect("no panic");
        assert!(last > BEHIND, "{last}");
        assert!(
            from_log >= CROSSINGS && from_tail >= CROSSINGS,
            "{from_log} {from_tail}"
        );
    }

    fn sequences(tail: &Tail, from: u64, events_max: usize) -> Option<Vec<u64>> {
        let read = tail.read(from, events_max)?;
        Some(read.iter().map(|one| one.sequence).collect())
    }

    #[test]
    fn the_last_events_are_there_and_older_ones_are_not() {
        let tail = Tail::default();
        assert_eq!(sequences(&tail, 1, 10), None);
        let count = TAIL_EVENTS_MAX + 5;
        tail.push(some(count).into_iter());
        let end = u64::try_from(count).expect("small");
        assert_eq!(sequences(&tail, 5, 10), None, "it is in the log");
        assert_eq!(sequences(&tail, 6, 2), Some(vec![6, 7]));
        assert_eq!(sequences(&tail, end, 2), Some(vec![end]));
        assert_eq!(sequences(&tail, end + 1, 2), None, "nothing is there yet");
    }

    #[test]
    fn it_holds_so_many_bytes_and_begins_anew_where_events_are_missing() {
        let tail = Tail::default();
        let mut all = some(9);
        edit(&mut all[1].1, |parts| parts.body = vec![0; TAIL_BYTES_MAX]);
        let last = all.split_off(7);
        let middle = all.split_off(2);
        tail.push(all.into_iter());
        assert_eq!(sequences(&tail, 1, 9), None);
        tail.push(middle.into_iter());
        assert_eq!(sequences(&tail, 3, 9), Some(vec![3, 4, 5, 6, 7]));
        let mut later = last.into_iter();
        later.next();
        tail.push(later);
        assert_eq!(sequences(&tail, 7, 9), None);
        assert_eq!(sequences(&tail, 9, 9), Some(vec![9]));
    }
}
