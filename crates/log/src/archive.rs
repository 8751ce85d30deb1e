//! The archive: the journal's full segments, compressed and kept. It is our own second copy of the
//! log, and can be read with no server running.
//!
//! ```text
//! <archive>/<stream>/<first sequence>-<last sequence>.arc      see [`format`]
//! ```
//!
//! A file is written once, brought to disk and only then given its name; it is never changed, only
//! replaced as a whole by one with the same events.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::ErrorKind;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hansard_events::chain::{self, Chain};
use hansard_types::{LogId, Timestamp, limits};
use parking_lot::Mutex;

use crate::{StoredEvent, files};

pub(crate) mod check;
mod format;
mod segment;

pub use segment::SegmentWriter;
use segment::{Opened, Segment};

/// The events of a block take no more, whatever its head says.
const BLOCK_BYTES_MAX: u32 = 64 * 1024 * 1024;
/// The file that says where the archive begins once something has aged out.
const BEGINS: &str = "begins";
/// The file that says that the stream was found damaged.
const STREAM_DAMAGED: &str = "stream-damaged";

/// Why the archive cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    #[error("{path} cannot be read or written")]
    File {
        path: String,
        #[source]
        source: std::io::Error,
    },
    #[error("{path} is damaged, events {} to {}: {what}", events.start(), events.end())]
    Damaged {
        path: String,
        /// What cannot be read for it.
        events: RangeInclusive<u64>,
        what: String,
    },
    #[error("event {sequence} does not follow what is archived: event {expected} is due")]
    NotNext { sequence: u64, expected: u64 },
}

type Result<T, E = ArchiveError> = std::result::Result<T, E>;

fn file_error(path: &Path) -> impl FnOnce(std::io::Error) -> ArchiveError {
    move |source| ArchiveError::File {
        path: path.display().to_string(),
        source,
    }
}

fn sync_folder(folder: &Path) -> Result<()> {
    files::sync_folder(folder).map_err(file_error(folder))
}

/// How long old events are kept here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    Forever,
    /// A segment goes when all of its events are older.
    For(Duration),
}

/// Every log's archive.
pub struct Archive {
    root: PathBuf,
    logs: Mutex<HashMap<LogId, Arc<Kept>>>,
}

/// What is kept of one log.
struct Kept {
    log: LogId,
    folder: PathBuf,
    /// By first sequence.
    segments: Mutex<BTreeMap<u64, Segment>>,
    /// Those that were read last.
    opened: Mutex<Vec<Arc<Opened>>>,
}

impl Archive {
    /// Opens the archive in a folder, or begins one. Only names are read: how much is kept does not
    /// matter.
    ///
    /// # Errors
    /// [`ArchiveError::File`]
    pub fn open(root: impl Into<PathBuf>) -> Result<Self> {
        let archive = Self::open_read_only(root)?;
        make_folder(&archive.root)?;
        for kept in archive.logs.lock().values() {
            for name in names(&kept.folder)? {
                if segment::is_left_over(&name) {
                    let path = kept.folder.join(name);
                    fs::remove_file(&path).map_err(file_error(&path))?;
                }
            }
        }
        Ok(archive)
    }

    /// Opens the archive in a folder without changing anything, while a server may be writing to
    /// it. Nothing is there when the folder is not.
    ///
    /// # Errors
    /// [`ArchiveError::File`]
    pub fn open_read_only(root: impl Into<PathBuf>) -> Result<Self> {
        let root = root.into();
        let mut logs = HashMap::new();
        for name in names(&root)? {
            if let Some(log) = LogId::of_stream(&name) {
                logs.insert(log, Arc::new(Kept::open(log, root.join(name))?));
            }
        }
        Ok(Self {
            root,
            logs: Mutex::new(logs),
        })
    }

    /// Every log of which something is kept.
    #[must_use]
    pub fn logs(&self) -> Vec<LogId> {
        let mut logs: Vec<LogId> = self.logs.lock().keys().copied().collect();
        logs.sort_unstable();
        logs
    }

    fn kept(&self, log: LogId) -> Option<Arc<Kept>> {
        self.logs.lock().get(&log).cloned()
    }

    /// What is kept of a log, as ranges without holes, ascending.
    #[must_use]
    pub fn ranges(&self, log: LogId) -> Vec<RangeInclusive<u64>> {
        let Some(kept) = self.kept(log) else {
            return Vec::new();
        };
        let segments = kept.segments.lock();
        merged(segments.values().map(Segment::events))
    }

    /// What is kept of every log, as [`Archive::ranges`].
    #[must_use]
    pub fn all_ranges(&self) -> HashMap<LogId, Vec<RangeInclusive<u64>>> {
        let logs = self.logs().into_iter();
        logs.map(|log| (log, self.ranges(log))).collect()
    }

    /// The last event that is kept of a log.
    #[must_use]
    pub fn last(&self, log: LogId) -> Option<u64> {
        let kept = self.kept(log)?;
        let segments = kept.segments.lock();
        segments.values().map(|segment| segment.last).max()
    }

    /// At most `events_max` events of a log from a sequence (included), in order, without holes.
    /// Empty when the sequence is not kept.
    ///
    /// # Errors
    /// [`ArchiveError`], when the first of them cannot be read.
    pub fn read(&self, log: LogId, from: u64, events_max: usize) -> Result<Vec<StoredEvent>> {
        let mut events = Vec::new();
        let Some(kept) = self.kept(log) else {
            return Ok(events);
        };
        let mut next = from;
        while events.len() < events_max {
            let read = match kept.opened(next) {
                Ok(None) => break,
                Ok(Some(opened)) => opened.read(next, events_max, &mut events),
                Err(error) => Err(error),
            };
            let end = events.last().map_or(from, |last| last.sequence + 1);
            match read {
                Ok(()) if end > next => next = end,
                Ok(()) => break,
                Err(error) if events.is_empty() => return Err(error),
                // What came before it is of use.
                Err(_) => break,
            }
        }
        Ok(events)
    }

    /// The chain value after an event: of use at the end of what is kept.
    ///
    /// # Errors
    /// [`ArchiveError`]
    pub fn value_after(&self, log: LogId, sequence: u64) -> Result<Option<Chain>> {
        if sequence == 0 {
            return Ok(Some(chain::genesis(log)));
        }
        let Some(kept) = self.kept(log) else {
            return Ok(None);
        };
        match kept.opened(sequence)? {
            None => Ok(None),
            Some(opened) if opened.segment.last == sequence => Ok(Some(opened.tail.after)),
            Some(_) => {
                let read = self.read(log, sequence, 1)?;
                let said = read.first().and_then(StoredEvent::chain);
                Ok(said)
            }
        }
    }

    /// Begins a segment with the event after `before`'s.
    ///
    /// # Errors
    /// [`ArchiveError::File`]
    pub fn begin(&self, log: LogId, first: u64, before: Chain) -> Result<SegmentWriter> {
        let kept = match self.kept(log) {
            Some(kept) => kept,
            None => {
                let folder = self.root.join(log.stream_name());
                make_folder(&folder)?;
                sync_folder(&self.root)?;
                let kept = Arc::new(Kept::open(log, folder)?);
                let mut logs = self.logs.lock();
                Arc::clone(logs.entry(log).or_insert(kept))
            }
        };
        SegmentWriter::begin(&kept.folder, log, first, before)
    }

    /// Brings a segment to disk; what it holds is kept from here on. It replaces one with the same
    /// events.
    ///
    /// # Errors
    /// [`ArchiveError::File`]
    pub fn finish(&self, log: LogId, writer: SegmentWriter) -> Result<()> {
        let finished = writer.finish()?;
        if let Some((kept, segment)) = self.kept(log).zip(finished) {
            kept.forget(segment.first);
            kept.segments.lock().insert(segment.first, segment);
        }
        Ok(())
    }

    /// Takes a segment out that others replace, or that is too damaged to be of use. Its file is
    /// kept under a name that is never read.
    ///
    /// # Errors
    /// [`ArchiveError::File`]
    pub fn set_aside(&self, log: LogId, first: u64) -> Result<()> {
        let Some(kept) = self.kept(log) else {
            return Ok(());
        };
        let taken = kept.segments.lock().remove(&first);
        kept.forget(first);
        if let Some(segment) = taken {
            let aside = segment.path.with_extension("arc.set-aside");
            fs::rename(&segment.path, &aside).map_err(file_error(&segment.path))?;
            sync_folder(&kept.folder)?;
        }
        Ok(())
    }

    /// Removes the segments at the beginning whose events are all older than a time; never the
    /// newest one.
    ///
    /// # Errors
    /// [`ArchiveError`]
    pub fn remove_before(&self, log: LogId, time: Timestamp) -> Result<u64> {
        let mut removed = 0;
        let Some(kept) = self.kept(log) else {
            return Ok(removed);
        };
        loop {
            let oldest = {
                let segments = kept.segments.lock();
                let oldest = segments.values().next().cloned();
                oldest.filter(|_| segments.len() > 1)
            };
            let Some(oldest) = oldest else {
                return Ok(removed);
            };
            if Opened::open(&oldest, log)?.tail.times.1 >= time {
                return Ok(removed);
            }
            // Before the file goes: a file that is missing is damage, one that aged out is not.
            self.write_note(log, BEGINS, &(oldest.last + 1).to_string())?;
            kept.segments.lock().remove(&oldest.first);
            kept.forget(oldest.first);
            fs::remove_file(&oldest.path).map_err(file_error(&oldest.path))?;
            sync_folder(&kept.folder)?;
            removed += 1;
        }
    }

    fn note(&self, log: LogId, name: &str) -> PathBuf {
        self.root.join(log.stream_name()).join(name)
    }

    /// The first event that is kept: 1 until older ones age out.
    ///
    /// # Errors
    /// [`ArchiveError::File`]
    pub fn begins(&self, log: LogId) -> Result<u64> {
        let note = self.note(log, BEGINS);
        match fs::read_to_string(&note) {
            Ok(text) => Ok(text.trim().parse().unwrap_or(1)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(1),
            Err(error) => Err(file_error(&note)(error)),
        }
    }

    /// Whether the stream was found damaged while it was in use: the next start makes it again.
    ///
    /// # Errors
    /// [`ArchiveError::File`]
    pub fn stream_is_damaged(&self, log: LogId) -> Result<bool> {
        let note = self.note(log, STREAM_DAMAGED);
        note.try_exists().map_err(file_error(&note))
    }

    /// Remembers what was found damaged in the stream, until it is made again.
    ///
    /// # Errors
    /// [`ArchiveError::File`]
    pub fn note_stream_damage(&self, log: LogId, what: &str) -> Result<()> {
        self.write_note(log, STREAM_DAMAGED, what)
    }

    /// Replaces a small file as a whole.
    fn write_note(&self, log: LogId, name: &str, text: &str) -> Result<()> {
        let note = self.note(log, name);
        files::replace(&note, format!("{text}\n").as_bytes()).map_err(file_error(&note))
    }

    pub(crate) fn clear_stream_damage(&self, log: LogId) -> Result<()> {
        let note = self.note(log, STREAM_DAMAGED);
        match fs::remove_file(&note) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(file_error(&note)(error)),
        }
    }

    /// Bytes on disk of the segment that holds an event; 0 when none does.
    #[must_use]
    pub fn bytes_of(&self, log: LogId, sequence: u64) -> u64 {
        let kept = self.kept(log);
        let found = kept.and_then(|kept| {
            let segments = kept.segments.lock();
            let found = segments.range(..=sequence).next_back();
            found.map(|(_, segment)| segment.path.clone())
        });
        let metadata = found.and_then(|path| fs::metadata(path).ok());
        metadata.map_or(0, |metadata| metadata.len())
    }

    /// Bytes on disk of a log.
    ///
    /// # Errors
    /// [`ArchiveError::File`]
    pub fn bytes(&self, log: LogId) -> Result<u64> {
        let Some(kept) = self.kept(log) else {
            return Ok(0);
        };
        let segments: Vec<Segment> = kept.segments.lock().values().cloned().collect();
        let mut bytes = 0;
        for segment in segments {
            let metadata = fs::metadata(&segment.path).map_err(file_error(&segment.path))?;
            bytes += metadata.len();
        }
        Ok(bytes)
    }
}

impl Kept {
    fn open(log: LogId, folder: PathBuf) -> Result<Self> {
        let mut segments = BTreeMap::new();
        for name in names(&folder)? {
            if let Some(segment) = Segment::of(&folder, &name) {
                segments.insert(segment.first, segment);
            }
        }
        Ok(Self {
            log,
            folder,
            segments: Mutex::new(segments),
            opened: Mutex::default(),
        })
    }

    /// The segment that holds an event, open.
    fn opened(&self, sequence: u64) -> Result<Option<Arc<Opened>>> {
        let segment = {
            let segments = self.segments.lock();
            let found = segments.range(..=sequence).next_back();
            found.map(|(_, segment)| segment.clone())
        };
        let Some(segment) = segment.filter(|segment| segment.last >= sequence) else {
            return Ok(None);
        };
        let mut opened = self.opened.lock();
        if let Some(at) = opened.iter().position(|one| one.segment == segment) {
            let found = opened.remove(at);
            opened.push(Arc::clone(&found));
            return Ok(Some(found));
        }
        drop(opened);
        let new = Arc::new(Opened::open(&segment, self.log)?);
        let mut opened = self.opened.lock();
        if opened.len() >= limits::ARCHIVE_SEGMENTS_OPEN_MAX {
            opened.remove(0);
        }
        opened.push(Arc::clone(&new));
        Ok(Some(new))
    }

    fn forget(&self, first: u64) {
        self.opened.lock().retain(|one| one.segment.first != first);
    }
}

/// Ranges without those that continue another one.
pub(crate) fn merged(
    ranges: impl Iterator<Item = RangeInclusive<u64>>,
) -> Vec<RangeInclusive<u64>> {
    let mut merged: Vec<RangeInclusive<u64>> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if *range.start() <= last.end().saturating_add(1) => {
                *last = *last.start()..=*last.end().max(range.end());
            }
            Some(_) | None => merged.push(range),
        }
    }
    merged
}

fn make_folder(folder: &Path) -> Result<()> {
    files::make_folder(folder).map_err(file_error(folder))
}

/// The names in a folder; none when it is not there.
fn names(folder: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(file_error(folder)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(file_error(folder))?.file_name();
        names.extend(name.into_string().ok());
    }
    Ok(names)
}

#[cfg(test)]
mod tests;
