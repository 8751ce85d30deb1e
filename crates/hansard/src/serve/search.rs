//! The search index of each app, following the log.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use hansard_api::SearchIndexes;
use hansard_engine::LogSource;
use hansard_events::Recorded;
use hansard_projector::{AsyncProjection, BoxError, FollowOptions, Registry, follow};
use hansard_search::{Error, Index, Options, Reader};
use hansard_types::{AppId, Checkpoint, Lack};
use parking_lot::RwLock;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::data_dir::DataDir;

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
            tasks: JoinSet::new(),
            shutdown,
        }
    }

    /// Opens the index of an app and lets it follow.
    pub(crate) fn start(&mut self, app: AppId, source: LogSource) -> Result<()> {
        let path = path(&self.data, app);
        let (index, reader) =
            open(&path).with_context(|| format!("the search index of app {app} does not open"))?;
        self.indexes.readers.write().insert(app, reader);
        let projection = Search(index);
        let options = FollowOptions::default();
        let shutdown = self.shutdown.subscribe();
        self.tasks.spawn(follow(
            projection,
            source,
            self.registry.clone(),
            options,
            shutdown,
        ));
        Ok(())
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

pub(crate) fn path(data: &DataDir, app: AppId) -> PathBuf {
    data.search()
        .join(hansard_search::VERSION.to_string())
        .join(app.to_string())
}

/// Opens an index; one that does not fit or is damaged is made again, the log has everything.
fn open(path: &std::path::Path) -> hansard_search::Result<(Index, Reader)> {
    let damaged = match Index::open(path, Options::default()) {
        Ok(opened) => return Ok(opened),
        Err(
            error @ (Error::VersionDiffers { .. }
            | Error::SchemaDiffers { .. }
            | Error::Damaged { .. }),
        ) => error,
        Err(error) => return Err(error),
    };
    tracing::warn!(error = %damaged, "the search index is built anew from the log");
    std::fs::remove_dir_all(path).map_err(|source| Error::Directory {
        dir: path.to_owned(),
        source,
    })?;
    Index::open(path, Options::default())
}

/// The index as a projection that follows the log.
struct Search(Index);

impl AsyncProjection for Search {
    fn name(&self) -> &'static str {
        hansard_search::NAME
    }

    fn version(&self) -> u32 {
        hansard_search::VERSION
    }

    fn checkpoint(&self, partition: u16) -> Option<Checkpoint> {
        self.0.checkpoint(partition)
    }

    fn apply(&mut self, recorded: &Recorded) -> Result<(), BoxError> {
        self.0.apply(recorded).map_err(explained)
    }

    fn commit(&mut self) -> Result<(), BoxError> {
        self.0.commit().map_err(explained)
    }
}

/// What failed, and what to do when the system says what is lacking.
fn explained(error: Error) -> BoxError {
    match Lack::of(&error) {
        Lack::Unknown => error.into(),
        lack => anyhow::Error::from(error).context(lack.advice()).into(),
    }
}
