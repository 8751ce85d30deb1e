//! The commit journal: files that are only ever added to.
//!
//! ```text
//! <journal>/incarnation                      the journal's own name
//! <journal>/<stream>/<first sequence>.seg    rounds in order, each with its length and checksum
//! ```
//!
//! A file of its own and not a table of RocksDB's: a round is written once and with one fsync,
//! where RocksDB also kept it in memory, copied it to a table file and merged those.

use std::collections::{HashMap, VecDeque};
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hansard_events::RawEvent;
use hansard_types::{LogId, limits};
use parking_lot::Mutex;
use uuid::Uuid;

use crate::StoredEvent;

mod codec;
mod segment;

use segment::Segment;

/// The file with the journal's own name.
const INCARNATION: &str = "incarnation";
/// A file that is so large, or so old, is followed by a new one: old ones go as a whole.
const SEGMENT_BYTES: u64 = 64 * 1024 * 1024;

/// Why the journal cannot be used. Whether a round that failed is on disk is not known.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("{path} cannot be read or written")]
    File {
        path: String,
        #[source]
        source: std::io::Error,
    },
    #[error("{path} is damaged at byte {at}: {reason}")]
    Damaged {
        path: String,
        at: u64,
        reason: String,
    },
    #[error("{log}: a round that begins at event {first} does not continue {last}")]
    NotNext { log: LogId, first: u64, last: u64 },
}

type Result<T> = std::result::Result<T, JournalError>;

fn file_error(path: &Path) -> impl FnOnce(std::io::Error) -> JournalError {
    let path = path.display().to_string();
    move |source| JournalError::File { path, source }
}

/// The last minutes of appended events, on disk before anyone is answered. It mends the log's
/// tail after a power loss.
pub struct Journal {
    root: PathBuf,
    incarnation: String,
    /// Each log is written on its own: their fsyncs do not wait for each other.
    logs: Mutex<HashMap<LogId, Arc<Mutex<Held>>>>,
}

/// What the journal holds of one log.
struct Held {
    folder: PathBuf,
    /// Ascending, each where the one before it ends; never empty.
    segments: VecDeque<HeldSegment>,
    buffer: Vec<u8>,
}

struct HeldSegment {
    segment: Segment,
    /// When its file was begun, as far as this process knows.
    begun: Instant,
    /// When it was last written to. How old a journal is that was opened is not known, so it counts
    /// as new.
    written: Instant,
}

impl Journal {
    /// Whether a folder holds a journal.
    #[must_use]
    pub fn is_at(root: &Path) -> bool {
        root.join(INCARNATION).is_file()
    }

    /// Opens the journal in a folder, or begins one. A last round that was not written whole is
    /// left out: nobody was answered.
    ///
    /// # Errors
    /// [`JournalError`], also when a file is damaged before its end.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self> {
        let root = root.into();
        fs::create_dir_all(&root).map_err(file_error(&root))?;
        let incarnation = incarnation(&root)?;
        let mut logs = HashMap::new();
        for entry in fs::read_dir(&root).map_err(file_error(&root))? {
            let entry = entry.map_err(file_error(&root))?;
            let name = entry.file_name();
            let Some(log) = name.to_str().and_then(LogId::of_stream) else {
                continue;
            };
            if let Some(held) = Held::open(entry.path())? {
                logs.insert(log, Arc::new(Mutex::new(held)));
            }
        }
        Ok(Self {
            root,
            incarnation,
            logs: Mutex::new(logs),
        })
    }

    /// The journal's own name: a data directory remembers it, to notice one that was replaced.
    #[must_use]
    pub fn incarnation(&self) -> &str {
        &self.incarnation
    }

    /// The first and the last sequence held of a log.
    #[must_use]
    pub fn bounds(&self, log: LogId) -> Option<(u64, u64)> {
        let held = self.held(log)?;
        let held = held.lock();
        held.last().map(|last| (held.first(), last))
    }

    fn held(&self, log: LogId) -> Option<Arc<Mutex<Held>>> {
        self.logs.lock().get(&log).cloned()
    }

    /// Writes a round with one fsync, and drops what has been held long enough.
    ///
    /// `first` is the sequence of the first event; the round continues what is held.
    ///
    /// # Errors
    /// [`JournalError`]; after it the journal must not be used again.
    pub fn append(&self, log: LogId, first: u64, events: &[&RawEvent]) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        let held = match self.held(log) {
            Some(held) => held,
            None => self.begin(log, first)?,
        };
        let mut held = held.lock();
        let next = held.next();
        if first != next {
            let last = next - 1;
            return Err(JournalError::NotNext { log, first, last });
        }
        held.append(first, events)
    }

    fn begin(&self, log: LogId, first: u64) -> Result<Arc<Mutex<Held>>> {
        let mut logs = self.logs.lock();
        if let Some(held) = logs.get(&log) {
            return Ok(Arc::clone(held));
        }
        let folder = self.root.join(log.stream_name());
        // Files without a round may be left from a crash.
        if folder.try_exists().map_err(file_error(&folder))? {
            fs::remove_dir_all(&folder).map_err(file_error(&folder))?;
        }
        fs::create_dir(&folder).map_err(file_error(&folder))?;
        sync_folder(&self.root)?;
        let held = Arc::new(Mutex::new(Held {
            segments: VecDeque::from([HeldSegment::begin(&folder, first)?]),
            folder,
            buffer: Vec::new(),
        }));
        logs.insert(log, Arc::clone(&held));
        Ok(held)
    }

    /// At most `events_max` events of a log from a sequence (included), in order, without holes.
    ///
    /// # Errors
    /// [`JournalError`], when a file does not read or is damaged.
    pub fn entries(&self, log: LogId, from: u64, events_max: usize) -> Result<Vec<StoredEvent>> {
        let mut entries = Vec::new();
        let Some(held) = self.held(log) else {
            return Ok(entries);
        };
        for HeldSegment { segment, .. } in &held.lock().segments {
            if segment.next() > from && entries.len() < events_max {
                segment.read(from, events_max, &mut entries)?;
            }
        }
        Ok(entries)
    }
}

impl Held {
    /// What a folder holds; `None` when that is no round.
    fn open(folder: PathBuf) -> Result<Option<Self>> {
        let mut firsts = Vec::new();
        for entry in fs::read_dir(&folder).map_err(file_error(&folder))? {
            let name = entry.map_err(file_error(&folder))?.file_name();
            firsts.extend(name.to_str().and_then(segment::first_of));
        }
        firsts.sort_unstable();
        let mut segments = VecDeque::with_capacity(firsts.len());
        for (index, first) in firsts.iter().enumerate() {
            let segment = Segment::open(&folder, *first)?;
            if let Some(follows) = firsts.get(index + 1) {
                segment.ends_before(*follows)?;
            }
            let now = Instant::now();
            segments.push_back(HeldSegment {
                segment,
                begun: now,
                written: now,
            });
        }
        let held = Self {
            folder,
            segments,
            buffer: Vec::new(),
        };
        Ok(held.last().is_some().then_some(held))
    }

    fn first(&self) -> u64 {
        self.segments.front().map_or(1, |one| one.segment.first())
    }

    fn next(&self) -> u64 {
        self.segments.back().map_or(1, |one| one.segment.next())
    }

    /// `None` when no round is in it yet.
    fn last(&self) -> Option<u64> {
        (self.next() > self.first()).then(|| self.next() - 1)
    }

    fn append(&mut self, first: u64, events: &[&RawEvent]) -> Result<()> {
        let now = Instant::now();
        self.make_room(first, now)?;
        let Self {
            segments, buffer, ..
        } = self;
        let Some(newest) = segments.back_mut() else {
            unreachable!("a log that is held has a segment");
        };
        newest.segment.append(first, events, buffer)?;
        newest.written = now;
        Ok(())
    }

    /// Begins a new file when the newest one is full or old, and drops what has been held long
    /// enough.
    fn make_room(&mut self, first: u64, now: Instant) -> Result<()> {
        let Some(newest) = self.segments.back() else {
            return Ok(());
        };
        let keep = Duration::from_millis(limits::JOURNAL_KEEP_MS);
        let is_full = newest.segment.bytes() >= SEGMENT_BYTES;
        let is_old = now.duration_since(newest.begun) > keep
            && newest.segment.next() > newest.segment.first();
        if !is_full && !is_old {
            return Ok(());
        }
        let mut due = self.due(now, keep);
        let spare = due.pop();
        if !due.is_empty() {
            for HeldSegment { segment, .. } in due {
                segment.remove()?;
            }
            // Gone before the spare one gets its new name: a crash leaves no hole between files.
            sync_folder(&self.folder)?;
        }
        // The newest of what goes is written over: its blocks are there already, which makes an
        // fsync cheaper.
        let begun = match spare {
            Some(spare) => HeldSegment::again(&self.folder, first, spare)?,
            None => HeldSegment::begin(&self.folder, first)?,
        };
        self.segments.push_back(begun);
        Ok(())
    }

    /// Takes out what may go now: what is older than the time kept, or over the size kept; never
    /// the newest file.
    fn due(&mut self, now: Instant, keep: Duration) -> Vec<HeldSegment> {
        let mut bytes: u64 = self.segments.iter().map(|one| one.segment.bytes()).sum();
        let mut due = Vec::new();
        while self.segments.len() > 1
            && let Some(oldest) = self.segments.front()
            && (now.duration_since(oldest.written) > keep || bytes > limits::JOURNAL_BYTES_MAX)
        {
            bytes -= oldest.segment.bytes();
            due.extend(self.segments.pop_front());
        }
        due
    }
}

impl HeldSegment {
    fn begin(folder: &Path, first: u64) -> Result<Self> {
        Self::of(folder, Segment::create(folder, first)?)
    }

    fn again(folder: &Path, first: u64, spare: Self) -> Result<Self> {
        Self::of(folder, spare.segment.reuse(folder, first)?)
    }

    fn of(folder: &Path, segment: Segment) -> Result<Self> {
        sync_folder(folder)?;
        let now = Instant::now();
        Ok(Self {
            segment,
            begun: now,
            written: now,
        })
    }
}

/// Brings a folder's entries to disk: a file whose name is lost is lost.
fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(file_error(folder))
}

/// Reads the journal's name, or makes one.
#[expect(
    clippy::disallowed_methods,
    reason = "a journal's own name, no event's"
)]
fn incarnation(root: &Path) -> Result<String> {
    let path = root.join(INCARNATION);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(text.trim().to_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let new = Uuid::now_v7().to_string();
            let made = path.with_extension("new");
            File::create(&made)
                .and_then(|mut file| {
                    file.write_all(new.as_bytes())?;
                    file.sync_all()
                })
                .and_then(|()| fs::rename(&made, &path))
                .map_err(file_error(&path))?;
            sync_folder(root)?;
            Ok(new)
        }
        Err(error) => Err(file_error(&path)(error)),
    }
}

#[cfg(test)]
mod tests;
