//! `hansard serve`: chooses the parts of the server, connects them, and ends them in order.

pub(crate) mod apps;
pub(crate) mod copies;
pub(crate) mod generation;
pub(crate) mod headroom;
pub(crate) mod http;
mod log_limit;
mod lost_end;
pub(crate) mod manifest;
mod nats;
pub(crate) mod parts;
pub(crate) mod progress;
pub(crate) mod search;
pub(crate) mod signals;
pub(crate) mod stage;
mod sync_check;
pub(crate) mod telemetry;
mod time;
pub(crate) mod tls;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, ValueEnum};
use hansard_http::Front;
use hansard_log::JetStreamOptions;
use hansard_types::limits::{
    APP_PARTITIONS_MAX, DISK_HEADROOM_BYTES_MIN, FOLLOWER_LAG_SECONDS_MAX, JOURNAL_KEEP_MS,
    LIVE_KEEP_SECONDS,
};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::credentials::App;
use crate::data_dir::{DataDir, Running, privacy};
use crate::descriptors::Descriptors;
use crate::logs::{Nats, NatsProgram};
use copies::{Keep, OwnCopies};
use generation::Shelf;
use http::{Connections, Listener};
use parts::{Parts, ReadModels, Starting};
use stage::Stage;
use telemetry::LogFormat;
use tls::{Tls, TlsArguments};

const EXAMPLES: &str = "\
Examples:
  hansard serve --data-dir ~/hansard
  hansard serve --data-dir /var/lib/hansard --listen 0.0.0.0:443 --log-format json \\
      --tls-cert /etc/hansard/chain.pem --tls-key /etc/hansard/key.pem
  hansard serve --data-dir ~/hansard --tls-self-signed
  hansard serve --data-dir ~/hansard --nats nats://user:password@nats.internal:4222

The first start makes the app (HANSARD_APP_ID, HANSARD_APP_SECRET, HANSARD_APP_ADMIN) and shows a
secret that it made itself once; it is kept in DIR/secrets. SIGTERM ends the server in order, within
seconds; a second one ends it at once. Nothing acknowledged is lost either way.

A certificate is read again when its file changes; connections that are open go on. One made with
--tls-self-signed is for trying: clients are given DIR/tls/cert.pem to trust, as in
curl --cacert; delete DIR/tls to have another made.

What is logged is chosen with HANSARD_LOG, for example HANSARD_LOG=debug. Lines that repeat are
counted, not written, from the sixth within ten seconds on.";

/// Run the server
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Where everything is kept; made when it is missing
    #[arg(long, value_name = "DIR", env = "HANSARD_DATA")]
    pub(crate) data_dir: PathBuf,
    /// Address and port to listen on
    #[arg(
        long,
        value_name = "ADDR:PORT",
        env = "HANSARD_LISTEN",
        default_value = "127.0.0.1:8080"
    )]
    pub(crate) listen: SocketAddr,
    #[command(flatten)]
    pub(crate) tls: TlsArguments,
    /// A nats-server that you run (nats:// or tls://, with its credential), or several of one
    /// cluster with commas between them; without it one is run as a child. Its sync_interval must be
    /// 2m30s at most
    #[arg(long, value_name = "URL", env = "HANSARD_NATS", hide_env_values = true)]
    pub(crate) nats: Option<String>,
    #[command(flatten)]
    pub(crate) program: NatsProgram,
    /// What an answer promises: fsync, that it is on disk; interval, that it will be in 100 ms
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Durability::Fsync)]
    pub(crate) durability: Durability,
    /// How long the archive, the second copy of the log, keeps events: forever, so many days, or
    /// off
    #[arg(long, value_name = "HOW", default_value_t = Keep::Forever)]
    pub(crate) archive: Keep,
    /// How long what is said in live rooms, and who comes and goes, is kept: 24h, 30m
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = live_keep)]
    pub(crate) live_keep: Duration,
    /// Size of the journal's files, MiB: a full one goes into the archive
    #[arg(long, value_name = "MIB", default_value_t = 64)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=1024))]
    pub(crate) journal_segment: u64,
    /// How often both copies of the log are read and compared in the background: 24h, 30m; 0s:
    /// never
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = duration)]
    pub(crate) scrub_every: Duration,
    /// Take the log for the truth where the journal is missing: events may be lost
    #[arg(long)]
    pub(crate) accept_missing_journal: bool,
    /// Free disk space below which no writes are taken, MiB
    #[arg(long, value_name = "MIB", default_value_t = DISK_HEADROOM_BYTES_MIN / (1024 * 1024))]
    pub(crate) disk_headroom: u64,
    /// How far search may be behind while much is written, before it takes its share of the machine
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    pub(crate) search_lag: Duration,
    /// Hold callers to the documented rates, 200 calls a second and endpoint mostly
    #[arg(long)]
    pub(crate) rate_limits: bool,
    /// How log lines are written to stderr
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,
    /// What is logged
    #[arg(long, value_name = "FILTER", env = "HANSARD_LOG", hide = true)]
    pub(crate) log: Option<String>,
    #[command(flatten)]
    pub(crate) app: App,
    /// Partitions of the first app's log, 1 to 64: it keeps them for good
    #[arg(
        long = "app-partitions",
        value_name = "N",
        env = "HANSARD_APP_PARTITIONS",
        default_value_t = 1,
        value_parser = clap::value_parser!(u16).range(1..=i64::from(APP_PARTITIONS_MAX))
    )]
    pub(crate) app_partitions: u16,
    /// The secret of the first app
    #[arg(
        long = "app-secret",
        env = "HANSARD_APP_SECRET",
        hide_env_values = true,
        hide = true
    )]
    pub(crate) secret: Option<Secret>,
    /// The administrator of the first app
    #[arg(
        long = "app-admin",
        env = "HANSARD_APP_ADMIN",
        default_value = "administrator"
    )]
    #[arg(hide = true)]
    pub(crate) admin: String,
}

impl Arguments {
    /// A server as it is by default, for measuring it.
    pub(crate) fn for_bench(
        data_dir: &Path,
        program: &NatsProgram,
        app: App,
        secret: &str,
        admin: &str,
        app_partitions: u16,
    ) -> Self {
        Self {
            data_dir: data_dir.to_owned(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            tls: TlsArguments::default(),
            nats: None,
            program: program.clone(),
            durability: Durability::Fsync,
            archive: Keep::Forever,
            live_keep: Duration::from_secs(LIVE_KEEP_SECONDS),
            journal_segment: 64,
            scrub_every: Duration::ZERO,
            accept_missing_journal: false,
            disk_headroom: DISK_HEADROOM_BYTES_MIN / (1024 * 1024),
            search_lag: Duration::from_secs(FOLLOWER_LAG_SECONDS_MAX),
            rate_limits: false,
            log_format: LogFormat::Text,
            log: None,
            app,
            secret: Some(Secret(secret.to_owned())),
            app_partitions,
            admin: admin.to_owned(),
        }
    }
}

/// A length of time: 24h, 30m, 10s.
fn duration(text: &str) -> Result<Duration, String> {
    let parsed = text.parse::<jiff::SignedDuration>();
    let parsed = parsed.ok().and_then(|one| Duration::try_from(one).ok());
    parsed.ok_or_else(|| "give a time like 24h, 30m or 10s".to_owned())
}

/// A live log must outlast what mends its end.
fn live_keep(text: &str) -> Result<Duration, String> {
    let keep = duration(text)?;
    if keep.as_millis() < u128::from(2 * JOURNAL_KEEP_MS) {
        return Err("at least 10m, twice as long as the journal keeps".to_owned());
    }
    Ok(keep)
}

/// Text that is not shown.
#[derive(Clone)]
pub(crate) struct Secret(pub(crate) String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(hidden)")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// When an event counts as committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Durability {
    /// On disk before the answer
    Fsync,
    /// In the log before the answer, on disk within 100 ms: a power loss may take that much, and
    /// the next start builds what held it again from the log
    Interval,
}

/// The listener, which answers from the first moment on.
pub(crate) struct Open {
    front: Front,
    serving: JoinSet<Connections>,
    /// Turns true when no new requests are taken.
    stop: watch::Sender<bool>,
    url: String,
    /// The certificate that clients must be told to trust, if so.
    to_trust: Option<PathBuf>,
}

impl Open {
    fn on(listener: Listener, stage: &Stage) -> Result<Self> {
        let url = format!(
            "{}://{}",
            listener.scheme(),
            reachable(listener.local_addr()?)
        );
        let to_trust = listener.to_trust().map(Path::to_owned);
        let (stop, stopped) = watch::channel(false);
        let front = Front::new(stage.why_not());
        let mut serving = JoinSet::new();
        serving.spawn(http::serve(listener, front.clone(), stopped));
        Ok(Self {
            front,
            serving,
            stop,
            url,
            to_trust,
        })
    }
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode> {
    let _reporter = telemetry::log_to_stderr(arguments.log_format, arguments.log.as_deref())?;
    let descriptors = Descriptors::raise()?;
    let data = DataDir::create(&arguments.data_dir)?;
    let lock = data.lock()?;
    let root = data.root().to_owned();
    let mut beside = JoinSet::new();
    beside.spawn_blocking(move || privacy::tighten(&root));
    let tls = Tls::open(&arguments.tls, &data, arguments.listen)?;
    let listener = http::bind(arguments.listen, tls, descriptors).await?;
    let recorder = telemetry::record_metrics()?;
    let mut upkeep = JoinSet::new();
    let keeping = recorder.clone();
    upkeep.spawn(telemetry::keep_up(telemetry::UPKEEP, move || {
        keeping.run_upkeep();
    }));
    let stage = Stage::default();
    let open = Open::on(listener, &stage)?;
    data.write_running(&Running {
        pid: std::process::id(),
        url: open.url.clone(),
    })?;
    let ended = start(&arguments, &data, stage, open, recorder).await;
    upkeep.shutdown().await;
    data.remove_running();
    drop(lock);
    ended.map(|()| ExitCode::SUCCESS)
}

/// Opens the parts in order, while the listener says how far that is, and answers until a signal.
async fn start(
    arguments: &Arguments,
    data: &DataDir,
    stage: Stage,
    open: Open,
    recorder: PrometheusHandle,
) -> Result<()> {
    let mut signals = signals::Signals::listen()?;
    stage.begins("the journal and the archive are opened");
    let own = OwnCopies::open(arguments, data)?;
    let Some((nats, models)) = reach_log(arguments, data, &own, &stage, &mut signals).await? else {
        return Ok(());
    };
    let starting = Starting {
        own,
        models,
        recorder,
        stage,
        stopped: open.stop.subscribe(),
    };
    // A signal before everything is ready ends the start where it is; the next start goes on.
    let opened = tokio::select! {
        opened = Parts::open(arguments, data, starting, nats.provider()) => Some(opened),
        _ = signals.next() => None,
    };
    let ended = match opened {
        Some(Ok(mut parts)) => match parts.follow() {
            Ok(()) => parts.serve(open, signals, nats.state(), arguments).await,
            Err(error) => Err(error),
        },
        Some(Err(error)) => Err(error),
        None => Ok(()),
    };
    nats.stop().await;
    ended
}

/// Starts or reaches nats-server, and opens the read models while it reads its store, unless the
/// log decides which of them stay; `None` when a signal has ended that.
async fn reach_log(
    arguments: &Arguments,
    data: &DataDir,
    own: &OwnCopies,
    stage: &Stage,
    signals: &mut signals::Signals,
) -> Result<Option<(Nats, ReadModels)>> {
    let url = arguments.nats.as_deref();
    own.keep_blocks(data, url)?;
    stage.begins("nats-server is waited for");
    let shelf = Arc::new(Shelf::new(data, &Arc::new(generation::fold()))?);
    let given_up = async {
        signals.next().await;
    };
    let opening = async {
        match own.ran_without_journal {
            true => Ok(None),
            false => shelf.open_meanwhile().await.map(Some),
        }
    };
    let launched = |state| stage.waits_for(state);
    let options = JetStreamOptions {
        live_keep: Some(arguments.live_keep),
        ..JetStreamOptions::default()
    };
    let starting = Nats::start(data, url, &arguments.program, options, launched, given_up);
    let (nats, store) = tokio::join!(starting, opening);
    let Some(nats) = nats? else {
        return Ok(None);
    };
    let checked = async {
        let store = store?;
        if url.is_some() && arguments.durability == Durability::Fsync {
            sync_check::check(nats.connection()).await?;
        }
        anyhow::Ok(store)
    };
    match checked.await {
        Ok(store) => Ok(Some((nats, (shelf, store)))),
        Err(error) => {
            nats.stop().await;
            Err(error)
        }
    }
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
}
