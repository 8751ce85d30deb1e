//! Keeps a nats-server running.

use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;
use tokio::process::Child;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::files::NatsFiles;
use super::{END_WITHIN, probe, spawn};
use crate::jetstream::{JetStream, JetStreamOptions};

const PROBE_EVERY: Duration = Duration::from_secs(5);
/// So many probes in a row must fail before the server is restarted.
const PROBES_FAILED_MAX: u32 = 3;
/// The first and the longest wait before a dead server is started again.
const RESTART_AFTER: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// A server that ran this long had started well: the next wait is the first again.
const STARTED_WELL: Duration = Duration::from_secs(30);

/// Why a child is not waited for any more.
enum Event {
    Stop,
    Died(String),
    Sick,
}

/// Restarts the server when it dies or stops doing its work, until told to stop; then ends it.
pub(super) async fn supervise(
    binary: PathBuf,
    files: NatsFiles,
    url: String,
    mut child: Child,
    mut stop: watch::Receiver<bool>,
) {
    let mut wait = RESTART_AFTER.0;
    loop {
        let started = tokio::time::Instant::now();
        match watch_child(&files, &url, &mut child, &mut stop).await {
            Event::Stop => return end(&files, &mut child).await,
            Event::Died(status) => tracing::warn!(%status, "nats-server died: it is restarted"),
            Event::Sick => {
                tracing::error!("nats-server does not store events: it is restarted");
                end(&files, &mut child).await;
            }
        }
        if started.elapsed() > STARTED_WELL {
            wait = RESTART_AFTER.0;
        }
        loop {
            if *stop.borrow() {
                return;
            }
            sleep(wait).await;
            wait = (wait * 2).min(RESTART_AFTER.1);
            match spawn(&binary, &files) {
                Ok(new) => {
                    child = new;
                    break;
                }
                Err(error) => tracing::error!(%error, "nats-server cannot be started"),
            }
        }
    }
}

async fn watch_child(
    files: &NatsFiles,
    url: &str,
    child: &mut Child,
    stop: &mut watch::Receiver<bool>,
) -> Event {
    let mut ticks = interval(PROBE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut connection: Option<JetStream> = None;
    let mut failed = 0;
    loop {
        // All three are cancel-safe.
        tokio::select! {
            status = child.wait() => {
                let status = status.map_or_else(|error| error.to_string(), |one| one.to_string());
                return Event::Died(status);
            }
            changed = stop.changed() => {
                // A sender that is gone means that the process is ending.
                if changed.is_err() || *stop.borrow() {
                    return Event::Stop;
                }
            }
            _ = ticks.tick() => {
                match probe_once(files, url, &mut connection).await {
                    Ok(()) => failed = 0,
                    Err(reason) => {
                        failed += 1;
                        tracing::warn!(%reason, failed, "nats-server failed a probe");
                    }
                }
                if failed >= PROBES_FAILED_MAX {
                    return Event::Sick;
                }
            }
        }
    }
}

async fn probe_once(
    files: &NatsFiles,
    url: &str,
    connection: &mut Option<JetStream>,
) -> Result<(), String> {
    let server = match connection {
        Some(server) => server,
        None => {
            let credentials = files.credentials().map_err(|error| error.to_string())?;
            let options = JetStreamOptions::default();
            let connect = JetStream::connect(url, Some(&credentials), options);
            let new = timeout(PROBE_EVERY, connect)
                .await
                .map_err(|error| error.to_string())?;
            connection.insert(new.map_err(|error| error.to_string())?)
        }
    };
    probe::stores(server).await
}

/// Ends a server, cleanly if it can be.
pub(super) async fn end(files: &NatsFiles, child: &mut Child) {
    for signal in [Signal::TERM, Signal::KILL] {
        let Some(pid) = child.id() else { return };
        if let Err(error) = files.signal(pid, signal) {
            tracing::debug!(%error, "nats-server has ended already");
        }
        match timeout(END_WITHIN, child.wait()).await {
            Ok(Ok(_)) => return,
            Ok(Err(error)) => tracing::warn!(%error, "nats-server cannot be waited for"),
            Err(_elapsed) => tracing::warn!("nats-server does not end"),
        }
    }
}
