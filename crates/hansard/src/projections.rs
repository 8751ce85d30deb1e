//! `hansard projections status`: how far what was built from the log is.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use hansard_client::ProjectionStatus;
use hansard_search::Index;
use hansard_types::{AppId, LogId, Position};
use serde_json::json;

use crate::credentials::Server;
use crate::data_dir::DataDir;
use crate::serve::{generation, search};
use crate::state;
use crate::term::{self, grouped};

const EXAMPLES: &str = "\
Examples:
  hansard projections status --data-dir ~/hansard
  hansard projections status --url http://127.0.0.1:8080 --app 1400000001 --secret KEY --json

Asks the running server. With --data-dir and no server running, it says what is on disk.
The exit code is 1 when a projection has stopped.";

/// What was built from the log
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Status(Status),
}

/// How far every projection is
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Status {
    #[command(flatten)]
    server: Server,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode> {
    let Command::Status(status) = arguments.command;
    let stopped_server = status.server.stopped_server()?;
    let rows = match &stopped_server {
        Some((data, _lock)) => on_disk(data, status.server.app.id())?,
        None => status
            .server
            .client()?
            .projections()
            .await
            .with_context(|| {
                format!(
                    "the server at {} was not asked",
                    status.server.url().unwrap_or_default()
                )
            })?,
    };
    show(&rows, stopped_server.is_none(), status.json)?;
    let stopped = rows.iter().any(|row| row.state == "stopped");
    Ok(if stopped {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// What the directories say while no server runs: what they have applied, not how long the log is.
fn on_disk(data: &DataDir, app: AppId) -> Result<Vec<ProjectionStatus>> {
    let applied = state::checkpoint(data, LogId::new(app, 0))?;
    let row = |name: &str, version: u32, inline, applied: u64| ProjectionStatus {
        name: name.to_owned(),
        version,
        inline,
        state: "on_disk".to_owned(),
        reason: None,
        position: Position::new(0, applied).to_string(),
        log_end: Position::new(0, applied).to_string(),
        lag_events: 0,
        lag_seconds: 0,
    };
    let applied = applied.map_or(0, |checkpoint| checkpoint.sequence);
    let mut rows: Vec<_> = generation::fold()
        .versions()
        .into_iter()
        .map(|(name, version)| row(name, version, true, applied))
        .collect();
    let path = search::path(data, app)?;
    if let Some(version) = Index::version_on_disk(&path)? {
        let (index, _) = Index::open(&path, hansard_search::Options::default())?;
        let applied = index
            .checkpoint(0)
            .map_or(0, |checkpoint| checkpoint.sequence);
        index.close()?;
        rows.push(row(hansard_search::NAME, version, false, applied));
    }
    Ok(rows)
}

fn show(rows: &[ProjectionStatus], running: bool, json: bool) -> Result<()> {
    if json {
        return term::json(&json!({ "server_running": running, "projections": rows }));
    }
    if !running {
        term::note("no server is running; this is what is on disk");
    }
    term::line(format_args!(
        "{:<16} {:>7}  {:<6}  {:<12} {:>12} {:>12}",
        "projection", "version", "kind", "state", "position", "behind"
    ))?;
    for row in rows {
        let kind = if row.inline { "inline" } else { "async" };
        let reason = row
            .reason
            .as_deref()
            .map_or_else(String::new, |text| format!("  {text}"));
        term::line(format_args!(
            "{:<16} {:>7}  {kind:<6}  {:<12} {:>12} {:>12}{reason}",
            row.name,
            row.version,
            row.state,
            row.position,
            grouped(row.lag_events)
        ))?;
    }
    Ok(())
}
