//! The commit journal: files that are only ever added to.
//!
//! ```text
//! <journal>/incarnation                      the journal's own name
//! <journal>/<stream>/<first sequence>.seg    rounds in order, each with its length and checksums
//! <journal>/….set-aside-<n>                  what is not read any more, kept to be looked at
//! ```
//!
//! A file of its own and not a table of RocksDB's: a round is written once and with one fsync,
//! where RocksDB also kept it in memory, copied it to a table file and merged those.
//!
//! Damage is located and told ([`Journal::damage`]); everything else still reads.

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hansard_events::RawEvent;
use hansard_types::{LogId, limits};
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::StoredEvent;

mod files;
mod held;
mod round;
mod scan;
mod segment;
mod view;
mod window;

use files::{Access, file_error};
use held::{Held, Rules};

/// Why the journal cannot be used. Whether a round that failed is on disk is not known.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("{path} cannot be read or written")]
    File {
        path: String,
        #[source]
        source: std::io::Error,
    },
    #[error("the round that begins at event {first} is larger than a round of {path} can be")]
    TooLarge { path: String, first: u64 },
    #[error("{log}: a round that begins at event {first} does not continue {last}")]
    NotNext { log: LogId, first: u64, last: u64 },
    #[error("the journal {path} was opened to be read only")]
    ReadOnly { path: String },
}

type Result<T> = std::result::Result<T, JournalError>;

/// How a journal keeps what it holds.
#[derive(Debug, Clone)]
pub struct JournalOptions {
    /// A file that is so large is followed by a new one: old ones go as a whole.
    pub segment_bytes: u64,
    /// A full file stays until the archive has taken it ([`Journal::release`]), and files are
    /// closed by their size alone. Otherwise also by their age, and they go by age and size.
    pub archive: bool,
    /// What the archive holds of each log. A full file of which it holds everything is not read
    /// through at the opening: damage in it is none of the log's, and shows when it is read.
    pub archived: HashMap<LogId, Vec<RangeInclusive<u64>>>,
}

impl Default for JournalOptions {
    fn default() -> Self {
        Self {
            segment_bytes: 64 * 1024 * 1024,
            archive: false,
            archived: HashMap::new(),
        }
    }
}

/// What does not read in a file of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    pub path: PathBuf,
    /// The positions that do not read here. Empty when nothing is lost; up to [`u64::MAX`] when it
    /// is not known how many there were.
    pub events: RangeInclusive<u64>,
    pub what: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, events, what } = self;
        write!(f, "{}: {what}", path.display())?;
        match (*events.start(), *events.end()) {
            (first, last) if first > last => Ok(()),
            (first, last) if first == last => write!(f, " (event {first})"),
            (first, u64::MAX) => write!(f, " (events from {first} on)"),
            (first, last) => write!(f, " (events {first} to {last})"),
        }
    }
}

/// A range of no event.
fn no_events(at: u64) -> RangeInclusive<u64> {
    at.max(1)..=at.max(1) - 1
}

/// The last minutes of appended events, on disk before anyone is answered. It mends the log's
/// tail after a power loss, and what is full of it becomes the archive.
pub struct Journal {
    root: PathBuf,
    incarnation: String,
    rules: Rules,
    /// Each log is written on its own: their fsyncs do not wait for each other.
    logs: Mutex<HashMap<LogId, Arc<Held>>>,
}

impl Journal {
    /// Whether a folder holds a journal.
    #[must_use]
    pub fn is_at(root: &Path) -> bool {
        root.join(files::INCARNATION).is_file()
    }

    /// Opens the journal in a folder, or begins one. A last round that was not written whole is
    /// left out: nobody was answered. Damage is no error: [`Journal::damage`] says what it is.
    ///
    /// # Errors
    /// [`JournalError::File`], when the folder or a file cannot be opened.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self> {
        Self::open_with(root, JournalOptions::default())
    }

    /// As [`Journal::open`].
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn open_with(root: impl Into<PathBuf>, options: JournalOptions) -> Result<Self> {
        let root = root.into();
        files::make_folder(&root)?;
        let incarnation = files::incarnation_or_new(&root)?;
        let journal = Self::read_folder(root, incarnation, options, Access::Write)?;
        files::sync_folder(&journal.root)?;
        Ok(journal)
    }

    /// Reads a journal without changing anything, also while a server writes to it.
    ///
    /// # Errors
    /// [`JournalError::File`], also when there is no journal.
    pub fn open_read_only(root: impl Into<PathBuf>) -> Result<Self> {
        let root = root.into();
        let incarnation = files::incarnation(&root)?;
        Self::read_folder(root, incarnation, JournalOptions::default(), Access::Read)
    }

    fn read_folder(
        root: PathBuf,
        incarnation: String,
        options: JournalOptions,
        access: Access,
    ) -> Result<Self> {
        let JournalOptions {
            segment_bytes,
            archive,
            archived,
        } = options;
        let rules = Rules {
            access,
            segment_bytes,
            archive,
            keep: Duration::from_millis(limits::JOURNAL_KEEP_MS),
            bytes_max: limits::JOURNAL_BYTES_MAX,
            unarchived_bytes_max: limits::JOURNAL_UNARCHIVED_BYTES_MAX,
            sealed: watch::Sender::new(0),
        };
        let mut logs = HashMap::new();
        for entry in fs::read_dir(&root).map_err(file_error(&root))? {
            let entry = entry.map_err(file_error(&root))?;
            let name = entry.file_name();
            let Some(log) = name.to_str().and_then(LogId::of_stream) else {
                continue;
            };
            let archived = archived.get(&log).map_or(&[][..], Vec::as_slice);
            let held = Held::open(entry.path(), log, rules.of(log), archived)?;
            logs.insert(log, Arc::new(held));
        }
        Ok(Self {
            root,
            incarnation,
            rules,
            logs: Mutex::new(logs),
        })
    }

    /// The journal's own name: a data directory remembers it, to notice one that was replaced.
    #[must_use]
    pub fn incarnation(&self) -> &str {
        &self.incarnation
    }

    /// The logs of which something is held, or was and is damaged.
    #[must_use]
    pub fn logs(&self) -> Vec<LogId> {
        let all = self.logs.lock();
        let held = all.iter().filter(|(_, held)| {
            let view = held.view();
            view.last().is_some() || !view.damage.is_empty()
        });
        let mut logs: Vec<LogId> = held.map(|(log, _)| *log).collect();
        logs.sort_unstable();
        logs
    }

    /// The first and the last sequence held of a log. Between them some may be damaged.
    #[must_use]
    pub fn bounds(&self, log: LogId) -> Option<(u64, u64)> {
        let held = self.held(log)?;
        let view = held.view();
        view.last().map(|last| (view.first(), last))
    }

    /// Whether a log has a journal, which may hold nothing any more.
    #[must_use]
    pub fn has_begun(&self, log: LogId) -> bool {
        let held = self.held(log);
        held.is_some_and(|held| !held.view().segments.is_empty())
    }

    /// Drops what has been held long enough of every log, for when nobody appends. Blocks. Returns
    /// how many bytes went.
    ///
    /// # Errors
    /// [`JournalError`]; what could not be dropped is tried again the next time.
    pub fn prune(&self) -> Result<u64> {
        self.prune_at(Instant::now())
    }

    fn prune_at(&self, now: Instant) -> Result<u64> {
        let held: Vec<Arc<Held>> = self.logs.lock().values().cloned().collect();
        held.iter().map(|one| one.prune(now)).sum()
    }

    /// What is known not to read.
    #[must_use]
    pub fn damage(&self, log: LogId) -> Vec<Damage> {
        self.held(log)
            .map(|held| held.view().damage.clone())
            .unwrap_or_default()
    }

    /// What the full files hold that the archive does not have yet, oldest first. The newest file
    /// is never among them.
    #[must_use]
    pub fn sealed(&self, log: LogId) -> Vec<RangeInclusive<u64>> {
        self.held(log)
            .map(|held| held.view().unreleased().map(|(events, _)| events).collect())
            .unwrap_or_default()
    }

    /// Changes whenever a file of any log is full.
    #[must_use]
    pub fn sealed_news(&self) -> watch::Receiver<u64> {
        self.rules.sealed.subscribe()
    }

    /// The archive holds everything up to a sequence, on disk: those files may go. They are still
    /// kept for the journal's own time.
    pub fn release(&self, log: LogId, up_to: u64) {
        if let Some(held) = self.held(log) {
            held.release(up_to);
        }
    }

    fn held(&self, log: LogId) -> Option<Arc<Held>> {
        self.logs.lock().get(&log).cloned()
    }

    fn held_or_new(&self, log: LogId) -> Result<Arc<Held>> {
        if self.rules.access == Access::Read {
            let path = self.root.display().to_string();
            return Err(JournalError::ReadOnly { path });
        }
        let mut logs = self.logs.lock();
        let held = logs.entry(log).or_insert_with(|| {
            let folder = self.root.join(log.stream_name());
            Arc::new(Held::empty(folder, log, self.rules.of(log)))
        });
        Ok(Arc::clone(held))
    }

    /// Writes a round with one fsync, and drops what has been held long enough. With an archive it
    /// waits while too much waits for that.
    ///
    /// `first` is the sequence of the first event; the round continues what is held.
    ///
    /// # Errors
    /// [`JournalError`]: whether the round is on disk is not known. The log and the journal are
    /// compared, as at a start, before this log is written to again.
    pub fn append(&self, log: LogId, first: u64, events: &[&RawEvent]) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        self.held_or_new(log)?.append(first, events)
    }

    /// Begins a log's journal anew: what is appended next is at `first`. The old files get a name
    /// that is never read again.
    ///
    /// # Errors
    /// [`JournalError`]; the log and the journal are compared, as at a start, before this log is
    /// written to again.
    pub fn restart(&self, log: LogId, first: u64) -> Result<()> {
        self.held_or_new(log)?.restart(first)
    }

    /// At most `events_max` events of a log from a sequence (included), in order. It ends before
    /// one that does not read, and is empty where `from` is not held. Appends do not wait for it.
    ///
    /// # Errors
    /// [`JournalError::File`], in a journal that is read only, when the files that a server has
    /// written over meanwhile cannot be looked at again.
    pub fn entries(&self, log: LogId, from: u64, events_max: usize) -> Result<Vec<StoredEvent>> {
        match self.held(log) {
            Some(held) => held.entries(from, events_max),
            None => Ok(Vec::new()),
        }
    }
}

#[cfg(test)]
mod tests;
