//! What both targets share: a folder of whole files, and what a fuzzer does to them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use arbitrary::Arbitrary;
use hansard_log::StoredEvent;
use hansard_types::{AppId, LogId};
use tempfile::TempDir;

/// Changes of one run: more only make it slower.
const EDITS_MAX: usize = 8;

/// Something that happens to the bytes of a file.
#[derive(Debug, Arbitrary)]
pub enum Change {
    Flip {
        at: u16,
        bits: u8,
    },
    Overwrite {
        at: u16,
        bytes: Vec<u8>,
    },
    Insert {
        at: u16,
        bytes: Vec<u8>,
    },
    Remove {
        at: u16,
        count: u16,
    },
    Zero {
        at: u16,
        count: u16,
    },
    Copy {
        from: u16,
        count: u16,
        to: u16,
    },
    Truncate {
        at: u16,
    },
    /// Nothing of it is left but what the fuzzer says.
    Become {
        bytes: Vec<u8>,
    },
    BecomeOther {
        file: u8,
    },
    Delete,
}

#[derive(Debug, Arbitrary)]
pub struct Edit {
    pub file: u8,
    pub change: Change,
}

/// The log whose files are written.
#[must_use]
pub fn log() -> LogId {
    LogId::new(AppId(7), 0)
}

/// Files as they were written, and a folder in which they are damaged.
pub struct Files {
    folder: TempDir,
    whole: BTreeMap<PathBuf, Vec<u8>>,
    /// Those that hold events, in order; the others stay as they are.
    targets: Vec<PathBuf>,
}

impl Files {
    /// Takes what is in a folder; files with the extension are damaged.
    ///
    /// # Panics
    /// When the folder does not read.
    #[must_use]
    pub fn take(folder: TempDir, extension: &str) -> Self {
        let mut whole = BTreeMap::new();
        take_into(folder.path(), &mut whole);
        let is_target = |path: &PathBuf| path.extension().is_some_and(|name| name == extension);
        let targets: Vec<PathBuf> = whole
            .keys()
            .filter(|path| is_target(path))
            .cloned()
            .collect();
        assert!(targets.len() > 1, "several files are written");
        for path in &targets {
            // The reserved rest of a file is only long.
            let bytes = whole.get_mut(path).expect("taken");
            let written = bytes.iter().rposition(|byte| *byte != 0).expect("a head");
            bytes.truncate(bytes.len().min(written + 256));
        }
        Self {
            folder,
            whole,
            targets,
        }
    }

    #[must_use]
    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    /// Puts everything back, then does the changes.
    ///
    /// # Panics
    /// When a file cannot be written.
    pub fn damage(&self, edits: &[Edit]) {
        let mut files = self.whole.clone();
        for Edit { file, change } in edits.iter().take(EDITS_MAX) {
            let path = &self.targets[usize::from(*file) % self.targets.len()];
            let other = match change {
                Change::BecomeOther { file } => {
                    let other = &self.targets[usize::from(*file) % self.targets.len()];
                    files.get(other).cloned()
                }
                _ => None,
            };
            let Some(bytes) = files.get_mut(path) else {
                continue;
            };
            if !apply(change, bytes, other) {
                files.remove(path);
            }
        }
        fs::remove_dir_all(self.root()).expect("removed");
        for (path, bytes) in &files {
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, bytes).expect("written");
        }
    }
}

fn take_into(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).expect("reads") {
        let path = entry.expect("reads").path();
        if path.is_dir() {
            take_into(&path, files);
        } else {
            files.insert(path.clone(), fs::read(&path).expect("reads"));
        }
    }
}

/// False when the file goes.
fn apply(change: &Change, bytes: &mut Vec<u8>, other: Option<Vec<u8>>) -> bool {
    let length = bytes.len();
    let place = |at: u16| usize::from(at).min(length);
    let end = |at: u16, count: usize| place(at).saturating_add(count).min(length);
    match change {
        Change::Flip { at, bits } => {
            if let Some(byte) = bytes.get_mut(usize::from(*at)) {
                *byte ^= bits;
            }
        }
        Change::Overwrite { at, bytes: new } => {
            let until = end(*at, new.len());
            let range = place(*at)..until;
            bytes[range.clone()].copy_from_slice(&new[..range.len()]);
        }
        Change::Insert { at, bytes: new } => {
            drop(bytes.splice(place(*at)..place(*at), new.iter().copied()))
        }
        Change::Remove { at, count } => {
            drop(bytes.drain(place(*at)..end(*at, usize::from(*count))))
        }
        Change::Zero { at, count } => bytes[place(*at)..end(*at, usize::from(*count))].fill(0),
        Change::Copy { from, count, to } => {
            let copied = bytes[place(*from)..end(*from, usize::from(*count))].to_vec();
            let range = place(*to)..end(*to, copied.len());
            bytes[range.clone()].copy_from_slice(&copied[..range.len()]);
        }
        Change::Truncate { at } => bytes.truncate(usize::from(*at)),
        Change::Become { bytes: new } => bytes.clone_from(new),
        Change::BecomeOther { .. } => bytes.clone_from(&other.unwrap_or_default()),
        Change::Delete => return false,
    }
    true
}

/// Every event that reads is the one that was written there; of every one between the first and
/// the last that does not, `told` knows.
///
/// # Panics
/// When that is not so: a finding.
pub fn check(
    written: &[StoredEvent],
    bounds: Option<(u64, u64)>,
    told: impl Fn(u64) -> bool,
    mut read: impl FnMut(u64) -> Vec<StoredEvent>,
) {
    let Some((first, last)) = bounds else {
        return;
    };
    // A forged end may be far away: what is behind the events that were written is looked at for a
    // while only.
    let last = last.min(first.max(written.len() as u64) + 64);
    let mut next = first;
    while next <= last {
        let run = read(next);
        for stored in &run {
            assert_eq!(stored.sequence, next, "in order");
            let original = usize::try_from(next - 1)
                .ok()
                .and_then(|at| written.get(at));
            assert_eq!(Some(stored), original, "event {next} is wrong");
            next += 1;
        }
        if run.is_empty() {
            assert!(
                told(next),
                "event {next} is missing and nothing tells of it"
            );
            next += 1;
        }
    }
}
