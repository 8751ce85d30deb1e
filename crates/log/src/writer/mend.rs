//! Making a damaged copy of the log again from the other one.

use std::ops::RangeInclusive;
use std::sync::Arc;

use hansard_events::chain::{self, Chain};
use hansard_types::{LogId, limits};

use super::WriterOptions;
use super::repair::{append_again, follow, lost, not_following};
use crate::archive::{check::SegmentCheck, merged};
use crate::error::listed;
use crate::reader::blocking;
use crate::{
    Archive, ArchiveError, Copies, CopyError, EventLog, OpenError, SegmentWriter, StoredEvent,
};

/// Takes events of one log from whichever copy has them.
pub(crate) struct Mender<'a> {
    log: &'a Arc<dyn EventLog>,
    copies: &'a Copies,
    options: &'a WriterOptions,
    id: LogId,
}

impl<'a> Mender<'a> {
    pub(crate) fn new(
        log: &'a Arc<dyn EventLog>,
        copies: &'a Copies,
        options: &'a WriterOptions,
    ) -> Self {
        Self {
            log,
            copies,
            options,
            id: log.id(),
        }
    }

    /// The events from `from` on that follow `previous`: our own if they do, else the stream's.
    /// Empty when neither copy has the first of them.
    async fn either(
        &self,
        from: u64,
        events_max: usize,
        previous: &mut Option<Chain>,
    ) -> Result<Vec<StoredEvent>, OpenError> {
        let copies = self.copies.clone();
        let own = blocking(move || copies.read(from, events_max)).await?;
        let own = match own {
            Ok(events) => events,
            Err(CopyError::Archive(ArchiveError::Damaged { .. }) | CopyError::Journal(_)) => {
                Vec::new()
            }
            Err(CopyError::Archive(error)) => return Err(self.archive_failed(error)),
        };
        let events = whole(from, own, previous);
        if !events.is_empty() {
            return Ok(events);
        }
        let there = self.log.read(from, events_max).await?;
        Ok(whole(from, there, previous))
    }

    fn archive_failed(&self, source: ArchiveError) -> OpenError {
        OpenError::Archive {
            log: self.id.to_string(),
            source,
        }
    }

    fn told(&self, done: u64, total: u64) {
        if let Some(told) = &self.options.mending {
            told(self.id, done, total);
        }
    }

    /// Reads everything up to `last` from whichever copy has it.
    ///
    /// # Errors
    /// [`OpenError::Lost`] names the events that neither has.
    pub(crate) async fn nothing_is_lost(&self, last: u64) -> Result<(), OpenError> {
        let mut next = 1;
        let mut previous = Some(chain::genesis(self.id));
        let mut missing: Vec<RangeInclusive<u64>> = Vec::new();
        while next <= last {
            let events = self
                .either(next, limits::READ_BATCH_MAX, &mut previous)
                .await?;
            if let Some(newest) = events.last() {
                next = newest.sequence + 1;
                self.told(next - 1, last);
                continue;
            }
            let again = self
                .next_held(next)
                .await?
                .unwrap_or(last + 1)
                .min(last + 1);
            missing.push(next..=again - 1);
            (next, previous) = (again, None);
        }
        let missing = merged(missing.into_iter());
        if missing.is_empty() {
            return Ok(());
        }
        let why = "Both copies were read to their ends; everything else is whole";
        Err(lost(self.id, missing, why))
    }

    /// The first event behind one that neither copy has.
    async fn next_held(&self, sequence: u64) -> Result<Option<u64>, OpenError> {
        let ranges = self.copies.ranges();
        let own = ranges.iter().find(|range| *range.end() > sequence);
        let own = own.map(|range| (*range.start()).max(sequence + 1));
        let there = self.log.read(sequence + 1, 1).await?;
        let there = there.first().map(|stored| stored.sequence);
        Ok(match (own, there) {
            (Some(own), Some(there)) => Some(own.min(there)),
            (own, there) => own.or(there),
        })
    }

    /// Makes the archive whole from `from` up to `last`: segments that are damaged are written again, and what
    /// is in no segment is added. Returns how many events were written.
    ///
    /// # Errors
    /// [`OpenError::Lost`], when neither copy has an event; nothing that was readable is gone then.
    pub(crate) async fn archive(&self, from: u64, last: u64) -> Result<u64, OpenError> {
        let Some(archive) = self.copies.archive() else {
            return Ok(0);
        };
        let mut written = 0;
        for check in self.damaged_segments(archive).await? {
            written += self.segment(archive, &check).await?;
        }
        Ok(written + self.fill(archive, from, last).await?)
    }

    /// Writes a damaged segment again.
    ///
    /// # Errors
    /// As [`Mender::archive`].
    pub(crate) async fn segment(
        &self,
        archive: &Arc<Archive>,
        check: &SegmentCheck,
    ) -> Result<u64, OpenError> {
        let (first, last) = (*check.events.start(), *check.events.end());
        tracing::warn!(log = %self.id, first, last, "a segment of the archive is written again");
        self.write_segment(archive, first, last, u64::MAX).await?;
        Ok(last + 1 - first)
    }

    /// Adds what is in no segment.
    ///
    /// # Errors
    /// As [`Mender::archive`].
    pub(crate) async fn fill(
        &self,
        archive: &Arc<Archive>,
        from: u64,
        last: u64,
    ) -> Result<u64, OpenError> {
        let mut written = 0;
        let journaled = Copies::new(self.id, None, self.copies.journal().cloned());
        let kept = Copies::new(self.id, Some(Arc::clone(archive)), None);
        for gap in kept.missing(from..=last) {
            // What the journal will hand over when its segment is full is no gap.
            if *gap.end() == last
                && journaled.missing(gap.clone()).is_empty()
                && !self.journal_is_damaged()
            {
                continue;
            }
            let mut first = *gap.start();
            while first <= *gap.end() {
                let bytes = limits::ARCHIVE_SEGMENT_BYTES;
                let next = self
                    .write_segment(archive, first, *gap.end(), bytes)
                    .await?;
                written += next - first;
                first = next;
            }
        }
        Ok(written)
    }

    fn journal_is_damaged(&self) -> bool {
        let journal = self.copies.journal();
        journal.is_none_or(|journal| !journal.damage(self.id).is_empty())
    }

    async fn damaged_segments(
        &self,
        archive: &Arc<Archive>,
    ) -> Result<Vec<SegmentCheck>, OpenError> {
        let (archive, id) = (Arc::clone(archive), self.id);
        let checks = blocking(move || archive.check(id, |_| {})).await?;
        let mut checks = checks.map_err(|source| self.archive_failed(source))?;
        checks.retain(|check| !check.damage.is_empty());
        Ok(checks)
    }

    /// Writes events `first` to `last` into a segment, or as many as `bytes_max` allows, and says
    /// which event comes next.
    async fn write_segment(
        &self,
        archive: &Arc<Archive>,
        first: u64,
        last: u64,
        bytes_max: u64,
    ) -> Result<u64, OpenError> {
        let before = self.value_before(first).await?;
        let mut previous = Some(before);
        let mut next = first;
        let mut bytes = 0;
        let begun = archive.begin(self.id, first, before);
        let mut writer = begun.map_err(|source| self.archive_failed(source))?;
        while next <= last && bytes < bytes_max {
            let wanted = usize::try_from(last + 1 - next).unwrap_or(usize::MAX);
            let events = self
                .either(next, wanted.min(limits::READ_BATCH_MAX), &mut previous)
                .await?;
            if events.is_empty() {
                let why = "The archive is left as it is";
                return Err(lost(self.id, vec![next..=next], why));
            }
            bytes += bytes_of(&events);
            next += events.len() as u64;
            writer = blocking(move || push_all(writer, events))
                .await?
                .map_err(|source| self.archive_failed(source))?;
            self.told(next - 1, last);
        }
        let (archive, id) = (Arc::clone(archive), self.id);
        let finished = blocking(move || archive.finish(id, writer)).await?;
        finished.map_err(|source| self.archive_failed(source))?;
        Ok(next)
    }

    /// The chain value before an event.
    async fn value_before(&self, sequence: u64) -> Result<Chain, OpenError> {
        if sequence == 1 {
            return Ok(chain::genesis(self.id));
        }
        let events = self.either(sequence - 1, 1, &mut None).await?;
        let value = events.first().and_then(StoredEvent::chain);
        let why = "It comes before what has to be written again";
        value.ok_or_else(|| lost(self.id, vec![sequence - 1..=sequence - 1], why))
    }

    /// Makes the stream again from our own copies, under the same sequences. They hold everything
    /// up to `last`, which is read and hashed once more before anything is deleted.
    ///
    /// # Errors
    /// [`OpenError`]; broken off anywhere, the next start goes on.
    pub(crate) async fn stream(&self, last: u64) -> Result<u64, OpenError> {
        let absent = self.copies.missing(1..=last);
        if !absent.is_empty() {
            return Err(lost(
                self.id,
                absent.clone(),
                &format!(
                    "The stream is damaged and cannot be made again: events {} are in no file of \
                     ours",
                    listed(&absent)
                ),
            ));
        }
        self.copies_are_whole(last).await?;
        tracing::warn!(log = %self.id, last, "the stream is made again from archive and journal");
        self.log.begin_again(1).await?;
        let restored = self.restore(0, last).await?;
        if let Some(archive) = self.copies.archive() {
            let cleared = archive.clear_stream_damage(self.id);
            cleared.map_err(|source| self.archive_failed(source))?;
        }
        Ok(restored)
    }

    async fn copies_are_whole(&self, last: u64) -> Result<(), OpenError> {
        let mut previous = Some(chain::genesis(self.id));
        let mut next = 1;
        while next <= last {
            let events = self.own(next).await?;
            let whole = follow(next, &events, &mut previous);
            if whole == 0 || whole < events.len() {
                let at = next + whole as u64;
                let why = "It does not follow the one before it in our own copies";
                return Err(lost(self.id, vec![at..=at], why));
            }
            next += whole as u64;
        }
        Ok(())
    }

    async fn own(&self, from: u64) -> Result<Vec<StoredEvent>, OpenError> {
        let copies = self.copies.clone();
        let read = blocking(move || copies.read(from, limits::READ_BATCH_MAX)).await?;
        read.map_err(|error| OpenError::Log(crate::Error::Copies(error)))
    }

    /// Appends what the stream has lost behind `end` again, under the same sequences, once it is
    /// certain that it follows what the stream still holds.
    ///
    /// # Errors
    /// [`OpenError`]
    pub(crate) async fn restore(&self, end: u64, last: u64) -> Result<u64, OpenError> {
        let mut at = end;
        let mut previous = None;
        if at < last {
            previous = self.link(end).await?;
        }
        while at < last {
            let mut events = self.own(at + 1).await?;
            events.retain(|stored| stored.sequence <= last);
            let events = a_round_of(events);
            let whole = follow(at + 1, &events, &mut previous);
            if whole == 0 || whole < events.len() {
                let why = "Nothing behind it was appended again";
                return Err(match events.get(whole) {
                    Some(stored) => not_following(self.id, stored.sequence),
                    None => lost(self.id, vec![at + 1..=at + 1], why),
                });
            }
            append_again(self.log, at, events, self.options).await?;
            at += whole as u64;
            self.told(at, last);
        }
        Ok(last.saturating_sub(end))
    }

    /// The chain value after an event of the stream, as it says itself.
    async fn stream_value(&self, sequence: u64) -> Result<Chain, OpenError> {
        if sequence == 0 {
            return Ok(chain::genesis(self.id));
        }
        let events = self.log.read(sequence, 1).await?;
        let there = events.first().filter(|stored| stored.sequence == sequence);
        let why = "It is the stream's last and does not read";
        there
            .and_then(StoredEvent::chain)
            .ok_or_else(|| lost(self.id, vec![sequence..=sequence], why))
    }

    /// As [`Mender::stream_value`]; of a live log `None` once that event has aged out.
    async fn link(&self, sequence: u64) -> Result<Option<Chain>, OpenError> {
        if !self.id.is_live() {
            return self.stream_value(sequence).await.map(Some);
        }
        Ok(self.stream_value(sequence).await.ok())
    }
}

/// The events that follow `previous` and each other, up to the first that does not.
fn whole(from: u64, events: Vec<StoredEvent>, previous: &mut Option<Chain>) -> Vec<StoredEvent> {
    let mut events = events;
    let count = follow(from, &events, previous);
    events.truncate(count);
    events
}

/// As many as one round may take, and at least one.
fn a_round_of(mut events: Vec<StoredEvent>) -> Vec<StoredEvent> {
    let mut bytes = 0;
    let fitting = events.iter().take_while(|stored| {
        let fits = bytes < limits::ROUND_BYTES_MAX;
        bytes += stored.event.size_bytes();
        fits
    });
    let fitting = fitting.count();
    events.truncate(fitting);
    events
}

fn bytes_of(events: &[StoredEvent]) -> u64 {
    let mut bytes = 0;
    for stored in events {
        bytes += stored.event.size_bytes() as u64;
    }
    bytes
}

fn push_all(
    mut writer: SegmentWriter,
    events: Vec<StoredEvent>,
) -> Result<SegmentWriter, ArchiveError> {
    for stored in &events {
        writer.push(stored)?;
    }
    Ok(writer)
}

#[cfg(test)]
mod tests;
