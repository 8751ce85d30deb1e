//! The index that nats-server keeps of a stream's blocks, brought up to date.
//!
//! nats-server writes it when it ends and every two minutes, and does not believe it once anything
//! was stored since: after a kill -9 it reads every block there is. Here only what was stored since
//! is read, verified and added, so that it believes it.
//!
//! ```text
//! index.db   11 · version 4 · events · bytes · first, its time · last, its time
//!            subjects: each its name, events, first block, last block
//!            blocks: each its number, bytes, first, its time, last, its time, and three zeros
//!            number of the last block · checksum of its last record · checksum of all of this
//! N.blk      records: length 4 · sequence 8 · time 8 · subject's length 2 · subject ·
//!            [headers' length 4] · rest · checksum 8
//! ```
//!
//! Numbers of the index are varints, times nanoseconds, those of blocks counted from the stream's
//! first; checksums are HighwayHash. Source: nats-server 2.15, `filestore.go`. Of what is not
//! written like that, holds anything but events in a row, or does not match its checksum or size, the
//! index is left as it is: nats-server then reads the blocks itself, which takes longer and no more.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Result};
use std::path::{Path, PathBuf};

use highway::{HighwayHash as _, HighwayHasher, Key};
use sha2::{Digest as _, Sha256};

use crate::files;

const INDEX: &str = "index.db";
/// What an index begins with: what it is, and the one version that we know.
const HEAD: [u8; 2] = [11, 4];
const CHECKSUM_BYTES: usize = 8;
/// Of a record before its subject.
const RECORD_HEAD_BYTES: usize = 22;
/// In a record's length: it has headers.
const HAS_HEADERS: u32 = 1 << 31;
/// Far more than nats-server writes into one.
const BLOCK_BYTES_MAX: u64 = 256 * 1024 * 1024;

type Checksum = [u8; CHECKSUM_BYTES];

/// What a stream holds.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Index {
    bytes: u64,
    first_time: i64,
    /// The last sequence, which is the number of events too.
    last: u64,
    last_time: i64,
    subjects: BTreeMap<Vec<u8>, Subject>,
    blocks: Vec<Block>,
    /// Of the last record.
    checksum: Checksum,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Subject {
    events: u64,
    first_block: u64,
    last_block: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Block {
    number: u64,
    bytes: u64,
    first: u64,
    first_time: i64,
    last: u64,
    last_time: i64,
}

/// Adds to the index of a stream what was stored since it was written, and says how many events
/// that were; `None` when it is left as it is. No nats-server runs meanwhile.
///
/// # Errors
/// When a file cannot be read or written.
pub(super) fn bring_up_to_date(stream: &Path, name: &str) -> Result<Option<u64>> {
    let folder = stream.join("msgs");
    let path = folder.join(INDEX);
    let bytes = match fs::read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        read => read?,
    };
    let Some(mut index) = Index::decode(&bytes, name) else {
        return Ok(None);
    };
    let before = index.last;
    let Some((newest, older)) = index.blocks.split_last() else {
        return Ok(None);
    };
    for block in older {
        // One without deletions is as long as its records are.
        if size(&folder, block.number)? != Some(block.bytes) {
            return Ok(None);
        }
    }
    let mut block = newest.number;
    let mut reached = false;
    while let Some(records) = read_block(&folder, block)? {
        if index
            .add_block(block, &records, name, &mut reached)
            .is_none()
        {
            return Ok(None);
        }
        block += 1;
    }
    if !reached || index.last == before {
        return Ok(None);
    }
    files::replace(&path, &index.encode(name))?;
    Ok(Some(index.last - before))
}

fn path_of(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number}.blk"))
}

/// The size of a block; `None` when there is none.
fn size(folder: &Path, number: u64) -> Result<Option<u64>> {
    match fs::metadata(path_of(folder, number)) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        found => Ok(Some(found?.len())),
    }
}

/// `None` when there is no such block, or it is larger than any.
fn read_block(folder: &Path, number: u64) -> Result<Option<Vec<u8>>> {
    match size(folder, number)? {
        Some(bytes) if bytes <= BLOCK_BYTES_MAX => fs::read(path_of(folder, number)).map(Some),
        Some(_) | None => Ok(None),
    }
}

fn hasher(name: &str) -> HighwayHasher {
    let digest: [u8; 32] = Sha256::digest(name.as_bytes()).into();
    let mut key = [0; 4];
    for (word, bytes) in key.iter_mut().zip(digest.as_chunks::<8>().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    HighwayHasher::new(Key(key))
}

fn checksum<'b>(hasher: &HighwayHasher, parts: impl IntoIterator<Item = &'b [u8]>) -> Checksum {
    let mut hasher = hasher.clone();
    for part in parts {
        hasher.append(part);
    }
    hasher.finalize64().to_le_bytes()
}

impl Index {
    /// `None` when it is not one that we know, or the stream does not hold every event from the
    /// first on.
    fn decode(bytes: &[u8], name: &str) -> Option<Self> {
        let (bytes, own) = bytes.split_last_chunk::<CHECKSUM_BYTES>()?;
        if checksum(&hasher(name), [bytes]) != *own {
            return None;
        }
        let mut rest = Numbers(bytes.strip_prefix(&HEAD)?);
        let (events, bytes, first) = (rest.number()?, rest.number()?, rest.number()?);
        let first_time = rest.signed()?;
        let (last, last_time) = (rest.number()?, rest.signed()?);
        if first != 1 || last == 0 || events != last {
            return None;
        }
        let mut subjects = BTreeMap::new();
        for _ in 0..rest.number()? {
            let length = usize::try_from(rest.number()?).ok()?;
            let subject = rest.take(length)?.to_vec();
            let held = Subject {
                events: rest.number()?,
                first_block: rest.number()?,
                last_block: rest.number()?,
            };
            subjects.insert(subject, held);
        }
        let mut blocks = Vec::new();
        for _ in 0..rest.number()? {
            blocks.push(Block {
                number: rest.number()?,
                bytes: rest.number()?,
                first: rest.number()?,
                first_time: rest.signed()?,
                last: rest.number()?,
                last_time: rest.signed()?,
            });
            let deleted_expiring_scheduled = [rest.number()?, rest.number()?, rest.number()?];
            if deleted_expiring_scheduled != [0; 3] {
                return None;
            }
        }
        let last_block = rest.number()?;
        let checksum = *rest.take(CHECKSUM_BYTES)?.first_chunk()?;
        let ends_there = |block: &Block| block.number == last_block && block.last == last;
        (rest.0.is_empty() && blocks.last().is_some_and(ends_there)).then_some(Self {
            bytes,
            first_time,
            last,
            last_time,
            subjects,
            blocks,
            checksum,
        })
    }

    fn encode(&self, name: &str) -> Vec<u8> {
        let Self {
            bytes,
            first_time,
            last,
            last_time,
            subjects,
            blocks,
            checksum: record,
        } = self;
        let mut encoded = HEAD.to_vec();
        for number in [*last, *bytes, 1, zigzag(*first_time), *last] {
            put(&mut encoded, number);
        }
        put(&mut encoded, zigzag(*last_time));
        put(&mut encoded, subjects.len() as u64);
        for (subject, held) in subjects {
            put(&mut encoded, subject.len() as u64);
            encoded.extend_from_slice(subject);
            for number in [held.events, held.first_block, held.last_block] {
                put(&mut encoded, number);
            }
        }
        put(&mut encoded, blocks.len() as u64);
        for block in blocks {
            for number in [block.number, block.bytes, block.first] {
                put(&mut encoded, number);
            }
            put(&mut encoded, zigzag(block.first_time));
            put(&mut encoded, block.last);
            put(&mut encoded, zigzag(block.last_time));
            encoded.extend_from_slice(&[0; 3]);
        }
        put(&mut encoded, blocks.last().map_or(0, |block| block.number));
        encoded.extend_from_slice(record);
        let own = checksum(&hasher(name), [&encoded[..]]);
        encoded.extend_from_slice(&own);
        encoded
    }

    /// Adds what a block holds behind the last event. `reached` turns true at that one, whose
    /// record must be the one that the index says. `None` when the block holds anything else.
    fn add_block(
        &mut self,
        number: u64,
        records: &[u8],
        name: &str,
        reached: &mut bool,
    ) -> Option<()> {
        let hasher = hasher(&format!("{name}-{number}"));
        let mut rest = records;
        while !rest.is_empty() {
            let record = Record::read(rest, &hasher)?;
            rest = &rest[record.bytes..];
            if !*reached {
                *reached = record.sequence == self.last;
                if *reached && record.checksum != self.checksum {
                    return None;
                }
            } else if record.sequence == self.last + 1 {
                self.add(number, &record);
            } else {
                return None;
            }
        }
        Some(())
    }

    fn add(&mut self, number: u64, record: &Record<'_>) {
        let (sequence, bytes) = (record.sequence, record.bytes as u64);
        let time = record.time.saturating_sub(self.first_time);
        if self.blocks.last().is_none_or(|last| last.number != number) {
            self.blocks.push(Block {
                number,
                bytes: 0,
                first: sequence,
                first_time: time,
                last: sequence,
                last_time: time,
            });
        }
        if let Some(block) = self.blocks.last_mut() {
            block.bytes += bytes;
            (block.last, block.last_time) = (sequence, time);
        }
        let new = Subject {
            events: 0,
            first_block: number,
            last_block: number,
        };
        let subject = self.subjects.entry(record.subject.to_vec());
        let subject = subject.or_insert(new);
        subject.events += 1;
        subject.last_block = number;
        self.bytes += bytes;
        (self.last, self.last_time) = (sequence, record.time);
        self.checksum = record.checksum;
    }
}

/// An event as it is stored in a block.
struct Record<'b> {
    bytes: usize,
    sequence: u64,
    time: i64,
    subject: &'b [u8],
    checksum: Checksum,
}

impl<'b> Record<'b> {
    /// The record that bytes begin with, if it matches its checksum.
    fn read(bytes: &'b [u8], hasher: &HighwayHasher) -> Option<Self> {
        let length = u32::from_le_bytes(*bytes.first_chunk()?);
        let size = usize::try_from(length & !HAS_HEADERS).ok()?;
        let (record, own) = bytes.get(..size)?.split_last_chunk::<CHECKSUM_BYTES>()?;
        let (head, data) = record.split_at_checked(RECORD_HEAD_BYTES)?;
        let subject = usize::from(u16::from_le_bytes(*head.last_chunk()?));
        let (subject, rest) = data.split_at_checked(subject)?;
        let rest = match length & HAS_HEADERS {
            0 => rest,
            // The headers' length is in no checksum.
            _ => rest.get(4..)?,
        };
        if checksum(hasher, [&head[4..20], subject, rest]) != *own {
            return None;
        }
        Some(Self {
            bytes: size,
            sequence: u64::from_le_bytes(*head[4..].first_chunk()?),
            time: i64::from_le_bytes(*head[12..].first_chunk()?),
            subject,
            checksum: *own,
        })
    }
}

/// Varints as Go writes them.
struct Numbers<'b>(&'b [u8]);

impl<'b> Numbers<'b> {
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}

fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

fn put(bytes: &mut Vec<u8>, number: u64) {
    let mut number = number;
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

#[cfg(test)]
mod tests;
