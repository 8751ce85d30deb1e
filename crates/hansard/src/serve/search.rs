//! The search index of each partition, following its log.

mod shelf;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use hansard_engine::{Backoff, LogSource};
use hansard_projector::{
    Ended, FollowOptions, Order, Ordered, Registry, Source as _, State, Status, follow,
};
use hansard_search::{Error, Reader};
use hansard_types::{LogId, error_chain, limits};
use hansard_v1::SearchIndexes;
use parking_lot::RwLock;
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use crate::data_dir::DataDir;
use shelf::Shelf;
pub(crate) use shelf::path;

/// Orders that wait.
const ORDERS_MAX: usize = 4;
/// The first and the longest wait before an index that failed is opened again.
const AGAIN_AFTER: [Duration; 2] = [
    Duration::from_millis(limits::SEARCH_OPEN_RETRY_MS_MIN),
    Duration::from_millis(limits::SEARCH_OPEN_RETRY_MS_MAX),
];

/// Where requests find the indexes.
#[derive(Default)]
pub(crate) struct Indexes {
    readers: RwLock<HashMap<LogId, Reader>>,
    /// Whoever looks into it when a search has failed.
    doubts: RwLock<HashMap<LogId, Arc<Notify>>>,
}

impl SearchIndexes for Indexes {
    fn reader(&self, log: LogId) -> Option<Reader> {
        self.readers.read().get(&log).cloned()
    }

    fn doubt(&self, log: LogId) {
        if let Some(doubt) = self.doubts.read().get(&log) {
            doubt.notify_one();
        }
    }
}

/// The followers of this process; whoever has it ends them.
pub(crate) struct Followers {
    data: DataDir,
    registry: Registry,
    indexes: Arc<Indexes>,
    may_check: Arc<Semaphore>,
    lag_max: Duration,
    tasks: JoinSet<()>,
    shutdown: watch::Sender<bool>,
}

impl Followers {
    /// `lag_max`: how far search may be behind a busy log before it takes its share.
    pub(crate) fn new(
        data: DataDir,
        registry: Registry,
        indexes: Arc<Indexes>,
        lag_max: Duration,
    ) -> Self {
        let (shutdown, _) = watch::channel(false);
        Self {
            data,
            registry,
            indexes,
            may_check: Arc::new(Semaphore::new(limits::SEARCH_CHECKS_AT_ONCE_MAX)),
            lag_max,
            tasks: JoinSet::new(),
            shutdown,
        }
    }

    /// Opens the index of a log and lets it follow, beside those of others.
    pub(crate) fn start(&mut self, source: LogSource) {
        let (indexes, may_check) = (Arc::clone(&self.indexes), Arc::clone(&self.may_check));
        let shelf = Shelf::new(&self.data, source.id(), indexes, may_check);
        let registry = self.registry.clone();
        let shutdown = self.shutdown.subscribe();
        let options = FollowOptions {
            lag_max: self.lag_max,
            ..FollowOptions::default()
        };
        self.tasks
            .spawn(keep(shelf, source, registry, options, shutdown));
    }

    /// Commits what was applied and ends every follower.
    pub(crate) async fn stop(mut self) {
        self.shutdown.send_replace(true);
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a follower failed");
            }
        }
    }
}

/// What became of an index that followed.
enum Outcome {
    Followed(Ended),
    Ordered(Order),
    Damaged(Error),
    ShutDown,
}

/// Owns an index: keeps it following until `shutdown` turns true. What failed is opened again, for as
/// long as it takes; what is damaged, or of another log, is built again beside what answers; and an
/// event that cannot be applied waits for an order.
async fn keep(
    mut shelf: Shelf,
    source: LogSource,
    registry: Registry,
    options: FollowOptions,
    mut shutdown: watch::Receiver<bool>,
) {
    let log = source.id();
    let (owner, mut orders) = mpsc::channel(ORDERS_MAX);
    registry.set_owner(log, hansard_search::NAME, owner);
    let mut backoff = Backoff::between(AGAIN_AFTER[0], AGAIN_AFTER[1]);
    while !*shutdown.borrow() {
        let begun = Instant::now();
        let following = (&source, &registry, options);
        let outcome = follow_one(&mut shelf, following, &mut orders, &mut shutdown).await;
        let again = match outcome {
            Outcome::ShutDown | Outcome::Followed(Ended::ShutDown) => continue,
            Outcome::Followed(Ended::Failed(reason)) => Err(reason),
            Outcome::Followed(Ended::Stopped(reason)) => {
                tracing::error!(%log, %reason, "search stopped");
                report(&registry, &source, State::Stopped(reason));
                match ordered(&mut orders, &mut shutdown, None).await {
                    Some(Order::Rebuild) => shelf.discard(),
                    Some(Order::Retry) | None => Ok(()),
                }
            }
            Outcome::Followed(Ended::Foreign(reason)) => {
                tracing::error!(%log, %reason, "the search index is built again");
                shelf.forget();
                shelf.discard()
            }
            Outcome::Damaged(damage) => {
                tracing::error!(error = %damage, "the search index is built again beside it");
                shelf.replace(&damage)
            }
            Outcome::Ordered(Order::Rebuild) => {
                tracing::info!(%log, "the search index is built again, as was asked for");
                shelf.discard()
            }
            Outcome::Ordered(Order::Retry) => Ok(()),
        };
        let Err(reason) = again else { continue };
        tracing::warn!(%log, %reason, "the search index is tried again");
        report(&registry, &source, State::Retrying(reason));
        let wait = backoff.after(begun.elapsed());
        if let Some(Order::Rebuild) = ordered(&mut orders, &mut shutdown, Some(wait)).await
            && let Err(reason) = shelf.discard()
        {
            tracing::error!(%reason, "the search index is not built again yet");
        }
    }
}

/// Opens an index and lets it follow, until something comes in between.
async fn follow_one(
    shelf: &mut Shelf,
    (source, registry, options): (&LogSource, &Registry, FollowOptions),
    orders: &mut mpsc::Receiver<Ordered>,
    shutdown: &mut watch::Receiver<bool>,
) -> Outcome {
    let search = match tokio::task::block_in_place(|| shelf.open()) {
        Ok(search) => search,
        Err(error) => {
            let reason = format!("it does not open: {}", error_chain(&error));
            return Outcome::Followed(Ended::Failed(reason));
        }
    };
    let (stop, stopped) = watch::channel(false);
    // A task of its own: its panic is its own end.
    let mut following = JoinSet::new();
    following.spawn(follow(
        search,
        source.clone(),
        registry.clone(),
        options,
        stopped,
    ));
    // It goes on while the others are waited for, which lose nothing either.
    let outcome = tokio::select! {
        ended = following.join_next() => return Outcome::Followed(match ended {
            Some(Ok(ended)) => ended,
            Some(Err(error)) => Ended::Failed(format!("it failed: {error}")),
            None => Ended::ShutDown,
        }),
        damage = shelf.damaged() => Outcome::Damaged(damage),
        Some((_, order)) = orders.recv() => Outcome::Ordered(order),
        () = ending(shutdown) => Outcome::ShutDown,
    };
    stop.send_replace(true);
    while let Some(ended) = following.join_next().await {
        if let Err(error) = ended {
            tracing::error!(log = %source.id(), %error, "search failed");
        }
    }
    outcome
}

/// Waits for an order, for so long or for ever; `None` when none came in time, or the process ends.
async fn ordered(
    orders: &mut mpsc::Receiver<Ordered>,
    shutdown: &mut watch::Receiver<bool>,
    within: Option<Duration>,
) -> Option<Order> {
    let out_of_time = async {
        match within {
            Some(within) => tokio::time::sleep(within).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        Some((_, order)) = orders.recv() => Some(order),
        () = out_of_time => None,
        () = ending(shutdown) => None,
    }
}

/// Ends when the process does.
async fn ending(shutdown: &mut watch::Receiver<bool>) {
    // A sender that is gone means the same.
    drop(shutdown.wait_for(|stop| *stop).await);
}

/// Says what an index is doing that does not follow; how far it is stays known.
fn report(registry: &Registry, source: &LogSource, state: State) {
    let log = source.id();
    registry.set_end(log, source.committed());
    let known = registry.all().into_iter();
    let mut before = known
        .filter(|(of, status)| *of == log && status.name == hansard_search::NAME)
        .map(|(_, status)| (status.applied, status.applied_time));
    let (applied, applied_time) = before.next().unwrap_or_default();
    let status = Status {
        name: hansard_search::NAME,
        version: hansard_search::VERSION,
        inline: false,
        state,
        applied,
        log_end: *source.committed().borrow(),
        applied_time,
    };
    registry.set(log, status);
}

/// Removes the indexes of other versions.
pub(crate) fn remove_others(data: &DataDir) -> Result<()> {
    let root = data.search();
    if !root.try_exists()? {
        return Ok(());
    }
    for entry in std::fs::read_dir(&root)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy() != hansard_search::VERSION.to_string() {
            std::fs::remove_dir_all(entry.path())
                .with_context(|| format!("{} cannot be removed", entry.path().display()))?;
        }
    }
    Ok(())
}
