//! Whether the files of an index are as they were written.
//!
//! Reading all of them takes the longer the larger the index is, so an open does not: an index
//! that was closed in order says so in a file of its own, and one that does not say so is checked
//! beside what goes on.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tantivy::directory::ManagedDirectory;
use tantivy::directory::error::OpenReadError;
use tantivy::indexer::{LogMergePolicy, MergeCandidate, MergePolicy};
use tantivy::{IndexMeta, SegmentMeta};

use crate::{Error, Result};

/// A segment with more deleted documents than this is merged at the next chance, which is when a
/// recalled text leaves the files by itself.
const DELETED_RATIO_MAX: f32 = 0.2;
/// Files named in an error.
const FILES_NAMED_MAX: usize = 3;
/// There while the index is closed. Tantivy leaves files alone whose names begin with a dot.
const CLOSED: &str = ".closed";

/// Compares the checksum of every file that an index had when it was opened.
pub struct Check {
    dir: PathBuf,
    directory: ManagedDirectory,
    files: Vec<PathBuf>,
    /// Written, and not only just made.
    is_written: bool,
    sound: Arc<AtomicBool>,
}

impl Check {
    pub(crate) fn of(
        dir: &Path,
        index: &tantivy::Index,
        meta: &IndexMeta,
        sound: &Arc<AtomicBool>,
    ) -> Self {
        let mut files: Vec<PathBuf> = meta.list_segment_files().into_iter().collect();
        files.sort_unstable();
        Self {
            dir: dir.to_owned(),
            directory: index.directory().clone(),
            files,
            is_written: meta.payload.is_some(),
            sound: Arc::clone(sound),
        }
    }

    /// `None` when there is nothing to check: the index was closed in order, is new, or was checked
    /// just now. From here on it counts as open, and whoever finds it after a crash checks it.
    pub(super) fn unless_closed(self) -> Result<Option<Self>> {
        let path = self.dir.join(CLOSED);
        let failed = |source| Error::Directory {
            dir: self.dir.clone(),
            source,
        };
        let was_closed = match fs::remove_file(&path) {
            Ok(()) => {
                sync(&self.dir).map_err(failed)?;
                true
            }
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            Err(error) => return Err(failed(error)),
        };
        if was_closed || !self.is_written || self.sound.load(Ordering::Acquire) {
            self.sound.store(true, Ordering::Release);
            return Ok(None);
        }
        Ok(Some(self))
    }

    /// Reads all files, for as long as `go_on` says so, which is asked before each. True when all
    /// are as they were written: only then are segments merged again.
    ///
    /// # Errors
    /// [`Error::Damaged`], which names files.
    pub fn run(&self, go_on: impl Fn() -> bool) -> Result<bool> {
        let mut damaged: Vec<String> = Vec::new();
        for file in &self.files {
            if !go_on() {
                return Ok(false);
            }
            match self.directory.validate_checksum(file) {
                // Not there: newer deletions have taken its place, or there never were any.
                Ok(true) | Err(OpenReadError::FileDoesNotExist(_)) => {}
                Ok(false)
                | Err(OpenReadError::IoError { .. } | OpenReadError::IncompatibleIndex(_)) => {
                    damaged.push(file.display().to_string());
                }
            }
        }
        if damaged.is_empty() {
            self.sound.store(true, Ordering::Release);
            return Ok(true);
        }
        let count = damaged.len();
        damaged.truncate(FILES_NAMED_MAX);
        Err(Error::Damaged {
            dir: self.dir.clone(),
            what: format!("{count} files, among them {}", damaged.join(", ")),
        })
    }
}

/// Notes that an index was closed in order; not of one that was never found to be sound.
pub(super) fn close(dir: &Path, sound: &AtomicBool) -> Result<()> {
    if !sound.load(Ordering::Acquire) {
        return Ok(());
    }
    File::create(dir.join(CLOSED))
        .and_then(|file| file.sync_all())
        .and_then(|()| sync(dir))
        .map_err(|source| Error::Directory {
            dir: dir.to_owned(),
            source,
        })
}

fn sync(dir: &Path) -> std::io::Result<()> {
    File::open(dir).and_then(|dir| dir.sync_all())
}

/// Merges segments, once they are known to be sound.
#[derive(Debug)]
pub(super) struct MergeSound {
    policy: LogMergePolicy,
    sound: Arc<AtomicBool>,
}

impl MergeSound {
    pub(super) fn new(sound: &Arc<AtomicBool>) -> Self {
        let mut policy = LogMergePolicy::default();
        policy.set_del_docs_ratio_before_merge(DELETED_RATIO_MAX);
        Self {
            policy,
            sound: Arc::clone(sound),
        }
    }
}

impl MergePolicy for MergeSound {
    fn compute_merge_candidates(&self, segments: &[SegmentMeta]) -> Vec<MergeCandidate> {
        if self.sound.load(Ordering::Acquire) {
            self.policy.compute_merge_candidates(segments)
        } else {
            Vec::new()
        }
    }
}
