use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use hansard_desk::{Desk, DeskOptions};
use hansard_directory::Reader as Directory;
use hansard_engine::{Engine, EngineOptions, Handle, LogProvider, SystemClock, SystemIds};
use hansard_http::ApiState;
use hansard_log::server::ServerState;
use hansard_log::{Archiver, Copies, Journal, Writer, WriterOptions, blocks};
use hansard_projector::Registry;
use hansard_store::RocksStore;
use hansard_types::LogId;
use hansard_v1::V1Options;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::apps::{self, FirstApp, Made};
use super::copies::{self, OwnCopies};
use super::http::Listener;
use super::progress::CatchUp;
use super::search::{self, Followers, Indexes};
use super::signals::Signals;
use super::time;
use super::{
    Arguments, Durability, generation, headroom, http, lost_end, manifest, nats, telemetry,
};
use crate::data_dir::{DataDir, Running};
use crate::term;

/// How long requests that were taken may go on after a signal.
const DRAIN_WITHIN: Duration = Duration::from_secs(5);

/// Everything that runs, ready to answer.
pub(crate) struct Parts {
    data: DataDir,
    engine: Engine,
    archiver: Option<Archiver>,
    logs: Arc<dyn LogProvider>,
    followers: Followers,
    api: ApiState,
    made: Made,
    /// Turns true when no new requests are taken.
    stop: watch::Sender<bool>,
}

impl Parts {
    /// Opens the parts in order: read models if they are not open yet, engine (repair, catch-up),
    /// apps, search.
    pub(crate) async fn open(
        arguments: &Arguments,
        data: &DataDir,
        own: OwnCopies,
        store: Option<Arc<RocksStore>>,
        logs: Arc<dyn LogProvider>,
        recorder: PrometheusHandle,
    ) -> Result<Self> {
        let registry = Registry::default();
        let streams = Arc::clone(&logs);
        let mut engine = open_engine(arguments, data, &own, store, streams, &registry).await?;
        let archiver = own.archiver(Arc::clone(&logs))?;
        let secret = arguments.secret.as_ref().map(|secret| secret.0.as_str());
        let first = FirstApp {
            app: arguments.app.id(),
            secret: secret.filter(|secret| !secret.is_empty()),
            administrator: &arguments.admin,
        };
        let made = apps::make_first(&mut engine, data, &first).await?;
        let secrets = apps::secrets(&engine, data, &first)?;
        let indexes = Arc::new(Indexes::default());
        let followers = Followers::new(data.clone(), registry.clone(), Arc::clone(&indexes));
        let options = DeskOptions {
            rate_limits: arguments.rate_limits,
        };
        let (stop, stopped) = watch::channel(false);
        let api = ApiState {
            desk: Arc::new(Desk::new(engine.handle(), Arc::new(secrets), options)),
            registry: registry.clone(),
            search: indexes,
            metrics: telemetry::exporter(recorder, registry),
            options: V1Options {
                shutdown: Some(stopped),
                ..V1Options::default()
            },
        };
        Ok(Self {
            data: data.clone(),
            engine,
            archiver,
            logs,
            followers,
            api,
            made,
            stop,
        })
    }

    /// Lets search follow the log of every app.
    pub(crate) fn follow(&mut self) -> Result<()> {
        search::remove_others(&self.data)?;
        let handle = self.engine.handle();
        for app in handle.apps() {
            if let Some(source) = handle.source(app) {
                self.followers.start(app, source);
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
        listener: Listener,
        mut signals: Signals,
        log: Option<watch::Receiver<ServerState>>,
        arguments: &Arguments,
    ) -> Result<()> {
        let address = listener.local_addr()?;
        let url = format!("{}://{}", listener.scheme(), reachable(address));
        self.data.write_running(&Running {
            pid: std::process::id(),
            url: url.clone(),
        })?;
        greet(&url, listener.to_trust(), &self.data, &self.made)?;
        let mut watchers = JoinSet::new();
        let least = arguments.disk_headroom.saturating_mul(1024 * 1024);
        watchers.spawn(headroom::watch(
            self.data.root().to_owned(),
            least,
            self.engine.handle(),
        ));
        watchers.spawn(time::watch(self.engine.handle()));
        if let Some(state) = log {
            watchers.spawn(nats::watch(state, self.engine.handle()));
        }
        watchers.spawn(copies::scrub_again_and_again(
            arguments.scrub_every,
            self.engine.handle(),
            Arc::clone(&self.logs),
        ));
        let Self {
            data: _,
            logs: _,
            engine,
            archiver,
            followers,
            api,
            made: _,
            stop,
        } = self;
        let serving = http::serve(listener, api, stop.subscribe());
        tokio::pin!(serving);
        // `serving` goes on while signals are waited for: nothing is lost by taking turns.
        let connections = tokio::select! {
            connections = &mut serving => connections,
            signal = signals.next() => {
                tracing::info!(signal, "ending: no new requests are taken");
                stop.send_replace(true);
                serving.await
            }
        };
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
    store: Option<Arc<RocksStore>>,
    logs: Arc<dyn LogProvider>,
    registry: &Registry,
) -> Result<Engine> {
    let fold = Arc::new(generation::fold());
    let store = match store {
        Some(store) => store,
        None => {
            if own.ran_without_journal {
                lost_end::discard(data, &fold, &*logs).await?;
            }
            generation::open(data, &fold)?
        }
    };
    let options = |journal: Option<Arc<Journal>>| EngineOptions {
        store: Arc::clone(&store) as _,
        fold: Arc::clone(&fold),
        archive: own.archive.clone().filter(|_| journal.is_some()),
        journal,
        registry: registry.clone(),
        clock: Arc::new(SystemClock::default()),
        ids: Arc::new(SystemIds),
        progress: Arc::new(CatchUp::default()),
    };
    if let Some(opened) = own.journal.as_ref().filter(|opened| opened.accept_missing) {
        accept_missing(own, &opened.journal, &store, &logs).await?;
    }
    let engine = match arguments.durability {
        Durability::Fsync => Engine::open(options(own.journal()), logs).await?,
        Durability::Interval => {
            if let Some(journal) = own.journal() {
                // What the journal still holds mends the log; from then on there is none.
                Engine::open(options(Some(journal)), Arc::clone(&logs))
                    .await?
                    .shutdown()
                    .await;
            }
            manifest::without_journal(data)?;
            Engine::open(options(None), logs).await?
        }
    };
    tracing::info!(apps = engine.handle().apps().len(), "the logs are open");
    generation::remove_others(data, &fold)?;
    let_blocks_go(data, &engine)?;
    Ok(engine)
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
    let apps = Directory::new(&**store, LogId::CONTROL.app).apps()?;
    let apps = apps.into_iter().map(|(app, _)| LogId::new(app, 0));
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

/// An address that can be called: a server that listens everywhere is here, too.
fn reachable(address: SocketAddr) -> SocketAddr {
    let mut address = address;
    if address.ip().is_unspecified() {
        let here: std::net::IpAddr = match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        };
        address.set_ip(here);
    }
    address
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
    fn a_server_that_listens_everywhere_is_called_here() {
        let at = |text: &str| reachable(text.parse().expect("an address")).to_string();
        assert_eq!(at("0.0.0.0:80"), "127.0.0.1:80");
        assert_eq!(at("[::]:80"), "[::1]:80");
        assert_eq!(at("10.0.0.1:80"), "10.0.0.1:80");
    }

    #[test]
    fn odd_paths_are_quoted_for_the_shell() {
        assert_eq!(quoted(Path::new("/var/lib/hansard")), "/var/lib/hansard");
        assert_eq!(quoted(Path::new("/a b/it's")), "'/a b/it'\\''s'");
    }
}
