use std::sync::Arc;

use hansard_store::{MemoryStore, Read as _};
use hansard_types::AppId;

use super::*;
use crate::conformance::events;

fn log() -> LogId {
    LogId::new(AppId(7), 0)
}

fn raw(stored: &[StoredEvent]) -> Vec<&RawEvent> {
    stored.iter().map(|one| &one.event).collect()
}

#[test]
fn what_was_journaled_is_there_after_opening_it_again() {
    let store = Arc::new(MemoryStore::new());
    let journal = Journal::open(store.clone()).expect("opens");
    let written = events(log(), 5);
    journal
        .append(log(), 1, &raw(&written[..2]))
        .expect("writes");
    journal
        .append(log(), 3, &raw(&written[2..]))
        .expect("writes");
    let again = Journal::open(store).expect("opens");
    assert_eq!(again.bounds(log()), Some((1, 5)));
    assert_eq!(again.entries(log(), 1, 100).expect("reads"), written);
    assert_eq!(again.entries(log(), 4, 1).expect("reads"), written[3..4]);
    assert_eq!(again.incarnation(), journal.incarnation());
    assert_eq!(again.bounds(LogId::CONTROL), None);
}

#[test]
fn a_round_that_does_not_continue_is_refused() {
    let journal = Journal::open(Arc::new(MemoryStore::new())).expect("opens");
    let written = events(log(), 5);
    journal
        .append(log(), 1, &raw(&written[..2]))
        .expect("writes");
    for first in [1, 2, 4] {
        assert!(
            journal.append(log(), first, &raw(&written[2..3])).is_err(),
            "{first}"
        );
    }
    assert!(journal.append(log(), 3, &raw(&written[2..3])).is_ok());
}

#[test]
fn a_hole_is_noticed() {
    let store = Arc::new(MemoryStore::new());
    let journal = Journal::open(store.clone()).expect("opens");
    let written = events(log(), 5);
    for (first, event) in (1..).zip(raw(&written)) {
        journal.append(log(), first, &[event]).expect("writes");
    }
    let mut batch = Batch::default();
    batch.delete(&ROUND, round_key(log(), 3));
    store.write(batch, Durability::Process).expect("writes");
    assert!(journal.entries(log(), 1, 100).is_err());
    assert!(journal.entries(log(), 3, 100).is_err(), "its very place");
    assert_eq!(journal.entries(log(), 1, 2).expect("reads"), written[..2]);
}

#[test]
fn a_row_that_is_cut_off_is_noticed() {
    let store = Arc::new(MemoryStore::new());
    let journal = Journal::open(store.clone()).expect("opens");
    let written = events(log(), 3);
    journal.append(log(), 1, &raw(&written)).expect("writes");
    let whole = store.get(&ROUND, &round_key(log(), 1)).expect("reads");
    let whole = whole.expect("one row");
    for cut in [1, whole.len() / 2] {
        let mut batch = Batch::default();
        let torn = whole[..whole.len() - cut].to_vec();
        batch.put(&ROUND, round_key(log(), 1), torn);
        store.write(batch, Durability::Process).expect("writes");
        assert!(journal.entries(log(), 1, 100).is_err(), "{cut}");
    }
}

#[test]
fn a_round_of_any_size_reads_back() {
    let store = Arc::new(MemoryStore::new());
    let journal = Journal::open(store.clone()).expect("opens");
    let mut written = events(log(), 6);
    for stored in &mut written {
        stored.event.body = vec![7; ROUND_ROW_BYTES / 3];
    }
    written[4].event.body = vec![7; ROUND_ROW_BYTES + 1];
    journal.append(log(), 1, &raw(&written)).expect("writes");
    assert_eq!(journal.entries(log(), 1, 100).expect("reads"), written);
    assert_eq!(journal.entries(log(), 4, 2).expect("reads"), written[3..5]);
    let again = Journal::open(store).expect("opens");
    assert_eq!(again.bounds(log()), Some((1, 6)));
}

#[test]
fn old_rounds_go_and_the_newest_stays() {
    let now = Instant::now();
    let keep = Duration::from_millis(limits::JOURNAL_KEEP_MS);
    let Some(long_ago) = now.checked_sub(keep + DROP_EVERY) else {
        return;
    };
    let round = |last, at| HeldRound {
        last,
        bytes: 10,
        at,
    };
    let mut held = Held {
        first: 1,
        last: 9,
        rounds: VecDeque::from([round(3, long_ago), round(6, long_ago), round(9, now)]),
        bytes: 30,
        dropped_at: long_ago,
    };
    assert_eq!(held.due(now), Some(6));
    held.dropped(6, now);
    assert_eq!((held.first, held.bytes, held.rounds.len()), (7, 10, 1));
    assert_eq!(held.due(now), None, "not twice at once");
    held.dropped_at = long_ago;
    held.rounds[0].at = long_ago;
    assert_eq!(held.due(now), None, "the newest round stays");
}
