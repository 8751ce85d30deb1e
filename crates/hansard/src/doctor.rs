//! `hansard doctor`: what on this machine is, or will be, in the way, and what to do about it.

mod checks;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use serde_json::json;

use crate::logs::NatsProgram;
use crate::term;

const EXAMPLES: &str = "\
Examples:
  hansard doctor
  hansard doctor --data-dir ~/hansard --listen 127.0.0.1:8080
  hansard doctor --data-dir ~/hansard --json

Changes nothing; works with the server running or stopped. The exit code is 1 when a check fails.";

/// Check this machine and a data directory, and say what to do
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The server's data directory
    #[arg(long, value_name = "DIR", env = "HANSARD_DATA")]
    data_dir: Option<PathBuf>,
    /// Address and port that the server listens on
    #[arg(
        long,
        value_name = "ADDR:PORT",
        env = "HANSARD_LISTEN",
        default_value = "127.0.0.1:8080"
    )]
    listen: SocketAddr,
    #[command(flatten)]
    program: NatsProgram,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Ok,
    Warn,
    Fail,
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Finding {
    check: &'static str,
    verdict: Verdict,
    found: String,
    /// What to do; only where something is wrong.
    #[serde(rename = "do", skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self {
            check,
            verdict: Verdict::Ok,
            found: found.into(),
            advice: None,
        }
    }

    fn warn(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        let (found, advice) = (found.into(), Some(advice.into()));
        Self {
            check,
            verdict: Verdict::Warn,
            found,
            advice,
        }
    }

    fn fail(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Fail,
            ..Self::warn(check, found, advice)
        }
    }
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode> {
    let findings = checks::all(&arguments).await;
    let worst = findings
        .iter()
        .map(|finding| finding.verdict)
        .max()
        .unwrap_or(Verdict::Ok);
    if arguments.json {
        term::json(&json!({ "verdict": worst, "checks": findings }))?;
    } else {
        for finding in &findings {
            show(finding)?;
        }
    }
    Ok(if worst == Verdict::Fail {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn show(finding: &Finding) -> Result<()> {
    let Finding {
        check,
        verdict,
        found,
        advice,
    } = finding;
    let word = match verdict {
        Verdict::Ok => "ok  ",
        Verdict::Warn => "warn",
        Verdict::Fail => "FAIL",
    };
    term::line(format_args!("{word}  {check:<16} {found}"))?;
    if let Some(advice) = advice {
        term::line(format_args!("      {:<16} -> {advice}", ""))?;
    }
    Ok(())
}
