//! `hansard projections`: how far what was built from the log is; trying it again, and building it
//! again.

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use hansard_client::{Client, ProjectionStatus};
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

const RETRY_EXAMPLES: &str = "\
Examples:
  hansard projections retry search --data-dir ~/hansard
  hansard projections retry search --url http://127.0.0.1:8080 --secret KEY --json

What may pass by itself is tried again without this; it is for an event that could not be applied,
once the release that can runs.";

const REBUILD_EXAMPLES: &str = "\
Examples:
  hansard projections rebuild search --data-dir ~/hansard
  hansard projections rebuild conversations --url http://127.0.0.1:8080 --secret KEY --json

Asks the running server, which answers from the old one until the new one has come as far; `hansard
projections status` says how far that is. The inline projections (directory, groups, conversations)
share their files and are built again together, for all apps. Nothing is lost: the log has
everything.";

/// What was built from the log
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Status(Status),
    /// Let a projection go on that has stopped at an event
    #[command(after_help = RETRY_EXAMPLES)]
    Retry(Order),
    /// Build a projection again from the log, beside what answers
    #[command(after_help = REBUILD_EXAMPLES)]
    Rebuild(Order),
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

// No doc comment: it would take the place of its command's.
#[derive(Debug, Args)]
pub(crate) struct Order {
    /// The projection
    name: String,
    #[command(flatten)]
    server: Server,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode> {
    match arguments.command {
        Command::Status(status) => return show_status(&status).await,
        Command::Retry(Order { name, server, json }) => {
            let rows = running(&server)?.retry_projection(&name).await;
            show(&rows.with_context(|| not_asked(&server))?, true, json)
        }
        Command::Rebuild(Order { name, server, json }) => {
            let rows = running(&server)?.rebuild_projection(&name).await;
            show(&rows.with_context(|| not_asked(&server))?, true, json)?;
            if !json {
                term::note("it is built again; `hansard projections status` says how far it is");
            }
            Ok(())
        }
    }
    .map(|()| ExitCode::SUCCESS)
}

/// A server that can be told something.
fn running(server: &Server) -> Result<Client> {
    if server.stopped_server()?.is_some() {
        bail!(
            "no server is running on the data directory: start it. It opens what has stopped, and \
             builds again what is damaged"
        );
    }
    server.client()
}

fn not_asked(server: &Server) -> String {
    let url = server.url().unwrap_or_default();
    format!("the server at {url} was not asked")
}

async fn show_status(status: &Status) -> Result<ExitCode> {
    let stopped_server = status.server.stopped_server()?;
    let rows = match &stopped_server {
        Some((data, _lock)) => on_disk(data, status.server.app.id())?,
        None => {
            let rows = status.server.client()?.projections().await;
            rows.with_context(|| not_asked(&status.server))?
        }
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
    let mut rows = Vec::new();
    for log in state::logs_of(data, app)? {
        rows.extend(of_log(data, log)?);
    }
    Ok(rows)
}

fn of_log(data: &DataDir, log: LogId) -> Result<Vec<ProjectionStatus>> {
    let applied = state::checkpoint(data, log)?;
    let row = |name: &str, version: u32, inline, applied: u64| ProjectionStatus {
        name: name.to_owned(),
        version,
        inline,
        state: "on_disk".to_owned(),
        reason: None,
        position: Position::new(log.partition, applied).to_string(),
        log_end: Position::new(log.partition, applied).to_string(),
        lag_events: 0,
        lag_seconds: 0,
        rebuild: None,
    };
    let applied = applied.map_or(0, |checkpoint| checkpoint.sequence);
    let mut rows: Vec<_> = generation::fold()
        .versions()
        .into_iter()
        .map(|(name, version)| row(name, version, true, applied))
        .collect();
    let path = search::path(data, log)?;
    if let Some(version) = Index::version_on_disk(&path)? {
        let (index, _) = Index::open(&path, hansard_search::Options::default())?;
        let applied = index
            .checkpoint(log.partition)
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
        let mut reason = row
            .reason
            .as_deref()
            .map_or_else(String::new, |text| format!("  {text}"));
        if let Some(rebuild) = &row.rebuild {
            let at = format!(
                "  built again up to {} ({})",
                rebuild.position, rebuild.reason
            );
            reason.push_str(&at);
        }
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
