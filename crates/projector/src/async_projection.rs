use std::time::Duration;

use async_trait::async_trait;
use hansard_events::Recorded;
use hansard_types::{Checkpoint, LogId, Timestamp};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::{BoxError, Registry, State, Status};

/// A projection that follows the log on its own.
///
/// The contract: what was applied becomes durable, together with the checkpoint, in `commit` and
/// only there; applying an event at or below the checkpoint changes nothing.
pub trait AsyncProjection: Send + 'static {
    fn name(&self) -> &'static str;
    fn version(&self) -> u32;
    /// What the last commit had applied of a partition; `None` before the first.
    fn checkpoint(&self, partition: u16) -> Option<Checkpoint>;
    /// # Errors
    /// When the event cannot be applied: the projection stops there.
    fn apply(&mut self, recorded: &Recorded) -> Result<(), BoxError>;
    /// # Errors
    /// When the medium fails: the projection stops there.
    fn commit(&mut self) -> Result<(), BoxError>;
}

/// Where a projection gets its events from.
#[async_trait]
pub trait Source: Send + Sync + 'static {
    fn id(&self) -> LogId;
    /// At most `events_max` committed events from `from`, in order, without holes.
    async fn read(&self, from: u64, events_max: usize) -> Result<Vec<Recorded>, SourceError>;
    /// The last committed sequence.
    fn committed(&self) -> watch::Receiver<u64>;
}

/// Why events could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Worth trying again.
    #[error("the log is not available: {0}")]
    Unavailable(String),
    /// Not worth trying again: the log is damaged.
    #[error("the log is damaged: {0}")]
    Damaged(String),
}

/// How a projection follows.
#[derive(Debug, Clone, Copy)]
pub struct FollowOptions {
    /// Events read and applied at once.
    pub batch_events_max: usize,
    /// Events applied before a commit, at most.
    pub commit_events_max: usize,
    /// How long an applied event waits for its commit, at most.
    pub commit_interval: Duration,
    /// How long to wait before reading again after the log was not available.
    pub retry_after: Duration,
}

impl Default for FollowOptions {
    fn default() -> Self {
        Self {
            batch_events_max: 1000,
            commit_events_max: 20_000,
            commit_interval: Duration::from_secs(1),
            retry_after: Duration::from_millis(500),
        }
    }
}

/// Follows the log until `shutdown` turns true or the projection stops; commits at the end.
///
/// Blocking work (apply, commit) runs in place on this task through `block_in_place`, so it needs
/// a multi-threaded runtime.
pub async fn follow<P: AsyncProjection>(
    mut projection: P,
    source: impl Source,
    registry: Registry,
    options: FollowOptions,
    mut shutdown: watch::Receiver<bool>,
) {
    let log = source.id();
    let name = projection.name();
    let start = projection.checkpoint(log.partition);
    registry.set(
        log,
        Status {
            name,
            version: projection.version(),
            inline: false,
            state: State::CatchingUp,
            applied: start.map_or(0, |checkpoint| checkpoint.sequence),
            log_end: *source.committed().borrow(),
            applied_time: Timestamp(0),
        },
    );
    let mut follower = Follower {
        log,
        registry,
        options,
        applied: 0,
        uncommitted: 0,
        due: None,
    };
    follower.applied = start.map_or(0, |checkpoint| checkpoint.sequence);
    let stopped = follower
        .run(&mut projection, &source, start, &mut shutdown)
        .await;
    if let Err(reason) = stopped {
        tracing::error!(%log, projection = name, %reason, "the projection stopped");
        follower
            .registry
            .update(log, name, |status| status.state = State::Stopped(reason));
    }
}

struct Follower {
    log: LogId,
    registry: Registry,
    options: FollowOptions,
    applied: u64,
    uncommitted: usize,
    /// When the oldest uncommitted event must be committed.
    due: Option<Instant>,
}

impl Follower {
    async fn run<P: AsyncProjection>(
        &mut self,
        projection: &mut P,
        source: &impl Source,
        start: Option<Checkpoint>,
        shutdown: &mut watch::Receiver<bool>,
    ) -> Result<(), String> {
        let mut committed = source.committed();
        check_start(source, start).await?;
        while !*shutdown.borrow() {
            let log_end = *committed.borrow_and_update();
            if self.applied < log_end {
                self.step(projection, source, log_end).await?;
                continue;
            }
            let deadline = self
                .due
                .unwrap_or_else(|| Instant::now() + Duration::from_secs(3600));
            // Both waits are cancel-safe: a watch keeps what changed.
            tokio::select! {
                changed = timeout_at(deadline, committed.changed()) => match changed {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) => break,
                    Err(_elapsed) => self.commit_if_due(projection)?,
                },
                _ = shutdown.changed() => break,
            }
        }
        self.commit(projection)
    }

    async fn step<P: AsyncProjection>(
        &mut self,
        projection: &mut P,
        source: &impl Source,
        log_end: u64,
    ) -> Result<(), String> {
        let batch = match source
            .read(self.applied + 1, self.options.batch_events_max)
            .await
        {
            Ok(batch) => batch,
            Err(SourceError::Unavailable(reason)) => {
                tracing::warn!(log = %self.log, %reason, "waiting for the log");
                tokio::time::sleep(self.options.retry_after).await;
                return Ok(());
            }
            Err(SourceError::Damaged(reason)) => return Err(reason),
        };
        let Some(last) = batch.last() else {
            return Ok(());
        };
        let (sequence, time) = (last.sequence, last.envelope.time);
        tokio::task::block_in_place(|| {
            for recorded in &batch {
                projection.apply(recorded).map_err(|error| {
                    format!(
                        "event {} cannot be applied: {}",
                        recorded.sequence,
                        chain(&*error)
                    )
                })?;
            }
            Ok::<(), String>(())
        })?;
        self.applied = sequence;
        self.uncommitted += batch.len();
        if self.due.is_none() {
            self.due = Some(Instant::now() + self.options.commit_interval);
        }
        self.registry.update(self.log, projection.name(), |status| {
            status.applied = sequence;
            status.applied_time = time;
            status.log_end = log_end;
            if sequence >= log_end {
                status.state = State::Following;
            }
        });
        self.commit_if_due(projection)
    }

    fn commit_if_due<P: AsyncProjection>(&mut self, projection: &mut P) -> Result<(), String> {
        let late = self.due.is_some_and(|due| due <= Instant::now());
        if late || self.uncommitted >= self.options.commit_events_max {
            return self.commit(projection);
        }
        Ok(())
    }

    fn commit<P: AsyncProjection>(&mut self, projection: &mut P) -> Result<(), String> {
        if self.uncommitted == 0 {
            return Ok(());
        }
        tokio::task::block_in_place(|| projection.commit())
            .map_err(|error| format!("the commit failed: {}", chain(&*error)))?;
        self.uncommitted = 0;
        self.due = None;
        Ok(())
    }
}

/// The event at the checkpoint must still be the one that was applied.
async fn check_start(source: &impl Source, start: Option<Checkpoint>) -> Result<(), String> {
    let Some(start) = start.filter(|checkpoint| checkpoint.sequence > 0) else {
        return Ok(());
    };
    let log_end = *source.committed().borrow();
    if start.sequence > log_end {
        return Err(format!(
            "it has applied event {}, but the log ends at {log_end}: rebuild it",
            start.sequence
        ));
    }
    let there = source
        .read(start.sequence, 1)
        .await
        .map_err(|error| error.to_string())?;
    match there.first() {
        Some(event) if event.envelope.chain == start.chain => Ok(()),
        Some(_) | None => Err(format!(
            "event {} is not the one that it has applied: the log was changed; run the audit, \
             then rebuild the projection",
            start.sequence
        )),
    }
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests;
