//! What happens to a nats-server that is slow, hangs, stops at a full disk, or is not ours.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use async_nats::rustls::ServerConfig;
use async_nats::rustls::pki_types::PrivateKeyDer;
use hansard_log::conformance::{events, units};
use hansard_log::server::{NatsFiles, NatsServer, ServerOptions, ServerState, Timing};
use hansard_log::{AppendError, EventLog, JetStreamOptions};
use parking_lot::Mutex;
use rustix::fs::Mode;
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::{id, kill, open, options, start, writer};

/// How long anything may take before a test calls it broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// Short, so that what must not happen would have happened many times over.
const TIMING: Timing = Timing {
    recovering_after: Duration::from_millis(100),
    probe_every: Duration::from_millis(50),
    hung_after: Duration::from_millis(500),
};

async fn until(server: &NatsServer, what: &str, wanted: impl FnMut(&ServerState) -> bool) {
    let mut state = server.state();
    let seen = timeout(PATIENCE, state.wait_for(wanted)).await;
    seen.unwrap_or_else(|_| panic!("{what}: it is {:?}", server.state().borrow()))
        .expect("it is supervised");
}

fn signal(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(pid).expect("a pid")).expect("a pid");
    kill_process(pid, signal).expect("it is ours");
}

/// A nats-server that stands still before it begins, as a large store makes it, and writes down
/// its pid; until it is told to go on.
fn slow(dir: &Path) -> (ServerOptions, PathBuf) {
    let (program, pid) = (dir.join("slow-nats-server"), dir.join("pid"));
    let plain = options(dir);
    let path = plain.path.clone().unwrap_or_default();
    let real = plain.binary.unwrap_or_else(|| {
        std::env::split_paths(&path)
            .map(|folder| folder.join("nats-server"))
            .find(|candidate| candidate.is_file())
            .expect("a nats-server on the PATH")
    });
    let (real, held) = (real.display(), pid.display());
    let script = format!(
        "#!/bin/sh\n\
         [ \"$1\" = --version ] && exec '{real}' --version\n\
         echo $$ > '{held}.new' && mv '{held}.new' '{held}'\n\
         kill -STOP $$\n\
         exec '{real}' \"$@\"\n"
    );
    std::fs::write(&program, script).expect("writes");
    let mode = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(&program, mode).expect("may be run");
    let options = ServerOptions {
        dir: dir.join("nats"),
        binary: Some(program),
        timing: TIMING,
        ..plain
    };
    (options, pid)
}

/// Waits until a server has been recovering for far longer than a sick one is left alone.
async fn is_left_alone(server: &NatsServer, pid: &Path) -> u32 {
    let mut begun = None;
    until(server, "it recovers", |state| match state {
        ServerState::Recovering(recovery) => {
            let said = state.describe().unwrap_or_default();
            assert!(said.contains("recovering"), "{said}");
            let elapsed = recovery.elapsed;
            assert!(begun.is_none_or(|before| before <= elapsed), "begun again");
            begun = Some(elapsed);
            elapsed >= 6 * TIMING.hung_after
        }
        ServerState::Starting => {
            begun = None;
            false
        }
        ServerState::Ready | ServerState::Hung { .. } | ServerState::Ended { .. } => false,
    })
    .await;
    let text = std::fs::read_to_string(pid).expect("it has begun");
    text.trim().parse().expect("a pid")
}

#[tokio::test(flavor = "multi_thread")]
async fn real_a_server_that_recovers_is_left_alone_at_the_start_and_after_a_crash() {
    let dir = tempfile::tempdir().expect("a folder");
    let (options, pid) = slow(dir.path());
    let server = NatsServer::launch(options).await.expect("is started");
    let first = is_left_alone(&server, &pid).await;
    signal(first, Signal::CONT);
    server.ready().await.expect("it takes its time");
    let log = open(&server).await;
    let written = events(id(), 100);
    log.append(0, &units(&written)).await.expect("appends");

    let killed = kill(&dir.path().join("nats"));
    assert_eq!(killed, first, "the one that was so slow");
    until(&server, "its death is noticed", |state| !state.is_ready()).await;
    let second = is_left_alone(&server, &pid).await;
    assert_ne!(second, first);
    signal(second, Signal::CONT);
    until(&server, "it is ready again", ServerState::is_ready).await;
    let running = NatsFiles::new(&dir.path().join("nats")).running();
    assert_eq!(running, Some(second), "none was ended on the way");
    let log = open(&server).await;
    assert_eq!(log.read(1, 200).await.expect("reads"), written);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn real_a_server_is_ended_while_it_recovers_when_it_is_stopped() {
    let dir = tempfile::tempdir().expect("a folder");
    let (options, pid) = slow(dir.path());
    let server = NatsServer::launch(options).await.expect("is started");
    let first = is_left_alone(&server, &pid).await;
    signal(first, Signal::CONT);
    server.stop().await;
    let gone = Path::new("/proc").join(first.to_string());
    assert!(!gone.try_exists().expect("can be looked at"));
}

#[tokio::test(flavor = "multi_thread")]
async fn real_a_server_that_does_not_start_says_why() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("jetstream"), "no folder").expect("writes");
    let started = NatsServer::start(options(dir.path())).await;
    let said = started.err().expect("there is no store").to_string();
    assert!(
        said.contains("nats-server has ended: at its start"),
        "{said}"
    );
    assert!(
        said.contains("is not a directory"),
        "its log is shown: {said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn real_a_server_that_hangs_is_ended_and_comes_back() {
    let dir = tempfile::tempdir().expect("a folder");
    let timing = TIMING;
    let server = NatsServer::start(ServerOptions {
        timing,
        ..options(dir.path())
    });
    let server = server.await.expect("starts");
    let log = open(&server).await;
    let written = events(id(), 20);
    log.append(0, &units(&written[..10]))
        .await
        .expect("appends");
    let hung = NatsFiles::new(dir.path()).running().expect("it runs");
    signal(hung, Signal::STOP);
    until(&server, "it is seen to hang", |state| {
        matches!(state, ServerState::Hung { .. })
    })
    .await;
    until(&server, "it is ready again", ServerState::is_ready).await;
    let now = NatsFiles::new(dir.path()).running().expect("it runs");
    assert_ne!(now, hung);
    let journal = tempfile::tempdir().expect("a folder");
    let mut writer = writer(&log, &journal).await;
    writer
        .append(&units(&written[10..]))
        .await
        .expect("appends");
    assert_eq!(log.read(1, 100).await.expect("reads"), written);
    server.stop().await;
}

/// An answer that is on its way when the server dies never comes: it is not waited for.
#[tokio::test(flavor = "multi_thread")]
async fn real_what_was_asked_of_a_server_that_died_is_asked_again_at_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = start(dir.path()).await;
    let patient = JetStreamOptions {
        answer_within: 60 * PATIENCE,
        ..JetStreamOptions::default()
    };
    let connection = server.connect(patient).await.expect("connects");
    let log = connection.open_log(id()).await.expect("opens");
    log.append(0, &units(&events(id(), 600)))
        .await
        .expect("appends");
    let (tell, mut answered) = watch::channel(0_u64);
    let mut asking = JoinSet::new();
    asking.spawn(async move {
        // By a direct get, by a consumer, and as the log's end.
        for wanted in [10, 500, 0].into_iter().cycle() {
            let answer = match wanted {
                0 => log.last().await.map(drop),
                wanted => log.read(1, wanted).await.map(drop),
            };
            if answer.is_ok() {
                tell.send_modify(|answers| *answers += 1);
            }
        }
    });
    for more in 0..3 {
        let wanted = *answered.borrow() + 10 + more;
        let reached = timeout(PATIENCE, answered.wait_for(|answers| *answers >= wanted)).await;
        reached.expect("it is answered").expect("it is asked");
        let pid = NatsFiles::new(dir.path()).running().expect("it runs");
        signal(pid, Signal::STOP);
        let mut before = u64::MAX;
        while before != *answered.borrow() {
            before = *answered.borrow();
            for _ in 0..1000 {
                tokio::task::yield_now().await;
            }
        }
        kill(dir.path());
        let again = timeout(PATIENCE, answered.wait_for(|answers| *answers > before)).await;
        again.expect("asked again").expect("it is asked");
    }
    asking.shutdown().await;
    server.stop().await;
}

/// A disk of its own, which can be filled.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// `None` where that is not allowed: mounting is for root.
    fn mount(bytes: u64) -> Option<Self> {
        let dir = tempfile::tempdir().expect("a folder");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={bytes}"), "tmpfs"])
            .arg(dir.path())
            .status();
        match mounted {
            Ok(status) if status.success() => Some(Self(dir)),
            Ok(_) | Err(_) => None,
        }
    }

    /// Another program's file takes all that is left.
    fn fill(&self) -> PathBuf {
        let path = self.0.path().join("filler");
        let mut file = std::fs::File::create(&path).expect("creates");
        let filled = std::io::copy(&mut std::io::repeat(1), &mut file);
        filled.expect_err("the disk is full");
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount")
            .arg("--lazy")
            .arg(self.0.path())
            .status();
        drop(unmounted);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn real_a_stream_that_stopped_at_a_full_disk_goes_on_when_there_is_room() {
    let Some(disk) = SmallDisk::mount(32 * 1024 * 1024) else {
        eprintln!("not run: a disk cannot be mounted here, run it as root");
        return;
    };
    let journal = tempfile::tempdir().expect("a folder");
    let server = start(disk.0.path()).await;
    let log = open(&server).await;
    let mut writer = writer(&log, &journal).await;
    let written = events(id(), 4000);
    writer
        .append(&units(&written[..100]))
        .await
        .expect("appends");
    let filler = disk.fill();
    let mut rest = JoinSet::new();
    let all = written.clone();
    rest.spawn(async move {
        for round in all[100..].chunks(100) {
            writer.append(&units(round)).await.expect("is resolved");
        }
    });
    until(
        &server,
        "a stream has stopped",
        |state| matches!(state, ServerState::Hung { reason } if reason.contains("no space left")),
    )
    .await;
    std::fs::remove_file(filler).expect("removes");
    let ended = timeout(PATIENCE, rest.join_next()).await;
    ended
        .expect("writes come back by themselves")
        .expect("it writes")
        .expect("all is written");
    let mut read = Vec::new();
    while read.len() < written.len() {
        let page = log.read(read.len() as u64 + 1, 500).await.expect("reads");
        assert!(!page.is_empty(), "nothing after event {}", read.len());
        read.extend(page);
    }
    assert!(read == written, "each once, in order");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn real_everything_of_it_is_private_whatever_the_umask_and_whoever_made_the_folder() {
    let dir = tempfile::tempdir().expect("a folder");
    let root = dir.path().join("nats");
    rustix::process::umask(Mode::empty());
    std::fs::create_dir_all(root.join("jetstream/older")).expect("creates");
    std::fs::write(root.join("jetstream/older/1.blk"), "public").expect("writes");
    let server = start(&root).await;
    let log = open(&server).await;
    log.append(0, &units(&events(id(), 100)))
        .await
        .expect("appends");
    let mut folders = vec![root.clone()];
    let mut seen = 0;
    while let Some(path) = folders.pop() {
        let found = std::fs::metadata(&path).expect("is there");
        let mode = found.permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} is {mode:o}", path.display());
        seen += 1;
        if found.is_dir() {
            let entries = std::fs::read_dir(path).expect("lists");
            folders.extend(entries.map(|entry| entry.expect("lists").path()));
        }
    }
    assert!(seen > 15, "with a stream's files: {seen}");
    assert_eq!(
        rustix::process::umask(Mode::empty()),
        Mode::empty(),
        "ours is as it was"
    );
    server.stop().await;
}

/// Someone else on the server's port, who says yes to everything, and keeps what he is told.
struct Stranger {
    heard: Arc<Mutex<Vec<u8>>>,
    tasks: JoinSet<()>,
}

impl Stranger {
    async fn listen(port: u16, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port))
            .await
            .expect("is free");
        let heard = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&heard);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut talks = JoinSet::new();
            loop {
                let (mut stream, _) = listener.accept().await.expect("accepts");
                let (keep, tls) = (Arc::clone(&keep), tls.clone());
                talks.spawn(async move {
                    let info = format!(
                        "INFO {{\"server_id\":\"A\",\"server_name\":\"a\",\"version\":\"2.15.1\",\
                         \"host\":\"127.0.0.1\",\"port\":{port},\"headers\":true,\"proto\":1,\
                         \"max_payload\":1048576,\"jetstream\":true,\"tls_required\":{}}}\r\n",
                        tls.is_some()
                    );
                    if stream.write_all(info.as_bytes()).await.is_err() {
                        return;
                    }
                    match tls {
                        None => agree(stream, &keep).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                agree(stream, &keep).await;
                            }
                        }
                    }
                });
            }
        });
        Self { heard, tasks }
    }
}

/// Answers every line with what a nats-server would say to be believed.
async fn agree(mut stream: impl AsyncRead + AsyncWrite + Unpin, heard: &Mutex<Vec<u8>>) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        heard.lock().extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
        let mut answer = String::from("PONG\r\n");
        for line in text.lines().filter(|line| line.starts_with("HPUB")) {
            let ack = "{\"stream\":\"HANSARD_1400000001_0\",\"seq\":10}";
            if let Some(reply) = line.split(' ').nth(2) {
                answer += &format!("MSG {reply} 1 {}\r\n{ack}\r\n", ack.len());
            }
        }
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn strangers_certificate() -> TlsAcceptor {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("made");
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("a pair");
    TlsAcceptor::from(Arc::new(config))
}

#[tokio::test(flavor = "multi_thread")]
async fn real_a_stranger_on_its_port_gets_no_password_and_is_not_believed() {
    for tls in [None, Some(strangers_certificate())] {
        let dir = tempfile::tempdir().expect("a folder");
        let server = start(dir.path()).await;
        let short = JetStreamOptions {
            answer_within: Duration::from_secs(2),
            ..JetStreamOptions::default()
        };
        let connection = server.connect(short).await.expect("connects");
        let log = connection.open_log(id()).await.expect("opens");
        let written = events(id(), 10);
        log.append(0, &units(&written[..5])).await.expect("appends");
        server.stop().await;
        let files = NatsFiles::new(dir.path());
        let port = std::fs::read_to_string(dir.path().join("port")).expect("recorded");
        let port = port.trim().parse().expect("a port");
        let mut stranger = Stranger::listen(port, tls).await;

        let appended = log.append(5, &units(&written[5..])).await;
        assert!(
            matches!(appended, Err(AppendError::Unknown(_))),
            "not believed: {appended:?}"
        );
        log.last().await.expect_err("nothing is believed");
        let connected = files.connect(short).await;
        assert!(connected.is_err(), "no connection to him");
        let heard = stranger.heard.lock().clone();
        let heard = String::from_utf8_lossy(&heard).into_owned();
        let password = files.credentials().expect("recorded").password;
        for secret in [password.as_str(), "CONNECT", "HPUB", "hansard.1400000001"] {
            assert!(!heard.contains(secret), "{secret} was said: {heard}");
        }
        stranger.tasks.shutdown().await;

        let server = start(dir.path()).await;
        let log = open(&server).await;
        assert_eq!(log.last().await.expect("reads"), 5);
        server.stop().await;
    }
}
