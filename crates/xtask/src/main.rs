//! `cargo xtask schemas [--check]`: writes what is generated under `schemas/`, or says what drifted.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use xtask::schemas;

/// Repository chores.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Write schemas/ from the code: catalogue, JSON Schemas, samples, vectors, lock, AsyncAPI.
    Schemas {
        /// Write nothing; fail and name the files that are not what the code says.
        #[arg(long)]
        check: bool,
    },
}

fn main() -> anyhow::Result<ExitCode> {
    match Arguments::parse().chore {
        Chore::Schemas { check } => schemas(check),
    }
}

fn schemas(check: bool) -> anyhow::Result<ExitCode> {
    let folder = schemas::folder();
    let committed = schemas::read(&folder)?;
    let generated = schemas::generate(&schemas::Code::today()?, &committed)?;
    let drift = schemas::drift(&committed, &generated.files);
    let mut out = std::io::stdout().lock();
    for refusal in &generated.refusals {
        writeln!(out, "refused: {refusal}")?;
    }
    for (path, what) in &drift {
        if !check {
            write(&folder.join(path), &generated.files[path])?;
        }
        writeln!(
            out,
            "{}: schemas/{path}",
            if check { what } else { "written" }
        )?;
    }
    let wrong = !generated.refusals.is_empty() || (check && !drift.is_empty());
    if check && wrong {
        writeln!(out, "run `cargo xtask schemas` and commit what it writes")?;
    }
    Ok(ExitCode::from(u8::from(wrong)))
}

fn write(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}
