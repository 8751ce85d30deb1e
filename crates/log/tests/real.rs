//! The log on a real nats-server. Needs one on the PATH, or HANSARD_NATS_SERVER; and the suite,
//! which is behind the feature `conformance`.
#![cfg(feature = "conformance")]

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::stream::Compression;
use hansard_log::conformance::{edit, events, suite, units};
use hansard_log::server::{NatsFiles, NatsServer, ServerOptions, Timing};
use hansard_log::{
    AuditFailure, Copies, Error, EventLog, JetStream, JetStreamOptions, Journal, Reader, Writer,
    WriterOptions, verify,
};
use hansard_types::{AppId, LogId};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

#[path = "real/index.rs"]
mod index;
#[path = "real/supervision.rs"]
mod supervision;

fn id() -> LogId {
    LogId::new(AppId(1_400_000_001), 0)
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests find the program as a person would"
)]
fn options(dir: &std::path::Path) -> ServerOptions {
    ServerOptions {
        dir: dir.to_owned(),
        binary: std::env::var_os("HANSARD_NATS_SERVER").map(Into::into),
        path: std::env::var_os("PATH"),
        sync_interval: "100ms".to_owned(),
        timing: Timing::default(),
    }
}

async fn start(dir: &std::path::Path) -> NatsServer {
    NatsServer::start(options(dir))
        .await
        .expect("nats-server starts")
}

async fn open(server: &NatsServer) -> Arc<dyn EventLog> {
    let connection = server
        .connect(JetStreamOptions::default())
        .await
        .expect("connects");
    Arc::new(connection.open_log(id()).await.expect("opens"))
}

async fn writer(log: &Arc<dyn EventLog>, journal: &TempDir) -> Writer {
    let journal = Arc::new(Journal::open(journal.path()).expect("opens"));
    let options = WriterOptions::default();
    let copies = Copies::new(id(), None, Some(journal));
    Writer::open(Arc::clone(log), copies, None, options)
        .await
        .expect("opens")
}

fn kill(dir: &std::path::Path) -> u32 {
    let pid = NatsFiles::new(dir).running().expect("it runs");
    let raw = Pid::from_raw(i32::try_from(pid).expect("a pid")).expect("a pid");
    kill_process(raw, Signal::KILL).expect("it is ours");
    pid
}

#[tokio::test(flavor = "multi_thread")]
async fn real_the_log_on_jetstream_conforms() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = start(dir.path()).await;
    let log = open(&server).await;
    suite(&*log).await;
    let reader = Reader::at_end(log).await.expect("reads");
    let end = *reader.committed().borrow();
    let report = verify(&reader, |_, _| {})
        .await
        .expect("the chain is whole");
    assert_eq!(report.events, end);
    server.stop().await;
    assert_eq!(NatsFiles::new(dir.path()).running(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn real_a_killed_server_comes_back_and_loses_and_doubles_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = start(dir.path()).await;
    let log = open(&server).await;
    let journal = tempfile::tempdir().expect("a folder");
    let mut writer = writer(&log, &journal).await;
    let written = events(id(), 2000);
    for (round, events) in written.chunks(50).enumerate() {
        let units = units(events);
        let append = writer.append(&units);
        if round % 10 == 5 {
            let (killed, appended) = tokio::join!(async { kill(dir.path()) }, append);
            appended.unwrap_or_else(|error| panic!("resolved after {killed} died: {error}"));
        } else {
            append.await.expect("appends");
        }
    }
    let mut read = Vec::new();
    while read.len() < written.len() {
        let page = log.read(read.len() as u64 + 1, 300).await.expect("reads");
        assert!(!page.is_empty(), "nothing after event {}", read.len());
        read.extend(page);
    }
    assert_eq!(read, written);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn real_older_files_under_a_newer_journal_come_back_whole() {
    let dir = tempfile::tempdir().expect("a folder");
    let (live, older) = (dir.path().join("live"), dir.path().join("older"));
    let journal = tempfile::tempdir().expect("a folder");
    let written = events(id(), 600);
    let server = start(&live).await;
    let log = open(&server).await;
    writer(&log, &journal)
        .await
        .append(&units(&written[..100]))
        .await
        .expect("appends");
    server.stop().await;
    copy(&live, &older);
    let server = start(&live).await;
    let log = open(&server).await;
    writer(&log, &journal)
        .await
        .append(&units(&written[100..]))
        .await
        .expect("appends");
    server.stop().await;
    std::fs::remove_dir_all(&live).expect("removes");
    copy(&older, &live);

    let server = start(&live).await;
    let log = open(&server).await;
    assert_eq!(log.last().await.expect("reads"), 100);
    let repaired = writer(&log, &journal).await.repaired();
    assert_eq!((repaired.restored, repaired.accepted), (500, 0));
    assert_eq!(log.read(1, 250).await.expect("reads"), written[..250]);
    assert_eq!(log.read(400, 250).await.expect("reads"), written[399..]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn real_a_second_writer_is_fenced_off() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = start(dir.path()).await;
    let (log, other) = (open(&server).await, open(&server).await);
    let journals = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
    let mut first = writer(&log, &journals[0]).await;
    let mut second = writer(&other, &journals[1]).await;
    let written = events(id(), 2);
    first.append(&units(&written[..1])).await.expect("appends");
    let mut foreign = written[1].clone();
    edit(&mut foreign.event, |parts| {
        parts.body.push(0);
        parts.set(
            hansard_events::header::ID,
            "00000000-0000-0000-0000-0000000000ff",
        );
    });
    let fenced = second.append(&units(&[foreign])).await;
    assert!(
        matches!(fenced, Err(hansard_log::AppendError::Fenced { .. })),
        "{fenced:?}"
    );
    first
        .append(&units(&written[1..]))
        .await
        .expect("the first goes on");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn real_a_server_left_behind_is_ended_and_only_that() {
    let dir = tempfile::tempdir().expect("a folder");
    let other = tempfile::tempdir().expect("a folder");
    let bystander = start(other.path()).await;
    let abandoned = start(dir.path()).await;
    let pid = NatsFiles::new(dir.path()).running().expect("it runs");
    // As after a kill -9 of the server: nobody stops its nats-server.
    abandoned.abandon();
    let server = start(dir.path()).await;
    let now = NatsFiles::new(dir.path()).running().expect("it runs");
    assert_ne!(now, pid);
    assert!(NatsFiles::new(other.path()).running().is_some());
    server.stop().await;
    bystander.stop().await;
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).expect("creates");
    for entry in std::fs::read_dir(from).expect("lists") {
        let entry = entry.expect("lists");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copies");
        }
    }
}

fn user_and_password(url: &str) -> (String, String) {
    let address: async_nats::ServerAddr = url.parse().expect("a URL");
    let found = address.username().zip(address.password());
    let (user, password) = found.expect("the credential is in it");
    (user.to_owned(), password.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn real_tools_connect_beside_it_by_the_recorded_url_only() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = start(dir.path()).await;
    let files = NatsFiles::new(dir.path());
    let url = files.url().expect("recorded");
    let options = JetStreamOptions::default();
    let tool = files.connect(options).await.expect("connects");
    assert!(!tool.holds(id()).await.expect("answers"), "not made yet");
    drop(beside(dir.path()).await);
    let refused = JetStream::connect(server.url(), None, options).await;
    assert!(refused.is_err(), "without the certificate");
    let refused = async_nats::ConnectOptions::new()
        .add_root_certificates(files.certificate())
        .connect(server.url())
        .await;
    assert!(refused.is_err(), "without the credential");
    let (_, password) = user_and_password(&url);
    let odd = JetStream::connect(&url.replace("tls://", "tls//"), None, options).await;
    let said = odd.err().expect("it is no URL").to_string();
    assert!(!said.contains(&password), "errors are logged");
    server.stop().await;
}

/// JetStream as anyone who has the recorded URL and the certificate uses it.
async fn beside(dir: &std::path::Path) -> async_nats::jetstream::Context {
    let files = NatsFiles::new(dir);
    let url = files.url().expect("recorded");
    let (user, password) = user_and_password(&url);
    let client = async_nats::ConnectOptions::with_user_and_password(user, password)
        .add_root_certificates(files.certificate())
        .connect(&url)
        .await
        .expect("connects");
    async_nats::jetstream::new(client)
}

/// A log that was made when rounds were no fast batches yet, and JetStream remembered ids.
#[tokio::test(flavor = "multi_thread")]
async fn real_a_stream_of_an_older_release_is_brought_up_to_date() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = start(dir.path()).await;
    drop(open(&server).await);
    let jetstream = beside(dir.path()).await;
    let stream = jetstream.get_stream(id().stream_name()).await;
    let mut config = stream.expect("is there").cached_info().config.clone();
    assert_eq!(config.duplicate_window, Duration::from_millis(100));
    config.allow_batch_publish = false;
    config.duplicate_window = Duration::from_secs(120);
    jetstream.update_stream(config).await.expect("updates");
    let log = open(&server).await;
    let stream = jetstream.get_stream(id().stream_name()).await;
    let config = stream.expect("is there").cached_info().config.clone();
    assert_eq!(config.duplicate_window, Duration::from_millis(100));
    log.append(0, &units(&events(id(), 3)))
        .await
        .expect("appends");
    assert_eq!(log.last().await.expect("reads"), 3);
    server.stop().await;
}

/// A log that was made when JetStream still compressed.
#[tokio::test(flavor = "multi_thread")]
async fn real_a_compressed_stream_is_told_to_stop_compressing() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = start(dir.path()).await;
    let log = open(&server).await;
    let jetstream = beside(dir.path()).await;
    let compression = async || {
        let stream = jetstream.get_stream(id().stream_name()).await;
        stream.expect("is there").cached_info().config.clone()
    };
    let written = events(id(), 20);
    let mut config = compression().await;
    assert_eq!(config.compression, Some(Compression::None));
    config.compression = Some(Compression::S2);
    jetstream.update_stream(config).await.expect("updates");
    log.append(0, &units(&written[..10]))
        .await
        .expect("appends");
    let log = open(&server).await;
    assert_eq!(compression().await.compression, Some(Compression::None));
    log.append(10, &units(&written[10..]))
        .await
        .expect("appends");
    assert_eq!(log.read(1, 100).await.expect("reads"), written);
    server.stop().await;
}

/// Takes an event out of a stream behind our back, as a damaged block does.
async fn lose(dir: &std::path::Path, sequences: std::ops::RangeInclusive<u64>) {
    let stream = beside(dir).await.get_stream(id().stream_name()).await;
    let stream = stream.expect("is there");
    for sequence in sequences {
        stream.delete_message(sequence).await.expect("deletes");
    }
}

/// What a live log has kept for its time goes; sequences go on, also over a start, and its time is
/// what it was told last.
#[tokio::test(flavor = "multi_thread")]
async fn real_a_live_log_ages_out_from_its_beginning() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = start(dir.path()).await;
    let id = LogId::live(AppId(1_400_000_001));
    let of = |seconds| JetStreamOptions {
        live_keep: Some(Duration::from_secs(seconds)),
        ..JetStreamOptions::default()
    };
    let kept_long = server.connect(of(3600)).await.expect("connects");
    let log = kept_long.open_log(id).await.expect("opens");
    let written = units(&events(id, 400));
    log.append(0, &written).await.expect("appends");
    let kept_short = server.connect(of(1)).await.expect("connects");
    let log = kept_short.open_log(id).await.expect("opens");
    let mut pause = tokio::time::interval(Duration::from_millis(50));
    while log.extent().await.expect("reads").events > 0 {
        pause.tick().await;
    }
    assert_eq!(log.last().await.expect("reads"), 400);
    assert_eq!(log.extent().await.expect("reads").absent(id), 0);
    let log: Arc<dyn EventLog> = Arc::new(log);
    let reader = Reader::at_end(Arc::clone(&log)).await.expect("reads");
    let read = reader.read(1, 1000).await;
    assert!(
        matches!(read, Err(Error::AgedOut { begins: 401, .. })),
        "{read:?}"
    );
    let as_it_was = server.connect(JetStreamOptions::default()).await;
    let log = as_it_was
        .expect("connects")
        .open_log(id)
        .await
        .expect("opens");
    log.append(400, &written[..1]).await.expect("goes on");
    log.begin_again(300).await.expect("is made again");
    log.append(299, &written[..2]).await.expect("begins there");
    let first = log.read(1, 10).await.expect("reads");
    assert_eq!(first.first().map(|one| one.sequence), Some(300));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn real_a_lost_event_is_named_and_no_silence() {
    for lost in [595..=595, 598..=600, 301..=600] {
        let dir = tempfile::tempdir().expect("a folder");
        let server = start(dir.path()).await;
        let log = open(&server).await;
        log.append(0, &units(&events(id(), 600)))
            .await
            .expect("appends");
        assert!(log.absent().await.expect("reads").is_empty());
        lose(dir.path(), lost.clone()).await;
        let absent = log.absent().await.expect("reads");
        assert_eq!(absent, lost.clone().collect::<Vec<u64>>());
        let reader = Reader::at_end(log).await.expect("reads");
        let failure = verify(&reader, |_, _| {}).await.expect_err("one is lost");
        assert!(
            matches!(
                failure,
                AuditFailure::Log(Error::Missing { sequence, .. }) if sequence == *lost.start()
            ),
            "{lost:?}: {failure:?}"
        );
        server.stop().await;
    }
}
