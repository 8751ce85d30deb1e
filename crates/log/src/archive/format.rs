//! How a segment of the archive is written.
//!
//! ```text
//! head     HANSARDA · version 4 · app 4 · partition 2 · 0 2 · first sequence 8 ·
//!          chain value before the first event 32 · checksum 4
//! blocks   each: HEAD of the block, then its events, compressed with zstd
//! index    for each block: where it is 8 · first sequence 8 · number of events 4 · bytes 4
//! tail     where the index is 8 · blocks 4 · the index's checksum 4 · last sequence 8 ·
//!          chain value after the last event 32 · first time 8 · last time 8 · checksum 4 · ZDRASNAH
//! ```
//!
//! The head of a block: `BLK` and 1 · bytes compressed 4 · bytes 4 · number of events 4 · first
//! sequence 8 · checksum of the compressed bytes 4 · checksum of this head 4. A block is found and
//! read without the index. Its events stand one behind the other, each with its length 4 and its
//! checksum 4 before it, so that a damaged block says which events are bad.
//!
//! Numbers are little-endian, checksums CRC-32.

use std::ops::RangeInclusive;

use hansard_events::chain::Chain;
use hansard_types::{AppId, LogId, Timestamp};

const MAGIC: &[u8; 8] = b"HANSARDA";
const END: &[u8; 8] = b"ZDRASNAH";
const VERSION: u32 = 1;
const BLOCK: &[u8; 4] = b"BLK\x01";

/// Reads fields one after the other.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*field)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }
}

/// The bytes up to their checksum, if it is right.
fn checked(bytes: &[u8]) -> Option<Fields<'_>> {
    let (fields, checksum) = bytes.split_last_chunk::<4>()?;
    (crc32fast::hash(fields) == u32::from_le_bytes(*checksum)).then_some(Fields(fields))
}

fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes
}

/// The beginning of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) log: LogId,
    pub(super) first: u64,
    pub(super) before: Chain,
}

impl Head {
    pub(super) const BYTES: usize = 64 + 4;

    pub(super) fn bytes(self) -> Vec<u8> {
        let Self { log, first, before } = self;
        let mut bytes = MAGIC.to_vec();
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(log.app.0.to_le_bytes());
        bytes.extend(log.partition.to_le_bytes());
        bytes.extend([0; 2]);
        bytes.extend(first.to_le_bytes());
        bytes.extend(before);
        bytes.extend([0; 4]);
        with_checksum(bytes)
    }

    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut fields = checked(bytes.get(..Self::BYTES)?)?;
        let known = fields.take::<8>()? == *MAGIC && fields.u32()? == VERSION;
        let app = AppId(fields.u32()?);
        let partition = u16::from_le_bytes(fields.take()?);
        fields.take::<2>()?;
        let head = Self {
            log: LogId::new(app, partition),
            first: fields.u64()?,
            before: fields.take()?,
        };
        known.then_some(head)
    }
}

/// What stands before the events of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BlockHead {
    pub(super) compressed: u32,
    pub(super) bytes: u32,
    pub(super) count: u32,
    pub(super) first: u64,
    pub(super) checksum: u32,
}

impl BlockHead {
    pub(super) const BYTES: usize = 32;

    pub(super) fn written(self) -> Vec<u8> {
        let mut head = BLOCK.to_vec();
        head.extend(self.compressed.to_le_bytes());
        head.extend(self.bytes.to_le_bytes());
        head.extend(self.count.to_le_bytes());
        head.extend(self.first.to_le_bytes());
        head.extend(self.checksum.to_le_bytes());
        with_checksum(head)
    }

    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut fields = checked(bytes.get(..Self::BYTES)?)?;
        let known = fields.take::<4>()? == *BLOCK;
        let head = Self {
            compressed: fields.u32()?,
            bytes: fields.u32()?,
            count: fields.u32()?,
            first: fields.u64()?,
            checksum: fields.u32()?,
        };
        let sane = head.bytes <= super::BLOCK_BYTES_MAX && head.count > 0;
        (known && sane).then_some(head)
    }
}

/// Where a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) at: u64,
    pub(super) first: u64,
    pub(super) count: u32,
    /// With its head.
    pub(super) length: u32,
}

impl Place {
    pub(super) const BYTES: usize = 24;

    pub(super) fn events(self) -> RangeInclusive<u64> {
        self.first..=self.first + u64::from(self.count) - 1
    }

    pub(super) fn write(self, out: &mut Vec<u8>) {
        out.extend(self.at.to_le_bytes());
        out.extend(self.first.to_le_bytes());
        out.extend(self.count.to_le_bytes());
        out.extend(self.length.to_le_bytes());
    }

    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields(bytes);
        Some(Self {
            at: fields.u64()?,
            first: fields.u64()?,
            count: fields.u32().filter(|count| *count > 0)?,
            length: fields.u32()?,
        })
    }
}

/// The end of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tail {
    pub(super) index_at: u64,
    pub(super) blocks: u32,
    pub(super) index_checksum: u32,
    pub(super) last: u64,
    pub(super) after: Chain,
    pub(super) times: (Timestamp, Timestamp),
}

impl Tail {
    pub(super) const BYTES: usize = 8 + 4 + 4 + 8 + 32 + 16 + 4 + 8;

    pub(super) fn bytes(self) -> Vec<u8> {
        let mut tail = self.index_at.to_le_bytes().to_vec();
        tail.extend(self.blocks.to_le_bytes());
        tail.extend(self.index_checksum.to_le_bytes());
        tail.extend(self.last.to_le_bytes());
        tail.extend(self.after);
        tail.extend(self.times.0.0.to_le_bytes());
        tail.extend(self.times.1.0.to_le_bytes());
        let mut tail = with_checksum(tail);
        tail.extend(END);
        tail
    }

    /// From the last bytes of a file.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let fields = bytes.strip_suffix(END)?;
        let begin = fields.len().checked_sub(Self::BYTES - END.len())?;
        let mut fields = checked(&fields[begin..])?;
        Some(Self {
            index_at: fields.u64()?,
            blocks: fields.u32()?,
            index_checksum: fields.u32()?,
            last: fields.u64()?,
            after: fields.take()?,
            times: (Timestamp(fields.u64()?), Timestamp(fields.u64()?)),
        })
    }
}

/// Adds an event to the events of a block.
pub(super) fn push_event(event: &[u8], out: &mut Vec<u8>) {
    let length = u32::try_from(event.len()).unwrap_or(u32::MAX);
    out.extend(length.to_le_bytes());
    out.extend(crc32fast::hash(event).to_le_bytes());
    out.extend_from_slice(event);
}

/// The events of a block as they were written, in order; `None` for one that is damaged. It ends
/// where the next one cannot be found.
pub(super) fn events(block: &[u8]) -> impl Iterator<Item = Option<&[u8]>> {
    let mut fields = Fields(block);
    std::iter::from_fn(move || {
        let length = usize::try_from(fields.u32()?).ok()?;
        let checksum = fields.u32()?;
        let (event, rest) = fields.0.split_at_checked(length)?;
        fields.0 = rest;
        Some((crc32fast::hash(event) == checksum).then_some(event))
    })
}
