//! Reaching the log: our own files, the nats-server that a server runs, that one runs already, or
//! one that is started for the time of a command.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use async_trait::async_trait;
use clap::Args;
use hansard_engine::LogProvider;
use hansard_events::{AppEvent, Event};
use hansard_log::server::{
    NatsFiles, NatsServer, ServerOptions, ServerState, Timing, check_version, find, version_of,
};
use hansard_log::{
    Archive, Copies, Credentials, EventLog, JetStream, JetStreamOptions, Journal, OpenError,
    Reader, blocks,
};
use hansard_types::{AppId, LogId, limits};
use percent_encoding::percent_decode_str;
use tokio::sync::{OnceCell, watch};

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
    /// before it was ready. `launched` is given what the child does, as soon as there is one.
    pub(crate) async fn start(
        data: &DataDir,
        url: Option<&str>,
        program: &NatsProgram,
        options: JetStreamOptions,
        launched: impl FnOnce(watch::Receiver<ServerState>),
        given_up: impl Future<Output = ()>,
    ) -> Result<Option<Self>> {
        if let Some(url) = url {
            let connection = connect(url, options).await?;
            return Ok(Some(Self {
                connection,
                child: None,
            }));
        }
        let child = NatsServer::launch(program.options(data)).await?;
        launched(child.state());
        // However long it reads its store.
        let connected = async {
            let connection = ready(&child, options).await?;
            unknown_streams_go(data, &connection).await?;
            anyhow::Ok(connection)
        };
        let connection = tokio::select! {
            connection = connected => connection,
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

/// Takes streams out of the way whose folders are there, but whose descriptions do not read: they
/// are made again from our own files.
async fn unknown_streams_go(data: &DataDir, connection: &JetStream) -> Result<()> {
    for log in blocks::logs(&data.nats())? {
        if !connection.holds(log).await?
            && let Some(kept) = blocks::set_aside(&data.nats(), log)?
        {
            tracing::error!(
                %log,
                kept = %kept.display(),
                "nats-server does not know this stream, its description is damaged: it is kept"
            );
        }
    }
    Ok(())
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

/// Logs that are only read: our own files where they hold a log from its beginning, which needs no
/// server and disturbs none; else the stream.
pub(crate) struct Logs {
    arguments: LogArguments,
    data: Option<DataDir>,
    files: Option<(Arc<Archive>, Arc<Journal>)>,
    server: OnceCell<Server>,
}

/// A nats-server that is asked.
struct Server {
    connection: JetStream,
    /// Running for this command only; no server can start meanwhile.
    own: Option<(NatsServer, Lock)>,
}

impl Logs {
    pub(crate) fn open(arguments: &LogArguments) -> Result<Self> {
        let mut logs = Self {
            arguments: arguments.clone(),
            data: None,
            files: None,
            server: OnceCell::new(),
        };
        if arguments.nats.is_none() {
            let root = arguments.data_dir.as_ref();
            let data = DataDir::existing(root.context("give --data-dir DIR or --nats URL")?)?;
            if Journal::is_at(&data.journal()) {
                let archive = Arc::new(Archive::open_read_only(data.archive())?);
                let journal = Arc::new(Journal::open_read_only(data.journal())?);
                logs.files = Some((archive, journal));
            }
            logs.data = Some(data);
        }
        Ok(logs)
    }

    /// The data directory that the log belongs to, if it was given.
    pub(crate) fn data(&self) -> Option<&DataDir> {
        self.data.as_ref()
    }

    /// A log up to where it ends now. One that is not there is not made.
    pub(crate) async fn reader(&self, id: LogId) -> Result<Reader> {
        let copies = self.copies(id);
        if let Some(copies) = copies.clone().filter(blocks::is_held) {
            return Ok(Reader::of_copies(copies));
        }
        let stream = self.stream(id).await?;
        let end = stream.last().await?;
        Ok(Reader::new(stream, copies, watch::channel(end).1))
    }

    /// The logs of an app, the directory's first, the live one last: as many as it was made with.
    pub(crate) async fn of_app(&self, app: AppId) -> Result<Vec<LogId>> {
        let control = self.reader(LogId::CONTROL).await?;
        let end = *control.committed().borrow();
        let mut at = 1;
        while at <= end {
            let events = control.read_shared(at, limits::READ_BATCH_MAX).await?;
            for event in &events {
                if let Some(Event::App(AppEvent::Created(made))) = &event.recorded()?.event
                    && made.app_id == app
                {
                    return Ok(LogId::all_of(app, made.partitions).collect());
                }
            }
            at += events.len() as u64;
            if events.is_empty() {
                break;
            }
        }
        // Whoever opens it says what is wrong.
        Ok(vec![LogId::directory(app)])
    }

    /// What our own files hold of a log.
    pub(crate) fn copies(&self, id: LogId) -> Option<Copies> {
        let (archive, journal) = self.files.clone()?;
        Some(Copies::new(id, Some(archive), Some(journal)))
    }

    /// The stream of a log, of a server that is asked.
    pub(crate) async fn stream(&self, id: LogId) -> Result<Arc<dyn EventLog>> {
        let server = self.server.get_or_try_init(|| self.ask()).await?;
        // One that is gone and is ours to mend is made again; its events are in our own files.
        let is_ours = server.own.is_some();
        let is_held = self
            .copies(id)
            .is_some_and(|copies| copies.last().is_some());
        let is_there = server.connection.holds(id).await? || (is_ours && is_held);
        if !is_there {
            bail!("there is no log of app {}: give the app's --app ID", id.app);
        }
        Ok(Arc::new(server.connection.open_log(id).await?))
    }

    /// Whether no server uses the data directory, so that this command may.
    pub(crate) fn is_alone(&self) -> bool {
        self.server.get().is_some_and(|server| server.own.is_some())
    }

    async fn ask(&self) -> Result<Server> {
        let options = JetStreamOptions::default();
        if let Some(url) = &self.arguments.nats {
            let connection = connect(url, options).await?;
            return Ok(Server {
                connection,
                own: None,
            });
        }
        let data = self
            .data
            .as_ref()
            .context("give --data-dir DIR or --nats URL")?;
        let begun = Instant::now();
        loop {
            match data.try_lock()? {
                Ok(lock) => return self.run(data, lock, options).await,
                Err(pid) => {
                    if let Some(connection) = connect_beside(data, options).await? {
                        return Ok(Server {
                            connection,
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
                }
            }
        }
    }

    /// Runs a nats-server for this command. What only its blocks hold is kept, whatever its
    /// recovery does.
    async fn run(&self, data: &DataDir, lock: Lock, options: JetStreamOptions) -> Result<Server> {
        if !data.nats().is_dir() {
            bail!(
                "there is no log in {}: its server uses a nats-server of yours, give --nats URL",
                data.root().display()
            );
        }
        let is_held = |log| {
            self.copies(log)
                .is_some_and(|copies| blocks::is_held(&copies))
        };
        blocks::keep(&data.nats(), is_held)?;
        let child = NatsServer::launch(self.arguments.program.options(data)).await?;
        let connected = async {
            let connection = ready(&child, options).await?;
            unknown_streams_go(data, &connection).await?;
            anyhow::Ok(connection)
        };
        match connected.await {
            Ok(connection) => Ok(Server {
                connection,
                own: Some((child, lock)),
            }),
            Err(error) => {
                child.stop().await;
                Err(error)
            }
        }
    }

    /// Ends the nats-server that was started for this, before the data directory is free again.
    pub(crate) async fn close(self) {
        let own = self.server.into_inner().and_then(|server| server.own);
        if let Some((child, lock)) = own {
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
