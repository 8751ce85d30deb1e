//! `hansard bench`: what this machine does, each figure beside its baseline.
//!
//! Baseline and measured thing take turns on the same nats-server, with the same messages, in
//! short stretches, so that a machine that is busy for a while is unfair to both. What JetStream
//! does alone is not durable: its acknowledgements come before its fsync, ours after the journal's.

mod catch_up;
mod corpus;
mod figures;
mod http_load;
mod report;
mod rig;
mod sends;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use clap::Args;
use hansard_log::bench::{bare_publish, bare_replay, remove_bare};

use hansard_types::limits::APP_PARTITIONS_MAX;

use crate::logs::NatsProgram;
use crate::serve::signals::Signals;
use crate::term;
use figures::{Figures, Sample, micros};
use http_load::Connection;
use report::Report;
use rig::{Load, Rig};

const EXAMPLES: &str = "\
Examples:
  hansard bench
  hansard bench --seconds 30 --json > figures.json
  hansard bench --corpus chat.jsonl.gz more.jsonl

It starts a server of its own on loopback, in a temporary directory that is removed, and measures
bare JetStream publishes, sends through the engine, sends over HTTP, bare replay of the log, and
catch-up of the read models; with --corpus also import and search. Use a build of the profile dist, the one that ships.";

/// Publishes on their way at once, for the baseline.
const IN_FLIGHT: usize = 1000;
/// Turns that baseline and measured thing take.
const TURNS: u32 = 4;
/// Messages that replay and catch-up go over.
const LOG_MESSAGES: u32 = 100_000;
/// Messages that the baseline publishes, over and over.
const BARE_MESSAGES: usize = 10_000;

/// Measure this machine, each figure beside its baseline
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// How long each kind of send is measured, in all
    #[arg(long, value_name = "N", default_value_t = 20)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Clients that send, each waiting for its answer before it sends again
    #[arg(long, value_name = "N", default_value_t = 256)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=5000))]
    connections: u32,
    /// Bytes of text in a message
    #[arg(long, value_name = "BYTES", default_value_t = 300)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=10_000))]
    payload: u32,
    /// Partitions of the app's log
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=i64::from(APP_PARTITIONS_MAX)))]
    partitions: u16,
    /// Without any projection that follows the log (search): not as a server runs
    #[arg(long)]
    without_search: bool,
    /// Chat to import and to search, JSON lines as of `hansard import`
    #[arg(long, value_name = "FILE", num_args = 1..)]
    corpus: Vec<PathBuf>,
    /// An empty directory on the disk to be measured, kept afterwards; without it a temporary one
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    #[command(flatten)]
    program: NatsProgram,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode> {
    if cfg!(debug_assertions) {
        term::note("this is a debug build: its figures say nothing about a release");
    }
    let mut signals = Signals::listen()?;
    let mut rig = Rig::start(&arguments).await?;
    // Stopped early, it still takes its nats-server and its directory away.
    let measured = tokio::select! {
        measured = measure(&mut rig, &arguments) => measured,
        signal = signals.next() => Err(anyhow!("{signal}: nothing is measured to the end")),
    };
    rig.stop().await;
    measured?.print(arguments.json)?;
    Ok(ExitCode::SUCCESS)
}

async fn measure(rig: &mut Rig, arguments: &Arguments) -> Result<Report> {
    let handle = rig.handle();
    let (connections, payload) = (
        usize::try_from(arguments.connections)?,
        usize::try_from(arguments.payload)?,
    );
    // A user for every client: two clients with one user would repeat each other.
    let users = connections.max(IN_FLIGHT);
    let load = Load::prepare(&handle, users, payload).await?;
    term::note(format_args!(
        "filling the log with {} messages",
        term::grouped(LOG_MESSAGES.into())
    ));
    load.fill(&handle, LOG_MESSAGES).await?;
    let (replay, caught_up) = replay_and_catch_up(rig).await?;
    if !arguments.without_search {
        rig.parts.follow()?;
    }
    let sends = sends_in_turns(rig, &load, arguments).await?;
    if !arguments.corpus.is_empty() && arguments.without_search {
        rig.parts.follow()?;
    }
    let corpus = match arguments.corpus.as_slice() {
        [] => None,
        files => Some(corpus::measure(rig.address, files).await?),
    };
    let [bare, engine, http] = sends.figures();
    Ok(Report::new(
        arguments,
        rig,
        [bare, engine, http],
        [replay, caught_up],
        corpus,
        sends.bytes,
    ))
}

async fn replay_and_catch_up(rig: &Rig) -> Result<(Figures, Figures)> {
    let (mut replays, mut folds) = (Vec::new(), Vec::new());
    for turn in 1..=TURNS {
        term::note(format_args!("replay and catch-up, turn {turn} of {TURNS}"));
        let begun = Instant::now();
        let mut count = 0;
        for log in rig.handle().ordinary_logs(rig::APP) {
            count += bare_replay(rig.nats.connection(), log).await?;
        }
        replays.push(Sample {
            count,
            elapsed: begun.elapsed(),
            latencies_us: Vec::new(),
        });
        folds.push(catch_up::measure(&rig.nats).await?);
    }
    Ok((Figures::of(&replays), Figures::of(&folds)))
}

/// What the sends came to, turn by turn.
#[derive(Default)]
struct Sends {
    bare: Vec<Sample>,
    engine: Vec<Sample>,
    http: Vec<Sample>,
    /// The mean size of a stored message.
    bytes: usize,
}

impl Sends {
    fn figures(&self) -> [Figures; 3] {
        [
            Figures::of(&self.bare),
            Figures::of(&self.engine),
            Figures::of(&self.http),
        ]
    }
}

async fn sends_in_turns(rig: &Rig, load: &Load, arguments: &Arguments) -> Result<Sends> {
    let handle = rig.handle();
    let messages = rig::stored_messages(&handle, BARE_MESSAGES).await?;
    let bytes: usize = messages
        .iter()
        .map(hansard_events::RawEvent::size_bytes)
        .sum();
    let mut sends = Sends {
        bytes: bytes / messages.len().max(1),
        ..Sends::default()
    };
    let clients = usize::try_from(arguments.connections)?;
    let stretch = Duration::from_millis(arguments.seconds * 1000 / u64::from(TURNS));
    let path = rig::send_path();
    for turn in 1..=TURNS {
        term::note(format_args!("sends, turn {turn} of {TURNS}"));
        let server = rig.nats.connection();
        let published =
            bare_publish(server, &messages, IN_FLIGHT, Instant::now() + stretch).await?;
        sends.bare.push(Sample {
            count: u64::try_from(published.latencies.len())?,
            elapsed: published.elapsed,
            latencies_us: published.latencies.into_iter().map(micros).collect(),
        });
        // Each turn has randoms of its own: one seen before would be a retry, not a send.
        let first = turn * RANDOMS_PER_TURN;
        let engine = sends::run(&handle, load, IN_FLIGHT, Instant::now() + stretch, first);
        sends.engine.push(engine.await?);
        let bodies = load.clone();
        let body_of = move |number, random| bodies.body(number, random);
        let first = first + RANDOMS_PER_TURN / 2;
        // Anew in each turn: the server closes connections that are idle as long as a turn may be.
        let connections = Connection::open_many(rig.address, clients).await?;
        let deadline = Instant::now() + stretch;
        let http = http_load::run(connections, &path, body_of, deadline, first);
        sends.http.push(http.await?);
    }
    remove_bare(rig.nats.connection()).await?;
    Ok(sends)
}

/// More than one client sends in a turn.
const RANDOMS_PER_TURN: u32 = 100_000_000;
