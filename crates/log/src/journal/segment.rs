//! One file of the journal.
//!
//! It begins with a head, and a copy of it in another block of the disk: `HANSARDJ` and a version,
//! the log, the epoch of this use, the first sequence, the first sequence of the file before it,
//! and a checksum. Then rounds follow ([`super::round`]).
//!
//! A round is on disk before the next one is written. So only the last one may be torn, and
//! whatever stands behind it is left over from an earlier use of the file, under another epoch.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use hansard_events::RawEvent;
use hansard_types::{AppId, LogId, limits};
use rand::TryRngCore as _;
use rand::rngs::OsRng;
use rustix::fs::{FallocateFlags, fallocate};

use super::files::{self, file_error};
use super::round::{self, Epoch, RoundHead, Seal, u32_at, u64_at};
use super::scan::{self, Mark};
use super::{JournalError, Result};

const MAGIC: &[u8; 12] = b"HANSARDJ\x02\0\0\0";
/// Where the head's copy is: in another block of the disk.
const COPY_AT: u64 = 4096;
/// Where the first round is.
pub(super) const BEGIN: u64 = 2 * COPY_AT;
const EXTENSION: &str = "seg";
/// The least and the most that a file grows by, so that an fsync seldom has to say how long it is.
const GROW_BYTES: (u64, u64) = (64 * 1024, 8 * 1024 * 1024);

/// What a file begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileHead {
    pub(super) log: LogId,
    pub(super) epoch: Epoch,
    pub(super) first: u64,
    /// Where the file before it begins; 0 when there was none.
    pub(super) previous: u64,
}

impl FileHead {
    const BYTES: usize = 56;
    const CHECKED: usize = Self::BYTES - 4;

    fn bytes(self) -> [u8; Self::BYTES] {
        let Self {
            log,
            epoch,
            first,
            previous,
        } = self;
        let mut bytes = [0; Self::BYTES];
        bytes[..12].copy_from_slice(MAGIC);
        bytes[12..16].copy_from_slice(&log.app.0.to_le_bytes());
        bytes[16..18].copy_from_slice(&log.partition.to_le_bytes());
        bytes[20..36].copy_from_slice(&epoch);
        bytes[36..44].copy_from_slice(&first.to_le_bytes());
        bytes[44..Self::CHECKED].copy_from_slice(&previous.to_le_bytes());
        let own = crc32fast::hash(&bytes[..Self::CHECKED]);
        bytes[Self::CHECKED..].copy_from_slice(&own.to_le_bytes());
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let partition = bytes.get(16..)?.first_chunk::<2>()?;
        let head = Self {
            log: LogId::new(AppId(u32_at(bytes, 12)?), u16::from_le_bytes(*partition)),
            epoch: *bytes.get(20..)?.first_chunk::<16>()?,
            first: u64_at(bytes, 36)?,
            previous: u64_at(bytes, 44)?,
        };
        // All bytes are those that this head is written with, the checksum among them.
        (bytes.get(..Self::BYTES)? == head.bytes()).then_some(head)
    }

    /// The head and its copy, each if it is whole.
    fn both(file: &File) -> [Option<Self>; 2] {
        [0, COPY_AT].map(|at| {
            let mut bytes = [0; Self::BYTES];
            file.read_exact_at(&mut bytes, at).ok()?;
            Self::read(&bytes)
        })
    }
}

/// A file with the rounds from `first` on.
#[derive(Clone)]
pub(super) struct Segment {
    pub(super) path: Arc<Path>,
    pub(super) file: Arc<File>,
    pub(super) seal: Seal,
    pub(super) first: u64,
    pub(super) previous: u64,
    /// The sequence that comes next.
    pub(super) next: u64,
    /// Where the next round goes.
    pub(super) end: u64,
    /// How long the file is.
    reserved: u64,
    pub(super) marks: Vec<Mark>,
    /// When its file was begun, as far as this process knows.
    pub(super) begun: Instant,
    /// When it was last written to. How old a journal is that was opened is not known, so it counts
    /// as new.
    pub(super) written: Instant,
}

/// The first sequence of a file, by its name: a number that can be counted on from.
pub(super) fn first_of(name: &str) -> Option<u64> {
    let (first, extension) = name.split_once('.')?;
    let first = (extension == EXTENSION).then(|| first.parse().ok())??;
    (1..=u64::MAX / 2).contains(&first).then_some(first)
}

pub(super) fn path_of(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{first:020}.{EXTENSION}"))
}

/// What a file turned out to be.
pub(super) enum Opened {
    Held(Segment, Vec<super::Damage>),
    /// The newest one, and the power went before its head was written: nothing is in it.
    BeingMade(Segment),
    /// Its head and the copy are gone, or it is another log's.
    Unreadable(Segment, String),
}

impl Segment {
    fn blank(path: PathBuf, file: File, head: FileHead, reserved: u64) -> Self {
        let now = Instant::now();
        Self {
            path: path.into(),
            file: Arc::new(file),
            seal: Seal::new(head.epoch),
            first: head.first,
            previous: head.previous,
            next: head.first,
            end: BEGIN,
            reserved,
            marks: Vec::new(),
            begun: now,
            written: now,
        }
    }

    /// Makes a file. Its name is on disk once the folder is synced.
    pub(super) fn create(folder: &Path, log: LogId, first: u64, previous: u64) -> Result<Self> {
        let path = path_of(folder, first);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .mode(files::FILE_MODE)
            .open(&path)
            .map_err(file_error(&path))?;
        files::keep_private(&path, files::FILE_MODE)?;
        let head = FileHead {
            log,
            epoch: new_epoch(&path)?,
            first,
            previous,
        };
        let segment = Self::blank(path, file, head, BEGIN);
        segment.write_head(head)?;
        Ok(segment)
    }

    /// Makes a new file of one whose rounds are not needed any more.
    pub(super) fn reuse(
        self,
        folder: &Path,
        log: LogId,
        first: u64,
        previous: u64,
    ) -> Result<Self> {
        let path = path_of(folder, first);
        std::fs::rename(&self.path, &path).map_err(file_error(&path))?;
        Self {
            path: path.into(),
            ..self
        }
        .begin_again(log, first, previous)
    }

    /// Begins a new use of the file under its name.
    pub(super) fn begin_again(self, log: LogId, first: u64, previous: u64) -> Result<Self> {
        let head = FileHead {
            log,
            epoch: new_epoch(&self.path)?,
            first,
            previous,
        };
        let now = Instant::now();
        let segment = Self {
            seal: Seal::new(head.epoch),
            first,
            previous,
            next: first,
            end: BEGIN,
            reserved: self.reserved.max(BEGIN),
            marks: Vec::new(),
            begun: now,
            written: now,
            ..self
        };
        segment.write_head(head)?;
        Ok(segment)
    }

    /// On disk before any round is: a file with a head of an earlier use holds nothing.
    fn write_head(&self, head: FileHead) -> Result<()> {
        let copy = usize::try_from(COPY_AT).unwrap_or(usize::MAX);
        let mut bytes = vec![0; copy + FileHead::BYTES];
        bytes[..FileHead::BYTES].copy_from_slice(&head.bytes());
        bytes[copy..].copy_from_slice(&head.bytes());
        self.file
            .write_all_at(&bytes, 0)
            .and_then(|()| self.file.sync_all())
            .map_err(file_error(&self.path))
    }

    /// Opens a file and finds what is in it, without changing it. `follows` is where the next file
    /// begins; the newest has none.
    ///
    /// `known` says what is known of this use of the file, which need not be read then.
    pub(super) fn open(
        folder: &Path,
        log: LogId,
        first: u64,
        follows: Option<u64>,
        access: files::Access,
        known: impl FnOnce(&Self) -> Option<Opened>,
    ) -> Result<Opened> {
        let path = path_of(folder, first);
        let file = OpenOptions::new()
            .read(true)
            .write(access == files::Access::Write)
            .open(&path)
            .map_err(file_error(&path))?;
        let length = file.metadata().map_err(file_error(&path))?.len();
        let heads = FileHead::both(&file);
        let ours = |head: &&FileHead| head.log == log && head.first == first;
        let Some(head) = heads.iter().flatten().find(ours).copied() else {
            let is_earlier_use = heads.iter().flatten().any(|head| head.log == log);
            let unknown = FileHead {
                log,
                epoch: Epoch::default(),
                first,
                previous: 0,
            };
            let is_newest = follows.is_none();
            let being_made = is_newest && (is_earlier_use || is_all_zeros(&file, length));
            let segment = Self::blank(path, file, unknown, length);
            return Ok(if being_made {
                Opened::BeingMade(segment)
            } else {
                Opened::Unreadable(segment, explain(&heads, log))
            });
        };
        let is_other = heads.iter().flatten().any(|other| *other != head);
        if is_other && follows.is_none() {
            // The head was written and its copy not yet: no round was.
            return Ok(Opened::BeingMade(Self::blank(path, file, head, length)));
        }
        let segment = Self::blank(path, file, head, length);
        if let Some(known) = known(&segment) {
            return Ok(known);
        }
        Ok(segment.read_through(follows, heads.contains(&None)))
    }

    /// What a closed file holds if it is whole, without looking: up to where the next one begins.
    pub(super) fn unread(&self, follows: u64) -> Opened {
        let begin = Mark {
            sequence: self.first,
            at: BEGIN,
        };
        let whole = Self {
            next: follows,
            end: self.reserved,
            marks: vec![begin],
            ..self.clone()
        };
        Opened::Held(whole, Vec::new())
    }

    fn read_through(mut self, follows: Option<u64>, lost_a_head: bool) -> Opened {
        let found = scan::scan(&self.file, self.reserved, self.seal, self.first, follows);
        let mut damage = Vec::new();
        if lost_a_head {
            damage.push(super::Damage {
                path: self.path.to_path_buf(),
                events: super::no_events(self.first),
                what: "one of the two copies of the file's head is damaged; no event is lost"
                    .to_owned(),
            });
        }
        for (events, what) in found.damage {
            damage.push(super::Damage {
                path: self.path.to_path_buf(),
                events,
                what,
            });
        }
        self.next = found.next;
        self.end = found.end;
        self.marks = found.marks;
        Opened::Held(self, damage)
    }

    /// Whether the file still is in the use that it was opened in.
    pub(super) fn is_in_use(file: &File, seal: Seal) -> bool {
        let heads = FileHead::both(file);
        heads.iter().flatten().all(|head| head.epoch == seal.epoch)
    }

    /// Where the next round is written to.
    pub(super) fn tail(&self) -> Tail {
        Tail {
            path: Arc::clone(&self.path),
            file: Arc::clone(&self.file),
            seal: self.seal,
            end: self.end,
            reserved: self.reserved,
        }
    }

    /// From here on readers see the round that was written to the [`Segment::tail`].
    pub(super) fn appended(&mut self, head: RoundHead, tail: &Tail, now: Instant) {
        scan::remember(&mut self.marks, head.first, self.end);
        self.next = head.next();
        self.end = tail.end;
        self.reserved = tail.reserved;
        self.written = now;
    }

    pub(super) fn remove(self) -> Result<()> {
        std::fs::remove_file(&self.path).map_err(file_error(&self.path))
    }
}

/// The end of a file, to write to while others read what is before it.
pub(super) struct Tail {
    path: Arc<Path>,
    file: Arc<File>,
    seal: Seal,
    end: u64,
    reserved: u64,
}

impl Tail {
    /// Writes a round with one fsync. `buffer` is only there to be used again.
    pub(super) fn write(
        &mut self,
        first: u64,
        events: &[&RawEvent],
        buffer: &mut Vec<u8>,
    ) -> Result<RoundHead> {
        let head = round::encode(self.seal, first, events, buffer);
        let head = head.ok_or_else(|| JournalError::TooLarge {
            path: self.path.display().to_string(),
            first,
        })?;
        let end = self.end + head.bytes();
        self.reserve(end);
        self.file
            .write_all_at(buffer, self.end)
            .and_then(|()| self.file.sync_data())
            .map_err(file_error(&self.path))?;
        self.end = end;
        self.reserved = self.reserved.max(end);
        Ok(head)
    }

    /// Makes the file longer, if the file system can do that ahead: if not, writing does it.
    fn reserve(&mut self, end: u64) {
        if end <= self.reserved {
            return;
        }
        let (least, most) = GROW_BYTES;
        let more = (end - self.reserved).max(self.reserved.clamp(least, most));
        let from = self.reserved;
        if fallocate(&*self.file, FallocateFlags::empty(), from, more).is_ok() {
            self.reserved = from + more;
        }
    }
}

/// Not to be foreseen by anyone who can write a message.
fn new_epoch(path: &Path) -> Result<Epoch> {
    let mut epoch = Epoch::default();
    OsRng
        .try_fill_bytes(&mut epoch)
        .map_err(|error| file_error(path)(std::io::Error::other(error)))?;
    Ok(epoch)
}

fn explain(heads: &[Option<FileHead>; 2], log: LogId) -> String {
    match heads.iter().flatten().next() {
        Some(head) if head.log != log => format!("the file belongs to the log {}", head.log),
        Some(head) => format!(
            "the file's head says that it begins at event {}",
            head.first
        ),
        None => "the file's head and its copy are damaged, or of another version".to_owned(),
    }
}

/// Whether nothing was ever written to a file.
fn is_all_zeros(file: &File, length: u64) -> bool {
    let mut bytes = vec![0; 64 * 1024];
    let mut at = 0;
    while at < length.min(limits::JOURNAL_LOOK_BEHIND_BYTES_MAX) {
        match file.read_at(&mut bytes, at) {
            Ok(0) => return true,
            Ok(read) if bytes[..read].iter().all(|byte| *byte == 0) => at += read as u64,
            Ok(_) | Err(_) => return false,
        }
    }
    at >= length
}
