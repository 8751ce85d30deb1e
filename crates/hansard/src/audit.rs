//! `hansard audit`: proves that nothing in the log was changed, lost or renumbered, and reads both
//! copies of it.

mod scrub;

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use hansard_events::{chain, header};
use hansard_log::{AuditFailure, Copies, Damage, Reader, verify, verify_copies};
use hansard_types::{Checkpoint, LogId, Position};
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::credentials::App;
use crate::logs::{LogArguments, Logs};
use crate::state;
use crate::term::{self, Progress, Unit, grouped};

const EXAMPLES: &str = "\
Examples:
  hansard audit verify --data-dir ~/hansard
  hansard audit verify --data-dir ~/hansard --app 1400000001 --json
  hansard audit verify --nats nats://user:password@127.0.0.1:4222

Every event carries a hash over itself and the hash before it. The walk computes all of them again;
the last one, the chain value, tells two copies of a log apart: keep it somewhere else, and no one
can change the log unnoticed, not even you. With --data-dir archive and journal are read: no
nats-server is asked or started, and a running server is not disturbed. The exit code is 0 only if
the log is whole; damage is named by file and events.";

/// Prove that the log is whole
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Verify(Verify),
    Scrub(scrub::Arguments),
}

/// Walk the hash chain from the first event to the last
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Verify {
    #[command(flatten)]
    log: LogArguments,
    #[command(flatten)]
    app: App,
    /// The log of live rooms instead, from the first event that has not aged out: its nats-server is
    /// asked, and started if none runs
    #[arg(long)]
    live: bool,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode> {
    match arguments.command {
        Command::Verify(arguments) => {
            let logs = Logs::open(&arguments.log)?;
            let found = audit_all(&logs, &arguments).await;
            logs.close().await;
            report(&found?, &arguments)
        }
        Command::Scrub(arguments) => scrub::run(arguments).await,
    }
}

/// What the walk found, and what the read models have to say to it.
struct Found {
    log: LogId,
    walk: Walk,
    checkpoint: Option<Checkpoint>,
    /// Why the checkpoint does not agree.
    disagreement: Option<String>,
}

/// What was walked.
#[derive(Default)]
struct Walk {
    first: u64,
    last: u64,
    chain: Option<chain::Chain>,
    erased: u64,
    /// What is not as it was written, ascending.
    broken: Vec<Broken>,
}

struct Broken {
    /// `None` when one event is wrong and not a file.
    file: Option<String>,
    events: std::ops::RangeInclusive<u64>,
    what: String,
}

impl From<Damage> for Broken {
    fn from(damage: Damage) -> Self {
        let Damage { path, events, what } = damage;
        Self {
            file: Some(path.display().to_string()),
            events,
            what,
        }
    }
}

/// Every partition of the app, one after the other: each is walked on all processors.
async fn audit_all(logs: &Logs, arguments: &Verify) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    let mut of_app = logs.of_app(arguments.app.id()).await?;
    of_app.retain(|log| log.is_live() == arguments.live);
    for log in of_app {
        found.push(audit(logs, log).await?);
    }
    Ok(found)
}

async fn audit(logs: &Logs, log: LogId) -> Result<Found> {
    // First the checkpoint: a running server is ahead of it by the time that the log is read.
    let checkpoint = match logs.data() {
        Some(data) => state::checkpoint(data, log)?,
        None => None,
    };
    let own = logs.copies(log).filter(|copies| copies.last().is_some());
    let (reader, walk) = match own {
        // Also when they are damaged: then the damage is what is asked for.
        Some(copies) if holds_everything(&copies)? => {
            let reader = Reader::of_copies(copies.clone());
            let end = *reader.committed().borrow();
            let progress = Mutex::new((Progress::begin("verifying", Unit::Events, Some(end)), 0));
            let walk = tokio::task::block_in_place(|| {
                verify_copies(&copies, |more| {
                    let (shown, walked) = &mut *progress.lock();
                    *walked += more;
                    shown.reached(*walked, "");
                })
            });
            progress.into_inner().0.finish();
            let walk = walk.context("the log's files cannot be read")?;
            let walk = Walk {
                first: walk.first,
                last: walk.last,
                chain: walk.chain,
                erased: walk.erased,
                broken: walk.damage.into_iter().map(Broken::from).collect(),
            };
            (reader, walk)
        }
        Some(_) | None => {
            let reader = logs.reader(log).await?;
            let walk = walk_stream(&reader).await?;
            (reader, walk)
        }
    };
    let disagreement = match &checkpoint {
        Some(checkpoint) => disagreement(&reader, checkpoint).await?,
        None => None,
    };
    Ok(Found {
        log,
        walk,
        checkpoint,
        disagreement,
    })
}

/// Whether our own files should hold the log from its first event on.
fn holds_everything(copies: &Copies) -> Result<bool> {
    let is_archived = match copies.archive() {
        Some(archive) => archive.last(copies.id()).is_some() && archive.begins(copies.id())? == 1,
        None => false,
    };
    let ranges = copies.ranges();
    Ok(is_archived || ranges.first().is_some_and(|range| *range.start() == 1))
}

async fn walk_stream(reader: &Reader) -> Result<Walk> {
    let end = *reader.committed().borrow();
    let mut progress = Progress::begin("verifying", Unit::Events, Some(end));
    let walk = verify(reader, |walked, _| progress.reached(walked, "")).await;
    progress.finish();
    let broken_at = |sequence: u64, what: &str| Walk {
        first: 1,
        last: sequence,
        broken: vec![Broken {
            file: None,
            events: sequence..=sequence,
            what: what.to_owned(),
        }],
        ..Walk::default()
    };
    match walk {
        Ok(report) => Ok(Walk {
            first: report.first,
            last: report.first + report.events - 1,
            chain: Some(report.chain),
            ..Walk::default()
        }),
        Err(AuditFailure::Broken { sequence, what }) => Ok(broken_at(sequence, what)),
        Err(AuditFailure::Log(hansard_log::Error::Missing { sequence, .. })) => {
            Ok(broken_at(sequence, "it is missing"))
        }
        Err(AuditFailure::Log(error)) => Err(error.into()),
    }
}

/// The event at the checkpoint must be the one that the read models have applied.
async fn disagreement(reader: &Reader, checkpoint: &Checkpoint) -> Result<Option<String>> {
    let sequence = checkpoint.sequence;
    let end = *reader.committed().borrow();
    if sequence == 0 {
        return Ok(None);
    }
    if sequence > end {
        return Ok(Some(format!(
            "the read models have applied event {sequence}, but the log ends at {end}: start the \
             server once, it mends the end of the log"
        )));
    }
    // One that does not read was named by the walk.
    let Ok(there) = reader.read(sequence, 1).await else {
        return Ok(None);
    };
    let said = there
        .first()
        .and_then(|stored| stored.event.header(header::CHAIN));
    if said.and_then(chain::from_hex) == Some(checkpoint.chain) {
        return Ok(None);
    }
    Ok(Some(format!(
        "event {sequence} is not the one that the read models have applied: the log was replaced \
         or changed"
    )))
}

/// One line or object for each partition.
fn report(all: &[Found], arguments: &Verify) -> Result<ExitCode> {
    let mut all_whole = true;
    for found in all {
        let whole = found.walk.broken.is_empty() && found.disagreement.is_none();
        all_whole &= whole;
        if arguments.json {
            term::json(&as_json(found, whole))?;
        } else {
            show(found)?;
        }
    }
    Ok(if all_whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn as_json(found: &Found, whole: bool) -> Value {
    let Found {
        log,
        walk,
        checkpoint,
        disagreement,
    } = found;
    let position = |sequence| Position::new(log.partition, sequence);
    let first_broken = walk.broken.first();
    let damage: Vec<Value> = walk
        .broken
        .iter()
        .map(|broken| {
            json!({
                "file": broken.file,
                "first": position(*broken.events.start()),
                "last": position(*broken.events.end()),
                "what": broken.what,
            })
        })
        .collect();
    let events = walk.broken.is_empty().then(|| walk.last + 1 - walk.first);
    json!({
        "app": log.app,
        "partition": log.partition,
        "whole": whole,
        "events": events,
        "first": position(walk.first),
        "last": position(walk.last),
        "chain": walk.chain.map(|value| chain::to_hex(&value)),
        "erased": walk.erased,
        "broken_at": first_broken.map(|broken| position(*broken.events.start())),
        "what": first_broken.map(|broken| &broken.what),
        "damage": damage,
        "checkpoint": checkpoint.map(|checkpoint| position(checkpoint.sequence)),
        "checkpoint_disagreement": disagreement,
    })
}

fn show(found: &Found) -> Result<()> {
    let Found {
        log,
        walk,
        checkpoint,
        disagreement,
    } = found;
    let position = |sequence| Position::new(log.partition, sequence);
    for broken in &walk.broken {
        let (first, last) = (*broken.events.start(), *broken.events.end());
        let events = match (first, last) {
            (first, last) if first > last => String::new(),
            (first, last) if first == last => format!(" at {}", position(first)),
            (first, u64::MAX) => format!(" from {} on", position(first)),
            (first, last) => format!(" at {} to {}", position(first), position(last)),
        };
        let file = broken
            .file
            .as_deref()
            .map_or(String::new(), |file| format!(" ({file})"));
        term::line(format_args!("BROKEN{events}: {}{file}", broken.what))?;
    }
    if walk.broken.is_empty() {
        let erased = match walk.erased {
            0 => String::new(),
            erased => format!(", the content of {} erased", grouped(erased)),
        };
        let value = walk
            .chain
            .map_or(String::new(), |value| chain::to_hex(&value));
        term::line(format_args!(
            "whole: {} events, the last at {}{erased}\nchain {value}",
            grouped((walk.last + 1).saturating_sub(walk.first)),
            position(walk.last),
        ))?;
    } else {
        term::line(
            "Everything else is as it was written. `hansard audit scrub` compares the other copy \
             and mends what one of the two still holds, as does a start of the server",
        )?;
    }
    match (checkpoint, disagreement) {
        (_, Some(what)) => term::line(format_args!("DISAGREES: {what}"))?,
        (Some(checkpoint), None) => term::line(format_args!(
            "the read models agree, at {}",
            position(checkpoint.sequence)
        ))?,
        (None, None) => {}
    }
    Ok(())
}
