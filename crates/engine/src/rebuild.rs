//! Building the read models again from the log, beside those in use.
//!
//! All partitions share a store, and what is damaged in it stays so: a new generation is built for
//! all of them while everything that still reads goes on, and then takes the place of the old one,
//! partition by partition. Each waits for no longer than a start with nothing to catch up takes.

use std::sync::{Arc, Weak};
use std::time::Duration;

use hansard_projector::{Fold, Order, Ordered, Rebuild, Registry, checkpoint};
use hansard_store::Store;
use hansard_types::limits::{READ_BATCH_MAX, REBUILT_BEHIND_EVENTS_MAX};
use hansard_types::{LogId, error_chain};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, interval, sleep};

use crate::catch_up::catch_up;
use crate::commit::blocking;
use crate::handle::{Door, Shared};
use crate::keeper::Instruction;
use crate::tools::Tools;
use crate::trouble::Hindrance;
use crate::{Backoff, metrics};

/// How often damage is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// The first and the longest wait before a rebuild that failed is begun again.
const AGAIN_AFTER: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60));
/// How long reads that were begun before may keep the old generation.
const REMOVED_WITHIN: Duration = Duration::from_secs(60);
/// Events that are folded between two looks at how far everything is.
const STRIDE_EVENTS: u64 = 10 * READ_BATCH_MAX as u64;
/// Orders that wait.
const ORDERS_MAX: usize = 16;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Where generations of the read models are kept.
pub trait Generations: Send + Sync + 'static {
    /// Whether one was begun that is not complete.
    fn is_begun(&self) -> bool;
    /// Opens the one that follows the one in use: new, or as far as it was built.
    ///
    /// # Errors
    /// When the medium fails.
    fn begin(&self) -> Result<Arc<dyn Store>, BoxError>;
    /// The one that was begun is of no use: the next is another.
    fn abandon(&self);
    /// The one that was begun holds everything: the next start uses it.
    ///
    /// # Errors
    /// When the medium fails.
    fn complete(&self) -> Result<(), BoxError>;
    /// Removes those that are not in use, after nobody has them open.
    ///
    /// # Errors
    /// When the medium fails.
    fn remove_others(&self) -> Result<(), BoxError>;
}

/// Builds the read models again when they are damaged, or when it is told to.
pub(crate) struct Rebuilder {
    shared: Arc<Shared>,
    fold: Arc<Fold>,
    registry: Registry,
    generations: Arc<dyn Generations>,
    orders: mpsc::Receiver<Ordered>,
    doors: Vec<(LogId, Door)>,
    /// Begun and not complete; some partitions may use it already.
    begun: Option<Arc<dyn Store>>,
}

impl Rebuilder {
    pub(crate) fn new(
        shared: Arc<Shared>,
        tools: &Tools,
        generations: Arc<dyn Generations>,
    ) -> Self {
        let (order, orders) = mpsc::channel(ORDERS_MAX);
        let registry = tools.registry.clone();
        let mut doors: Vec<(LogId, Door)> = Vec::new();
        for (log, door) in &*shared.doors.read() {
            doors.push((*log, door.clone()));
            for (name, _) in tools.fold.versions() {
                registry.set_owner(*log, name, order.clone());
            }
        }
        // The list of apps first.
        doors.sort_unstable_by_key(|(log, _)| *log);
        Self {
            shared,
            fold: Arc::clone(&tools.fold),
            registry,
            generations,
            orders,
            doors,
            begun: None,
        }
    }

    /// Runs until it is aborted. What was built by then stays, and is gone on with.
    pub(crate) async fn run(mut self) {
        let mut backoff = Backoff::between(AGAIN_AFTER.0, AGAIN_AFTER.1);
        loop {
            let reason = self.due().await;
            tracing::error!(%reason, "the read models are built again, beside the old ones");
            let begun = Instant::now();
            let rebuilt = self.rebuild(&reason).await;
            for (log, _) in &self.doors {
                self.registry.set_rebuild(*log, None);
            }
            let seconds = begun.elapsed().as_secs_f64();
            match rebuilt {
                Ok(old) => {
                    tracing::info!(seconds, "the read models that were built again are in use");
                    ::metrics::counter!(metrics::REBUILT_TOTAL).increment(1);
                    self.remove(old).await;
                }
                Err(error) => {
                    let wait = backoff.after(Duration::ZERO);
                    let (error, again) = (error_chain(&*error), wait.as_secs());
                    tracing::error!(error, again, "the read models are not built again yet");
                    sleep(wait).await;
                }
            }
        }
    }

    /// Waits until there is a reason to build them again.
    async fn due(&mut self) -> String {
        let mut tick = interval(LOOK_EVERY);
        loop {
            // Both are cancel-safe.
            tokio::select! {
                _ = tick.tick() => {
                    if let Some(damage) = self.shared.models.now().damage() {
                        return damage;
                    }
                    if self.generations.is_begun() {
                        return "that was begun before this start".to_owned();
                    }
                }
                Some((log, order)) = self.orders.recv() => match order {
                    Order::Rebuild => return "it was asked for".to_owned(),
                    Order::Retry => self.retry(log),
                },
            }
        }
    }

    fn retry(&self, log: LogId) {
        let found = self.doors.iter().find(|(of, _)| *of == log);
        if let Some((_, door)) = found {
            // Full: it is told something already.
            drop(door.keeper.try_send(Instruction::Retry));
        }
    }

    /// Returns those that were in use until now.
    async fn rebuild(&mut self, reason: &str) -> Result<Weak<dyn Store>, BoxError> {
        let store = match self.begun.take() {
            Some(store) => store,
            None => blocking(|| self.generations.begin())?,
        };
        let Err(error) = self.build(&store, reason).await else {
            let before = self.shared.models.now();
            self.shared.models.replace(store);
            let old = Arc::downgrade(&before);
            // If nobody else has it, that closes it.
            blocking(|| drop(before));
            return Ok(old);
        };
        if store.damage().is_some() {
            self.generations.abandon();
        } else {
            self.begun = Some(store);
        }
        Err(error)
    }

    /// Builds read models, and lets every partition use them.
    async fn build(&self, store: &Arc<dyn Store>, reason: &str) -> Result<(), BoxError> {
        while !self.stride(store, reason).await? {}
        for (log, door) in &self.doors {
            self.catch_up(*log, door, store, reason).await?;
            swap(door, store).await?;
        }
        blocking(|| self.generations.complete())
    }

    /// The old generation goes, once the reads that have it open are done; at the next start, if
    /// that takes long.
    async fn remove(&self, old: Weak<dyn Store>) {
        let given_up = Instant::now() + REMOVED_WITHIN;
        while old.strong_count() > 0 && Instant::now() < given_up {
            sleep(LOOK_EVERY).await;
        }
        if old.strong_count() > 0 {
            return;
        }
        if let Err(error) = blocking(|| self.generations.remove_others()) {
            let error = error_chain(&*error);
            tracing::warn!(error, "the old read models are not removed yet");
        }
    }

    /// Folds some more of every log; true when all are close to their ends.
    async fn stride(&self, store: &Arc<dyn Store>, reason: &str) -> Result<bool, BoxError> {
        let mut close = true;
        for (log, door) in &self.doors {
            self.catch_up(*log, door, store, reason).await?;
        }
        for (log, door) in &self.doors {
            let applied = checkpoint(&**store, *log)?.map_or(0, |at| at.sequence);
            let end = *door.reader.committed().borrow();
            close &= end.saturating_sub(applied) <= REBUILT_BEHIND_EVENTS_MAX;
        }
        Ok(close)
    }

    /// Folds a log up to where it ends now.
    async fn catch_up(
        &self,
        log: LogId,
        door: &Door,
        store: &Arc<dyn Store>,
        reason: &str,
    ) -> Result<(), BoxError> {
        let end = *door.reader.committed().borrow();
        loop {
            let applied = checkpoint(&**store, log)?.map_or(0, |at| at.sequence);
            let rebuild = Rebuild {
                reason: reason.to_owned(),
                applied,
            };
            self.registry.set_rebuild(log, Some(rebuild));
            if applied >= end {
                return Ok(());
            }
            // JetStream freezes on a full disk.
            if self.shared.is_hindered(Hindrance::Disk) {
                return Err("the disk is nearly full".into());
            }
            let next = end.min(applied + STRIDE_EVENTS);
            catch_up(&door.reader, store, &self.fold, next, &()).await?;
        }
    }
}

/// Lets a partition use other read models.
async fn swap(door: &Door, store: &Arc<dyn Store>) -> Result<(), BoxError> {
    let (done, replaced) = oneshot::channel();
    let store = Arc::clone(store);
    door.keeper.send(Instruction::Swap { store, done }).await?;
    Ok(replaced.await??)
}
