//! Logs to stderr and metrics for `/metrics`.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::IsTerminal as _;
use std::panic::PanicHookInfo;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use hansard_engine::Handle;
use hansard_projector::{Registry, State};
use hansard_types::limits;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::log_limit::{LogLimit, Reporter};

/// What is logged unless HANSARD_LOG says otherwise: libraries only when something is wrong.
const FILTER: &str = "warn,hansard=info";
/// Upper bounds of the buckets of durations, seconds.
const SECONDS: [f64; 12] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];

/// Committed events that a projection has not applied, by `log` and `projection`.
pub(crate) const LAG_EVENTS: &str = "hansard_projection_lag_events";
/// 1 while a projection does its work, 0 when it has stopped, by `log` and `projection`.
pub(crate) const UP: &str = "hansard_projection_up";
/// Free bytes of the disk that holds the data directory.
pub(crate) const DISK_FREE_BYTES: &str = "hansard_disk_free_bytes";

/// `/readyz` as a number.
const READY: &str = "hansard_ready";

const DESCRIPTIONS: &[(&str, &str)] = &[
    (
        READY,
        "1 while every part does its work, 0 while one does not: /readyz says which",
    ),
    (
        LAG_EVENTS,
        "Committed events that a projection has not applied, by log and projection",
    ),
    (
        UP,
        "1 while a projection does its work, 0 when it has stopped or is tried again",
    ),
    (
        DISK_FREE_BYTES,
        "Free bytes of the disk that holds the data directory",
    ),
];

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// Starts logging to stderr, bounded. Whoever has what is returned hears what was left out.
pub(crate) fn log_to_stderr(format: LogFormat, filter: Option<&str>) -> Result<Reporter> {
    let filter = EnvFilter::try_new(filter.unwrap_or(FILTER))
        .context("HANSARD_LOG is not a filter, such as info or warn,hansard_engine=debug")?;
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let limit = LogLimit::new();
    let reporter = limit.report();
    let bounded = tracing_subscriber::registry().with(filter).with(limit);
    let started = match format {
        LogFormat::Text => bounded.with(lines).try_init(),
        LogFormat::Json => bounded.with(lines.json().flatten_event(true)).try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("logging could not be started: {error}"))?;
    std::panic::set_hook(Box::new(log_panic));
    reporter
}

/// A panic is a line of the log like any other: one that a request repeats is bounded too.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("(not text)");
    let place = panic.location().map(ToString::to_string);
    let thread = std::thread::current().name().map(str::to_owned);
    let backtrace = Backtrace::capture();
    let backtrace =
        (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
    tracing::error!(reason = message, place, thread, backtrace, "a panic");
}

/// Installs the recorder of metrics, which must be there before the router is made.
pub(crate) fn record_metrics() -> Result<PrometheusHandle> {
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?;
    let handle = builder
        .install_recorder()
        .context("the metrics recorder was not installed")?;
    let requests = hansard_desk::metrics::DESCRIPTIONS;
    let engine = hansard_engine::metrics::ALL;
    for (name, description) in requests.iter().chain(engine).chain(DESCRIPTIONS) {
        // A description applies to whatever kind of metric has the name.
        metrics::describe_counter!(*name, *description);
        metrics::describe_gauge!(*name, *description);
        metrics::describe_histogram!(*name, *description);
    }
    Ok(handle)
}

/// How often [`keep_up`] is due.
pub(crate) const UPKEEP: Duration = Duration::from_millis(limits::METRICS_UPKEEP_MS);

/// Calls `upkeep` again and again, for as long as it is polled. The recorder keeps each observation
/// of a histogram until its upkeep, or until someone asks for the metrics, which may be never.
pub(crate) async fn keep_up(every: Duration, upkeep: impl Fn()) {
    let mut due = tokio::time::interval(every);
    // Cancel-safe: it holds nothing between two calls.
    loop {
        due.tick().await;
        upkeep();
    }
}

/// What `/metrics` answers: the recorder's metrics, and how far the projections are.
pub(crate) fn exporter(
    handle: PrometheusHandle,
    registry: Registry,
    engine: Handle,
) -> Arc<dyn Fn() -> String + Send + Sync> {
    Arc::new(move || {
        let ready = if engine.health().ready { 1.0 } else { 0.0 };
        metrics::gauge!(READY).set(ready);
        for (log, status) in registry.all() {
            let (log, name) = (log.to_string(), status.name);
            let up = if matches!(status.state, State::Stopped(_) | State::Retrying(_)) {
                0.0
            } else {
                1.0
            };
            metrics::gauge!(LAG_EVENTS, "log" => log.clone(), "projection" => name)
                .set(float(status.lag_events()));
            metrics::gauge!(UP, "log" => log, "projection" => name).set(up);
        }
        handle.render()
    })
}

#[expect(clippy::cast_precision_loss, reason = "metrics are floats")]
pub(crate) fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;
    use tokio::task::JoinSet;

    use super::*;

    #[tokio::test]
    async fn the_recorder_is_kept_up_without_anyone_asking_for_metrics() {
        let (kept_up, mut received) = mpsc::channel(1);
        let mut tasks = JoinSet::new();
        tasks.spawn(keep_up(Duration::from_millis(1), move || {
            // Full: it was told already.
            kept_up.try_send(()).unwrap_or_default();
        }));
        for _ in 0..3 {
            let within = tokio::time::timeout(Duration::from_secs(10), received.recv());
            within.await.expect("in time").expect("it goes on");
        }
    }
}
