use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hansard_events::{CodecError, Committed, Recorded};
use hansard_types::limits::{FOLLOWER_LAG_SECONDS_MAX, FOLLOWERS_WAIT_ABOVE};
use hansard_types::{Checkpoint, LogId, Timestamp, error_chain};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::pace::Pace;
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
    /// [`ApplyError`]
    fn apply(&mut self, recorded: &Recorded) -> Result<(), ApplyError>;
    /// # Errors
    /// When the medium fails: the projection is opened again and goes on from its checkpoint.
    fn commit(&mut self) -> Result<(), BoxError>;
}

/// Why an event was not applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// It cannot be, however often that is tried: the projection stops there.
    #[error("it cannot be applied")]
    Event(#[source] BoxError),
    /// The medium failed: the projection is opened again and goes on from its checkpoint.
    #[error("what was built cannot be written")]
    Medium(#[source] BoxError),
}

/// Why a projection does not follow any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// It was told to, and has committed what it had applied.
    ShutDown,
    /// Opening it again may help.
    Failed(String),
    /// An event cannot be applied; which, and why.
    Stopped(String),
    /// What it has applied is not what the log holds: it has to be built again.
    Foreign(String),
}

/// Where a projection gets its events from.
#[async_trait]
pub trait Source: Send + Sync + 'static {
    fn id(&self) -> LogId;
    /// At most `events_max` committed events from `from`, in order, without holes.
    async fn read(&self, from: u64, events_max: usize) -> Result<Vec<Arc<Committed>>, SourceError>;
    /// The last committed sequence.
    fn committed(&self) -> watch::Receiver<u64>;
}

/// Why events could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error("the log is not available: {0}")]
    Unavailable(String),
    /// Of a live log: it goes on with what is there.
    #[error("what comes before event {begins} has aged out")]
    AgedOut { begins: u64 },
    /// It is mended from its other copy.
    #[error("the log is damaged: {0}")]
    Damaged(String),
    /// An event cannot be read by this release, however often that is tried.
    #[error("{0}")]
    Malformed(String),
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
    /// How far behind it may be while the log is busy: until then it leaves the machine to those
    /// who write.
    pub lag_max: Duration,
    /// Events a second above which the log is busy.
    pub busy_above: u64,
    /// The first and the longest wait before the log is read again that could not be read.
    pub retry_after: (Duration, Duration),
}

impl Default for FollowOptions {
    fn default() -> Self {
        Self {
            batch_events_max: 1000,
            commit_events_max: 100_000,
            commit_interval: Duration::from_secs(1),
            lag_max: Duration::from_secs(FOLLOWER_LAG_SECONDS_MAX),
            busy_above: FOLLOWERS_WAIT_ABOVE,
            retry_after: (Duration::from_millis(100), Duration::from_secs(10)),
        }
    }
}

/// Follows the log until `shutdown` turns true or something fails; whoever owns the projection
/// sees to that. A log that cannot be read is tried again for as long as it takes.
///
/// Blocking work (apply, commit) runs in place on this task through `block_in_place`, so it needs
/// a multi-threaded runtime.
pub async fn follow<P: AsyncProjection>(
    mut projection: P,
    source: impl Source,
    registry: Registry,
    options: FollowOptions,
    mut shutdown: watch::Receiver<bool>,
) -> Ended {
    let log = source.id();
    let name = projection.name();
    let start = projection.checkpoint(log.partition);
    registry.set_end(log, source.committed());
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
        applied: start.map_or(0, |checkpoint| checkpoint.sequence),
        uncommitted: 0,
        due: None,
        retry_after: options.retry_after.0,
        pace: Pace::new(options.lag_max, options.busy_above),
    };
    let ended = follower
        .run(&mut projection, &source, start, &mut shutdown)
        .await;
    ended.err().unwrap_or(Ended::ShutDown)
}

struct Follower {
    log: LogId,
    registry: Registry,
    options: FollowOptions,
    applied: u64,
    uncommitted: usize,
    /// When the oldest uncommitted event must be committed.
    due: Option<Instant>,
    /// The next wait, should the log not be readable.
    retry_after: Duration,
    pace: Pace,
}

impl Follower {
    async fn run<P: AsyncProjection>(
        &mut self,
        projection: &mut P,
        source: &impl Source,
        start: Option<Checkpoint>,
        shutdown: &mut watch::Receiver<bool>,
    ) -> Result<(), Ended> {
        let mut committed = source.committed();
        let mut unchecked = start.filter(|checkpoint| checkpoint.sequence > 0);
        while !*shutdown.borrow() {
            let log_end = *committed.borrow_and_update();
            let step = match unchecked {
                Some(start) => check_start(source, start, log_end).await,
                None if self.applied == log_end => {
                    self.wait(projection, &mut committed, shutdown).await?;
                    continue;
                }
                None if self.pace.waits(Instant::now(), self.applied, log_end) => {
                    self.commit_if_due(projection)?;
                    // Cancel-safe, and over when the process ends.
                    let ended = shutdown.wait_for(|stop| *stop);
                    drop(tokio::time::timeout(Pace::moment(), ended).await);
                    continue;
                }
                None => self.step(projection, source).await,
            };
            match step {
                Ok(()) => {
                    unchecked = None;
                    self.retry_after = self.options.retry_after.0;
                    self.report(projection, log_end);
                }
                Err(Step::Ended(ended)) => return Err(ended),
                Err(Step::Unread(error)) => {
                    self.commit_if_due(projection)?;
                    self.retry(projection, &error, shutdown).await;
                }
            }
        }
        self.commit(projection)
    }

    /// Waits for events, or until what was applied is to be committed.
    async fn wait<P: AsyncProjection>(
        &mut self,
        projection: &mut P,
        committed: &mut watch::Receiver<u64>,
        shutdown: &mut watch::Receiver<bool>,
    ) -> Result<(), Ended> {
        let deadline = self
            .due
            .unwrap_or_else(|| Instant::now() + Duration::from_secs(3600));
        // All waits are cancel-safe: a watch keeps what changed.
        tokio::select! {
            changed = timeout_at(deadline, committed.changed()) => match changed {
                Ok(Ok(())) => {}
                // Nothing is committed any more: the process is ending.
                Ok(Err(_)) => drop(shutdown.wait_for(|stop| *stop).await),
                Err(_elapsed) => self.commit_if_due(projection)?,
            },
            _ = shutdown.changed() => {}
        }
        Ok(())
    }

    /// Waits a while because the log could not be read.
    async fn retry<P: AsyncProjection>(
        &mut self,
        projection: &P,
        error: &SourceError,
        shutdown: &mut watch::Receiver<bool>,
    ) {
        let wait = self.retry_after;
        self.retry_after = (wait * 2).min(self.options.retry_after.1);
        tracing::warn!(log = %self.log, projection = projection.name(), %error, "it is read again");
        self.registry.update(self.log, projection.name(), |status| {
            status.state = State::Retrying(error.to_string());
        });
        // Cancel-safe, and over when the process ends.
        drop(tokio::time::timeout(wait, shutdown.wait_for(|stop| *stop)).await);
    }

    fn report<P: AsyncProjection>(&self, projection: &P, log_end: u64) {
        let applied = self.applied;
        self.registry.update(self.log, projection.name(), |status| {
            status.applied = applied;
            if applied >= log_end {
                status.state = State::Following;
            } else if status.state != State::Following {
                status.state = State::CatchingUp;
            }
        });
    }

    async fn step<P: AsyncProjection>(
        &mut self,
        projection: &mut P,
        source: &impl Source,
    ) -> Result<(), Step> {
        let read = source.read(self.applied + 1, self.options.batch_events_max);
        let batch = match read.await {
            Err(SourceError::AgedOut { begins }) => {
                let (log, name) = (self.log, projection.name());
                tracing::warn!(%log, projection = name, begins, "what came before has aged out");
                self.applied = begins - 1;
                return Ok(());
            }
            read => read.map_err(unread)?,
        };
        let Some(last) = batch.last() else {
            return Ok(());
        };
        let sequence = last.sequence;
        let time = last
            .recorded()
            .map_err(|error| malformed(last, &error))?
            .envelope
            .time;
        tokio::task::block_in_place(|| {
            for event in &batch {
                let recorded = event.recorded().map_err(|error| malformed(event, &error))?;
                let applied = apply(projection, recorded);
                applied.map_err(|error| not_applied(recorded, &error))?;
            }
            Ok::<(), Ended>(())
        })?;
        self.applied = sequence;
        self.uncommitted += batch.len();
        if self.due.is_none() {
            self.due = Some(Instant::now() + self.options.commit_interval);
        }
        self.registry.update(self.log, projection.name(), |status| {
            status.applied_time = time;
        });
        Ok(self.commit_if_due(projection)?)
    }

    fn commit_if_due<P: AsyncProjection>(&mut self, projection: &mut P) -> Result<(), Ended> {
        let late = self.due.is_some_and(|due| due <= Instant::now());
        if late || self.uncommitted >= self.options.commit_events_max {
            return self.commit(projection);
        }
        Ok(())
    }

    fn commit<P: AsyncProjection>(&mut self, projection: &mut P) -> Result<(), Ended> {
        if self.uncommitted == 0 {
            return Ok(());
        }
        tokio::task::block_in_place(|| projection.commit()).map_err(|error| {
            Ended::Failed(format!("the commit failed: {}", error_chain(&*error)))
        })?;
        self.uncommitted = 0;
        self.due = None;
        Ok(())
    }
}

/// A panic is the event's doing: it would come again.
fn apply<P: AsyncProjection>(projection: &mut P, recorded: &Recorded) -> Result<(), ApplyError> {
    catch_unwind(AssertUnwindSafe(|| projection.apply(recorded)))
        .unwrap_or_else(|_panic| Err(ApplyError::Event("it panicked".into())))
}

/// Why a step was not done.
enum Step {
    Unread(SourceError),
    Ended(Ended),
}

impl From<Ended> for Step {
    fn from(ended: Ended) -> Self {
        Self::Ended(ended)
    }
}

/// What a person can do about an event that cannot be applied.
const ADVICE: &str = "Run the release that can, then `hansard projections retry`; or build it \
                      again with `hansard projections rebuild`";

fn unread(error: SourceError) -> Step {
    match error {
        SourceError::Malformed(reason) => {
            Step::Ended(Ended::Stopped(format!("{reason}. {ADVICE}")))
        }
        error @ (SourceError::Unavailable(_)
        | SourceError::Damaged(_)
        | SourceError::AgedOut { .. }) => Step::Unread(error),
    }
}

fn malformed(event: &Committed, error: &CodecError) -> Ended {
    let (sequence, error) = (event.sequence, error_chain(error));
    Ended::Stopped(format!("event {sequence} does not read: {error}. {ADVICE}"))
}

fn not_applied(recorded: &Recorded, error: &ApplyError) -> Ended {
    let (sequence, name) = (recorded.sequence, &recorded.envelope.name);
    let said = format!("event {sequence} ({name}): {}", error_chain(error));
    match error {
        ApplyError::Event(_) => Ended::Stopped(format!("{said}. {ADVICE}")),
        ApplyError::Medium(_) => Ended::Failed(said),
    }
}

/// The event at the checkpoint must still be the one that was applied.
async fn check_start(source: &impl Source, start: Checkpoint, log_end: u64) -> Result<(), Step> {
    let foreign = |why: String| Step::Ended(Ended::Foreign(why));
    if start.sequence > log_end {
        return Err(foreign(format!(
            "it has applied event {}, but the log ends at {log_end}",
            start.sequence
        )));
    }
    let there = match source.read(start.sequence, 1).await {
        // Nothing to compare it with is left.
        Err(SourceError::AgedOut { .. }) => return Ok(()),
        there => there.map_err(unread)?,
    };
    match there.first() {
        Some(event) if is_at(event, start.chain) => Ok(()),
        Some(_) | None => Err(foreign(format!(
            "event {} is not the one that it has applied: the log was changed; run the audit",
            start.sequence
        ))),
    }
}

fn is_at(event: &Committed, chain: [u8; 32]) -> bool {
    let recorded = event.recorded();
    recorded.is_ok_and(|recorded| recorded.envelope.chain == chain)
}

#[cfg(test)]
mod tests;
