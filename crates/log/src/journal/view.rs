//! What is held of one log, as readers see it.

use std::collections::VecDeque;
use std::fs::File;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use hansard_events::RawEvent;
use hansard_types::{LogId, limits};

use super::files::{self, Access};
use super::held::Rules;
use super::round::Seal;
use super::scan;
use super::segment::{self, Opened, Segment};
use super::window::Window;
use super::{Damage, Result};
use crate::StoredEvent;

/// How much of a file a reader takes at once.
const CHUNK_BYTES: usize = 128 * 1024;

/// The files of a log, and what is wrong with them.
#[derive(Clone, Default)]
pub(super) struct View {
    /// Ascending, each where the one before it ends.
    pub(super) segments: VecDeque<Segment>,
    /// A newest file of which nothing reads: the next round does not go there.
    pub(super) unreadable: Option<PathBuf>,
    pub(super) damage: Vec<Damage>,
    /// The archive holds everything up to here.
    pub(super) released: u64,
}

impl View {
    /// Reads the files of a folder. What `known` holds of files that are closed is not read again,
    /// nor are closed files that the archive holds.
    pub(super) fn open(
        folder: &Path,
        log: LogId,
        access: Access,
        known: &Self,
        archived: &[RangeInclusive<u64>],
    ) -> Result<Self> {
        let mut view = Self::default();
        let firsts = files::firsts(folder)?;
        for (index, first) in firsts.iter().enumerate() {
            let follows = firsts.get(index + 1).copied();
            let is_archived = follows.is_some_and(|follows| {
                let holds = |range: &RangeInclusive<u64>| {
                    range.contains(first) && range.contains(&(follows - 1))
                };
                archived.iter().any(holds)
            });
            let opened = Segment::open(folder, log, *first, follows, access, |segment| {
                if is_archived {
                    return Some(segment.unread(follows?));
                }
                known.closed(*first, follows?, segment.seal)
            })?;
            view.add(folder, log, opened, follows, access)?;
        }
        Ok(view)
    }

    /// What is known of a file that another one follows, if nothing is wrong with it.
    fn closed(&self, first: u64, follows: u64, seal: Seal) -> Option<Opened> {
        let mut segments = self.segments.iter();
        let found = segments.find(|one| one.first == first && one.seal == seal)?;
        let is_last = self.newest_first() == first;
        let is_damaged = self.damage.iter().any(|one| {
            *one.path == *found.path
                || (one.events.start() < &follows && one.events.end() >= &first)
        });
        let is_whole = !is_last && !is_damaged && found.next == follows;
        is_whole.then(|| Opened::Held(found.clone(), Vec::new()))
    }

    fn add(
        &mut self,
        folder: &Path,
        log: LogId,
        opened: Opened,
        follows: Option<u64>,
        access: Access,
    ) -> Result<()> {
        match opened {
            Opened::Held(segment, damage) => {
                self.join(folder, &segment);
                self.damage.extend(damage);
                self.segments.push_back(segment);
            }
            Opened::BeingMade(segment) => {
                self.close(segment.first);
                if access == Access::Write {
                    let (first, previous) = (segment.first, self.newest_first());
                    let segment = segment.begin_again(log, first, previous)?;
                    self.segments.push_back(segment);
                }
            }
            Opened::Unreadable(mut segment, what) => {
                self.close(segment.first);
                let (first, path) = (segment.first, segment.path.to_path_buf());
                // How many events the newest one held is not known.
                let last = follows.map_or(u64::MAX, |follows| follows.max(first + 1) - 1);
                self.damage.push(Damage {
                    path: path.clone(),
                    events: first..=last,
                    what,
                });
                if follows.is_none() {
                    self.unreadable = Some(path);
                } else {
                    segment.next = last + 1;
                    self.segments.push_back(segment);
                }
            }
        }
        Ok(())
    }

    /// Where the newest file begins; 0 when there is none.
    pub(super) fn newest_first(&self) -> u64 {
        self.segments.back().map_or(0, |newest| newest.first)
    }

    /// The file before must end where this one begins.
    fn join(&mut self, folder: &Path, segment: &Segment) {
        let Some(before) = self.segments.back_mut() else {
            return;
        };
        if before.next < segment.first && segment.previous > before.first {
            self.damage.push(Damage {
                path: segment::path_of(folder, segment.previous),
                events: before.next..=segment.first - 1,
                what: "the file is missing".to_owned(),
            });
            before.next = segment.first;
        }
        self.close(segment.first);
    }

    /// What is before `first` was acknowledged: if the newest file does not hold it, it is lost.
    fn close(&mut self, first: u64) {
        let Some(before) = self.segments.back_mut() else {
            return;
        };
        if before.next < first {
            self.damage.push(Damage {
                path: before.path.to_path_buf(),
                events: before.next..=first - 1,
                what: format!("the file ends at byte {}, before them", before.end),
            });
        }
        before.next = first;
    }

    pub(super) fn first(&self) -> u64 {
        self.segments.front().map_or(1, |one| one.first)
    }

    pub(super) fn next(&self) -> u64 {
        self.segments.back().map_or(1, |one| one.next)
    }

    /// `None` when no round is held.
    pub(super) fn last(&self) -> Option<u64> {
        (self.next() > self.first()).then(|| self.next() - 1)
    }

    /// The files that are full and not released, oldest first, each with its length.
    pub(super) fn unreleased(&self) -> impl Iterator<Item = (RangeInclusive<u64>, u64)> {
        let closed = self.segments.len().saturating_sub(1);
        let closed = self.segments.iter().take(closed);
        closed
            .filter(|one| one.next > one.first && one.next - 1 > self.released)
            .map(|one| (one.first..=one.next - 1, one.end))
    }

    /// Takes out what may go now: what is older than the time kept, or over the size kept; never
    /// the newest file, nor one that the archive waits for. Its damage is nobody's loss any more.
    pub(super) fn due(&mut self, now: Instant, rules: &Rules) -> Vec<Segment> {
        let mut bytes: u64 = self.segments.iter().map(|one| one.end).sum();
        let mut due = Vec::new();
        while self.segments.len() > 1
            && let Some(oldest) = self.segments.front()
            && (!rules.archive || oldest.next <= self.released + 1)
            && (now.duration_since(oldest.written) > rules.keep || bytes > rules.bytes_max)
        {
            bytes -= oldest.end;
            due.extend(self.segments.pop_front());
        }
        let first = self.first();
        self.damage.retain(|one| {
            let is_gone = due.iter().any(|segment| *segment.path == *one.path);
            !is_gone && (one.events.is_empty() || *one.events.end() >= first)
        });
        due
    }

    /// The newest file, when nothing of it reads: it will be set aside, and what is appended next
    /// is what it may have held.
    pub(super) fn take_unreadable(&mut self) -> Option<PathBuf> {
        let path = self.unreadable.take()?;
        for damage in self.damage.iter_mut().filter(|one| one.path == path) {
            damage.events = super::no_events(*damage.events.start());
            damage.what.push_str("; it was set aside");
        }
        Some(path)
    }

    /// The file that holds a sequence, from the last place before it that is remembered.
    pub(super) fn part(&self, sequence: u64) -> Option<Part> {
        let after = self.segments.partition_point(|one| one.first <= sequence);
        let segment = self.segments.get(after.checked_sub(1)?)?;
        if sequence >= segment.next {
            return None;
        }
        let after = segment
            .marks
            .partition_point(|mark| mark.sequence <= sequence);
        let mark = *segment.marks.get(after.checked_sub(1)?)?;
        Some(Part {
            path: Arc::clone(&segment.path),
            file: Arc::clone(&segment.file),
            seal: segment.seal,
            mark,
            end: segment.end,
            next: segment.next,
        })
    }

    /// Remembers that an event was found not to read, if that is not known yet.
    pub(super) fn found_damage(&mut self, part: &Part, sequence: u64) {
        let is_known = self.damage.iter().any(|one| one.events.contains(&sequence));
        if is_known || self.damage.len() >= limits::JOURNAL_DAMAGE_RANGES_MAX {
            return;
        }
        let path = part.path.to_path_buf();
        tracing::error!(path = %path.display(), sequence, "an event of the journal does not read");
        self.damage.push(Damage {
            path,
            events: sequence..=sequence,
            what: "it does not read any more".to_owned(),
        });
    }
}

/// A file to be read from a place on, while others append to it or take it away.
pub(super) struct Part {
    path: Arc<Path>,
    file: Arc<File>,
    seal: Seal,
    mark: scan::Mark,
    end: u64,
    next: u64,
}

impl Part {
    /// Adds the events from `from` on, in order, until there are `events_max`, the file ends, or
    /// one does not read.
    pub(super) fn read(&self, from: u64, events_max: usize, entries: &mut Vec<StoredEvent>) {
        let mut window = Window::new(&self.file, self.end, CHUNK_BYTES);
        let mut wanted = from;
        let (mut at, mut expected) = (self.mark.at, self.mark.sequence);
        while wanted < self.next && entries.len() < events_max {
            let Some(round) = scan::round_at(&mut window, self.seal, at) else {
                return;
            };
            let head = round.head;
            if head.first != expected {
                return;
            }
            (at, expected) = (at + head.bytes(), head.next());
            if head.next() <= wanted {
                continue;
            }
            let mut events = round.events();
            events.pass(usize::try_from(wanted - head.first).unwrap_or(usize::MAX));
            let room = events_max - entries.len();
            let left = usize::try_from(self.next - wanted).unwrap_or(usize::MAX);
            for event in events.take(room.min(left)) {
                let Some(event) = event.and_then(RawEvent::read) else {
                    return;
                };
                entries.push(StoredEvent {
                    sequence: wanted,
                    event,
                });
                wanted += 1;
            }
        }
    }

    /// Whether the file was not written over since it was opened.
    pub(super) fn is_in_use(&self) -> bool {
        Segment::is_in_use(&self.file, self.seal)
    }
}
