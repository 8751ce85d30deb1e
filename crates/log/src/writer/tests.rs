use std::sync::Arc;

use hansard_types::AppId;
use tempfile::TempDir;

use super::compare::OVERLAP_COMPARED_MAX;
use super::*;
use crate::conformance::{events, spoil, units};
use crate::{Fault, Journal, MemoryLog};

mod live;

fn id() -> LogId {
    LogId::new(AppId(7), 0)
}

struct World {
    log: MemoryLog,
    journal: TempDir,
}

impl World {
    fn new() -> Self {
        Self {
            log: MemoryLog::new(id()),
            journal: tempfile::tempdir().expect("a folder"),
        }
    }

    async fn open_at(&self, checkpoint: Option<u64>) -> Result<Writer, OpenError> {
        let journal = Journal::open(self.journal.path()).expect("opens");
        let copies = Copies::new(id(), None, Some(Arc::new(journal)));
        let checkpoint = checkpoint.map(|sequence| Checkpoint {
            sequence,
            chain: [0; 32],
        });
        let log: Arc<dyn EventLog> = Arc::new(self.log.clone());
        Writer::open(log, copies, checkpoint, WriterOptions::default()).await
    }

    async fn open(&self) -> Writer {
        self.open_at(None).await.expect("opens")
    }
}

#[tokio::test(start_paused = true)]
async fn every_fault_is_resolved_to_each_event_once() {
    for fault in [
        Fault::LostAcknowledgement,
        Fault::Timeout,
        Fault::Unavailable,
        Fault::PartialThenUnknown(0),
        Fault::PartialThenUnknown(2),
        Fault::PartialThenUnknown(3),
    ] {
        let world = World::new();
        let mut writer = world.open().await;
        let written = events(id(), 3);
        world.log.inject(fault.clone());
        world.log.fail_reads(1);
        assert_eq!(
            writer.append(&units(&written)).await.expect("resolved"),
            3,
            "{fault:?}"
        );
        assert_eq!(
            world.log.read(1, 10).await.expect("reads"),
            written,
            "{fault:?}"
        );
        assert_eq!(*writer.committed().borrow(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_writer_fences_the_first() {
    let world = World::new();
    let mut writer = world.open().await;
    let written = events(id(), 3);
    let foreign = events(LogId::new(AppId(8), 0), 1).remove(0).event;
    world.log.inject(Fault::SecondWriter(Box::new(foreign)));
    let fenced = writer.append(&units(&written)).await;
    assert!(
        matches!(fenced, Err(AppendError::Fenced { sequence: 1, .. })),
        "{fenced:?}"
    );
    assert_eq!(
        world.log.last().await.expect("reads"),
        1,
        "nothing of ours was added"
    );
}

#[tokio::test(start_paused = true)]
async fn a_lost_tail_comes_back_at_the_same_positions() {
    let world = World::new();
    let mut writer = world.open().await;
    let written = events(id(), 10);
    writer.append(&units(&written)).await.expect("appends");
    world.log.truncate(4);
    let writer = world.open_at(Some(9)).await.expect("repairs");
    assert_eq!(
        writer.repaired(),
        Repaired {
            mended: 0,
            restored: 6,
            accepted: 0
        }
    );
    assert_eq!(world.log.read(1, 100).await.expect("reads"), written);
}

#[tokio::test(start_paused = true)]
async fn an_end_behind_the_journal_is_accepted_and_journaled() {
    let world = World::new();
    let mut writer = world.open().await;
    let written = events(id(), 10);
    writer.append(&units(&written[..4])).await.expect("appends");
    // A crash between the append and the journal.
    world
        .log
        .append(4, &units(&written[4..]))
        .await
        .expect("appends");
    let writer = world.open().await;
    assert_eq!(
        writer.repaired(),
        Repaired {
            mended: 0,
            restored: 0,
            accepted: 6
        }
    );
    assert_eq!(writer.last(), 10);
    world.log.truncate(5);
    assert_eq!(
        world.open().await.repaired().restored,
        5,
        "it is in the journal now"
    );
}

/// What a start costs does not depend on how long the log is.
#[tokio::test(start_paused = true)]
async fn a_start_reads_each_recent_event_of_the_stream_once() {
    let budget = OVERLAP_COMPARED_MAX + 1;
    let count = usize::try_from(budget).expect("small") + 5000;
    let written = events(id(), count);
    let world = World::new();
    let journal = Journal::open(world.journal.path()).expect("opens");
    for (index, round) in written.chunks(400).enumerate() {
        let raw: Vec<&RawEvent> = round.iter().map(|stored| &stored.event).collect();
        let first = index as u64 * 400;
        journal.append(id(), first + 1, &raw).expect("writes");
        world
            .log
            .append(first, &units(round))
            .await
            .expect("appends");
    }
    drop(journal);
    let end = written.len() as u64;
    assert_eq!(world.open_at(Some(end)).await.expect("opens").last(), end);
    assert_eq!(world.log.events_read(), budget);
    // After a power loss: the same, and the event before what is appended again.
    world.log.truncate(end - 100);
    assert_eq!(world.open().await.repaired().restored, 100);
    assert_eq!(world.log.events_read(), 2 * budget + 1);
}

#[tokio::test(start_paused = true)]
async fn contradictions_are_explained_and_change_nothing() {
    let told = |result: Result<Writer, OpenError>| match result {
        Err(OpenError::Contradiction { what, .. }) => what,
        Err(other) => panic!("another error: {other}"),
        Ok(_) => panic!("it was opened"),
    };
    // The journal lost its end, or all of it.
    let world = World::new();
    let written = events(id(), 10);
    world
        .open()
        .await
        .append(&units(&written))
        .await
        .expect("appends");
    assert!(told(world.open_at(Some(11)).await).contains("the journal has lost its end"));
    let empty = World {
        journal: tempfile::tempdir().expect("a folder"),
        log: world.log.clone(),
    };
    assert!(told(empty.open_at(Some(10)).await).contains("--accept-missing-journal"));
    // An event of the log is another one.
    world.log.tamper(7, spoil);
    assert!(told(world.open_at(None).await).contains("event 7"));
    // A hole between the log's end and the journal's beginning.
    let world = World::new();
    let journal = Journal::open(world.journal.path()).expect("opens");
    let late: Vec<&RawEvent> = written[5..].iter().map(|stored| &stored.event).collect();
    journal.append(id(), 6, &late).expect("writes");
    world
        .log
        .append(0, &units(&written[..3]))
        .await
        .expect("appends");
    assert!(told(world.open_at(None).await).contains("what lies between is lost"));
    assert_eq!(world.log.last().await.expect("reads"), 3);
}

#[tokio::test(start_paused = true)]
async fn an_accepted_tail_that_does_not_follow_is_refused() {
    let world = World::new();
    let written = events(id(), 10);
    world
        .open()
        .await
        .append(&units(&written[..4]))
        .await
        .expect("appends");
    world
        .log
        .append(4, &units(&written[5..]))
        .await
        .expect("appends");
    assert!(matches!(
        world.open_at(None).await,
        Err(OpenError::Contradiction { .. })
    ));
}

fn contradiction(result: Result<Writer, OpenError>) -> String {
    match result {
        Err(OpenError::Contradiction { what, .. }) => what,
        Err(other) => panic!("another error: {other}"),
        Ok(_) => panic!("it was opened"),
    }
}

#[tokio::test(start_paused = true)]
async fn another_log_that_ends_where_the_journal_begins_is_not_gone_on_with() {
    let world = World::new();
    let written = events(id(), 10);
    let journal = Journal::open(world.journal.path()).expect("opens");
    let late: Vec<&RawEvent> = written[5..].iter().map(|stored| &stored.event).collect();
    journal.append(id(), 6, &late).expect("writes");
    let other = events(LogId::new(AppId(8), 0), 5);
    world.log.append(0, &units(&other)).await.expect("appends");
    let what = contradiction(world.open_at(None).await);
    assert!(what.contains("event 6"), "{what}");
    assert_eq!(world.log.read(1, 100).await.expect("reads"), other);
}

#[tokio::test(start_paused = true)]
async fn entries_of_the_journal_that_do_not_follow_are_not_restored() {
    for (sequence, in_log) in [(1, 0), (1, 10), (3, 10), (8, 4), (10, 9)] {
        let world = World::new();
        let mut written = events(id(), 10);
        spoil(&mut written[sequence - 1].event);
        let raw: Vec<&RawEvent> = written.iter().map(|stored| &stored.event).collect();
        let journal = Journal::open(world.journal.path()).expect("opens");
        journal.append(id(), 1, &raw).expect("writes");
        world
            .log
            .append(0, &units(&written[..in_log]))
            .await
            .expect("appends");
        let what = contradiction(world.open_at(None).await);
        assert!(what.contains(&format!("event {sequence} ")), "{what}");
        assert_eq!(world.log.last().await.expect("reads"), in_log as u64);
    }
}

#[tokio::test(start_paused = true)]
async fn a_log_without_its_journal_must_begin_at_its_genesis() {
    let world = World::new();
    let other = events(LogId::new(AppId(8), 0), 5);
    world.log.append(0, &units(&other)).await.expect("appends");
    let what = contradiction(world.open_at(None).await);
    assert!(what.contains("event 1 "), "{what}");
}

#[tokio::test(start_paused = true)]
async fn giving_up_leaves_the_outcome_unknown() {
    let world = World::new();
    let (tell, give_up) = watch::channel(false);
    let options = WriterOptions {
        give_up: Some(give_up),
        ..WriterOptions::default()
    };
    let log: Arc<dyn EventLog> = Arc::new(world.log.clone());
    let copies = Copies::new(id(), None, None);
    let opened = Writer::open(log, copies, None, options).await;
    let mut writer = opened.expect("opens");
    for _ in 0..100 {
        world.log.inject(Fault::Unavailable);
    }
    tell.send_replace(true);
    let outcome = writer.append(&units(&events(id(), 1))).await;
    assert!(
        matches!(outcome, Err(AppendError::Unknown(_))),
        "{outcome:?}"
    );
}
