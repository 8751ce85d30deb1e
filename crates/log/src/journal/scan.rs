//! What a file's rounds are, found by reading all of it.

use std::fs::File;
use std::ops::RangeInclusive;

use hansard_types::limits;
use memchr::memmem;

use super::round::{Round, RoundHead, Seal};
use super::segment::BEGIN;
use super::window::Window;

/// How much of a file is read at once.
const CHUNK_BYTES: usize = 1024 * 1024;
/// What is passed over where a disk does not read.
const SECTOR_BYTES: usize = 4096;
/// How far apart the places are that are remembered of a file.
const MARK_BYTES: u64 = 64 * 1024;

/// Where the round begins that begins with a sequence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    pub(super) sequence: u64,
    pub(super) at: u64,
}

/// Remembers where a round is, if the last place that is remembered is far before it.
pub(super) fn remember(marks: &mut Vec<Mark>, sequence: u64, at: u64) {
    if marks.last().is_none_or(|last| at >= last.at + MARK_BYTES) {
        marks.push(Mark { sequence, at });
    }
}

/// What is in a file.
pub(super) struct Contents {
    /// The sequence behind the last one.
    pub(super) next: u64,
    /// Where the next round goes.
    pub(super) end: u64,
    pub(super) marks: Vec<Mark>,
    /// Events that are lost, in order, and why.
    pub(super) damage: Vec<(RangeInclusive<u64>, String)>,
}

/// Reads the rounds of a file, of which the first one begins with `first`.
///
/// `follows` is where the file after it begins: all before that was acknowledged. In the newest
/// file (`None`) a last round that is not whole was never acknowledged, and is left out.
///
/// Where a round does not read, the next one of the same use is looked for, and verified.
pub(super) fn scan(
    file: &File,
    length: u64,
    seal: Seal,
    first: u64,
    follows: Option<u64>,
) -> Contents {
    let mut window = Window::new(file, length, CHUNK_BYTES);
    let mut found = Contents {
        next: first,
        end: BEGIN,
        marks: Vec::new(),
        damage: Vec::new(),
    };
    let mut torn = None;
    while follows.is_none_or(|follows| found.next < follows) {
        match round_at(&mut window, seal, found.end) {
            Some(round) if round.head.first == found.next => torn = found.take(&round),
            _ => {
                let wanted = found.next..follows.unwrap_or(u64::MAX);
                let Some((at, sequence)) = later(&mut window, seal, found.end, wanted) else {
                    break;
                };
                found.skip_to(at, sequence);
            }
        }
    }
    if follows.is_none()
        && let Some(before) = torn
    {
        found.undo(before);
    }
    found
}

/// What was found before a round that is not whole.
struct Before {
    next: u64,
    end: u64,
    damage: usize,
    marks: usize,
}

impl Contents {
    /// Adds the round that comes next; says what was there before when it is not whole.
    fn take(&mut self, round: &Round<'_>) -> Option<Before> {
        let before = Before {
            next: self.next,
            end: self.end,
            damage: self.damage.len(),
            marks: self.marks.len(),
        };
        remember(&mut self.marks, self.next, self.end);
        let damage = round.damage();
        let is_whole = damage.is_empty();
        for events in damage {
            self.lose(
                events,
                format!(
                    "does not match its checksum, in the round at byte {}",
                    self.end
                ),
            );
        }
        self.next = round.head.next();
        self.end += round.head.bytes();
        (!is_whole).then_some(before)
    }

    fn undo(&mut self, before: Before) {
        let Before {
            next,
            end,
            damage,
            marks,
        } = before;
        (self.next, self.end) = (next, end);
        self.damage.truncate(damage);
        self.marks.truncate(marks);
    }

    /// Goes on with a round that was found behind something that does not read.
    fn skip_to(&mut self, at: u64, sequence: u64) {
        if sequence > self.next {
            let what = format!("does not read: the round at byte {} has no head", self.end);
            self.lose(self.next..=sequence - 1, what);
        }
        (self.next, self.end) = (sequence, at);
        self.marks.push(Mark { sequence, at });
    }

    pub(super) fn lose(&mut self, events: RangeInclusive<u64>, what: String) {
        if self.damage.len() < limits::JOURNAL_DAMAGE_RANGES_MAX {
            self.damage.push((events, what));
        } else if let Some((last, _)) = self.damage.last_mut() {
            // Too much to be told one by one: all of it counts as lost.
            *last = *last.start()..=*events.end();
        }
    }
}

/// The round that begins at a place, cut short where the file is.
pub(super) fn round_at<'w>(window: &'w mut Window<'_>, seal: Seal, at: u64) -> Option<Round<'w>> {
    let head = RoundHead::read(seal, window.get(at, RoundHead::BYTES))?;
    let length = usize::try_from(head.bytes()).unwrap_or(usize::MAX);
    Some(Round::new(seal, head, window.get(at, length)))
}

/// The next round from a place on that begins with one of the sequences and holds an event that
/// verifies: where it is, and its first sequence.
fn later(
    window: &mut Window<'_>,
    seal: Seal,
    from: u64,
    wanted: std::ops::Range<u64>,
) -> Option<(u64, u64)> {
    let finder = memmem::Finder::new(&seal.epoch);
    let mut at = from;
    while at - from < limits::JOURNAL_LOOK_BEHIND_BYTES_MAX {
        let reads = !window.get(at, CHUNK_BYTES).is_empty();
        let bytes = window.get(at, if reads { CHUNK_BYTES } else { SECTOR_BYTES });
        let length = bytes.len();
        let Some(place) = finder.find(bytes) else {
            if window.is_behind(at) {
                return None;
            }
            // One that begins in these bytes may end in the next ones.
            let passed = length.saturating_sub(seal.epoch.len() - 1);
            at += if passed == 0 { SECTOR_BYTES } else { passed } as u64;
            continue;
        };
        at += place as u64;
        if let Some(round) = round_at(window, seal, at)
            && wanted.contains(&round.head.first)
            && round.events().any(|event| event.is_some())
        {
            return Some((at, round.head.first));
        }
        at += 1;
    }
    None
}
