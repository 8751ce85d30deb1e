//! Generations of the read models: each is one complete build by certain projections. Another
//! set of projections, or another version of one, is another generation, built from the log.
//!
//! `<name>` is the first of a set; `<name>.1`, `<name>.2` … were built again because the one before
//! was damaged, or because that was asked for. One with the file `BUILT` holds everything.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use hansard_engine::Generations;
use hansard_projector::Fold;
use hansard_store::{Error, Patched, RocksOptions, RocksStore, Store};
use parking_lot::Mutex;

use crate::data_dir::{DataDir, write_private};
use crate::descriptors::Descriptors;

/// There once a generation that was built again is in use.
const BUILT: &str = "BUILT";

/// The inline projections of this release, in the order they fold.
pub(crate) fn fold() -> Fold {
    Fold::new(vec![
        Box::new(hansard_directory::Directory),
        Box::new(hansard_groups::Groups),
        Box::new(hansard_conversations::Conversations),
    ])
}

/// The name of the generation that a fold builds: `directory1-groups1-conversations1`.
pub(crate) fn name(fold: &Fold) -> String {
    let parts: Vec<String> = fold
        .versions()
        .iter()
        .map(|(name, version)| format!("{name}{version}"))
        .collect();
    parts.join("-")
}

/// The generations of a fold in a data directory.
pub(crate) struct Shelf {
    folder: PathBuf,
    fold: Arc<Fold>,
    /// All of them share its memory.
    options: RocksOptions,
    numbers: Mutex<Numbers>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Numbers {
    current: u32,
    /// The one that is being built.
    begun: Option<u32>,
    /// The highest that is there.
    last: u32,
}

/// Where the generation in use is, or would be.
pub(crate) fn path(data: &DataDir, fold: &Fold) -> Result<PathBuf> {
    let folder = data.state();
    let current = numbers(&folder, fold)?.current;
    Ok(path_of(&folder, fold, current))
}

fn path_of(folder: &Path, fold: &Fold, number: u32) -> PathBuf {
    match number {
        0 => folder.join(name(fold)),
        number => folder.join(format!("{}.{number}", name(fold))),
    }
}

fn numbers(folder: &Path, fold: &Fold) -> Result<Numbers> {
    let first = name(fold);
    let mut found = Numbers::default();
    for other in directories(folder)? {
        let number = other
            .strip_prefix(&first)
            .and_then(|rest| rest.strip_prefix('.'));
        let Some(number) = number.and_then(|number| number.parse().ok()) else {
            continue;
        };
        found.last = found.last.max(number);
        if path_of(folder, fold, number).join(BUILT).try_exists()? {
            found.current = found.current.max(number);
        }
    }
    found.begun = (found.last > found.current).then_some(found.last);
    Ok(found)
}

fn directories(folder: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    if !folder.try_exists()? {
        return Ok(found);
    }
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    Ok(found)
}

impl Shelf {
    pub(crate) fn new(data: &DataDir, fold: &Arc<Fold>) -> Result<Self> {
        let folder = data.state();
        let tables = Descriptors::of_process().tables;
        Ok(Self {
            numbers: Mutex::new(numbers(&folder, fold)?),
            folder,
            fold: Arc::clone(fold),
            options: RocksOptions::read_models().with_files_open_max(tables),
        })
    }

    pub(crate) fn fold(&self) -> Arc<Fold> {
        Arc::clone(&self.fold)
    }

    /// Opens the generation in use, new or as far as it was built; the engine brings it to the
    /// log's end before it takes commands. One that is damaged is begun anew.
    pub(crate) fn open(&self) -> Result<Arc<RocksStore>> {
        let path = self.in_use();
        let others = self.others()?;
        if !path.join("CURRENT").try_exists()? && !others.is_empty() {
            tracing::info!(
                from = others.join(", "),
                "the read models are built anew from the log"
            );
        }
        let opened = match self.open_at(&path, self.options.clone()) {
            Err(error @ Error::Damaged { .. }) => self.begin_anew(error.into()),
            opened => opened.with_context(|| {
                format!(
                    "the read models {} do not open: delete that directory to build them again \
                     from the log",
                    path.display()
                )
            }),
        };
        let store = opened?;
        tracing::info!("the read models are open");
        Ok(store)
    }

    /// As [`Shelf::open`], while other things are waited for: after a crash its own log is read.
    pub(crate) async fn open_meanwhile(self: &Arc<Self>) -> Result<Arc<RocksStore>> {
        let shelf = Arc::clone(self);
        tokio::task::spawn_blocking(move || shelf.open()).await?
    }

    /// Leaves a damaged generation: the next one is in use from now on, and built before anything
    /// is answered.
    pub(crate) fn begin_anew(&self, damage: anyhow::Error) -> Result<Arc<RocksStore>> {
        let error = format!("{damage:#}");
        tracing::error!(error, "the read models are built anew from the log");
        let store = self.begin_next(&self.options)?;
        self.mark_built()?;
        Ok(store)
    }

    /// Where the generation in use is, or will be.
    pub(crate) fn in_use(&self) -> PathBuf {
        self.path(self.numbers.lock().current)
    }

    fn path(&self, number: u32) -> PathBuf {
        path_of(&self.folder, &self.fold, number)
    }

    fn open_at(
        &self,
        path: &Path,
        options: RocksOptions,
    ) -> hansard_store::Result<Arc<RocksStore>> {
        let store = RocksStore::open(path, &self.fold.tables(), options)?;
        Ok(Arc::new(store))
    }

    /// For one that is built beside another: descriptors are shared out without it.
    fn beside(&self) -> RocksOptions {
        let tables = Descriptors::of_process().tables / 4;
        self.options.clone().with_files_open_max(tables)
    }

    fn begin_next(&self, options: &RocksOptions) -> Result<Arc<RocksStore>> {
        let mut numbers = self.numbers.lock();
        if let Some(begun) = numbers.begun {
            match self.open_at(&self.path(begun), options.clone()) {
                Ok(store) => return Ok(store),
                Err(error @ Error::Damaged { .. }) => {
                    tracing::error!(error = format!("{error:#}"), "it is begun once more");
                }
                Err(error) => return Err(error.into()),
            }
        }
        let next = numbers.last.max(numbers.current) + 1;
        let store = self.open_at(&self.path(next), options.clone())?;
        (numbers.last, numbers.begun) = (next, Some(next));
        Ok(store)
    }

    /// The next start uses the one that was begun.
    fn mark_built(&self) -> Result<()> {
        let mut numbers = self.numbers.lock();
        let number = numbers.begun.context("one was begun")?;
        let path = self.path(number);
        hansard_log::files::sync_folder(&self.folder)?;
        write_private(&path.join(BUILT), b"")?;
        (numbers.current, numbers.begun) = (number, None);
        Ok(())
    }

    /// Removes every generation of this fold: what is opened next is built from the log.
    pub(crate) fn discard(&self) -> Result<()> {
        let mut numbers = self.numbers.lock();
        for number in 0..=numbers.last {
            let path = self.path(number);
            if path.try_exists()? {
                std::fs::remove_dir_all(&path)
                    .with_context(|| format!("{} cannot be removed", path.display()))?;
            }
        }
        *numbers = Numbers::default();
        Ok(())
    }

    /// Removes what neither is in use nor being built, once that is complete.
    pub(crate) fn remove_others(&self) -> Result<()> {
        for other in self.others()? {
            let path = self.folder.join(&other);
            std::fs::remove_dir_all(&path)
                .with_context(|| format!("{} cannot be removed", path.display()))?;
            tracing::info!(
                generation = other,
                "an old generation of the read models was removed"
            );
        }
        Ok(())
    }

    fn others(&self) -> Result<Vec<String>> {
        let numbers = *self.numbers.lock();
        let kept = [Some(numbers.current), numbers.begun];
        let kept = kept.map(|number| number.map(|number| self.path(number)));
        let mut others = directories(&self.folder)?;
        others.retain(|other| !kept.contains(&Some(self.folder.join(other))));
        Ok(others)
    }
}

impl Generations for Shelf {
    fn is_begun(&self) -> bool {
        self.numbers.lock().begun.is_some()
    }

    fn begin(&self) -> Result<Arc<dyn Store>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Arc::new(Patched::new(self.begin_next(&self.beside())?)))
    }

    fn abandon(&self) {
        self.numbers.lock().begun = None;
    }

    fn complete(&self) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.mark_built()?)
    }

    fn remove_others(&self) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self::remove_others(self)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelf() -> (tempfile::TempDir, DataDir, Shelf) {
        let folder = tempfile::tempdir().expect("a directory");
        let data = DataDir::create(&folder.path().join("data")).expect("made");
        let shelf = Shelf::new(&data, &Arc::new(fold())).expect("a shelf");
        (folder, data, shelf)
    }

    #[test]
    fn a_generation_is_named_by_its_projections_and_goes_when_another_is_complete() {
        let (_folder, data, shelf) = shelf();
        let old = data.state().join("directory0");
        std::fs::create_dir_all(&old).expect("made");
        drop(shelf.open().expect("opens"));
        assert!(old.is_dir(), "kept until the new one is complete");
        shelf.remove_others().expect("removed");
        assert!(!old.is_dir());
        assert!(data.state().join(name(&fold())).is_dir());
    }

    #[test]
    fn one_that_is_built_again_is_used_once_it_is_complete_and_gone_on_with_until_then() {
        let (_folder, data, shelf) = shelf();
        let first = data.state().join(name(&fold()));
        let second = data.state().join(format!("{}.1", name(&fold())));
        drop(shelf.open().expect("opens"));
        drop(shelf.begin().expect("begun"));
        let again = Shelf::new(&data, &Arc::new(fold())).expect("a shelf");
        assert!(again.is_begun(), "also after a restart");
        assert_eq!(path(&data, &fold()).expect("there"), first);
        again.remove_others().expect("removed");
        assert!(second.is_dir(), "it is being built");
        drop(again.begin().expect("gone on with"));
        again.complete().expect("complete");
        assert_eq!(path(&data, &fold()).expect("there"), second);
        again.remove_others().expect("removed");
        assert!(!first.is_dir() && second.is_dir());
        let last = Shelf::new(&data, &Arc::new(fold())).expect("a shelf");
        assert!(!last.is_begun());
    }

    #[test]
    fn after_all_were_discarded_the_first_is_begun_once() {
        let (_folder, data, shelf) = shelf();
        drop(shelf.open().expect("opens"));
        drop(shelf.begin().expect("begun"));
        shelf.complete().expect("complete");
        shelf.discard().expect("removed");
        let first = data.state().join(name(&fold()));
        assert_eq!(shelf.open().expect("opens").path(), first);
        assert_eq!(path(&data, &fold()).expect("there"), first);
        let again = Shelf::new(&data, &Arc::new(fold())).expect("a shelf");
        assert!(!again.is_begun());
    }

    #[test]
    fn a_generation_that_does_not_open_is_begun_anew_and_an_abandoned_one_is_left() {
        let (_folder, data, shelf) = shelf();
        drop(shelf.open().expect("opens"));
        let first = data.state().join(name(&fold()));
        std::fs::write(first.join("CURRENT"), "nonsense").expect("damaged");
        let store = shelf.open().expect("another is begun");
        let second = data.state().join(format!("{}.1", name(&fold())));
        assert_eq!(store.path(), second);
        assert!(second.join(BUILT).is_file(), "and used from now on");
        drop(shelf.begin().expect("begun"));
        shelf.abandon();
        drop(shelf.begin().expect("another one"));
        assert!(data.state().join(format!("{}.3", name(&fold()))).is_dir());
    }
}
