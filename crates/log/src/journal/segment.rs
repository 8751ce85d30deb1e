//! One file of the journal.
//!
//! It begins with `HANSARDJ` and a version. Then rounds follow, each with a head: the length of
//! what follows the head, the number of events, the sequence of the first one, the checksum of what
//! follows, and the checksum of the head. Numbers are little-endian, checksums CRC-32.
//!
//! A round is on disk before the next one is written. So only the last one may be torn, and
//! whatever stands behind it is left over from an earlier use of the file, and older.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use hansard_events::RawEvent;
use rustix::fs::{FallocateFlags, fallocate};

use super::codec::{decode_round, encode_round};
use super::{JournalError, Result, file_error};
use crate::StoredEvent;

const MAGIC: &[u8; 12] = b"HANSARDJ\x01\0\0\0";
const BEGIN: u64 = MAGIC.len() as u64;
const EXTENSION: &str = "seg";
/// The least and the most that a file grows by, so that an fsync seldom has to say how long it is.
const GROW_BYTES: (u64, u64) = (64 * 1024, 8 * 1024 * 1024);
/// How far behind a torn round is looked for one that is whole.
const LOOK_BEHIND_BYTES_MAX: usize = 128 * 1024 * 1024;

/// What stands before a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Head {
    length: u32,
    count: u32,
    first: u64,
    checksum: u32,
}

impl Head {
    const BYTES: usize = 24;
    const CHECKED: usize = Self::BYTES - 4;

    fn bytes(self) -> [u8; Self::BYTES] {
        let Self {
            length,
            count,
            first,
            checksum,
        } = self;
        let mut bytes = [0; Self::BYTES];
        bytes[..4].copy_from_slice(&length.to_le_bytes());
        bytes[4..8].copy_from_slice(&count.to_le_bytes());
        bytes[8..16].copy_from_slice(&first.to_le_bytes());
        bytes[16..Self::CHECKED].copy_from_slice(&checksum.to_le_bytes());
        let own = crc32fast::hash(&bytes[..Self::CHECKED]);
        bytes[Self::CHECKED..].copy_from_slice(&own.to_le_bytes());
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let u32_at = |at: usize| {
            let chunk = bytes.get(at..)?.first_chunk::<4>()?;
            Some(u32::from_le_bytes(*chunk))
        };
        let head = Self {
            length: u32_at(0)?,
            count: u32_at(4)?,
            first: u64::from_le_bytes(*bytes.get(8..)?.first_chunk::<8>()?),
            checksum: u32_at(16)?,
        };
        let is_whole = u32_at(Self::CHECKED)? == crc32fast::hash(bytes.get(..Self::CHECKED)?);
        (is_whole && head.count > 0).then_some(head)
    }

    fn next(self) -> u64 {
        self.first + u64::from(self.count)
    }

    /// Where the next round begins, of one that begins at `at`.
    fn end(self, at: u64) -> u64 {
        at + Self::BYTES as u64 + u64::from(self.length)
    }
}

/// A file with the rounds from `first` on.
pub(super) struct Segment {
    path: PathBuf,
    file: File,
    first: u64,
    /// The sequence that comes next.
    next: u64,
    /// Where the next round goes.
    end: u64,
    /// How long the file is.
    reserved: u64,
}

/// The first sequence of a file, by its name.
pub(super) fn first_of(name: &str) -> Option<u64> {
    let (first, extension) = name.split_once('.')?;
    (extension == EXTENSION).then(|| first.parse().ok())?
}

fn path_of(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{first:020}.{EXTENSION}"))
}

impl Segment {
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    pub(super) fn next(&self) -> u64 {
        self.next
    }

    pub(super) fn bytes(&self) -> u64 {
        self.end
    }

    /// Makes a file. Its name is on disk once the folder is synced.
    pub(super) fn create(folder: &Path, first: u64) -> Result<Self> {
        let path = path_of(folder, first);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)
            .map_err(file_error(&path))?;
        Self::empty(path, file, first, 0)
    }

    /// Makes a new file of one whose rounds are not needed any more.
    pub(super) fn reuse(self, folder: &Path, first: u64) -> Result<Self> {
        let path = path_of(folder, first);
        std::fs::rename(&self.path, &path).map_err(file_error(&path))?;
        Self::empty(path, self.file, first, self.reserved)
    }

    fn empty(path: PathBuf, file: File, first: u64, reserved: u64) -> Result<Self> {
        file.write_all_at(MAGIC, 0)
            .and_then(|()| file.sync_all())
            .map_err(file_error(&path))?;
        Ok(Self {
            path,
            file,
            first,
            next: first,
            end: BEGIN,
            reserved: reserved.max(BEGIN),
        })
    }

    /// Opens a file and finds its end, without changing it.
    pub(super) fn open(folder: &Path, first: u64) -> Result<Self> {
        let path = path_of(folder, first);
        let opened = OpenOptions::new().read(true).write(true).open(&path);
        let file = opened.map_err(file_error(&path))?;
        let reserved = file.metadata().map_err(file_error(&path))?.len();
        let mut segment = Self {
            path,
            file,
            first,
            next: first,
            end: BEGIN,
            reserved,
        };
        let mut magic = [0; MAGIC.len()];
        let read = segment.file.read_exact_at(&mut magic, 0);
        // A file that was being made when the power went: nothing was in it.
        if read.is_err() || magic == [0; MAGIC.len()] {
            return segment.begin_again();
        }
        if magic != *MAGIC {
            return Err(segment.damaged(0, "it is no journal of this version"));
        }
        while let Some(head) = segment.head_at(segment.end, segment.next)? {
            if segment.payload(segment.end, head)?.is_none() {
                break;
            }
            segment.end = head.end(segment.end);
            segment.next = head.next();
        }
        segment.nothing_follows()?;
        Ok(segment)
    }

    fn begin_again(self) -> Result<Self> {
        Self::empty(self.path, self.file, self.first, self.reserved)
    }

    /// Whether the file ends where the one that follows it begins.
    pub(super) fn ends_before(&self, follows: u64) -> Result<()> {
        if self.next == follows {
            return Ok(());
        }
        let reason = format!(
            "event {} is missing, the next file begins at {follows}",
            self.next
        );
        Err(self.damaged(self.end, reason))
    }

    /// Writes a round with one fsync. `buffer` is only there to be used again.
    pub(super) fn append(
        &mut self,
        first: u64,
        events: &[&RawEvent],
        buffer: &mut Vec<u8>,
    ) -> Result<()> {
        buffer.clear();
        buffer.extend_from_slice(&[0; Head::BYTES]);
        encode_round(events, buffer);
        let payload = &buffer[Head::BYTES..];
        let too_large = |_| self.damaged(self.end, "a round is larger than a file can hold");
        let head = Head {
            length: u32::try_from(payload.len()).map_err(too_large)?,
            count: u32::try_from(events.len()).map_err(too_large)?,
            first,
            checksum: crc32fast::hash(payload),
        };
        buffer[..Head::BYTES].copy_from_slice(&head.bytes());
        self.reserve(head.end(self.end));
        self.file
            .write_all_at(buffer, self.end)
            .and_then(|()| self.file.sync_data())
            .map_err(file_error(&self.path))?;
        self.end = head.end(self.end);
        self.reserved = self.reserved.max(self.end);
        self.next = head.next();
        Ok(())
    }

    /// Makes the file longer, if the file system can do that ahead: if not, writing does it.
    fn reserve(&mut self, end: u64) {
        if end <= self.reserved {
            return;
        }
        let (least, most) = GROW_BYTES;
        let more = (end - self.reserved).max(self.reserved.clamp(least, most));
        let from = self.reserved;
        if fallocate(&self.file, FallocateFlags::empty(), from, more).is_ok() {
            self.reserved = from + more;
        }
    }

    /// Adds the events from a sequence (included) on, until there are `events_max`.
    pub(super) fn read(
        &self,
        from: u64,
        events_max: usize,
        entries: &mut Vec<StoredEvent>,
    ) -> Result<()> {
        let (mut at, mut next) = (BEGIN, self.first);
        while next < self.next && entries.len() < events_max {
            let unreadable = || self.damaged(at, format!("event {next} does not read"));
            let head = self.head_at(at, next)?.ok_or_else(unreadable)?;
            if head.next() > from {
                let payload = self.payload(at, head)?.ok_or_else(unreadable)?;
                let events: Vec<Option<RawEvent>> = decode_round(&payload).collect();
                if events.len() as u64 != u64::from(head.count) {
                    return Err(unreadable());
                }
                for (sequence, event) in (next..).zip(events) {
                    let event = event.ok_or_else(unreadable)?;
                    if sequence >= from && entries.len() < events_max {
                        entries.push(StoredEvent { sequence, event });
                    }
                }
            }
            at = head.end(at);
            next = head.next();
        }
        Ok(())
    }

    pub(super) fn remove(self) -> Result<()> {
        std::fs::remove_file(&self.path).map_err(file_error(&self.path))
    }

    /// The head at a place, if it is whole and of the round that comes next.
    fn head_at(&self, at: u64, next: u64) -> Result<Option<Head>> {
        if at + Head::BYTES as u64 > self.reserved {
            return Ok(None);
        }
        let mut bytes = [0; Head::BYTES];
        self.file
            .read_exact_at(&mut bytes, at)
            .map_err(file_error(&self.path))?;
        Ok(Head::read(&bytes).filter(|head| head.first == next))
    }

    /// What a round holds, if it is whole.
    fn payload(&self, at: u64, head: Head) -> Result<Option<Vec<u8>>> {
        if head.end(at) > self.reserved {
            return Ok(None);
        }
        let mut payload = vec![0; usize::try_from(head.length).unwrap_or(usize::MAX)];
        self.file
            .read_exact_at(&mut payload, at + Head::BYTES as u64)
            .map_err(file_error(&self.path))?;
        Ok((crc32fast::hash(&payload) == head.checksum).then_some(payload))
    }

    /// A whole round behind one that is not: then that one was not torn by a crash, but damaged
    /// later, and what stands behind it was acknowledged.
    fn nothing_follows(&self) -> Result<()> {
        let rest = self.reserved.saturating_sub(self.end);
        let rest = usize::try_from(rest).unwrap_or(usize::MAX);
        let mut bytes = vec![0; rest.min(LOOK_BEHIND_BYTES_MAX)];
        self.file
            .read_exact_at(&mut bytes, self.end)
            .map_err(file_error(&self.path))?;
        let is_later =
            |head: Head| head.first > self.next && head.first - self.next < u64::from(u32::MAX);
        let later = bytes.windows(Head::BYTES).enumerate().find(|(_, window)| {
            // Most of it is zeros.
            window[4..8] != [0; 4] && Head::read(window).is_some_and(is_later)
        });
        match later {
            None => Ok(()),
            Some((behind, _)) => {
                let reason = format!(
                    "event {} does not read, but a later one {behind} bytes behind it does",
                    self.next
                );
                Err(self.damaged(self.end, reason))
            }
        }
    }

    fn damaged(&self, at: u64, reason: impl Into<String>) -> JournalError {
        JournalError::Damaged {
            path: self.path.display().to_string(),
            at,
            reason: reason.into(),
        }
    }
}
