//! `hansard audit scrub`: reads both copies of a log and compares them.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use hansard_engine::Progress as _;
use hansard_log::{
    Archive, Copies, EventLog, Journal, Repaired, ScrubOptions, ScrubReport, Writer, WriterOptions,
    scrub,
};
use hansard_types::{LogId, Position};
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::credentials::App;
use crate::logs::{LogArguments, Logs};
use crate::serve::progress::CatchUp;
use crate::serve::stage::Stage;
use crate::term::{self, Progress, Unit, grouped};

const EXAMPLES: &str = "\
Examples:
  hansard audit scrub --data-dir ~/hansard
  hansard audit scrub --data-dir ~/hansard --app 1400000001 --json

The log is there twice: in nats-server's stream, and in archive and journal. The scrub reads both
and compares them event by event. Beside a running server it only reports; with the server stopped
it also mends: each copy is made again from the other, under the same positions. A running server
scrubs by itself (serve --scrub-every). The exit code is 0 only if both copies are whole in the end.";

/// Read both copies of the log, compare them, and mend what is damaged
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    log: LogArguments,
    #[command(flatten)]
    app: App,
    /// Only report, also when the server is stopped
    #[arg(long)]
    dry_run: bool,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

/// What was found of one log, and what was done.
struct Found {
    log: LogId,
    report: ScrubReport,
    repaired: Option<Repaired>,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode> {
    let logs = Logs::open(&arguments.log)?;
    let found = look_at_all(&logs, &arguments).await;
    logs.close().await;
    let mut whole = true;
    for found in found? {
        whole &= found.report.is_whole() || found.repaired.is_some();
        show(&found, arguments.json)?;
    }
    Ok(if whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Every partition of the app.
async fn look_at_all(logs: &Logs, arguments: &Arguments) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    let mut of_app = logs.of_app(arguments.app.id()).await?;
    // Of the live one there is one copy.
    of_app.retain(|log| !log.is_live());
    for log in of_app {
        found.push(look(logs, log, arguments.dry_run).await?);
    }
    Ok(found)
}

async fn look(logs: &Logs, log: LogId, dry_run: bool) -> Result<Found> {
    let copies = logs.copies(log);
    let Some(copies) = copies.filter(|copies| copies.last().is_some()) else {
        bail!(
            "there is only one copy of the log here: give the --data-dir of a server whose \
               archive or journal is on"
        );
    };
    // The end of both: what is being written while we read is not looked at.
    let own_last = copies.last().unwrap_or(0);
    let stream = match logs.stream(log).await {
        Ok(stream) => stream,
        Err(error) => return Err(error.context("the stream cannot be reached")),
    };
    let last = own_last.max(if logs.is_alone() {
        stream.last().await?
    } else {
        0
    });
    let mends = logs.is_alone() && !dry_run;
    let copies = if mends { writable(logs, log)? } else { copies };
    let options = ScrubOptions {
        bytes_per_second: None,
        mend: mends,
    };
    let progress = Mutex::new(Progress::begin("scrubbing", Unit::Events, Some(last)));
    let report = scrub(&stream, &copies, last, &options, |done| {
        progress.lock().reached(done, "");
    })
    .await;
    progress.into_inner().finish();
    let report = report?;
    let repaired = if mends && !report.is_whole() {
        Some(mend(&stream, copies).await?)
    } else {
        None
    };
    Ok(Found {
        log,
        report,
        repaired,
    })
}

/// The same files, to be written: no server uses them.
fn writable(logs: &Logs, log: LogId) -> Result<Copies> {
    let data = logs.data().context("give --data-dir DIR")?;
    let archive = data
        .archive()
        .try_exists()?
        .then(|| Archive::open(data.archive()));
    let journal = Journal::open(data.journal())?;
    Ok(Copies::new(
        log,
        archive.transpose()?.map(Arc::new),
        Some(Arc::new(journal)),
    ))
}

/// As a start of the server does it.
async fn mend(stream: &Arc<dyn EventLog>, copies: Copies) -> Result<Repaired> {
    let shown = CatchUp::of(&Stage::default());
    let options = WriterOptions {
        mending: Some(Arc::new(move |log, done, total| {
            shown.mending(log, done, total);
        })),
        ..WriterOptions::default()
    };
    let writer = Writer::open(Arc::clone(stream), copies, None, options).await?;
    Ok(writer.repaired())
}

fn show(found: &Found, as_json: bool) -> Result<()> {
    let Found {
        log,
        report,
        repaired,
    } = found;
    let position = |sequence| Position::new(log.partition, sequence);
    let ranges = |ranges: &[std::ops::RangeInclusive<u64>]| -> Vec<Value> {
        let one = |range: &std::ops::RangeInclusive<u64>| json!({ "first": position(*range.start()), "last": position(*range.end()) });
        ranges.iter().map(one).collect()
    };
    if as_json {
        let files: Vec<String> = report.files.iter().map(ToString::to_string).collect();
        return term::json(&json!({
            "app": log.app,
            "partition": log.partition,
            "whole": report.is_whole(),
            "events": report.events,
            "files": files,
            "stream": ranges(&report.stream),
            "lost": ranges(&report.lost),
            "mended": repaired.is_some(),
            "archive_mended_events": report.mended,
            "stream_restored_events": repaired.map(|repaired| repaired.restored),
        }));
    }
    for damage in &report.files {
        term::line(format_args!("DAMAGED: {damage}"))?;
    }
    for range in &report.stream {
        let (first, last) = (position(*range.start()), position(*range.end()));
        term::line(format_args!(
            "DAMAGED: the stream has lost {first} to {last}"
        ))?;
    }
    for range in &report.lost {
        let (first, last) = (position(*range.start()), position(*range.end()));
        term::line(format_args!("LOST: {first} to {last} are in neither copy"))?;
    }
    let events = grouped(report.events);
    match repaired {
        Some(repaired) => term::line(format_args!(
            "mended: {} events of the archive, {} of the stream",
            grouped(report.mended + repaired.mended),
            grouped(repaired.restored)
        ))?,
        None if report.is_whole() => {
            term::line(format_args!(
                "whole: {events} events, the same in both copies"
            ))?;
        }
        None => term::line(format_args!(
            "{events} events were compared. Stop the server and scrub again, or restart it: each \
             copy is mended from the other"
        ))?,
    }
    Ok(())
}
