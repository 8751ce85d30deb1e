use anyhow::Result;
use serde_json::{Value, json};

use super::corpus::Corpus;
use super::figures::Figures;
use super::rig::Rig;
use super::{Arguments, IN_FLIGHT, TURNS};
use crate::cli::VERSION;
use crate::term::{self, grouped};

/// Everything that was measured.
pub(super) struct Report {
    sends: [Figures; 3],
    replays: [Figures; 2],
    corpus: Option<Corpus>,
    settings: Value,
    machine: Value,
    versions: Value,
}

impl Report {
    pub(super) fn new(
        arguments: &Arguments,
        rig: &Rig,
        sends: [Figures; 3],
        replays: [Figures; 2],
        corpus: Option<Corpus>,
        message_bytes: usize,
    ) -> Self {
        let settings = json!({
            "seconds": arguments.seconds,
            "turns": TURNS,
            "connections": arguments.connections,
            "payload_bytes": arguments.payload,
            "stored_message_bytes": message_bytes,
            "bare_publishes_in_flight": IN_FLIGHT,
            "search_follows_sends": !arguments.without_search,
            "partitions": arguments.partitions,
            "durability": "fsync",
            "nats_sync_interval": "100ms",
            "release_build": !cfg!(debug_assertions),
        });
        let machine = json!({ "cpu": cpu(), "cores": cores() });
        let nats_server = rig.nats.connection().server_version();
        let versions = json!({ "hansard": VERSION, "nats_server": nats_server });
        Self {
            sends,
            replays,
            corpus,
            settings,
            machine,
            versions,
        }
    }

    pub(super) fn print(&self, json: bool) -> Result<()> {
        let Self {
            sends,
            replays,
            corpus,
            settings,
            machine,
            versions,
        } = self;
        let [bare, engine, http] = sends;
        let [replay, catch_up] = replays;
        if json {
            return term::json(&json!({
                "engine_to_bare_publish": engine.to(bare),
                "http_to_bare_publish": http.to(bare),
                "catch_up_to_bare_replay": catch_up.to(replay),
                "bare_publish": bare,
                "engine_sends": engine,
                "http_sends": http,
                "bare_replay": replay,
                "catch_up": catch_up,
                "corpus": corpus,
                "settings": settings,
                "machine": machine,
                "versions": versions,
            }));
        }
        term::line(format_args!(
            "{:<42} {:>10} {:>9} {:>9} {:>9} {:>11}",
            "", "per second", "p50 ms", "p99 ms", "max ms", "to baseline"
        ))?;
        row("bare JetStream publishes (not durable)", bare, None)?;
        row("durable sends through the engine", engine, Some(bare))?;
        row("durable sends over HTTP", http, Some(bare))?;
        row("bare replay of the log", replay, None)?;
        row(
            "catch-up: events folded into read models",
            catch_up,
            Some(replay),
        )?;
        if let Some(corpus) = corpus {
            row("import, lines (latency: of a call)", &corpus.import, None)?;
            row(
                "search over HTTP, one query at a time",
                &corpus.search,
                None,
            )?;
            term::line(format_args!(
                "everything imported was searchable {:.1} s after the last line",
                corpus.searchable_after_seconds
            ))?;
        }
        term::line(format_args!("{settings} {machine} {versions}"))?;
        Ok(())
    }
}

fn row(what: &str, figures: &Figures, baseline: Option<&Figures>) -> Result<()> {
    let latency = figures.latency_ms.map_or_else(
        || format!("{:>9} {:>9} {:>9}", "", "", ""),
        |latency| {
            format!(
                "{:>9.2} {:>9.2} {:>9.2}",
                latency.p50, latency.p99, latency.max
            )
        },
    );
    let ratio = baseline.map_or_else(String::new, |baseline| {
        format!("{:.2}", figures.to(baseline))
    });
    let rate = grouped(figures.whole_per_second());
    Ok(term::line(format_args!(
        "{what:<42} {rate:>10} {latency} {ratio:>11}"
    ))?)
}

fn cpu() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    model.map_or_else(
        || "unknown".to_owned(),
        |rest| rest.trim_matches([' ', '\t', ':']).to_owned(),
    )
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(0, std::num::NonZero::get)
}
