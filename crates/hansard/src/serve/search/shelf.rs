//! The search index of one partition: where it is on disk, what requests see of it, and how it is built
//! again when it is damaged.
//!
//! An index is a directory: `<app>` (`<app>-<partition>` behind the first), and `<app>.1`, `<app>.2` … for those that were begun because
//! the one before was damaged. The newest is the one that is built; the one before it answers until
//! it is overtaken, and is removed then.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hansard_events::Recorded;
use hansard_projector::{ApplyError, AsyncProjection, BoxError};
use hansard_search::{Check, Error, Index, Options, Reader};
use hansard_types::{Checkpoint, Lack, LogId, Position, error_chain};
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::task::JoinSet;

use super::Indexes;
use crate::data_dir::DataDir;

/// Opens the index of one partition, as often as that is needed.
pub(super) struct Shelf {
    log: LogId,
    folder: PathBuf,
    indexes: Arc<Indexes>,
    /// Whoever checks.
    checks: JoinSet<()>,
    may_check: Arc<Semaphore>,
    /// Says that files were found to be damaged, and which.
    damage: (mpsc::Sender<Error>, mpsc::Receiver<Error>),
    /// Says that a search has failed.
    doubt: Arc<Notify>,
    /// Of the newest index.
    reader: Option<Reader>,
}

/// The index as a projection that follows the log.
pub(super) struct Search {
    log: LogId,
    /// `None` only while it is being closed.
    index: Option<Index>,
    reader: Reader,
    indexes: Arc<Indexes>,
    /// The index that answers until this one has come as far.
    before: Option<Before>,
    /// Turns true when nobody needs the check any more.
    closed: Arc<AtomicBool>,
}

struct Before {
    searchable_to: Vec<Position>,
    folders: Vec<PathBuf>,
}

/// `<app>`, and `<app>-<partition>` for those behind the first.
fn name(log: LogId) -> String {
    let LogId { app, partition } = log;
    match partition {
        0 => app.to_string(),
        partition => format!("{app}-{partition}"),
    }
}

/// The directories of a log's indexes, the oldest first.
fn on_disk(folder: &std::path::Path, log: LogId) -> std::io::Result<Vec<(u32, PathBuf)>> {
    let mut found = Vec::new();
    if !folder.try_exists()? {
        return Ok(found);
    }
    let first = name(log);
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let file = entry.file_name();
        let number = match file.to_str().and_then(|name| name.strip_prefix(&first)) {
            Some("") => Some(0),
            Some(rest) => rest.strip_prefix('.').and_then(|rest| rest.parse().ok()),
            None => None,
        };
        found.extend(number.map(|number| (number, entry.path())));
    }
    found.sort_unstable();
    Ok(found)
}

fn path_of(folder: &std::path::Path, log: LogId, number: u32) -> PathBuf {
    match number {
        0 => folder.join(name(log)),
        number => folder.join(format!("{}.{number}", name(log))),
    }
}

fn folder(data: &DataDir) -> PathBuf {
    data.search().join(hansard_search::VERSION.to_string())
}

/// Where the index of a log is, or would be.
pub(crate) fn path(data: &DataDir, log: LogId) -> std::io::Result<PathBuf> {
    let folder = folder(data);
    let newest = on_disk(&folder, log)?.pop();
    Ok(newest.map_or_else(|| path_of(&folder, log, 0), |(_, path)| path))
}

impl Shelf {
    pub(super) fn new(
        data: &DataDir,
        log: LogId,
        indexes: Arc<Indexes>,
        may_check: Arc<Semaphore>,
    ) -> Self {
        let doubt = Arc::new(Notify::new());
        indexes.doubts.write().insert(log, Arc::clone(&doubt));
        Self {
            log,
            folder: folder(data),
            indexes,
            checks: JoinSet::new(),
            may_check,
            damage: mpsc::channel(1),
            doubt,
            reader: None,
        }
    }

    /// Waits until an index is found to be damaged, which may be never: the one that was opened,
    /// where it was not closed in order, or the one that answers, once a search has failed.
    pub(super) async fn damaged(&mut self) -> Error {
        loop {
            // Both are cancel-safe.
            tokio::select! {
                Some(damage) = self.damage.1.recv() => return damage,
                () = self.doubt.notified() => {
                    if let Err(damage) = self.look() {
                        return damage;
                    }
                }
            }
        }
    }

    /// Looks whether the index that answers is damaged, unless that is being done: a search has
    /// failed, or it is time for it.
    fn look(&mut self) -> Result<(), Error> {
        while self.checks.try_join_next().is_some() {}
        let answering = self.indexes.readers.read().get(&self.log).cloned();
        if let Some(answering) = answering.filter(|_| self.checks.is_empty()) {
            self.check(answering.check()?, Arc::default());
        }
        Ok(())
    }

    /// An index is damaged. If it is the newest, another one is begun. If it only answers until the
    /// newest has come as far, the newest answers from now on.
    pub(super) fn replace(&mut self, damage: &Error) -> Result<(), String> {
        if let (Error::Damaged { dir, .. }, Some(newest)) = (damage, self.reader.clone())
            && dir != newest.dir()
        {
            self.indexes.readers.write().insert(self.log, newest);
            return Ok(());
        }
        self.discard()
    }

    /// Nothing that answers now is of use.
    pub(super) fn forget(&self) {
        self.indexes.readers.write().remove(&self.log);
    }

    /// Opens what was built so far. What cannot be used is begun anew beside it: the log has
    /// everything.
    ///
    /// Nothing of it is read that need not be: an index that was not closed in order is checked in
    /// the background, and [`Shelf::damaged`] says what comes of it.
    pub(super) fn open(&mut self) -> Result<Search, Error> {
        let newest = self.newest()?;
        let number = newest.unwrap_or(0);
        let (index, reader) = match self.open_at(number) {
            Ok(opened) => opened,
            Err(
                error @ (Error::VersionDiffers { .. }
                | Error::SchemaDiffers { .. }
                | Error::Damaged { .. }),
            ) => {
                tracing::warn!(%error, "the search index is built anew from the log");
                self.open_at(number + 1)?
            }
            Err(error) => return Err(error),
        };
        self.search(index, reader)
    }

    /// Lets the next [`Shelf::open`] begin anew. What was built goes on answering until then, and
    /// until the new one has come as far.
    pub(super) fn discard(&mut self) -> Result<(), String> {
        let begun = self.begin_next();
        begun.map_err(|error| error_chain(&error))
    }

    fn begin_next(&mut self) -> Result<(), Error> {
        // A check that is under way is of no interest any more.
        self.checks = JoinSet::new();
        self.damage = mpsc::channel(1);
        let next = self.newest()?.map_or(0, |number| number + 1);
        let path = path_of(&self.folder, self.log, next);
        std::fs::create_dir_all(&path).map_err(|source| Error::Directory { dir: path, source })
    }

    fn newest(&self) -> Result<Option<u32>, Error> {
        let found = self.listed(on_disk(&self.folder, self.log))?;
        Ok(found.last().map(|(number, _)| *number))
    }

    fn listed<T>(&self, result: std::io::Result<T>) -> Result<T, Error> {
        result.map_err(|source| Error::Directory {
            dir: self.folder.clone(),
            source,
        })
    }

    /// Tantivy may panic over a file that it cannot make sense of.
    fn open_at(&self, number: u32) -> Result<(Index, Reader), Error> {
        let dir = path_of(&self.folder, self.log, number);
        let options = Options {
            verify: false,
            ..Options::default()
        };
        catch_unwind(AssertUnwindSafe(|| Index::open(&dir, options))).unwrap_or_else(|panic| {
            let what = said(&*panic);
            Err(Error::Damaged { dir, what })
        })
    }

    fn search(&mut self, mut index: Index, reader: Reader) -> Result<Search, Error> {
        let mut others = self.listed(on_disk(&self.folder, self.log))?;
        others.pop();
        let folders = others.into_iter().map(|(_, path)| path).collect();
        let answering = self.indexes.readers.read().get(&self.log).cloned();
        let searchable_to = answering.map_or_else(Vec::new, |reader| reader.searchable_to());
        self.reader = Some(reader.clone());
        let closed = Arc::new(AtomicBool::new(false));
        if let Some(check) = index.check() {
            tracing::info!(log = %self.log, "the search index was not closed in order");
            self.check(check, Arc::clone(&closed));
        }
        let mut search = Search {
            log: self.log,
            index: Some(index),
            reader,
            indexes: Arc::clone(&self.indexes),
            before: Some(Before {
                searchable_to,
                folders,
            }),
            closed,
        };
        search.overtake();
        Ok(search)
    }

    /// Reads the files of an index beside everything else.
    fn check(&mut self, check: Check, closed: Arc<AtomicBool>) {
        let (log, damage) = (self.log, self.damage.0.clone());
        let may_check = Arc::clone(&self.may_check);
        self.checks.spawn(async move {
            let Ok(_turn) = may_check.acquire_owned().await else {
                return;
            };
            tracing::info!(%log, "the search index is checked");
            let checking =
                tokio::task::spawn_blocking(move || check.run(|| !closed.load(Ordering::Acquire)));
            match checking.await {
                Ok(Ok(true)) => tracing::info!(%log, "the search index is sound"),
                // The next start goes on.
                Ok(Ok(false)) => {}
                Ok(Err(error)) => drop(damage.try_send(error)),
                Err(error) => tracing::error!(%log, %error, "the check of the search index failed"),
            }
        });
    }
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it does not open").to_owned()
}

impl Search {
    /// Answers from here on, once this index has come as far as the one that answers now.
    fn overtake(&mut self) {
        let Some(before) = &self.before else {
            return;
        };
        let reached = self.reader.searchable_to();
        let is_as_far = before.searchable_to.iter().all(|old| {
            let mut new = reached.iter();
            new.any(|new| new.partition == old.partition && new.sequence >= old.sequence)
        });
        if !is_as_far {
            return;
        }
        let mut readers = self.indexes.readers.write();
        readers.insert(self.log, self.reader.clone());
        drop(readers);
        for folder in self.before.take().into_iter().flat_map(|old| old.folders) {
            match std::fs::remove_dir_all(&folder) {
                Ok(()) => {
                    tracing::info!(folder = %folder.display(), "a search index was replaced");
                }
                // The next start does it.
                Err(error) => {
                    tracing::warn!(folder = %folder.display(), %error, "it cannot be removed");
                }
            }
        }
    }
}

fn closed() -> BoxError {
    "the search index is closed".into()
}

impl AsyncProjection for Search {
    fn name(&self) -> &'static str {
        hansard_search::NAME
    }

    fn version(&self) -> u32 {
        hansard_search::VERSION
    }

    fn checkpoint(&self, partition: u16) -> Option<Checkpoint> {
        self.index.as_ref()?.checkpoint(partition)
    }

    fn apply(&mut self, recorded: &Recorded) -> Result<(), ApplyError> {
        let index = self.index.as_mut();
        let index = index.ok_or_else(|| ApplyError::Medium(closed()))?;
        // Whatever an event holds can be indexed or is left out; what fails is the index.
        let applied = index.apply(recorded);
        applied.map_err(|error| ApplyError::Medium(explained(error)))
    }

    fn commit(&mut self) -> Result<(), BoxError> {
        let index = self.index.as_mut().ok_or_else(closed)?;
        index.commit().map_err(explained)?;
        self.overtake();
        Ok(())
    }
}

impl Drop for Search {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Release);
        let Some(index) = self.index.take().filter(|_| !std::thread::panicking()) else {
            return;
        };
        if let Err(error) = index.close() {
            tracing::warn!(log = %self.log, %error, "the search index was not closed in order");
        }
    }
}

/// What failed, and what to do when the system says what is lacking.
fn explained(error: Error) -> BoxError {
    match Lack::of(&error) {
        Lack::Unknown => error.into(),
        lack @ (Lack::Descriptors | Lack::Room) => {
            anyhow::Error::from(error).context(lack.advice()).into()
        }
    }
}

#[cfg(test)]
mod tests;
