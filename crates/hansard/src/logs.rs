//! Reaching the log: the nats-server that a server runs, that one runs already, or that is started
//! for the time of a command.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use async_trait::async_trait;
use clap::Args;
use hansard_engine::LogProvider;
use hansard_log::server::{
    NatsFiles, NatsServer, ServerOptions, ServerState, Timing, check_version, find, version_of,
};
use hansard_log::{Credentials, EventLog, JetStream, JetStreamOptions, OpenError, Reader};
use hansard_types::LogId;
use percent_encoding::percent_decode_str;
use tokio::sync::watch;

use crate::data_dir::{DataDir, Lock};
use crate::term::{Progress, Unit};

/// JetStream brings its files to disk this often; the journal covers what lies between.
const SYNC_INTERVAL: &str = "100ms";
/// How long a server that is just starting may take until its nats-server answers.
const STARTING_WITHIN: Duration = Duration::from_secs(15);
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(200);

/// Which nats-server is run.
#[derive(Debug, Clone, Args)]
pub(crate) struct NatsProgram {
    /// The nats-server program to run; without it the one on the PATH
    #[arg(long, value_name = "PATH", env = "HANSARD_NATS_SERVER")]
    nats_server: Option<PathBuf>,
}

impl NatsProgram {
    #[expect(
        clippy::disallowed_methods,
        reason = "the program is looked for as a shell would"
    )]
    pub(crate) fn options(&self, data: &DataDir) -> ServerOptions {
        ServerOptions {
            dir: data.nats(),
            binary: self.nats_server.clone(),
            path: std::env::var_os("PATH"),
            sync_interval: SYNC_INTERVAL.to_owned(),
            timing: Timing::default(),
        }
    }

    /// Finds the program and says where it is and how old.
    pub(crate) async fn check(&self) -> Result<String> {
        let nowhere = DataDir::unchecked(PathBuf::new());
        let options = self.options(&nowhere);
        let binary = find(&options).map_err(anyhow::Error::msg)?;
        let version = version_of(&binary).await.map_err(anyhow::Error::msg)?;
        check_version(&version).map_err(anyhow::Error::msg)?;
        Ok(format!("{version} at {}", binary.display()))
    }
}

/// A nats-server that may be written to.
pub(crate) struct Nats {
    connection: JetStream,
    child: Option<NatsServer>,
}

impl Nats {
    /// Connects to a nats-server, or runs one in the data directory; `None` when that was given up
    /// before it was ready.
    pub(crate) async fn start(
        data: &DataDir,
        url: Option<&str>,
        program: &NatsProgram,
        given_up: impl Future<Output = ()>,
    ) -> Result<Option<Self>> {
        let options = JetStreamOptions::default();
        if let Some(url) = url {
            let connection = connect(url, options).await?;
            return Ok(Some(Self {
                connection,
                child: None,
            }));
        }
        let child = NatsServer::launch(program.options(data)).await?;
        // However long it reads its store.
        let connection = tokio::select! {
            connection = ready(&child, options) => connection,
            () = given_up => {
                child.stop().await;
                return Ok(None);
            }
        };
        match connection {
            Ok(connection) => Ok(Some(Self {
                connection,
                child: Some(child),
            })),
            Err(error) => {
                child.stop().await;
                Err(error)
            }
        }
    }

    /// What the child is doing, if there is one.
    pub(crate) fn state(&self) -> Option<watch::Receiver<ServerState>> {
        self.child.as_ref().map(NatsServer::state)
    }

    pub(crate) fn connection(&self) -> &JetStream {
        &self.connection
    }

    pub(crate) fn provider(&self) -> Arc<dyn LogProvider> {
        Arc::new(Streams(self.connection.clone()))
    }

    /// Ends the child cleanly, if there is one.
    pub(crate) async fn stop(self) {
        if let Some(child) = self.child {
            child.stop().await;
        }
    }
}

/// Logs as streams of one nats-server.
struct Streams(JetStream);

#[async_trait]
impl LogProvider for Streams {
    async fn open(&self, id: LogId) -> Result<Arc<dyn EventLog>, OpenError> {
        Ok(Arc::new(self.0.open_log(id).await?))
    }
}

/// Where a log is read.
#[derive(Debug, Clone, Args)]
pub(crate) struct LogArguments {
    /// The server's data directory; the server may run or not
    #[arg(
        long,
        value_name = "DIR",
        env = "HANSARD_DATA",
        required_unless_present = "nats"
    )]
    data_dir: Option<PathBuf>,
    /// A nats-server, with its credential; goes before --data-dir
    #[arg(long, value_name = "URL", env = "HANSARD_NATS", hide_env_values = true)]
    nats: Option<String>,
    #[command(flatten)]
    program: NatsProgram,
}

/// Logs that are only read.
pub(crate) struct Logs {
    connection: JetStream,
    data: Option<DataDir>,
    /// Running for this command only; no server can start meanwhile.
    own: Option<(NatsServer, Lock)>,
}

impl Logs {
    pub(crate) async fn open(arguments: &LogArguments) -> Result<Self> {
        let options = JetStreamOptions::default();
        if let Some(url) = &arguments.nats {
            let connection = connect(url, options).await?;
            return Ok(Self {
                connection,
                data: None,
                own: None,
            });
        }
        let root = arguments
            .data_dir
            .as_ref()
            .context("give --data-dir DIR or --nats URL")?;
        let data = DataDir::existing(root)?;
        let begun = Instant::now();
        loop {
            let lock = match data.try_lock()? {
                Ok(lock) => lock,
                Err(pid) => {
                    if let Some(connection) = connect_beside(&data, options).await? {
                        return Ok(Self {
                            connection,
                            data: Some(data),
                            own: None,
                        });
                    }
                    if begun.elapsed() > STARTING_WITHIN {
                        bail!(
                            "the process{pid} that uses {} has no nats-server that answers; was it \
                             started with --nats? then give the same --nats URL",
                            data.root().display()
                        );
                    }
                    tokio::time::sleep(TRY_AGAIN_AFTER).await;
                    continue;
                }
            };
            if !data.nats().is_dir() {
                bail!(
                    "there is no log in {}: its server uses a nats-server of yours, give --nats URL",
                    data.root().display()
                );
            }
            let child = NatsServer::launch(arguments.program.options(&data)).await?;
            return match ready(&child, options).await {
                Ok(connection) => Ok(Self {
                    connection,
                    data: Some(data),
                    own: Some((child, lock)),
                }),
                Err(error) => {
                    child.stop().await;
                    Err(error)
                }
            };
        }
    }

    /// The data directory that the log belongs to, if it was given.
    pub(crate) fn data(&self) -> Option<&DataDir> {
        self.data.as_ref()
    }

    /// A log up to where it ends now. One that is not there is not made.
    pub(crate) async fn reader(&self, id: LogId) -> Result<Reader> {
        if !self.connection.holds(id).await? {
            bail!("there is no log of app {}: give the app's --app ID", id.app);
        }
        let log: Arc<dyn EventLog> = Arc::new(self.connection.open_log(id).await?);
        Ok(Reader::at_end(log).await?)
    }

    /// Ends the nats-server that was started for this, before the data directory is free again.
    pub(crate) async fn close(self) {
        if let Some((child, lock)) = self.own {
            child.stop().await;
            drop(lock);
        }
    }
}

/// Connects to the nats-server that a running server has in its data directory; `None` while it
/// does not answer.
async fn connect_beside(data: &DataDir, options: JetStreamOptions) -> Result<Option<JetStream>> {
    let files = NatsFiles::new(&data.nats());
    if files.running().is_none() {
        return Ok(None);
    }
    match files.connect(options).await {
        Ok(connection) => Ok(Some(connection)),
        Err(error) => {
            tracing::debug!(%error, "the nats-server does not answer yet");
            Ok(None)
        }
    }
}

/// Connects to a child once it is ready, and shows how far it is until then.
async fn ready(child: &NatsServer, options: JetStreamOptions) -> Result<JetStream> {
    let showing = show_recovery(child.state());
    tokio::pin!(showing);
    // `showing` never ends.
    tokio::select! {
        ready = child.ready() => ready?,
        () = &mut showing => {}
    }
    Ok(child.connect(options).await?)
}

/// Shows how far a nats-server is with reading its store, until it is dropped.
async fn show_recovery(mut state: watch::Receiver<ServerState>) {
    let mut shown: Option<Progress> = None;
    loop {
        let now = state.borrow_and_update().clone();
        if let ServerState::Recovering(recovery) = now {
            let progress = shown.get_or_insert_with(|| {
                let what = "nats-server is recovering";
                Progress::begin(what, Unit::Bytes, Some(recovery.bytes_total))
            });
            let left = recovery.left().as_secs();
            progress.reached(recovery.bytes_read, format_args!("about {left} s left"));
        } else if let Some(progress) = shown.take() {
            progress.finish();
        }
        if state.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Connects to a nats-server by its URL with the credential in it.
async fn connect(url: &str, options: JetStreamOptions) -> Result<JetStream> {
    let (plain, credentials) = take_credentials(url)?;
    Ok(JetStream::connect(&plain, credentials.as_ref(), options).await?)
}

/// Takes user and password out of a URL, or of a list of URLs with commas between: the connection
/// wants them apart, and nothing that prints a URL may print them.
fn take_credentials(urls: &str) -> Result<(String, Option<Credentials>)> {
    let mut plain = Vec::new();
    let mut credentials = None;
    for url in urls.split(',').map(str::trim) {
        let (scheme, rest) = url.split_once("://").unwrap_or(("nats", url));
        let Some((login, host)) = rest.rsplit_once('@') else {
            plain.push(format!("{scheme}://{rest}"));
            continue;
        };
        let Some((user, password)) = login.split_once(':') else {
            bail!("the nats-server's URL has a user without a password: nats://user:password@host");
        };
        credentials = Some(Credentials {
            user: decoded(user)?,
            password: decoded(password)?,
            certificate: None,
        });
        plain.push(format!("{scheme}://{host}"));
    }
    Ok((plain.join(","), credentials))
}

fn decoded(text: &str) -> Result<String> {
    let decoded = percent_decode_str(text).decode_utf8();
    Ok(decoded
        .context("the credential in the nats-server's URL is not UTF-8")?
        .into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_credential_is_taken_out_of_the_url() {
        let taken = |url: &str| {
            let (plain, login) = take_credentials(url).expect("a URL");
            (
                plain,
                login.map(|login| format!("{} {}", login.user, login.password)),
            )
        };
        let plain = "nats://h:4222".to_owned();
        assert_eq!(taken("nats://h:4222"), (plain.clone(), None));
        assert_eq!(taken("h:4222"), (plain.clone(), None));
        let login = Some("u p@ss".to_owned());
        assert_eq!(
            taken("nats://u:p%40ss@h:4222"),
            (plain.clone(), login.clone())
        );
        let both = "nats://u:p%40ss@h:4222,nats://u:p%40ss@i:1";
        assert_eq!(taken(both), ("nats://h:4222,nats://i:1".to_owned(), login));
        let error = take_credentials("nats://secret@h")
            .expect_err("no password")
            .to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}
