//! What nats-server makes of an index of its blocks that was brought up to date for it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hansard_log::conformance::{events, units};
use hansard_log::server::NatsServer;

use crate::{beside, id, kill, lose, open, start};

/// More than fit one block of nats-server's.
const EVENTS: usize = 30_000;

/// Everything that a nats-server knows of the log's stream.
async fn known(dir: &Path) -> (String, BTreeMap<String, usize>) {
    let stream = beside(dir).await.get_stream(id().stream_name()).await;
    let stream = stream.expect("is there");
    let info = stream.info_builder().with_deleted(true).fetch().await;
    let state = format!("{:?}", info.expect("answers").info.state);
    let mut subjects = BTreeMap::new();
    let mut listed = stream.info_with_subjects(">").await.expect("answers");
    while let Some(one) = futures::StreamExt::next(&mut listed).await {
        let (subject, count) = one.expect("answers");
        subjects.insert(subject, count);
    }
    (state, subjects)
}

async fn killed(server: NatsServer, dir: &Path) {
    server.abandon();
    kill(dir);
}

fn msgs(dir: &Path) -> PathBuf {
    let account = dir.join("jetstream/jetstream/$G/streams");
    account.join(id().stream_name()).join("msgs")
}

/// How often it has read all blocks of the log.
fn rebuilds(dir: &Path) -> usize {
    let log = std::fs::read_to_string(dir.join("nats.log")).expect("reads");
    let of_log = format!(
        "[{}] Recovering stream state from index errored",
        id().stream_name()
    );
    log.matches(&of_log).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn real_a_server_that_was_killed_believes_the_index_and_knows_what_it_would_have_read() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let written = events(id(), EVENTS);
    let server = start(dir).await;
    let log = open(&server).await;
    log.append(0, &units(&written[..100]))
        .await
        .expect("appends");
    server.stop().await;
    let server = start(dir).await;
    let log = open(&server).await;
    let mut end = 100;
    for round in written[100..].chunks(1000) {
        log.append(end, &units(round)).await.expect("appends");
        end += round.len() as u64;
    }
    killed(server, dir).await;
    assert!(msgs(dir).join("2.blk").is_file(), "several blocks");

    let server = start(dir).await;
    assert_eq!(rebuilds(dir), 0, "it believes the index");
    let believed = known(dir).await;
    let log = open(&server).await;
    assert_eq!(log.last().await.expect("reads"), EVENTS as u64);
    killed(server, dir).await;
    std::fs::remove_file(msgs(dir).join("index.db")).expect("removed");
    let server = start(dir).await;
    assert_eq!(known(dir).await, believed, "as when it has read everything");
    let log = open(&server).await;
    let more = events(id(), EVENTS + 1);
    let last = units(&more[EVENTS..]);
    log.append(EVENTS as u64, &last).await.expect("goes on");
    let mut read = Vec::new();
    while read.len() < more.len() {
        let page = log.read(read.len() as u64 + 1, 2000).await.expect("reads");
        assert!(!page.is_empty(), "nothing after event {}", read.len());
        read.extend(page);
    }
    assert!(read == more, "each once, in order");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn real_a_stream_with_deleted_events_is_left_to_the_server() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let server = start(dir).await;
    let log = open(&server).await;
    let written = events(id(), 200);
    log.append(0, &units(&written[..100]))
        .await
        .expect("appends");
    server.stop().await;
    let server = start(dir).await;
    let log = open(&server).await;
    log.append(100, &units(&written[100..]))
        .await
        .expect("appends");
    lose(dir, 150..=151).await;
    killed(server, dir).await;
    let server = start(dir).await;
    assert_eq!(rebuilds(dir), 1, "it reads for itself");
    let log = open(&server).await;
    assert_eq!(log.absent().await.expect("reads"), [150, 151]);
    assert_eq!(log.last().await.expect("reads"), 200);
    server.stop().await;
}
