//! The search index of each app, following the log.

mod shelf;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use hansard_engine::LogSource;
use hansard_projector::{FollowOptions, Registry, Source as _, State, Status, follow};
use hansard_search::Reader;
use hansard_types::{AppId, Timestamp, limits};
use hansard_v1::SearchIndexes;
use parking_lot::RwLock;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::data_dir::DataDir;
use shelf::Shelf;
pub(crate) use shelf::path;

/// Where requests find the indexes.
#[derive(Default)]
pub(crate) struct Indexes {
    readers: RwLock<HashMap<AppId, Reader>>,
}

impl SearchIndexes for Indexes {
    fn reader(&self, app: AppId) -> Option<Reader> {
        self.readers.read().get(&app).cloned()
    }
}

/// The followers of this process; whoever has it ends them.
pub(crate) struct Followers {
    data: DataDir,
    registry: Registry,
    indexes: Arc<Indexes>,
    may_check: Arc<Semaphore>,
    tasks: JoinSet<()>,
    shutdown: watch::Sender<bool>,
}

impl Followers {
    pub(crate) fn new(data: DataDir, registry: Registry, indexes: Arc<Indexes>) -> Self {
        let (shutdown, _) = watch::channel(false);
        Self {
            data,
            registry,
            indexes,
            may_check: Arc::new(Semaphore::new(limits::SEARCH_CHECKS_AT_ONCE_MAX)),
            tasks: JoinSet::new(),
            shutdown,
        }
    }

    /// Opens the index of an app and lets it follow, beside those of other apps.
    pub(crate) fn start(&mut self, app: AppId, source: LogSource) {
        let (indexes, may_check) = (Arc::clone(&self.indexes), Arc::clone(&self.may_check));
        let shelf = Shelf::new(&self.data, app, indexes, may_check);
        let registry = self.registry.clone();
        let shutdown = self.shutdown.subscribe();
        self.tasks.spawn(keep(shelf, source, registry, shutdown));
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

/// Keeps an index following until `shutdown` turns true: opens it until it opens, and builds it
/// again when it is found to be damaged.
async fn keep(
    mut shelf: Shelf,
    source: LogSource,
    registry: Registry,
    mut shutdown: watch::Receiver<bool>,
) {
    let mut wait = Duration::from_millis(limits::SEARCH_OPEN_RETRY_MS_MIN);
    while !*shutdown.borrow() {
        let search = match tokio::task::block_in_place(|| shelf.open()) {
            Ok(search) => search,
            Err(error) => {
                let reason = format!("it does not open: {:#}", anyhow::Error::from(error));
                tracing::warn!(log = %source.id(), %reason, "the search index is tried again");
                registry.set(source.id(), stopped(&source, reason));
                drop(tokio::time::timeout(wait, ending(&mut shutdown)).await);
                wait = (wait * 2).min(Duration::from_millis(limits::SEARCH_OPEN_RETRY_MS_MAX));
                continue;
            }
        };
        let (stop, stopped) = watch::channel(false);
        let options = FollowOptions::default();
        let following = follow(search, source.clone(), registry.clone(), options, stopped);
        tokio::pin!(following);
        // `following` goes on while the others are waited for, which lose nothing either.
        tokio::select! {
            // It has said why.
            () = &mut following => ending(&mut shutdown).await,
            damage = shelf.damaged() => {
                stop.send_replace(true);
                following.await;
                tracing::error!(error = %damage, "the search index is built again beside it");
                if let Err(error) = tokio::task::block_in_place(|| shelf.discard()) {
                    tracing::error!(%error, "it cannot be built again: the next start tries it");
                }
            }
            () = ending(&mut shutdown) => {
                stop.send_replace(true);
                following.await;
            }
        }
    }
}

/// Ends when the process does.
async fn ending(shutdown: &mut watch::Receiver<bool>) {
    // A sender that is gone means the same.
    drop(shutdown.wait_for(|stop| *stop).await);
}

fn stopped(source: &LogSource, reason: String) -> Status {
    Status {
        name: hansard_search::NAME,
        version: hansard_search::VERSION,
        inline: false,
        state: State::Stopped(reason),
        applied: 0,
        log_end: *source.committed().borrow(),
        applied_time: Timestamp(0),
    }
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
