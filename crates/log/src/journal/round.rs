//! One round of a journal's file: what one fsync brought to disk.
//!
//! ```text
//! head     epoch 16 · length of the events 4 · number of events 4 · first sequence 8 · checksum 4
//! table    for each event: its length 4 · its checksum 4
//! events   one behind the other
//! ```
//!
//! Numbers are little-endian, checksums CRC-32. Each begins with the file's epoch, an event's also
//! with its sequence: bytes of another use of the file, of another place, or those that a user put
//! into a message, do not pass. The table stands apart from the events, so that a damaged length
//! is made up for: events are found from the front and from the back.

use std::ops::RangeInclusive;

use hansard_events::RawEvent;

/// 128 random bits of one use of a file.
pub(super) type Epoch = [u8; 16];

/// What every checksum of a file begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seal {
    pub(super) epoch: Epoch,
    seed: u32,
}

impl Seal {
    pub(super) fn new(epoch: Epoch) -> Self {
        Self {
            epoch,
            seed: crc32fast::hash(&epoch),
        }
    }

    pub(super) fn of(self, bytes: &[u8]) -> u32 {
        let mut hasher = crc32fast::Hasher::new_with_initial(self.seed);
        hasher.update(bytes);
        hasher.finalize()
    }

    fn of_event(self, sequence: u64, event: &[u8]) -> u32 {
        let mut hasher = crc32fast::Hasher::new_with_initial(self.seed);
        let mut place = [0; 12];
        place[..8].copy_from_slice(&sequence.to_le_bytes());
        place[8..].copy_from_slice(&u32_of(event.len()).unwrap_or(u32::MAX).to_le_bytes());
        hasher.update(&place);
        hasher.update(event);
        hasher.finalize()
    }
}

fn u32_of(number: usize) -> Option<u32> {
    u32::try_from(number).ok()
}

/// A number in a file's bytes.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let chunk = bytes.get(at..)?.first_chunk::<4>()?;
    Some(u32::from_le_bytes(*chunk))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    let chunk = bytes.get(at..)?.first_chunk::<8>()?;
    Some(u64::from_le_bytes(*chunk))
}

/// What stands before a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RoundHead {
    length: u32,
    count: u32,
    pub(super) first: u64,
}

const ROW_BYTES: usize = 8;

impl RoundHead {
    pub(super) const BYTES: usize = 36;
    const CHECKED: usize = Self::BYTES - 4;

    fn write(self, seal: Seal, bytes: &mut [u8]) {
        let Self {
            length,
            count,
            first,
        } = self;
        bytes[..16].copy_from_slice(&seal.epoch);
        bytes[16..20].copy_from_slice(&length.to_le_bytes());
        bytes[20..24].copy_from_slice(&count.to_le_bytes());
        bytes[24..Self::CHECKED].copy_from_slice(&first.to_le_bytes());
        let own = seal.of(&bytes[..Self::CHECKED]);
        bytes[Self::CHECKED..Self::BYTES].copy_from_slice(&own.to_le_bytes());
    }

    /// The head that bytes begin with, if it is one of this use of the file.
    pub(super) fn read(seal: Seal, bytes: &[u8]) -> Option<Self> {
        let head = Self {
            length: u32_at(bytes, 16)?,
            count: u32_at(bytes, 20)?,
            first: u64_at(bytes, 24)?,
        };
        let is_ours = bytes.starts_with(&seal.epoch)
            && u32_at(bytes, Self::CHECKED)? == seal.of(bytes.get(..Self::CHECKED)?);
        let counts = head.count > 0 && head.first.checked_add(u64::from(head.count)).is_some();
        (is_ours && counts).then_some(head)
    }

    /// The sequence behind its last one.
    pub(super) fn next(self) -> u64 {
        self.first + u64::from(self.count)
    }

    /// How long the whole round is.
    pub(super) fn bytes(self) -> u64 {
        Self::BYTES as u64 + ROW_BYTES as u64 * u64::from(self.count) + u64::from(self.length)
    }
}

/// Writes a round into a buffer, from its beginning. `None` when it is larger than a round can be.
pub(super) fn encode(
    seal: Seal,
    first: u64,
    events: &[&RawEvent],
    buffer: &mut Vec<u8>,
) -> Option<RoundHead> {
    let table = RoundHead::BYTES;
    let begin = table + ROW_BYTES * events.len();
    buffer.clear();
    buffer.resize(begin, 0);
    for (index, event) in events.iter().enumerate() {
        let bytes = event.bytes();
        let length = u32_of(bytes.len())?;
        let checksum = seal.of_event(first + index as u64, bytes);
        buffer.extend_from_slice(bytes);
        let row = &mut buffer[table + ROW_BYTES * index..][..ROW_BYTES];
        row[..4].copy_from_slice(&length.to_le_bytes());
        row[4..].copy_from_slice(&checksum.to_le_bytes());
    }
    let head = RoundHead {
        length: u32_of(buffer.len() - begin)?,
        count: u32_of(events.len())?,
        first,
    };
    head.write(seal, buffer);
    Some(head)
}

/// A round in a file's bytes. They may be cut short.
pub(super) struct Round<'a> {
    seal: Seal,
    pub(super) head: RoundHead,
    table: &'a [u8],
    events: &'a [u8],
}

impl<'a> Round<'a> {
    /// `bytes` begin with the head, and end with the round or with the file.
    pub(super) fn new(seal: Seal, head: RoundHead, bytes: &'a [u8]) -> Self {
        let rest = bytes.get(RoundHead::BYTES..).unwrap_or_default();
        let table = ROW_BYTES * usize::try_from(head.count).unwrap_or(usize::MAX / ROW_BYTES);
        let (table, events) = rest.split_at(table.min(rest.len()));
        Self {
            seal,
            head,
            table,
            events,
        }
    }

    /// The length and the checksum that the table says of an event.
    fn row(&self, index: usize) -> Option<(usize, u32)> {
        let at = ROW_BYTES * index;
        let length = usize::try_from(u32_at(self.table, at)?).ok()?;
        Some((length, u32_at(self.table, at + 4)?))
    }

    fn is_event(&self, index: usize, bytes: &[u8]) -> bool {
        let sequence = self.head.first + index as u64;
        self.row(index)
            .is_some_and(|(_, checksum)| checksum == self.seal.of_event(sequence, bytes))
    }

    /// Its events in order: `None` for one that does not match its checksum.
    pub(super) fn events(&self) -> Events<'_, 'a> {
        Events {
            round: self,
            index: 0,
            at: 0,
            ends: None,
        }
    }

    /// The sequences that do not match their checksums.
    pub(super) fn damage(&self) -> Vec<RangeInclusive<u64>> {
        let mut damage: Vec<RangeInclusive<u64>> = Vec::new();
        for (sequence, event) in (self.head.first..).zip(self.events()) {
            if event.is_some() {
                continue;
            }
            match damage.last_mut() {
                Some(last) if *last.end() + 1 == sequence => *last = *last.start()..=sequence,
                _ => damage.push(sequence..=sequence),
            }
        }
        damage
    }
}

/// The events of a round, each verified when it is taken.
pub(super) struct Events<'r, 'a> {
    round: &'r Round<'a>,
    index: usize,
    /// Where the next event begins, told by the lengths before it.
    at: usize,
    /// Where each event ends, told by the lengths behind it: only asked for when the lengths
    /// before it were wrong.
    ends: Option<Vec<usize>>,
}

impl<'a> Events<'_, 'a> {
    /// Passes events by without looking at them.
    pub(super) fn pass(&mut self, events: usize) {
        for _ in 0..events {
            self.step();
        }
    }

    /// Where the next event is, told from the front; `None` when the table is cut short.
    fn step(&mut self) -> Option<(usize, usize)> {
        let index = self.index;
        self.index += 1;
        let (length, _) = self.round.row(index)?;
        let begin = self.at;
        self.at = begin.saturating_add(length);
        Some((begin, self.at))
    }

    fn verified(&self, index: usize, begin: usize, end: usize) -> Option<&'a [u8]> {
        let bytes = self.round.events.get(begin..end)?;
        self.round.is_event(index, bytes).then_some(bytes)
    }

    /// The same event found from the back, or between two that were found.
    fn read_from_the_back(&mut self, index: usize, begin: usize) -> Option<&'a [u8]> {
        let round = self.round;
        let ends = self
            .ends
            .get_or_insert_with(|| ends_read_from_the_back(round));
        let end = *ends.get(index)?;
        let length = round.row(index)?.0;
        let own = end.checked_sub(length);
        let (found, at) = match own.and_then(|own| self.verified(index, own, end)) {
            // Its own length is what is damaged.
            None => (self.verified(index, begin, end), end),
            found => (found, end),
        };
        if found.is_some() {
            self.at = at;
        }
        found
    }
}

/// Where each event of a round ends, counted from the end of the round.
fn ends_read_from_the_back(round: &Round<'_>) -> Vec<usize> {
    let count = usize::try_from(round.head.count).unwrap_or(usize::MAX);
    let count = count.min(round.table.len() / ROW_BYTES);
    let mut end = usize::try_from(round.head.length).unwrap_or(usize::MAX);
    let mut ends = vec![0; count];
    for index in (0..count).rev() {
        ends[index] = end;
        let length = round.row(index).map_or(0, |(length, _)| length);
        end = end.saturating_sub(length);
    }
    ends
}

impl<'a> Iterator for Events<'_, 'a> {
    /// The event's bytes, if they are what was written.
    type Item = Option<&'a [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        let index = self.index;
        if index >= usize::try_from(self.round.head.count).unwrap_or(usize::MAX) {
            return None;
        }
        let Some((begin, end)) = self.step() else {
            return Some(None);
        };
        let found = self.verified(index, begin, end);
        Some(found.or_else(|| self.read_from_the_back(index, begin)))
    }
}
