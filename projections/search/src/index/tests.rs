use std::sync::atomic::{AtomicBool, Ordering};

use hansard_events::account::AccountImported;
use hansard_events::message::{Element, MessageEdited, MessageSent};
use hansard_events::{Envelope, EventId, Provenance, Sample};
use hansard_types::{AppId, GroupId, LogId, Position, Timestamp, TopicId, UserId};
use tempfile::TempDir;

use super::*;
use crate::{Hit, Query};

mod files;
mod finding;
mod soundness;

/// An index in a directory of its own, and the log that it follows.
struct Bench {
    dir: TempDir,
    index: Index,
    reader: Reader,
    log: Vec<Recorded>,
}

fn options() -> Options {
    Options {
        heap_bytes: 15_000_000,
        verify: true,
    }
}

fn user(text: &str) -> UserId {
    UserId::new(text).expect("a valid id")
}

fn conversation(text: &str) -> ConversationId {
    text.parse().expect("a valid conversation")
}

fn recorded(partition: u16, sequence: u64, event: Option<Event>) -> Recorded {
    let event_name = event.as_ref().map_or("message.unheard_of", Event::name);
    Recorded {
        sequence,
        envelope: Envelope {
            id: EventId::from_u128(u128::from(sequence)),
            name: event_name.into(),
            version: 1,
            log: LogId::new(AppId(1), partition),
            time: Timestamp(sequence),
            provenance: Provenance {
                actor: "administrator".to_owned(),
                correlation: None,
                causation: None,
            },
            chain: [u8::try_from(sequence % 251).expect("below 256"); 32],
        },
        event,
        erased: false,
    }
}

fn sent(to: &str, seq: u64, sender: &str, sent_at: u64, text: &str) -> Event {
    MessageSent {
        conversation: conversation(to),
        seq: Seq(seq),
        sender: user(sender),
        sent_at: Timestamp(sent_at),
        elements: vec![Element::text(text)],
        ..MessageSent::sample()
    }
    .into()
}

fn recalled(to: &str, seqs: &[u64]) -> Event {
    MessageRecalled {
        conversation: conversation(to),
        seqs: seqs.iter().map(|seq| Seq(*seq)).collect(),
        ..MessageRecalled::sample()
    }
    .into()
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let (index, reader) = Index::open(dir.path(), options()).expect("a new index");
        Self {
            dir,
            index,
            reader,
            log: Vec::new(),
        }
    }

    fn apply(&mut self, event: Event) {
        let sequence = u64::try_from(self.log.len()).expect("few") + 1;
        let recorded = recorded(0, sequence, Some(event));
        self.index.apply(&recorded).expect("applied");
        self.log.push(recorded);
    }

    fn say(&mut self, to: &str, seq: u64, text: &str) {
        self.apply(sent(to, seq, "alice", 1000 + seq, text));
    }

    fn commit(&mut self) {
        self.index.commit().expect("committed");
    }

    /// As after a crash: what was not committed is lost.
    fn reopen(mut self) -> Self {
        drop(self.index);
        drop(self.reader);
        let (index, reader) = Index::open(self.dir.path(), options()).expect("the index");
        self.index = index;
        self.reader = reader;
        self
    }

    fn replay(&mut self) {
        for recorded in &self.log {
            self.index.apply(recorded).expect("applied");
        }
    }

    fn find(&self, query: &Query) -> Vec<String> {
        let page = self.reader.search(query).expect("a page");
        page.hits.iter().map(shown).collect()
    }

    fn seqs(&self, text: &str) -> Vec<u64> {
        let page = self.reader.search(&Query::new(text)).expect("a page");
        assert_eq!(page.total, u64::try_from(page.hits.len()).expect("few"));
        page.hits.iter().map(|hit| hit.seq.0).collect()
    }
}

fn shown(hit: &Hit) -> String {
    format!("{}/{}", hit.conversation, hit.seq)
}

#[test]
fn nothing_is_visible_or_durable_before_a_commit() {
    let mut bench = Bench::new();
    bench.say("group:team", 1, "hello");
    assert_eq!(bench.index.pending(), 1);
    assert_eq!(bench.index.checkpoint(0), None);
    assert_eq!(bench.seqs("hello"), [0; 0]);
    assert_eq!(bench.reader.searchable_to(), []);
    bench.commit();
    assert_eq!(bench.index.pending(), 0);
    assert_eq!(
        bench.index.checkpoint(0).map(|checkpoint| checkpoint.chain),
        Some([1; 32])
    );
    assert_eq!(bench.seqs("hello"), [1]);
    assert_eq!(bench.reader.searchable_to(), [Position::new(0, 1)]);
}

#[test]
fn a_recalled_message_is_not_found() {
    let mut bench = Bench::new();
    for seq in 1..=4 {
        bench.say("group:team", seq, "hello");
    }
    bench.say("group:other", 2, "hello");
    // Sent and recalled in one commit.
    bench.apply(recalled("group:team", &[1, 3]));
    bench.commit();
    assert_eq!(
        bench.find(&Query::new("hello")),
        ["group:team/4", "group:other/2", "group:team/2"]
    );
    // And in a later one, with one that has no text and one that is not there.
    bench.apply(recalled("group:team", &[2, 9]));
    bench.commit();
    assert_eq!(
        bench.find(&Query::new("hello")),
        ["group:team/4", "group:other/2"]
    );
    let counts = bench.index.counts();
    assert_eq!((counts.added, counts.removed), (5, 4));
}

#[test]
fn an_edited_message_is_found_by_what_it_says_now() {
    let mut bench = Bench::new();
    bench.say("group:team", 1, "at three");
    bench.say("group:team", 2, "at three");
    bench.commit();
    for words in ["at four", "at five"] {
        let edited = MessageEdited {
            conversation: conversation("group:team"),
            seq: Seq(1),
            elements: vec![Element::text(words)],
            ..MessageEdited::sample()
        };
        bench.apply(edited.into());
    }
    bench.commit();
    assert_eq!(bench.find(&Query::new("three")), ["group:team/2"]);
    assert_eq!(bench.find(&Query::new("four")), Vec::<String>::new());
    assert_eq!(bench.find(&Query::new("five")), ["group:team/1"]);
}

#[test]
fn what_a_dissolved_group_said_is_not_found_and_what_its_successor_says_is() {
    let mut bench = Bench::new();
    let dissolved = || GroupDissolved {
        group_id: GroupId::new("team").expect("a valid id"),
    };
    for seq in 1..=3 {
        bench.say("group:team", seq, "hello");
    }
    bench.say("group:team-2", 1, "hello");
    for topic in ["topic:team:news", "topic:team:talk", "topic:team-2:news"] {
        bench.say(topic, 1, "hello");
    }
    bench.commit();
    let destroyed = TopicsDestroyed {
        group_id: GroupId::new("team").expect("a valid id"),
        topics: vec![TopicId::new("talk").expect("a valid id")],
    };
    bench.apply(destroyed.into());
    bench.commit();
    assert_eq!(bench.find(&Query::new("hello")).len(), 6);
    bench.apply(dissolved().into());
    assert_eq!(bench.index.pending(), 1);
    bench.commit();
    assert_eq!(
        bench.find(&Query::new("hello")),
        ["group:team-2/1", "topic:team-2:news/1"]
    );
    // The next of that id, dissolved in the commit in which it spoke, and the one after it.
    bench.say("group:team", 1, "hello");
    bench.apply(dissolved().into());
    bench.say("group:team", 1, "hello again");
    bench.commit();
    assert_eq!(bench.find(&Query::new("again")), ["group:team/1"]);
    assert_eq!(
        bench.find(&Query::new("hello")),
        ["group:team/1", "group:team-2/1", "topic:team-2:news/1"]
    );
}

#[test]
fn a_crash_loses_what_was_not_committed_and_a_replay_brings_it_once() {
    let mut bench = Bench::new();
    bench.say("group:team", 1, "hello one");
    bench.say("group:team", 2, "hello two");
    bench.commit();
    bench.say("group:team", 3, "hello three");
    bench.apply(recalled("group:team", &[1]));
    let mut bench = bench.reopen();
    assert_eq!(
        bench
            .index
            .checkpoint(0)
            .map(|checkpoint| checkpoint.sequence),
        Some(2)
    );
    assert_eq!(bench.seqs("hello"), [2, 1]);
    for _ in 0..2 {
        bench.replay();
        bench.commit();
        bench.replay();
        assert_eq!(bench.index.pending(), 0, "nothing is applied twice");
        assert_eq!(bench.seqs("hello"), [3, 2]);
    }
    let bench = bench.reopen();
    assert_eq!(bench.seqs("hello"), [3, 2]);
    assert_eq!(bench.reader.searchable_to(), [Position::new(0, 4)]);
}

#[test]
fn a_crash_between_prepare_and_commit_is_one_before_the_commit() {
    let mut bench = Bench::new();
    bench.say("group:team", 1, "hello one");
    bench.commit();
    bench.say("group:team", 2, "hello two");
    bench.apply(recalled("group:team", &[1]));
    let prepared = bench
        .index
        .writer()
        .and_then(|writer| Ok(writer.prepare_commit()?));
    // All files are written; only what makes them count is not.
    drop(prepared.expect("prepared"));
    let mut bench = bench.reopen();
    assert_eq!(bench.reader.searchable_to(), [Position::new(0, 1)]);
    assert_eq!(bench.seqs("hello"), [1]);
    bench.replay();
    bench.commit();
    assert_eq!(bench.seqs("hello"), [2]);
}

#[test]
fn the_checkpoint_moves_over_events_that_are_skipped() {
    let mut bench = Bench::new();
    bench.apply(AccountImported::sample().into());
    bench.say("group:team", 1, "  ");
    bench.index.apply(&recorded(0, 3, None)).expect("skipped");
    assert_eq!(bench.index.pending(), 0);
    bench.commit();
    assert_eq!(
        bench
            .index
            .checkpoint(0)
            .map(|checkpoint| checkpoint.sequence),
        Some(3)
    );
    let counts = Counts {
        added: 0,
        removed: 0,
        skipped: 2,
        unknown: 1,
    };
    assert_eq!(bench.index.counts(), counts);
    let bench = bench.reopen();
    assert_eq!(
        bench
            .index
            .checkpoint(0)
            .map(|checkpoint| checkpoint.sequence),
        Some(3)
    );
}

#[test]
fn a_hole_in_the_log_is_refused() {
    let mut bench = Bench::new();
    bench.say("group:team", 1, "hello");
    let skipping = recorded(0, 3, Some(sent("group:team", 2, "alice", 1, "hello")));
    let refused = bench.index.apply(&skipping);
    assert!(
        matches!(
            refused,
            Err(Error::OutOfOrder {
                partition: 0,
                expected: 2,
                given: 3
            })
        ),
        "{refused:?}"
    );
}

#[test]
fn partitions_have_checkpoints_of_their_own() {
    let mut bench = Bench::new();
    let event = |seq| Some(sent("group:team", seq, "alice", seq, "hello"));
    bench
        .index
        .apply(&recorded(7, 1, event(1)))
        .expect("applied");
    bench
        .index
        .apply(&recorded(0, 1, event(2)))
        .expect("applied");
    bench
        .index
        .apply(&recorded(7, 2, event(3)))
        .expect("applied");
    bench.commit();
    let bench = bench.reopen();
    assert_eq!(
        bench.reader.searchable_to(),
        [Position::new(0, 1), Position::new(7, 2)]
    );
    assert_eq!(
        bench
            .index
            .checkpoint(7)
            .map(|checkpoint| checkpoint.sequence),
        Some(2)
    );
    assert_eq!(bench.index.checkpoint(1), None);
    assert_eq!(bench.seqs("hello"), [3, 2, 1]);
}

#[test]
fn reading_goes_on_while_writing() {
    let mut bench = Bench::new();
    let is_done = AtomicBool::new(false);
    let reader = bench.reader.clone();
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let mut last = 0;
            while !is_done.load(Ordering::Acquire) {
                let before = reader.searchable_to();
                let page = reader.search(&Query::new("hello")).expect("a page");
                assert!(page.total >= last, "what was found is still found");
                let promised = before.first().map_or(0, |position| position.sequence);
                assert!(page.total >= promised, "what is said to be searchable is");
                last = page.total;
            }
        });
        for seq in 1..=400 {
            bench.say("group:team", seq, "hello");
            if seq % 10 == 0 {
                bench.commit();
            }
        }
        is_done.store(true, Ordering::Release);
        reading.join().expect("no reader panics");
    });
    assert_eq!(
        bench
            .reader
            .search(&Query::new("hello"))
            .expect("a page")
            .total,
        400
    );
}
