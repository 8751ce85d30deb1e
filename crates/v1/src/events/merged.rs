//! The logs of an app as one stream.
//!
//! Of one partition the events come in its order. Between partitions they come by their times, and
//! of the same millisecond by partition, as far as both are committed when they are read; what is
//! committed later comes later. Whoever goes on from a place gets what it has not seen of each
//! partition, whatever order it saw the others in.

use std::collections::VecDeque;
use std::sync::Arc;

use futures::future::select_all;
use hansard_desk::{Committed, Desk, EventsError, LogError};
use hansard_types::{LogId, Position, Positions};
use tokio::sync::watch;

/// Events read at once of a partition: what a stream holds in memory.
const BATCH_EVENTS_MAX: usize = 256;

/// What is wanted of each partition, and how far that is read.
pub(super) struct Merged {
    parts: Vec<Part>,
}

struct Part {
    log: LogId,
    /// The next sequence that was not given out.
    next: u64,
    /// The last one that is wanted.
    until: u64,
    /// Read, and not given out.
    ready: VecDeque<Arc<Committed>>,
    committed: watch::Receiver<u64>,
    /// What was wanted before `next` has aged out, and nobody was told.
    aged_out: bool,
}

impl Part {
    fn wanted_end(&self) -> u64 {
        self.until.min(*self.committed.borrow())
    }

    /// Whether something that is there is neither read nor given out.
    fn is_behind(&self) -> bool {
        self.ready.is_empty() && self.next <= self.wanted_end()
    }
}

impl Merged {
    /// From `next` on, included; of a partition that it does not name, from the beginning. `None`
    /// when there is no such app.
    pub(super) fn new(
        desk: &Desk,
        logs: impl Iterator<Item = LogId>,
        next: &Positions,
        until: &Positions,
    ) -> Option<Self> {
        let part = |log: LogId| {
            Some(Part {
                log,
                next: next.sequence(log.partition).unwrap_or(1).max(1),
                until: until.sequence(log.partition).unwrap_or(u64::MAX),
                ready: VecDeque::new(),
                committed: desk.committed(log)?,
                aged_out: false,
            })
        };
        let parts = logs.map(part).collect::<Option<Vec<Part>>>()?;
        Some(Self { parts })
    }

    /// The last committed position of each partition.
    pub(super) fn end(&self) -> Positions {
        let end = |part: &Part| Position::new(part.log.partition, *part.committed.borrow());
        self.parts.iter().map(end).collect()
    }

    /// Nothing after what is committed now is wanted.
    pub(super) fn end_here(&mut self) {
        for part in &mut self.parts {
            part.until = part.wanted_end();
        }
    }

    /// The next position of each partition.
    pub(super) fn next(&self) -> Positions {
        let next = |part: &Part| Position::new(part.log.partition, part.next);
        self.parts.iter().map(next).collect()
    }

    /// The next positions once everything that is wanted was given out.
    pub(super) fn next_after_all(&self) -> Positions {
        let next = |part: &Part| {
            let next = part.next.max(part.until.saturating_add(1));
            Position::new(part.log.partition, next)
        };
        self.parts.iter().map(next).collect()
    }

    /// The last positions that are given out once this one is.
    pub(super) fn seen_with(&self, position: Position) -> Positions {
        let seen = |part: &Part| Position::new(part.log.partition, part.next - 1);
        let mut seen: Positions = self.parts.iter().map(seen).collect();
        seen.set(position);
        seen
    }

    /// Whether everything that is wanted was given out.
    pub(super) fn is_done(&self) -> bool {
        self.parts.iter().all(|part| part.next > part.until)
    }

    /// Reads what is there of partitions of which nothing is ready.
    pub(super) async fn fill(&mut self, desk: &Desk) -> Result<(), EventsError> {
        for part in self.parts.iter_mut().filter(|part| part.is_behind()) {
            let end = part.wanted_end();
            let read = match desk.events(part.log, part.next, BATCH_EVENTS_MAX).await {
                Err(EventsError::Log(LogError::AgedOut { begins, .. })) => {
                    part.aged_out = true;
                    part.next = begins;
                    if !part.is_behind() {
                        continue;
                    }
                    desk.events(part.log, begins, BATCH_EVENTS_MAX).await?
                }
                read => read?,
            };
            let wanted = read.into_iter().filter(|stored| stored.sequence <= end);
            part.ready.extend(wanted);
        }
        Ok(())
    }

    /// The next event that is ready, unless one that belongs before it may still have to be read.
    /// It counts as given out once [`Merged::take`] has been called.
    pub(super) fn peek(&self) -> Option<(Position, &Committed)> {
        if self.parts.iter().any(Part::is_behind) {
            return None;
        }
        let ready = self.parts.iter().filter_map(|part| {
            let stored = part.ready.front()?;
            Some((
                Position::new(part.log.partition, stored.sequence),
                &**stored,
            ))
        });
        ready.min_by_key(|(position, stored)| {
            // Of one partition there is nothing to compare.
            let time = (self.parts.len() > 1).then(|| stored.event.time());
            (time, position.partition)
        })
    }

    /// Where partitions go on in which something that was wanted has aged out; told once.
    pub(super) fn begins(&mut self) -> Option<Positions> {
        let aged = self.parts.iter_mut().filter(|part| part.aged_out);
        let begins = aged.map(|part| {
            part.aged_out = false;
            Position::new(part.log.partition, part.next)
        });
        let begins: Positions = begins.collect();
        (begins.iter().count() > 0).then_some(begins)
    }

    /// Whether a partition ends before what is committed of it: it cannot be read on.
    pub(super) fn is_stuck(&self) -> bool {
        self.parts.iter().any(Part::is_behind)
    }

    /// The event at a position that was just peeked at is given out.
    pub(super) fn take(&mut self, position: Position) {
        let mut parts = self.parts.iter_mut();
        if let Some(part) = parts.find(|part| part.log.partition == position.partition) {
            part.ready.pop_front();
            part.next = position.sequence.saturating_add(1);
        }
    }

    /// Waits until more is committed; false when nothing will be any more. Cancel-safe.
    pub(super) async fn more(&mut self) -> bool {
        let changed = |part: &'_ mut Part| {
            let (next, until) = (part.next, part.until);
            let mut committed = part.committed.clone();
            Box::pin(async move {
                let is_new = |end: &u64| *end >= next && next <= until;
                committed.wait_for(is_new).await.is_ok()
            })
        };
        let waits: Vec<_> = self.parts.iter_mut().map(changed).collect();
        select_all(waits).await.0
    }
}
