//! A nats-server's process: begun, watched from outside, ended.

use std::io::Result;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use rustix::fs::Mode;
use rustix::process::{Signal, umask};
use tokio::process::{Child, Command};
use tokio::time::{Instant, timeout};

use super::files::NatsFiles;
use super::state::Recovery;
use super::{END_WITHIN, OpenError};

/// How often an ended process is looked for.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(5);

/// How often a server that recovers reads each block (measured, 2.15.1: 674 MB of 223).
const READS_OF_A_BLOCK: u64 = 3;

/// Starts the program. What it writes can be read by its owner only, whatever our umask is.
pub(super) fn spawn(binary: &Path, files: &NatsFiles) -> Result<Child> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let mut command = Command::new(binary);
    command
        .arg("--config")
        .arg(files.config())
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(files.last_words()?)
        .kill_on_drop(false);
    let guard = ONE_AT_A_TIME.lock();
    // A child inherits it. What other threads make meanwhile is more private than they asked for.
    let before = umask(Mode::RWXG | Mode::RWXO);
    let spawned = command.spawn();
    umask(before);
    drop(guard);
    spawned
}

/// Ends a server, cleanly if it can be.
pub(super) async fn end(files: &NatsFiles, child: &mut Child) {
    for signal in [Signal::TERM, Signal::KILL] {
        let Some(pid) = child.id() else { return };
        if let Err(error) = files.signal(pid, signal) {
            tracing::debug!(%error, "nats-server has ended already");
        }
        match timeout(END_WITHIN, child.wait()).await {
            Ok(Ok(_)) => return,
            Ok(Err(error)) => tracing::warn!(%error, "nats-server cannot be waited for"),
            Err(_elapsed) => tracing::warn!("nats-server does not end: it is killed"),
        }
    }
}

/// Ends the nats-server that an earlier, killed server left behind in this folder; nothing else.
pub(super) async fn end_leftover(files: &NatsFiles) -> std::result::Result<(), OpenError> {
    let Some(pid) = files.running() else {
        return Ok(());
    };
    tracing::warn!(pid, "a nats-server was left behind: it is ended");
    for (signal, within) in [(Signal::TERM, END_WITHIN), (Signal::KILL, END_WITHIN)] {
        if let Err(error) = files.signal(pid, signal) {
            tracing::debug!(pid, %error, "it has ended meanwhile");
        }
        let ended = async {
            while files.running() == Some(pid) {
                tokio::time::sleep(LOOK_AGAIN_AFTER).await;
            }
        };
        if timeout(within, ended).await.is_ok() {
            return Ok(());
        }
    }
    Err(OpenError::Server(format!(
        "the nats-server that was left behind (pid {pid}) does not end: end it by hand"
    )))
}

/// Watches how far a process is with reading its store, by what it has read and computed.
pub(super) struct Reading {
    pid: Option<u32>,
    begun: Instant,
    bytes_total: u64,
    work: Work,
    worked: Instant,
}

/// What a process has done so far; it only grows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Work {
    bytes_read: u64,
    ticks: u64,
}

impl Reading {
    pub(super) fn begin(files: &NatsFiles, child: &Child) -> Self {
        let now = Instant::now();
        Self {
            pid: child.id(),
            begun: now,
            bytes_total: files.block_bytes(),
            work: Work::default(),
            worked: now,
        }
    }

    pub(super) fn look(&mut self) -> Recovery {
        let now = Instant::now();
        if let Some(work) = self.pid.and_then(Work::of)
            && work != self.work
        {
            self.work = work;
            self.worked = now;
        }
        Recovery {
            bytes_read: (self.work.bytes_read / READS_OF_A_BLOCK).min(self.bytes_total),
            bytes_total: self.bytes_total,
            elapsed: now.duration_since(self.begun),
            idle: now.duration_since(self.worked),
        }
    }
}

impl Work {
    /// `None` where `/proc` does not say.
    fn of(pid: u32) -> Option<Self> {
        let io = std::fs::read_to_string(format!("/proc/{pid}/io")).ok()?;
        let bytes_read = io
            .lines()
            .find_map(|line| line.strip_prefix("rchar: "))?
            .trim()
            .parse()
            .ok()?;
        // Behind the name, which may hold anything: state is the first field, utime and stime the
        // 12th and 13th.
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (_, fields) = stat.rsplit_once(')')?;
        let ticks = fields.split_ascii_whitespace().skip(11).take(2);
        Some(Self {
            bytes_read,
            ticks: ticks.filter_map(|field| field.parse::<u64>().ok()).sum(),
        })
    }
}
