//! Live logs: their beginnings age out, and what is lost before its time is gone.

use hansard_types::AppId;
use tempfile::TempDir;

use super::super::*;
use crate::conformance::{events, units};
use crate::{AuditFailure, Error, Journal, MemoryLog, verify};

fn id() -> LogId {
    LogId::live(AppId(7))
}

async fn open(log: &MemoryLog, journal: &TempDir) -> Writer {
    let journal = Journal::open(journal.path()).expect("opens");
    let copies = Copies::new(id(), None, Some(Arc::new(journal)));
    let log: Arc<dyn EventLog> = Arc::new(log.clone());
    let opened = Writer::open(log, copies, None, WriterOptions::default()).await;
    opened.expect("opens")
}

async fn with_ten() -> (MemoryLog, TempDir) {
    let log = MemoryLog::new(id());
    let written = units(&events(id(), 10));
    log.append(0, &written).await.expect("appends");
    (log, tempfile::tempdir().expect("a folder"))
}

/// Where it goes on when an event is not there any more.
async fn begins(reader: &Reader, sequence: u64) -> u64 {
    match reader.read(sequence, 100).await {
        Err(Error::AgedOut { begins, .. }) => begins,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_has_aged_out_is_no_damage_and_the_rest_is_read_and_audited() {
    let (log, journal) = with_ten().await;
    log.lose(1..=4);
    let writer = open(&log, &journal).await;
    assert_eq!((writer.last(), writer.repaired().accepted), (10, 6));
    let reader = writer.reader();
    assert_eq!(begins(&reader, 1).await, 5);
    assert_eq!(reader.read(5, 100).await.expect("is there").len(), 6);
    let report = verify(&reader, |_, _| {}).await.expect("is whole");
    assert_eq!((report.first, report.events), (5, 6));
}

#[tokio::test]
async fn a_hole_is_gone_on_behind_and_the_audit_of_the_rest_goes_on() {
    let (log, journal) = with_ten().await;
    log.lose(3..=5);
    let reader = open(&log, &journal).await.reader();
    // The journal has begun behind it.
    assert_eq!(reader.read(1, 100).await.expect("is there").len(), 2);
    assert_eq!(begins(&reader, 3).await, 6);
    let report: Result<_, AuditFailure> = verify(&reader, |_, _| {}).await;
    assert_eq!(report.expect("is whole").first, 6);
}

#[tokio::test]
async fn when_all_has_aged_out_the_log_goes_on_where_it_was() {
    let (log, journal) = with_ten().await;
    log.lose(1..=10);
    let mut writer = open(&log, &journal).await;
    assert_eq!(writer.last(), 10);
    assert_eq!(begins(&writer.reader(), 1).await, 11);
    let more = units(&events(id(), 2));
    assert_eq!(writer.append(&more).await.expect("appends"), 12);
    assert_eq!(begins(&writer.reader(), 1).await, 11);
}

#[tokio::test]
async fn a_stream_that_has_lost_more_than_the_journal_holds_begins_anew_with_that() {
    let (log, journal) = with_ten().await;
    log.lose(1..=4);
    drop(open(&log, &journal).await);
    log.truncate(0);
    let writer = open(&log, &journal).await;
    assert_eq!((writer.last(), writer.repaired().restored), (10, 6));
    let there = log.read(1, 100).await.expect("reads");
    assert_eq!(there.first().map(|one| one.sequence), Some(5));
    assert_eq!(there.len(), 6);
}

/// As after days without a word: nothing of it is in the journal any more.
#[tokio::test]
async fn a_start_with_a_journal_that_has_let_go_of_everything_goes_by_the_stream() {
    let (log, folder) = with_ten().await;
    drop(open(&log, &folder).await);
    let journal = Journal::open(folder.path()).expect("opens");
    journal.restart(id(), 11).expect("begins anew");
    drop(journal);
    log.lose(1..=8);
    let journal = Journal::open(folder.path()).expect("opens");
    let copies = Copies::new(id(), None, Some(Arc::new(journal)));
    let checkpoint = Some(Checkpoint {
        sequence: 10,
        chain: [0; 32],
    });
    let stream: Arc<dyn EventLog> = Arc::new(log.clone());
    let opened = Writer::open(stream, copies, checkpoint, WriterOptions::default()).await;
    let mut writer = opened.expect("opens");
    assert_eq!((writer.last(), writer.repaired().accepted), (10, 2));
    let more = units(&events(id(), 1));
    assert_eq!(writer.append(&more).await.expect("goes on"), 11);
}

#[tokio::test]
async fn an_end_that_the_journal_holds_comes_back() {
    let (log, journal) = with_ten().await;
    drop(open(&log, &journal).await);
    log.truncate(7);
    let writer = open(&log, &journal).await;
    assert_eq!((writer.last(), writer.repaired().restored), (10, 3));
}

#[tokio::test]
async fn what_nobody_was_answered_for_may_have_aged_out() {
    let (log, journal) = with_ten().await;
    drop(open(&log, &journal).await);
    let more: Vec<_> = units(&events(id(), 20)).split_off(10);
    log.append(10, &more).await.expect("appends");
    log.lose(1..=15);
    let writer = open(&log, &journal).await;
    assert_eq!((writer.last(), writer.repaired().accepted), (20, 5));
}
