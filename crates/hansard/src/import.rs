//! `hansard import`: brings chat from elsewhere in, with its original times.
//!
//! Lines go in batches, one call after the other, so that every conversation keeps its order. The
//! server recognises what it has: importing twice adds nothing, which is also why a call whose
//! answer was lost is made again, and why an import that was broken off is simply started again.

mod reader;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use clap::Args;
use hansard_client::{Client, ImportReport};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::credentials::Server;
use crate::term::{self, Progress, Unit, grouped};
pub(crate) use reader::{Batch, Limits, read_files};

const EXAMPLES: &str = "\
Each line is a JSON object: at (Unix milliseconds), type (message, join, leave), conversation,
kind (group, c2c), sender, recipient (c2c only), text; in time order within a conversation.

Examples:
  hansard import --data-dir ~/hansard chat.jsonl more.jsonl.gz
  hansard import --url http://127.0.0.1:8080 --app 1400000001 --secret KEY chat.jsonl.gz
  zstdcat chat.jsonl.zst | hansard import --data-dir ~/hansard --json -

It is safe to run again, after an error too: what is there already is counted as duplicate.";

/// Batches that are read while one is on its way.
const BATCHES_AHEAD: usize = 2;
/// Rejected lines that are shown one by one, and listed in the JSON summary.
const REJECTED_SHOWN_MAX: usize = 100;
const BACKOFF_FIRST: Duration = Duration::from_millis(200);
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// Import chat from JSON lines, plain or gzip, with the original times
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    server: Server,
    /// Go on and succeed when lines are rejected
    #[arg(long)]
    skip_bad: bool,
    /// How long to try again when the server does not answer, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    retry_for: u64,
    /// Print the summary as a JSON object
    #[arg(long)]
    json: bool,
    /// Files of JSON lines; - is the standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

/// A line that was not imported, and where it is.
#[derive(Debug, Serialize)]
struct BadLine {
    file: String,
    line: u64,
    code: Value,
    detail: String,
}

/// What an import did.
#[derive(Debug, Default)]
struct Summary {
    lines: u64,
    messages: u64,
    joins: u64,
    leaves: u64,
    duplicates: u64,
    rejected: u64,
    shown: Vec<BadLine>,
    position: Option<String>,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode> {
    let client = arguments.server.client()?;
    let total = total_bytes(&arguments.files)?;
    let begun = Instant::now();
    let (batches, mut received) = mpsc::channel::<Batch>(BATCHES_AHEAD);
    let files = arguments.files.clone();
    let reading = tokio::task::spawn_blocking(move || {
        read_files(&files, Limits::default(), |batch| {
            match batches.blocking_send(batch) {
                Ok(()) => ControlFlow::Continue(()),
                // The import has ended early and says why.
                Err(_) => ControlFlow::Break(()),
            }
        })
    });
    let mut progress = Progress::begin("importing", Unit::Bytes, total);
    let mut summary = Summary::default();
    while let Some(batch) = received.recv().await {
        let sent = send(&client, &batch, &arguments, &progress)
            .await
            .with_context(|| {
                let lines = grouped(summary.lines);
                format!("{lines} lines are in; run the same command again to go on from there")
            })?;
        summary.add(&batch, sent, &arguments, &progress);
        let rate = grouped(rate(summary.lines, begun.elapsed()));
        progress.reached(batch.bytes_read, format_args!("{rate} lines/s"));
    }
    reading.await.context("the reader of the files failed")??;
    progress.finish();
    report(&summary, begun.elapsed(), &arguments)?;
    let failed = summary.rejected > 0 && !arguments.skip_bad;
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Also finds out early that a file is missing.
fn total_bytes(files: &[PathBuf]) -> Result<Option<u64>> {
    let mut total = Some(0_u64);
    for path in files {
        if path.as_os_str() == "-" {
            total = None;
            continue;
        }
        let metadata = path
            .metadata()
            .with_context(|| format!("{}", path.display()))?;
        if metadata.is_dir() {
            bail!(
                "{} is a directory: give files of JSON lines",
                path.display()
            );
        }
        total = total.map(|total| total + metadata.len());
    }
    Ok(total)
}

/// Sends a batch until it is answered. A batch may arrive twice: the second time it adds nothing,
/// and its lines then count as duplicates.
async fn send(
    client: &Client,
    batch: &Batch,
    arguments: &Arguments,
    progress: &Progress,
) -> Result<ImportReport> {
    if batch.lines.is_empty() {
        return Ok(ImportReport::default());
    }
    let body = Bytes::from(batch.body.clone());
    let patience = Duration::from_secs(arguments.retry_for);
    let (begun, mut pause) = (Instant::now(), BACKOFF_FIRST);
    loop {
        match client.import(body.clone()).await {
            Ok(report) => return Ok(report),
            Err(error) if error.is_retryable() && begun.elapsed() + pause < patience => {
                let error = anyhow::Error::from(error);
                progress.note(format_args!("{error:#}; trying again in {pause:?}"));
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(BACKOFF_MAX);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

impl Summary {
    fn add(
        &mut self,
        batch: &Batch,
        report: ImportReport,
        arguments: &Arguments,
        progress: &Progress,
    ) {
        let ImportReport {
            lines,
            messages,
            joins,
            leaves,
            duplicates,
            rejected,
            position,
        } = report;
        self.lines += lines;
        self.messages += messages;
        self.joins += joins;
        self.leaves += leaves;
        self.duplicates += duplicates;
        self.position = position.or(self.position.take());
        let file = arguments.files[batch.file].display().to_string();
        let in_file = |line: u64| {
            let at = usize::try_from(line)
                .ok()
                .and_then(|line| line.checked_sub(1));
            at.and_then(|at| batch.lines.get(at))
                .copied()
                .unwrap_or(line)
        };
        let refused = rejected.into_iter().map(|one| BadLine {
            file: file.clone(),
            line: in_file(one.line),
            code: one.code,
            detail: one.detail,
        });
        let too_long = batch.too_long.iter().map(|line| BadLine {
            file: file.clone(),
            line: *line,
            code: json!("line_too_long"),
            detail: "longer than one call may be".to_owned(),
        });
        self.lines += u64::try_from(batch.too_long.len()).unwrap_or(0);
        for bad in refused.chain(too_long) {
            self.rejected += 1;
            if self.shown.len() < REJECTED_SHOWN_MAX {
                let BadLine {
                    file, line, detail, ..
                } = &bad;
                progress.note(format_args!("{file}:{line}: rejected: {detail}"));
                self.shown.push(bad);
            }
        }
    }
}

fn rate(lines: u64, elapsed: Duration) -> u64 {
    let ms = u64::try_from(elapsed.as_millis())
        .unwrap_or(u64::MAX)
        .max(1);
    lines.saturating_mul(1000) / ms
}

fn report(summary: &Summary, elapsed: Duration, arguments: &Arguments) -> Result<()> {
    let Summary {
        lines,
        messages,
        joins,
        leaves,
        duplicates,
        rejected,
        shown,
        position,
    } = summary;
    let per_second = rate(*lines, elapsed);
    if arguments.json {
        return term::json(&json!({
            "files": arguments.files.len(),
            "lines": lines,
            "messages": messages,
            "joins": joins,
            "leaves": leaves,
            "duplicates": duplicates,
            "rejected": rejected,
            "rejected_lines": shown,
            "position": position,
            "seconds": elapsed.as_secs_f64(),
            "lines_per_second": per_second,
        }));
    }
    term::line(format_args!(
        "{} lines: {} messages, {} joins, {} leaves imported; {} duplicates, {} rejected",
        grouped(*lines),
        grouped(*messages),
        grouped(*joins),
        grouped(*leaves),
        grouped(*duplicates),
        grouped(*rejected),
    ))?;
    let position = position.as_deref().unwrap_or("unknown");
    let seconds = elapsed.as_secs_f64();
    term::line(format_args!(
        "{seconds:.1} s, {} lines/s; the log is at {position}",
        grouped(per_second)
    ))?;
    if *rejected > 0 && !arguments.skip_bad {
        term::note("lines were rejected: mend them and run it again, or give --skip-bad");
    }
    Ok(())
}
