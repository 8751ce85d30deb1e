//! `hansard audit verify`: proves that nothing in the log was changed, lost or renumbered.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use hansard_events::{chain, header};
use hansard_log::{AuditFailure, AuditReport, Reader, verify};
use hansard_types::{Checkpoint, LogId, Position};
use serde_json::json;

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
can change the log unnoticed, not even you. The exit code is 0 only if the log is whole.";

/// Prove that the log is whole
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Verify(Verify),
}

/// Walk the hash chain from the first event to the last
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Verify {
    #[command(flatten)]
    log: LogArguments,
    #[command(flatten)]
    app: App,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode> {
    let Command::Verify(verify) = arguments.command;
    let logs = Logs::open(&verify.log).await?;
    let found = audit(&logs, &verify).await;
    logs.close().await;
    report(&found?, &verify)
}

/// What the walk found, and what the read models have to say to it.
struct Found {
    log: LogId,
    /// Whole, or the first event that is not and why.
    walk: Result<AuditReport, (Option<u64>, String)>,
    checkpoint: Option<Checkpoint>,
    /// Why the checkpoint does not agree.
    disagreement: Option<String>,
}

async fn audit(logs: &Logs, arguments: &Verify) -> Result<Found> {
    let log = LogId::new(arguments.app.id(), 0);
    // First the checkpoint: a running server is ahead of it by the time that the log is read.
    let checkpoint = match logs.data() {
        Some(data) => state::checkpoint(data, log)?,
        None => None,
    };
    let reader = logs.reader(log).await?;
    let end = *reader.committed().borrow();
    let mut progress = Progress::begin("verifying", Unit::Events, Some(end));
    let walk = verify(&reader, |walked, _| progress.reached(walked, "")).await;
    progress.finish();
    let walk = match walk {
        Ok(report) => Ok(report),
        Err(AuditFailure::Broken { sequence, what }) => Err((Some(sequence), what.to_owned())),
        Err(AuditFailure::Log(hansard_log::Error::Missing { sequence, .. })) => {
            Err((Some(sequence), "it is missing".to_owned()))
        }
        Err(AuditFailure::Log(error)) => return Err(error.into()),
    };
    let disagreement = match &checkpoint {
        Some(checkpoint) => disagreement(&reader, checkpoint, end).await?,
        None => None,
    };
    Ok(Found {
        log,
        walk,
        checkpoint,
        disagreement,
    })
}

/// The event at the checkpoint must be the one that the read models have applied.
async fn disagreement(
    reader: &Reader,
    checkpoint: &Checkpoint,
    end: u64,
) -> Result<Option<String>> {
    let sequence = checkpoint.sequence;
    if sequence == 0 {
        return Ok(None);
    }
    if sequence > end {
        return Ok(Some(format!(
            "the read models have applied event {sequence}, but the log ends at {end}: start the \
             server once, it mends the end of the log from its journal"
        )));
    }
    let there = reader.read(sequence, 1).await?;
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

fn report(found: &Found, arguments: &Verify) -> Result<ExitCode> {
    let Found {
        log,
        walk,
        checkpoint,
        disagreement,
    } = found;
    let whole = walk.is_ok() && disagreement.is_none();
    let position = |sequence| Position::new(log.partition, sequence);
    if arguments.json {
        let broken = walk.as_ref().err();
        term::json(&json!({
            "app": log.app,
            "whole": whole,
            "events": walk.as_ref().ok().map(|report| report.events),
            "last": walk.as_ref().ok().map(|report| position(report.events)),
            "chain": walk.as_ref().ok().map(|report| chain::to_hex(&report.chain)),
            "broken_at": broken.and_then(|(sequence, _)| sequence.map(position)),
            "what": broken.map(|(_, what)| what),
            "checkpoint": checkpoint.map(|checkpoint| position(checkpoint.sequence)),
            "checkpoint_disagreement": disagreement,
        }))?;
    } else {
        match walk {
            Ok(AuditReport { events, chain }) => term::line(format_args!(
                "whole: {} events, the last at {}\nchain {}",
                grouped(*events),
                position(*events),
                chain::to_hex(chain)
            ))?,
            Err((sequence, what)) => {
                let at = sequence.map_or_else(String::new, |one| format!(" at {}", position(one)));
                term::line(format_args!(
                    "BROKEN{at}: {what}\nEvents before it are proven. Restore the log from a copy \
                     whose audit is whole; until then, do not write to it."
                ))?;
            }
        }
        match (checkpoint, disagreement) {
            (_, Some(what)) => term::line(format_args!("DISAGREES: {what}"))?,
            (Some(checkpoint), None) => term::line(format_args!(
                "the read models agree, at {}",
                position(checkpoint.sequence)
            ))?,
            (None, None) => {}
        }
    }
    Ok(if whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
