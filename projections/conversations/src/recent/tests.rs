use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use hansard_events::message::Element;
use hansard_store::{Durability, MemoryStore, Store};
use hansard_types::{AppId, GroupId};
use proptest::prelude::*;

use super::*;

const LOG: LogId = LogId {
    app: AppId(7),
    partition: 0,
};
const WINDOW: u64 = limits::GROUP_DEDUP_WINDOW_MS;

fn user(number: u32) -> UserId {
    UserId::new(&format!("user{number}")).expect("a valid id")
}

fn group(number: u32) -> ConversationId {
    ConversationId::Group(GroupId::new(&format!("group{number}")).expect("a valid id"))
}

fn message(conversation: u32, seq: u64, sender: u32, random: u32, sent_at: u64) -> MessageSent {
    MessageSent {
        conversation: group(conversation),
        seq: Seq(seq),
        sender: user(sender),
        sent_at: Timestamp(sent_at),
        random,
        ..hansard_events::Sample::sample()
    }
}

/// What [`message`] says.
fn content() -> ContentDigest {
    <MessageSent as hansard_events::Sample>::sample().digest()
}

fn send(store: &MemoryStore, message: &MessageSent) {
    let mut state = Overlay::new(store);
    sent(LOG, message, &mut state).expect("applies");
    let batch = state.into_changes().into_batch();
    store.write(batch, Durability::Process).expect("writes");
}

fn find(
    recents: &mut Recents,
    store: &MemoryStore,
    (conversation, sender, random): (u32, u32, u32),
    now: u64,
) -> Option<(u64, u64)> {
    let wanted = (&group(conversation), &user(sender), random, content());
    let found = recents.find(store, LOG, wanted, Timestamp(now));
    let found = found.expect("readable")?;
    Some((found.0.0, found.1.0))
}

fn rows(store: &MemoryStore, table: &'static Table) -> usize {
    let mut rows = 0;
    let everything = KeyRange::prefix(&[]);
    let count = &mut |_: &[u8], _: &[u8]| {
        rows += 1;
        ControlFlow::Continue(())
    };
    store
        .scan(table, &everything, Direction::Ascending, count)
        .expect("readable");
    rows
}

#[test]
fn a_retry_is_recognised_within_the_window_and_not_after_it() {
    let store = MemoryStore::new();
    let mut recents = Recents::default();
    // The next bucket begins in the middle of the window.
    let begin = 24 * WINDOW - WINDOW / 2;
    send(&store, &message(1, 1, 1, 9, begin));
    for recents in [&mut recents, &mut Recents::default()] {
        let mut at = |now: u64| find(recents, &store, (1, 1, 9), now);
        assert_eq!(at(begin), Some((1, begin)));
        assert_eq!(at(begin + WINDOW), Some((1, begin)));
        assert_eq!(at(begin + WINDOW + 1), None);
    }
    for other in [(2, 1, 9), (1, 2, 9), (1, 1, 8)] {
        assert_eq!(find(&mut recents, &store, other, begin), None, "{other:?}");
    }
}

#[test]
fn the_newest_of_two_with_one_random_is_found() {
    let store = MemoryStore::new();
    send(&store, &message(1, 1, 1, 9, WINDOW));
    send(&store, &message(1, 2, 1, 9, 2 * WINDOW + 1));
    let found = find(&mut Recents::default(), &store, (1, 1, 9), 2 * WINDOW + 2);
    assert_eq!(found, Some((2, 2 * WINDOW + 1)));
}

#[test]
fn another_content_is_another_message_and_each_is_found() {
    let store = MemoryStore::new();
    let says = |seq: u64, text: &str| MessageSent {
        elements: vec![Element::text(text)],
        ..message(1, seq, 1, 9, WINDOW)
    };
    let messages = [says(1, "네"), says(2, "네!"), says(3, "")];
    for message in &messages {
        send(&store, message);
    }
    for message in &messages {
        let wanted = (&group(1), &user(1), 9, message.digest());
        let found = Recents::default().find(&store, LOG, wanted, Timestamp(WINDOW));
        let seq = found.expect("readable").map(|(seq, _)| seq);
        assert_eq!(seq, Some(message.seq));
    }
    let found = find(&mut Recents::default(), &store, (1, 1, 9), WINDOW);
    assert_eq!(found, None, "nobody has said that");
}

#[test]
fn pages_are_dropped_when_their_bucket_is_out_of_the_window() {
    let store = MemoryStore::new();
    let mut recents = Recents::default();
    for bucket in 1..=6 {
        for number in 0..5 * PAGE {
            let random = u32::try_from(bucket * 1000 + number).expect("small");
            let sent_at = bucket * BUCKET_MS + number;
            send(&store, &message(1, number + 1, 1, random, sent_at));
        }
        let now = (bucket + 1) * BUCKET_MS - 1;
        let random = u32::try_from(bucket * 1000).expect("small");
        assert!(find(&mut recents, &store, (1, 1, random), now).is_some());
        assert!(rows(&store, &RECENT) <= 11, "two buckets are kept");
        assert!(
            recents.newer.len() + recents.older.len() <= 10 * usize::try_from(PAGE).expect("small")
        );
    }
    send(&store, &message(1, 1, 1, 1, 100 * BUCKET_MS));
    assert_eq!(rows(&store, &RECENT), 0, "nothing is left of long ago");
}

#[test]
fn an_index_that_is_full_forgets_the_oldest_and_never_the_newest() {
    let store = MemoryStore::new();
    let mut recents = Recents::holding(100);
    for number in 1..=1000_u32 {
        send(&store, &message(1, number.into(), 1, number, WINDOW));
        for (age, random) in (0..100).zip((1..=number).rev()) {
            let found = find(&mut recents, &store, (1, 1, random), WINDOW);
            assert_eq!(found, Some((random.into(), WINDOW)), "{age} messages ago");
        }
        assert!(recents.newer.len() + recents.older.len() <= 200);
    }
    assert_eq!(find(&mut recents, &store, (1, 1, 1), WINDOW), None);
}

#[test]
fn an_index_follows_the_state_back_when_a_round_is_given_up() {
    let store = MemoryStore::new();
    let mut recents = Recents::default();
    for number in 1..=40 {
        send(&store, &message(1, number, 1, 0, WINDOW));
    }
    let mut round = Overlay::new(&store);
    sent(LOG, &message(1, 41, 2, 5, WINDOW), &mut round).expect("applies");
    let wanted = (&group(1), &user(2), 5, content());
    let found = recents.find(&round, LOG, wanted, Timestamp(WINDOW));
    assert_eq!(found.expect("readable"), Some((Seq(41), Timestamp(WINDOW))));
    drop(round);
    assert_eq!(find(&mut recents, &store, (1, 2, 5), WINDOW), None);
    send(&store, &message(1, 41, 3, 6, WINDOW));
    assert_eq!(
        find(&mut recents, &store, (1, 3, 6), WINDOW),
        Some((41, WINDOW))
    );
}

/// A store that counts what is read of pages.
struct Counting<'a> {
    store: &'a MemoryStore,
    gets: AtomicUsize,
    scans: AtomicUsize,
}

impl Read for Counting<'_> {
    fn get(&self, table: &'static Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let is_page = usize::from(table.kind == RECENT.kind);
        self.gets.fetch_add(is_page, Ordering::Relaxed);
        self.store.get(table, key)
    }

    fn scan(
        &self,
        table: &'static Table,
        range: &KeyRange,
        direction: Direction,
        visit: &mut hansard_store::Visitor<'_>,
    ) -> Result<()> {
        self.scans.fetch_add(1, Ordering::Relaxed);
        self.store.scan(table, range, direction, visit)
    }
}

#[test]
fn what_was_read_ahead_is_not_read_in_a_round() {
    let store = MemoryStore::new();
    let count = u32::try_from(100 * PAGE + 5).expect("small");
    for number in 1..=count {
        send(&store, &message(1, number.into(), 1, number, WINDOW));
    }
    let counting = Counting {
        store: &store,
        gets: AtomicUsize::new(0),
        scans: AtomicUsize::new(0),
    };
    let mut recents = Recents::default();
    recents.load(&counting, LOG, &|| true).expect("readable");
    let counts = || {
        (
            counting.gets.swap(0, Ordering::Relaxed),
            counting.scans.swap(0, Ordering::Relaxed),
        )
    };
    assert_eq!(counts(), (0, 1));
    for random in [1, count / 2, count] {
        let wanted = (&group(1), &user(1), random, content());
        let found = recents.find(&counting, LOG, wanted, Timestamp(WINDOW));
        assert_eq!(
            found.expect("readable").map(|(seq, _)| seq),
            Some(Seq(random.into()))
        );
        let (gets, scans) = counts();
        assert!(gets <= 1 && scans == 0, "the page that it is on");
    }
}

#[test]
fn a_load_that_is_cut_short_is_ended_by_the_first_look_up() {
    let store = MemoryStore::new();
    for number in 1..=3000_u32 {
        send(&store, &message(1, number.into(), 1, number, WINDOW));
    }
    let mut recents = Recents::default();
    recents.load(&store, LOG, &|| false).expect("readable");
    assert_eq!(recents.seen, PAGE);
    for random in [1, 33, 3000] {
        let found = find(&mut recents, &store, (1, 1, random), WINDOW);
        assert_eq!(found, Some((random.into(), WINDOW)));
    }
}

#[test]
fn a_load_from_an_older_state_changes_nothing() {
    let store = MemoryStore::new();
    send(&store, &message(1, 1, 1, 1, WINDOW));
    let mut round = Overlay::new(&store);
    sent(LOG, &message(1, 2, 2, 5, WINDOW), &mut round).expect("applies");
    let mut recents = Recents::default();
    let wanted = (&group(1), &user(2), 5, content());
    let find = |recents: &mut Recents| {
        let found = recents.find(&round, LOG, wanted, Timestamp(WINDOW));
        found.expect("readable").is_some()
    };
    assert!(find(&mut recents));
    recents.load(&store, LOG, &|| true).expect("readable");
    assert_eq!(recents.seen, 2);
    assert!(find(&mut recents));
}

#[test]
fn more_than_the_index_holds_is_not_read() {
    let store = MemoryStore::new();
    for number in 1..=2000_u32 {
        send(&store, &message(1, number.into(), 1, number, WINDOW));
    }
    let mut recents = Recents::holding(100);
    recents.load(&store, LOG, &|| true).expect("readable");
    assert!(recents.newer.len() + recents.older.len() <= 200);
    for random in 1901..=2000 {
        let found = find(&mut recents, &store, (1, 1, random), WINDOW);
        assert_eq!(found, Some((random.into(), WINDOW)));
    }
}

proptest! {
    /// Against a map of everything, at any pace, with an index that was there from the beginning
    /// and one that is made anew.
    #[test]
    fn what_is_found_is_what_was_sent_within_the_window(
        sends in prop::collection::vec((0..2_u32, 0..2_u32, 0..4_u32, 0..WINDOW / 8), 1..300),
    ) {
        let store = MemoryStore::new();
        let mut recents = Recents::default();
        let mut all: BTreeMap<(u32, u32, u32), (u64, u64)> = BTreeMap::new();
        let mut now = 3 * WINDOW;
        for (seq, (conversation, sender, random, pause)) in (1..).zip(sends) {
            now += pause;
            let wanted = (conversation, sender, random);
            let expected = all.get(&wanted).filter(|(_, at)| now - at <= WINDOW).copied();
            prop_assert_eq!(find(&mut recents, &store, wanted, now), expected);
            prop_assert_eq!(find(&mut Recents::default(), &store, wanted, now), expected);
            let mut loaded = Recents::default();
            loaded.load(&store, LOG, &|| true).expect("readable");
            prop_assert_eq!(find(&mut loaded, &store, wanted, now), expected);
            send(&store, &message(conversation, seq, sender, random, now));
            all.insert(wanted, (seq, now));
        }
    }
}
