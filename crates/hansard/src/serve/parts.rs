use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use hansard_desk::{Desk, DeskOptions};
use hansard_directory::Reader as Directory;
use hansard_engine::{Engine, EngineOptions, Handle, LogProvider, SystemClock, SystemIds};
use hansard_http::ApiState;
use hansard_log::server::ServerState;
use hansard_log::{Archiver, Copies, Journal, Writer, WriterOptions, blocks};
use hansard_projector::Registry;
use hansard_store::{Patched, RocksStore};
use hansard_types::LogId;
use hansard_v1::V1Options;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::apps::{self, FirstApp, Made};
use super::copies::{self, OwnCopies};
use super::generation::Shelf;
use super::headroom::Headroom;
use super::progress::CatchUp;
use super::search::{self, Followers, Indexes};
use super::signals::Signals;
use super::stage::Stage;
use super::time;
use super::{Arguments, Durability, Open, lost_end, manifest, nats, telemetry};
use crate::data_dir::DataDir;
use crate::term;

/// How long requests that were taken may go on after a signal.
const DRAIN_WITHIN: Duration = Duration::from_secs(5);

/// Everything that runs, ready to answer.
pub(crate) struct Parts {
    data: DataDir,
    engine: Engine,
    archiver: Option<Archiver>,
    journal: Option<Arc<Journal>>,
    logs: Arc<dyn LogProvider>,
    followers: Followers,
    api: ApiState,
    made: Made,
}

/// The read models' generations, and the one in use if it is open already.
pub(crate) type ReadModels = (Arc<Shelf>, Option<Arc<RocksStore>>);

/// What is there before the parts are.
pub(crate) struct Starting {
    pub(crate) own: OwnCopies,
    pub(crate) models: ReadModels,
    pub(crate) recorder: PrometheusHandle,
    /// Told how far it is.
    pub(crate) stage: Stage,
    /// Turns true when no new requests are taken.
    pub(crate) stopped: watch::Receiver<bool>,
}

impl Parts {
    /// Opens the parts in order: read models if they are not open yet, engine (repair, catch-up),
    /// apps, search.
    pub(crate) async fn open(
        arguments: &Arguments,
        data: &DataDir,
        starting: Starting,
        logs: Arc<dyn LogProvider>,
    ) -> Result<Self> {
        let Starting {
            own,
            models,
            recorder,
            stage,
            stopped,
        } = starting;
        let registry = Registry::default();
        stage.begins("the read models and the logs are opened");
        let streams = Arc::clone(&logs);
        let opening = open_engine(arguments, data, &own, models, streams, &registry, &stage);
        let mut engine = opening.await?;
        stage.begins("the first app is looked for");
        let archiver = own.archiver(Arc::clone(&logs))?;
        let secret = arguments.secret.as_ref().map(|secret| secret.0.as_str());
        let first = FirstApp {
            partitions: arguments.app_partitions,
            app: arguments.app.id(),
            secret: secret.filter(|secret| !secret.is_empty()),
            administrator: &arguments.admin,
        };
        let made = apps::make_first(&mut engine, data, &first).await?;
        let secrets = apps::secrets(&engine, data, &first)?;
        let indexes = Arc::new(Indexes::default());
        let followers = Followers::new(
            data.clone(),
            registry.clone(),
            Arc::clone(&indexes),
            arguments.search_lag,
        );
        let options = DeskOptions {
            rate_limits: arguments.rate_limits,
        };
        let handle = engine.handle();
        let api = ApiState {
            desk: Arc::new(Desk::new(handle.clone(), Arc::new(secrets), options)),
            registry: registry.clone(),
            search: indexes,
            metrics: telemetry::exporter(recorder, registry, handle),
            options: V1Options {
                shutdown: Some(stopped),
                ..V1Options::default()
            },
        };
        Ok(Self {
            data: data.clone(),
            engine,
            archiver,
            journal: own
                .journal()
                .filter(|_| arguments.durability == Durability::Fsync),
            logs,
            followers,
            api,
            made,
        })
    }

    /// Lets search follow the log of every app.
    pub(crate) fn follow(&mut self) -> Result<()> {
        search::remove_others(&self.data)?;
        let handle = self.engine.handle();
        let apps = handle.apps().into_iter();
        // What ages out is not found.
        for log in apps.flat_map(|app| handle.ordinary_logs(app)) {
            if let Some(source) = handle.source(log) {
                self.followers.start(source);
            }
        }
        Ok(())
    }

    pub(crate) fn handle(&self) -> Handle {
        self.engine.handle()
    }

    pub(crate) fn api(&self) -> &ApiState {
        &self.api
    }

    /// Ends the engine and its followers in order.
    pub(crate) async fn stop(self) {
        self.engine.shutdown().await;
        self.followers.stop().await;
        drop(self.archiver);
    }

    /// Answers until a signal, then ends everything in order; a second signal ends it at once.
    pub(crate) async fn serve(
        self,
        mut open: Open,
        mut signals: Signals,
        log: Option<watch::Receiver<ServerState>>,
        arguments: &Arguments,
    ) -> Result<()> {
        greet(&open.url, open.to_trust.as_deref(), &self.data, &self.made)?;
        let mut watchers = JoinSet::new();
        let least = arguments.disk_headroom.saturating_mul(1024 * 1024);
        let root = self.data.root().to_owned();
        watchers.spawn(Headroom::of(root, least, self.engine.handle()).watch());
        watchers.spawn(time::watch(self.engine.handle()));
        if let Some(state) = log {
            watchers.spawn(nats::watch(state, self.engine.handle()));
        }
        watchers.spawn(copies::scrub_again_and_again(
            arguments.scrub_every,
            self.engine.handle(),
            Arc::clone(&self.logs),
            Arc::clone(&self.api.search),
        ));
        if let Some(journal) = self.journal.clone() {
            watchers.spawn(copies::prune_again_and_again(journal));
        }
        let Self {
            data: _,
            logs: _,
            engine,
            archiver,
            journal: _,
            followers,
            api,
            made: _,
        } = self;
        open.front.open(hansard_http::surfaces(api));
        // The listener goes on while signals are waited for.
        let ended = tokio::select! {
            ended = open.serving.join_next() => ended,
            signal = signals.next() => {
                tracing::info!(signal, "ending: no new requests are taken");
                open.stop.send_replace(true);
                open.serving.join_next().await
            }
        };
        let connections = ended
            .context("it listens")?
            .context("the listener failed")?;
        let ending = async {
            if !connections.drain(DRAIN_WITHIN, engine.shutdown()).await {
                tracing::warn!("some connections were cut");
            }
            followers.stop().await;
            watchers.shutdown().await;
            drop(archiver);
        };
        tokio::select! {
            () = ending => tracing::info!("ended in order"),
            signal = signals.next() => at_once(signal),
        }
        Ok(())
    }
}

async fn open_engine(
    arguments: &Arguments,
    data: &DataDir,
    own: &OwnCopies,
    models: ReadModels,
    logs: Arc<dyn LogProvider>,
    registry: &Registry,
    stage: &Stage,
) -> Result<Engine> {
    let (shelf, store) = models;
    let fold = shelf.fold();
    let store = match store {
        Some(store) => store,
        None => {
            if own.ran_without_journal {
                lost_end::discard(data, &shelf, &*logs).await?;
            }
            shelf.open()?
        }
    };
    let options = |store: Arc<RocksStore>, journal: Option<Arc<Journal>>| EngineOptions {
        store: Arc::new(Patched::new(store)),
        fold: Arc::clone(&fold),
        archive: own.archive.clone().filter(|_| journal.is_some()),
        journal,
        registry: registry.clone(),
        clock: Arc::new(SystemClock::default()),
        ids: Arc::new(SystemIds),
        progress: Arc::new(CatchUp::of(stage)),
        generations: Some(Arc::clone(&shelf) as _),
    };
    if let Some(opened) = own.journal.as_ref().filter(|opened| opened.accept_missing) {
        accept_missing(own, &opened.journal, &store, &logs).await?;
    }
    let engine = match (arguments.durability, own.journal()) {
        (Durability::Fsync, journal) => {
            let options = |store| options(store, journal.clone());
            open_on(&shelf, store, &logs, options).await?
        }
        (Durability::Interval, journal) => {
            if journal.is_some() {
                // What the journal still holds mends the log; from then on there is none.
                let options = |store| options(store, journal.clone());
                let engine = open_on(&shelf, store, &logs, options).await?;
                engine.shutdown().await;
            } else {
                drop(store);
            }
            manifest::without_journal(data)?;
            open_on(&shelf, shelf.open()?, &logs, |store| options(store, None)).await?
        }
    };
    tracing::info!(apps = engine.handle().apps().len(), "the logs are open");
    shelf.remove_others()?;
    let_blocks_go(data, &engine)?;
    Ok(engine)
}

/// Opens the engine on read models; on new ones when those are damaged where the start needs them.
async fn open_on(
    shelf: &Shelf,
    store: Arc<RocksStore>,
    logs: &Arc<dyn LogProvider>,
    options: impl Fn(Arc<RocksStore>) -> EngineOptions,
) -> Result<Engine> {
    match Engine::open(options(store), Arc::clone(logs)).await {
        Err(error) if error.is_damage() => {
            let store = shelf.begin_anew(error.into())?;
            Ok(Engine::open(options(store), Arc::clone(logs)).await?)
        }
        opened => Ok(opened?),
    }
}

/// What was kept of the streams' blocks is not needed once every log was opened: each is whole,
/// or its opening would have failed.
fn let_blocks_go(data: &DataDir, engine: &Engine) -> Result<()> {
    for reader in engine.handle().readers() {
        blocks::let_go(&data.nats(), reader.id())?;
    }
    Ok(())
}

/// A journal that is new where the read models are not begins with what the logs hold.
async fn accept_missing(
    own: &OwnCopies,
    journal: &Arc<Journal>,
    store: &Arc<RocksStore>,
    logs: &Arc<dyn LogProvider>,
) -> Result<()> {
    let apps = Directory::new(&**store, LogId::CONTROL).apps()?;
    let apps = apps
        .into_iter()
        .flat_map(|(app, row)| LogId::all_of(app, row.partitions));
    for log in std::iter::once(LogId::CONTROL).chain(apps) {
        let events = logs.open(log).await?;
        let options = WriterOptions {
            accept_missing_journal: true,
            ..WriterOptions::default()
        };
        let copies = Copies::new(log, own.archive.clone(), Some(Arc::clone(journal)));
        let writer = Writer::open(events, copies, None, options).await?;
        let accepted = writer.repaired().accepted;
        if accepted > 0 {
            tracing::warn!(%log, accepted, "the journal begins anew with the log's end");
        }
    }
    Ok(())
}

/// What the operator needs to begin.
fn greet(url: &str, to_trust: Option<&Path>, data: &DataDir, made: &Made) -> Result<()> {
    let Made {
        app,
        administrator,
        new_secret,
    } = made;
    term::line(format_args!("Hansard {} at {url}", crate::cli::VERSION))?;
    term::line(format_args!(
        "  app      {app}, administrator {administrator}"
    ))?;
    term::line(format_args!("  secret   {}", data.secret(*app).display()))?;
    if let Some(secret) = new_secret {
        term::line(format_args!("           {secret}   (new; shown this once)"))?;
    }
    let mut trusting = String::new();
    if let Some(certificate) = to_trust {
        let shown = certificate.display();
        term::line(format_args!(
            "  tls      {shown}   (self-signed: clients must trust it)"
        ))?;
        trusting = format!("--cacert {} ", quoted(certificate));
    }
    let sign = format!(
        "hansard usersig --data-dir {} --app {app} --user {administrator}",
        quoted(data.root())
    );
    term::line("  try      import an account:")?;
    term::line(format_args!(
        "curl {trusting}-d '{{\"UserID\":\"alice\"}}' \"{url}/v4/im_open_login_svc/account_import\
         ?sdkappid={app}&identifier={administrator}&random=1&contenttype=json\
         &usersig=$({sign})\""
    ))?;
    Ok(())
}

/// For a shell, inside `"$(…)"`.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+".contains(&byte);
    if text.bytes().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a second signal means now; the log survives it"
)]
fn at_once(signal: &str) -> ! {
    tracing::warn!(signal, "a second signal: ending at once");
    std::process::exit(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_paths_are_quoted_for_the_shell() {
        assert_eq!(quoted(Path::new("/var/lib/hansard")), "/var/lib/hansard");
        assert_eq!(quoted(Path::new("/a b/it's")), "'/a b/it'\\''s'");
    }
}
