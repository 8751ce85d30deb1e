//! Keeps a nats-server running.
//!
//! A living child is never ended before it has taken its first event: until then it reads its
//! store, and ending it would only make it begin again. Later it is ended when it has answered no
//! probe for [`Timing::hung_after`], or when a stream of it has stopped at a write error and there
//! is room again.

use std::path::PathBuf;
use std::time::Duration;

use tokio::process::Child;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::files::NatsFiles;
use super::probe::{Failed, Probe};
use super::process::{Reading, end, spawn};
use super::state::ServerState;
use super::{IDLE_SHOWN_AFTER, Timing};
use crate::blocks;
use crate::reader::blocking;

/// How often a server that is not ready is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// One that has little to read is ready within moments: it is asked more often for so long.
const ASKED_OFTEN: (Duration, Duration) = (Duration::from_millis(5), Duration::from_secs(2));
/// How often a log line says how far a recovery is.
const TOLD_EVERY: Duration = Duration::from_secs(10);
/// The first and the longest wait before a dead server is started again.
const RESTART_AFTER: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// A server that was ready this long had started well: the next wait is the first again.
const STARTED_WELL: Duration = Duration::from_secs(30);
/// So many probes in a row must fail before a server counts as hung.
const PROBES_FAILED_MIN: u32 = 3;
/// A stream that has stopped for want of room is not begun again with less than this: it would
/// stop at once.
const ROOM_BYTES_MIN: u64 = 4 * 1024 * 1024;

/// Why a child is not waited for any more.
enum Event {
    Stop,
    Died(String),
    Sick(String),
}

pub(super) struct Supervisor {
    pub(super) binary: PathBuf,
    pub(super) files: NatsFiles,
    pub(super) timing: Timing,
    pub(super) state: watch::Sender<ServerState>,
    pub(super) stop: watch::Receiver<bool>,
}

impl Supervisor {
    /// Restarts the server when it dies or stops doing its work, until told to stop; then ends it.
    /// One that dies before it was ever ready is not started again: it would not get further.
    pub(super) async fn run(mut self) {
        let mut wait = RESTART_AFTER.0;
        let mut was_ready = false;
        loop {
            self.tell(ServerState::Starting);
            let mut ready_for = None;
            let folder = self.files.dir().to_owned();
            let indexed = blocking(move || blocks::bring_indexes_up_to_date(&folder)).await;
            if let Err(error) = indexed {
                tracing::error!(%error, "the indexes of the blocks stay as they are");
            }
            match spawn(&self.binary, &self.files) {
                Ok(mut child) => {
                    let mut event = self.until_ready(&mut child).await;
                    if event.is_none() {
                        was_ready = true;
                        let since = Instant::now();
                        event = Some(Box::pin(self.while_ready(&mut child)).await);
                        ready_for = Some(since.elapsed());
                    }
                    match event {
                        None | Some(Event::Stop) => {
                            end(&self.files, &mut child).await;
                            return self.tell(ended("it was stopped"));
                        }
                        Some(Event::Died(status)) if !was_ready => {
                            let tail = self.files.log_tail();
                            return self.tell(ended(format!("at its start ({status}): {tail}")));
                        }
                        Some(Event::Died(status)) => {
                            tracing::warn!(%status, "nats-server died: it is restarted");
                        }
                        Some(Event::Sick(reason)) => {
                            tracing::error!(%reason, "nats-server is restarted");
                            end(&self.files, &mut child).await;
                        }
                    }
                }
                Err(error) if !was_ready => return self.tell(ended(error)),
                Err(error) => tracing::error!(%error, "nats-server cannot be started"),
            }
            if ready_for.is_some_and(|time| time > STARTED_WELL) {
                wait = RESTART_AFTER.0;
            }
            if self.pause(wait).await {
                return self.tell(ended("it was stopped"));
            }
            wait = (wait * 2).min(RESTART_AFTER.1);
        }
    }

    /// Waits before a restart; true when it is time to stop.
    async fn pause(&mut self, wait: Duration) -> bool {
        // Both are cancel-safe.
        tokio::select! {
            () = told_to_stop(&mut self.stop) => true,
            () = sleep(wait) => false,
        }
    }

    fn tell(&self, state: ServerState) {
        self.state.send_replace(state);
    }

    /// Waits for the first success, however long it takes; `None` when it has come.
    async fn until_ready(&mut self, child: &mut Child) -> Option<Event> {
        let files = self.files.clone();
        let mut reading = Reading::begin(&files, child);
        let mut ticks = interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let begun = Instant::now();
        let mut told = begun;
        let first = async {
            loop {
                match Probe::connect(&files).await {
                    Ok(_) => return,
                    Err(failed) => tracing::trace!(?failed, "nats-server is not ready"),
                }
                let (often, while_new) = ASKED_OFTEN;
                let is_new = begun.elapsed() < while_new;
                sleep(if is_new { often } else { LOOK_EVERY }).await;
            }
        };
        tokio::pin!(first);
        loop {
            // All four are cancel-safe; `first` goes on.
            tokio::select! {
                status = child.wait() => return Some(died(status)),
                () = told_to_stop(&mut self.stop) => return Some(Event::Stop),
                () = &mut first => return None,
                _ = ticks.tick() => {
                    let recovery = reading.look();
                    if recovery.elapsed < self.timing.recovering_after {
                        continue;
                    }
                    let state = ServerState::Recovering(recovery);
                    if told.elapsed() >= TOLD_EVERY {
                        told = Instant::now();
                        let said = state.describe().unwrap_or_default();
                        if recovery.idle < IDLE_SHOWN_AFTER {
                            tracing::info!("{said}");
                        } else {
                            tracing::warn!("{said}");
                        }
                    }
                    self.tell(state);
                }
            }
        }
    }

    async fn while_ready(&mut self, child: &mut Child) -> Event {
        self.tell(ServerState::Ready);
        tracing::info!("nats-server is ready");
        let files = self.files.clone();
        let mut ticks = interval(self.timing.probe_every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut probe: Option<Probe> = None;
        let mut failing = Failing::default();
        loop {
            let probing = async {
                ticks.tick().await;
                Box::pin(probe_once(&files, &mut probe)).await
            };
            // All three are cancel-safe: a probe that is broken off is made again.
            let probed = tokio::select! {
                status = child.wait() => return died(status),
                () = told_to_stop(&mut self.stop) => return Event::Stop,
                probed = probing => probed,
            };
            if let Some(reason) = failing.note(&probed, self.timing.hung_after) {
                self.tell(ServerState::Hung {
                    reason: reason.clone(),
                });
                return Event::Sick(reason);
            }
            match probed {
                Ok(()) => self.tell(ServerState::Ready),
                Err(Failed::Unanswered(reason)) => self.tell(ServerState::Hung { reason }),
                Err(Failed::Stopped(reason)) => {
                    self.tell(ServerState::Hung {
                        reason: reason.clone(),
                    });
                    if self
                        .files
                        .free_bytes()
                        .is_none_or(|free| free >= ROOM_BYTES_MIN)
                    {
                        return Event::Sick(reason);
                    }
                }
            }
        }
    }
}

/// Cancel-safe. A sender that is gone means that the process is ending.
async fn told_to_stop(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}

fn ended(reason: impl std::fmt::Display) -> ServerState {
    ServerState::Ended {
        reason: reason.to_string(),
    }
}

fn died(status: std::io::Result<std::process::ExitStatus>) -> Event {
    Event::Died(status.map_or_else(|error| error.to_string(), |one| one.to_string()))
}

/// A new connection where there is none: one that has failed is not trusted again.
async fn probe_once(files: &NatsFiles, held: &mut Option<Probe>) -> Result<(), Failed> {
    let probe = match held.take() {
        Some(probe) => probe,
        None => Probe::connect(files).await?,
    };
    let outcome = probe.check().await;
    if outcome.is_ok() {
        *held = Some(probe);
    }
    outcome
}

/// Probes that failed in a row.
#[derive(Default)]
struct Failing {
    count: u32,
    since: Option<Instant>,
}

impl Failing {
    /// Why the server counts as hung, if it does now.
    fn note(&mut self, probed: &Result<(), Failed>, hung_after: Duration) -> Option<String> {
        let (Err(Failed::Unanswered(reason)) | Err(Failed::Stopped(reason))) = probed else {
            *self = Self::default();
            return None;
        };
        self.count += 1;
        let since = *self.since.get_or_insert_with(Instant::now);
        if self.count == 1 {
            tracing::warn!(%reason, "nats-server failed a probe");
        }
        let is_hung = matches!(probed, Err(Failed::Unanswered(_)))
            && self.count >= PROBES_FAILED_MIN
            && since.elapsed() >= hung_after;
        is_hung.then(|| {
            format!(
                "no probe has succeeded for {} s: {reason}",
                since.elapsed().as_secs()
            )
        })
    }
}
