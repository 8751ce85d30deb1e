//! Reading everything that is kept, to see whether it is what was written.

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicUsize, Ordering};

use hansard_events::chain::{self, Chain};
use hansard_events::{EventRef, header};
use hansard_types::LogId;

use super::segment::{Opened, Segment};
use super::{Archive, Result, format};
use crate::{ArchiveError, Damage};

/// What a segment was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentCheck {
    pub events: RangeInclusive<u64>,
    /// The chain values at both ends; `None` when the file does not say.
    pub ends: Option<(Chain, Chain)>,
    /// Events whose content was erased.
    pub erased: u64,
    /// What is wrong, ascending.
    pub damage: Vec<Damage>,
}

impl Archive {
    /// Reads every segment of a log on as many threads as there are processors, and walks the hash
    /// chain through each. `progress` is told how many events more were read.
    ///
    /// # Errors
    /// [`ArchiveError::File`], when a file cannot be read for other reasons than damage.
    pub fn check(
        &self,
        log: LogId,
        progress: impl Fn(u64) + Sync,
    ) -> Result<Vec<SegmentCheck>, ArchiveError> {
        let Some(kept) = self.kept(log) else {
            return Ok(Vec::new());
        };
        let segments: Vec<Segment> = kept.segments.lock().values().cloned().collect();
        let next = AtomicUsize::new(0);
        let work = || {
            let mut checks = Vec::new();
            while let Some(segment) = segments.get(next.fetch_add(1, Ordering::Relaxed)) {
                let check = check_segment(segment, log)?;
                progress(segment.last + 1 - segment.first);
                checks.push(check);
            }
            Ok(checks)
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let done: Vec<Result<Vec<SegmentCheck>>> = std::thread::scope(|scope| {
            let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            let ended = running.into_iter().map(|thread| match thread.join() {
                Ok(checks) => checks,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            ended.collect()
        });
        let mut checks = Vec::with_capacity(segments.len());
        for part in done {
            checks.extend(part?);
        }
        checks.sort_by_key(|check| *check.events.start());
        Ok(checks)
    }

    /// As [`Archive::check`], of the segment that holds an event.
    ///
    /// # Errors
    /// [`ArchiveError::File`]
    pub fn check_one(&self, log: LogId, sequence: u64) -> Result<Option<SegmentCheck>> {
        let Some(kept) = self.kept(log) else {
            return Ok(None);
        };
        let found = {
            let segments = kept.segments.lock();
            let found = segments.range(..=sequence).next_back();
            found.map(|(_, segment)| segment.clone())
        };
        let found = found.filter(|segment| segment.last >= sequence);
        found
            .map(|segment| check_segment(&segment, log))
            .transpose()
    }
}

fn check_segment(segment: &Segment, log: LogId) -> Result<SegmentCheck> {
    let opened = match Opened::open(segment, log) {
        Ok(opened) => opened,
        Err(ArchiveError::Damaged { events, what, .. }) => {
            return Ok(SegmentCheck {
                events: segment.events(),
                ends: None,
                erased: 0,
                damage: vec![Damage {
                    path: segment.path.clone(),
                    events,
                    what,
                }],
            });
        }
        Err(error) => return Err(error),
    };
    let mut walk = Walk {
        prefix: format!("{}.", log.subject_prefix()),
        opened: &opened,
        value: Some(opened.head.before),
        erased: 0,
        damage: Vec::new(),
    };
    walk.blocks()?;
    if walk.value.is_some_and(|value| value != opened.tail.after) {
        walk.bad(
            segment.last,
            "the chain value at its end is not the last event's",
        );
    }
    Ok(SegmentCheck {
        events: segment.events(),
        ends: Some((opened.head.before, opened.tail.after)),
        erased: walk.erased,
        damage: walk.damage,
    })
}

struct Walk<'a> {
    prefix: String,
    opened: &'a Opened,
    /// The chain value before the next event; `None` behind one that does not read.
    value: Option<Chain>,
    erased: u64,
    damage: Vec<Damage>,
}

impl Walk<'_> {
    fn blocks(&mut self) -> Result<()> {
        for place in self.opened.places() {
            let (block, why) = match self.opened.block(*place) {
                Ok(block) => (block, None),
                Err(ArchiveError::Damaged { what, .. }) => {
                    (self.opened.salvage(*place), Some(what))
                }
                Err(error) => return Err(error),
            };
            let before = self.damage.len();
            let what = why.as_deref().unwrap_or("an event does not read");
            let mut events = format::events(&block);
            for sequence in place.events() {
                match events.next().flatten().and_then(EventRef::parse) {
                    Some(event) => self.event(sequence, event),
                    None => {
                        self.bad(sequence, what);
                        self.value = None;
                    }
                }
            }
            // Every event could be had in spite of it.
            if let Some(what) = why.filter(|_| self.damage.len() == before) {
                self.damage.push(Damage {
                    path: self.opened.segment.path.clone(),
                    events: no_events(place.first),
                    what,
                });
            }
        }
        Ok(())
    }

    fn event(&mut self, sequence: u64, event: EventRef<'_>) {
        let said = event.header(header::CHAIN).and_then(chain::from_hex);
        let follows = |value: Chain| said.is_some() && chain::next(&value, event) == said;
        if !event.subject.starts_with(&self.prefix) {
            self.bad(sequence, "its subject is of another log");
        } else if !self.value.is_none_or(follows) {
            self.bad(sequence, BROKEN);
        }
        if event.header(header::COMMITMENT).is_some() {
            self.erased += 1;
        }
        self.value = said;
    }

    fn bad(&mut self, sequence: u64, what: &str) {
        note(&mut self.damage, &self.opened.segment.path, sequence, what);
    }
}

/// A range of no event, at a place.
fn no_events(at: u64) -> RangeInclusive<u64> {
    at..=at - 1
}

pub(crate) const BROKEN: &str = "its hash does not follow from the event before it: one of the two \
                                 was changed, or events between them are lost";

/// Adds an event that is wrong, to the range before it where it continues that.
pub(crate) fn note(damage: &mut Vec<Damage>, path: &std::path::Path, sequence: u64, what: &str) {
    if let Some(last) = damage.last_mut()
        && last.path == path
        && last.what == what
        && last.events.end() + 1 == sequence
    {
        last.events = *last.events.start()..=sequence;
        return;
    }
    damage.push(Damage {
        path: path.to_owned(),
        events: sequence..=sequence,
        what: what.to_owned(),
    });
}
