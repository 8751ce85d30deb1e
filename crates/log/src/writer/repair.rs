//! Taking a log over: stream, archive and journal are compared before anything else happens, and
//! each is mended from the others.

use std::ops::RangeInclusive;
use std::sync::Arc;

use hansard_events::{RawEvent, chain};
use hansard_types::{Checkpoint, LogId, limits};

use super::mend::Mender;
use super::{WriterOptions, append_resolved};
use crate::reader::blocking;
use crate::{ArchiveError, Copies, EventLog, Journal, JournalError, OpenError, StoredEvent, Unit};

/// Events of the overlap that are compared, newest first to go missing: more than any sync
/// interval lets through, and far less than a journal can hold.
const OVERLAP_COMPARED_MAX: u64 = 10_000;

/// What was mended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Repaired {
    /// Events that the stream had lost and got back.
    pub restored: u64,
    /// Events behind the journal's end: appended, never acknowledged, accepted.
    pub accepted: u64,
    /// Events that archive or journal had lost and got back.
    pub mended: u64,
}

/// Returns the log's last sequence once stream, archive and journal agree.
pub(super) async fn repair(
    log: &Arc<dyn EventLog>,
    copies: &Copies,
    checkpoint: Option<Checkpoint>,
    options: &WriterOptions,
) -> Result<(u64, Repaired), OpenError> {
    let applied = checkpoint.map_or(0, |checkpoint| checkpoint.sequence);
    let Some(journal) = copies.journal() else {
        let end = log.last().await?;
        let repairing = Repairing::new(log, copies, options);
        repairing.reaches(end, applied)?;
        if !repairing.holes_are_erasures().await? {
            // Says what is missing: nothing else holds it.
            Mender::new(log, copies, options)
                .nothing_is_lost(end)
                .await?;
        }
        return Ok((end, Repaired::default()));
    };
    let mut repairing = Repairing::new(log, copies, options);
    repairing.journal_is_there(journal, applied)?;
    if repairing.is_damaged(applied).await? {
        repairing.mend(journal, applied).await?;
    }
    let end = repairing.bring_together(journal, applied).await?;
    let repaired = repairing.repaired;
    if repaired != Repaired::default() {
        tracing::warn!(
            log = %log.id(),
            restored = repaired.restored,
            accepted = repaired.accepted,
            mended = repaired.mended,
            "the log was repaired"
        );
    }
    Ok((end, repaired))
}

struct Repairing<'a> {
    log: &'a Arc<dyn EventLog>,
    copies: &'a Copies,
    options: &'a WriterOptions,
    id: LogId,
    repaired: Repaired,
}

impl<'a> Repairing<'a> {
    fn new(log: &'a Arc<dyn EventLog>, copies: &'a Copies, options: &'a WriterOptions) -> Self {
        Self {
            log,
            copies,
            options,
            id: log.id(),
            repaired: Repaired::default(),
        }
    }

    fn contradiction(&self, what: String) -> OpenError {
        OpenError::Contradiction {
            log: self.id.to_string(),
            what,
        }
    }

    fn journal_failed(&self, source: JournalError) -> OpenError {
        OpenError::Journal {
            log: self.id.to_string(),
            source,
        }
    }

    /// Without a journal, the log must at least reach what was applied from it.
    fn reaches(&self, end: u64, applied: u64) -> Result<(), OpenError> {
        if applied <= end {
            return Ok(());
        }
        Err(self.contradiction(format!(
            "the log ends at event {end}, but the read models have applied {applied}: the log has \
             lost its end, and nothing that is left can mend it. Restore the log from a copy"
        )))
    }

    /// A journal that is gone as a whole is taken for a mistake until it is said not to be one.
    fn journal_is_there(&self, journal: &Journal, applied: u64) -> Result<(), OpenError> {
        let is_missing = journal.bounds(self.id).is_none() && journal.damage(self.id).is_empty();
        let archived = self.copies.last().unwrap_or(0);
        if is_missing && applied > archived && !self.options.accept_missing_journal {
            return Err(self.contradiction(format!(
                "it holds nothing, but the read models have applied {applied} events, which were \
                 journaled first. If the journal is lost for good, start once with \
                 --accept-missing-journal: what the log holds then counts as the truth"
            )));
        }
        Ok(())
    }

    /// Whether more is wrong than an end that was cut off.
    async fn is_damaged(&self, applied: u64) -> Result<bool, OpenError> {
        let archived = self
            .copies
            .archive()
            .and_then(|archive| archive.last(self.id));
        let archived = archived.unwrap_or(0);
        let journal = self.copies.journal();
        let damage = journal.map_or_else(Vec::new, |journal| journal.damage(self.id));
        for one in &damage {
            tracing::error!(log = %self.id, damage = %one, "the journal is damaged");
        }
        if damage.iter().any(|one| *one.events.end() > archived) {
            return Ok(true);
        }
        let own_last = self.copies.last().unwrap_or(0);
        if applied > own_last && own_last > 0 && journal.is_some() {
            return Ok(true);
        }
        if !self.holes_are_erasures().await? {
            return Ok(true);
        }
        let noted = self
            .copies
            .archive()
            .map(|archive| archive.stream_is_damaged(self.id));
        let noted = noted
            .transpose()
            .map_err(|source| self.archive_failed(source))?;
        Ok(noted == Some(true) || !self.overlap_is_there().await?)
    }

    fn archive_failed(&self, source: ArchiveError) -> OpenError {
        OpenError::Archive {
            log: self.id.to_string(),
            source,
        }
    }

    /// Whether the stream holds every event but those whose content was erased: it has none of
    /// them any more, and our own copies say so.
    async fn holes_are_erasures(&self) -> Result<bool, OpenError> {
        let extent = self.log.extent().await?;
        if extent.is_whole() {
            return Ok(true);
        }
        let absent = extent.last.saturating_sub(extent.events);
        if absent > limits::ERASED_LOOKED_AT_MAX {
            return Ok(false);
        }
        let mut found = 0;
        let mut next = 1;
        while next <= extent.last {
            let there = self.log.read(next, limits::READ_BATCH_MAX).await?;
            let end = there.last().map_or(extent.last, |last| last.sequence);
            let mut there = there.iter().map(|stored| stored.sequence).peekable();
            for sequence in next..=end {
                if there.next_if_eq(&sequence).is_some() {
                    continue;
                }
                if !self.is_erased(sequence).await? {
                    return Ok(false);
                }
                found += 1;
            }
            if found == absent {
                return Ok(true);
            }
            next = end + 1;
        }
        Ok(found == absent)
    }

    async fn is_erased(&self, sequence: u64) -> Result<bool, OpenError> {
        let copies = self.copies.clone();
        let read = blocking(move || copies.read(sequence, 1)).await?;
        let events = read.unwrap_or_default();
        Ok(events
            .first()
            .is_some_and(|stored| stored.event.is_erased()))
    }

    /// Whether both hold the events before the end of both. What they hold is compared later.
    async fn overlap_is_there(&self) -> Result<bool, OpenError> {
        let (from, end) = self.overlap().await?;
        let mut next = from;
        while next <= end {
            let wanted = usize::try_from(end - next + 1).unwrap_or(usize::MAX);
            let wanted = wanted.min(limits::READ_BATCH_MAX);
            let there = self.log.read(next, wanted).await?;
            if there.is_empty() {
                return Ok(false);
            }
            for stored in &there {
                while next < stored.sequence.min(end + 1) {
                    if !self.is_erased(next).await? {
                        return Ok(false);
                    }
                    next += 1;
                }
                next = stored.sequence + 1;
            }
        }
        Ok(true)
    }

    /// The end of what both the stream and our own copies hold.
    async fn overlap(&self) -> Result<(u64, u64), OpenError> {
        let end = self.log.last().await?;
        let ranges = self.copies.ranges();
        let Some(newest) = ranges.last() else {
            return Ok((1, 0));
        };
        let end = end.min(*newest.end());
        let from = end.saturating_sub(OVERLAP_COMPARED_MAX).max(1);
        Ok((from.max(*newest.start()), end))
    }

    /// Makes whatever is damaged again from what is not.
    async fn mend(&mut self, journal: &Journal, applied: u64) -> Result<(), OpenError> {
        tracing::warn!(log = %self.id, "a copy of the log is damaged: it is mended from the other");
        let extent = self.log.extent().await?;
        let archived = self
            .copies
            .archive()
            .and_then(|archive| archive.last(self.id));
        let last = self.copies.last().unwrap_or(0).max(extent.last);
        if applied > last {
            return Err(self.contradiction(format!(
                "it ends at event {last}, as the log does, but the read models have applied \
                 {applied}, which were journaled first: the journal has lost its end, and events \
                 {} to {applied} are lost. Restore log or journal from a copy",
                last + 1
            )));
        }
        let mender = Mender::new(self.log, self.copies, self.options);
        mender.nothing_is_lost(last).await?;
        let journal_is_damaged = journal
            .damage(self.id)
            .iter()
            .any(|one| *one.events.end() > archived.unwrap_or(0))
            || self.copies.last().unwrap_or(0) < applied;
        let stream_is_damaged = !self.holes_are_erasures().await?
            || !self.overlap_is_there().await?
            || match self.copies.archive() {
                Some(archive) => archive
                    .stream_is_damaged(self.id)
                    .map_err(|source| self.archive_failed(source))?,
                None => false,
            };
        if journal_is_damaged {
            self.repaired.mended += self
                .mend_journal(&mender, journal, last, stream_is_damaged)
                .await?;
        }
        if stream_is_damaged {
            self.repaired.mended += mender.archive(1, last).await?;
            self.repaired.restored += mender.stream(last).await?;
        }
        Ok(())
    }

    /// What the journal held goes into the archive, from whichever copy has it, and the journal
    /// begins anew behind it.
    async fn mend_journal(
        &self,
        mender: &Mender<'_>,
        journal: &Journal,
        last: u64,
        stream_is_damaged: bool,
    ) -> Result<u64, OpenError> {
        let restart = |first| {
            journal
                .restart(self.id, first)
                .map_err(|source| self.journal_failed(source))
        };
        if self.copies.archive().is_some() {
            let mended = mender.archive(1, last).await?;
            restart(last + 1)?;
            return Ok(mended);
        }
        if stream_is_damaged {
            return Err(self.contradiction(
                "both are damaged, in different places. Start once with --archive forever: the \
                 archive is made from what is whole of both"
                    .to_owned(),
            ));
        }
        let first = last.saturating_sub(OVERLAP_COMPARED_MAX) + 1;
        restart(first)?;
        self.accept(journal, first, last, None).await
    }

    /// Brings the ends of stream and journal together.
    async fn bring_together(&mut self, journal: &Journal, applied: u64) -> Result<u64, OpenError> {
        let end = self.log.last().await?;
        let Some(last) = self.copies.last() else {
            self.reaches(end, applied)?;
            let begin = end.saturating_sub(OVERLAP_COMPARED_MAX) + 1;
            let previous = (begin == 1).then(|| chain::genesis(self.id));
            self.repaired.accepted = self.accept(journal, begin, end, previous).await?;
            return Ok(end);
        };
        let missing = self.copies.missing(end.saturating_add(1)..=last);
        if let Some(first) = missing.first().filter(|_| end < last) {
            return Err(self.contradiction(format!(
                "the log ends at event {end} and event {} is in no copy: what lies between is \
                 lost. Restore the log from a copy",
                first.start()
            )));
        }
        self.compare().await?;
        let mender = Mender::new(self.log, self.copies, self.options);
        self.repaired.restored += mender.restore(end, last).await?;
        if end > last {
            let previous = self.chain_of_copies(last).await?;
            self.repaired.accepted += self.accept(journal, last + 1, end, previous).await?;
        }
        Ok(end.max(last))
    }

    /// Where both hold an event, it is the same one, and follows the one before it.
    async fn compare(&self) -> Result<(), OpenError> {
        let (mut from, end) = self.overlap().await?;
        let mut previous = (from == 1).then(|| chain::genesis(self.id));
        while from <= end {
            let wanted = usize::try_from(end - from + 1).unwrap_or(usize::MAX);
            let wanted = wanted.min(limits::READ_BATCH_MAX);
            let there = self.log.read(from, wanted).await?;
            let copies = self.copies.clone();
            let ours = blocking(move || copies.read(from, wanted)).await?;
            let ours = ours.map_err(|error| OpenError::Log(crate::Error::Copies(error)))?;
            let mut there = there.iter().peekable();
            for own in &ours {
                let other = there.next_if(|other| other.sequence == own.sequence);
                let same = other.is_none_or(|other| is_same(own, other));
                if !same || (other.is_none() && !own.event.is_erased()) {
                    return Err(self.contradiction(format!(
                        "event {} of the log is not the one that was journaled: the log was \
                         changed or replaced. Run `hansard audit verify`; restore the log from a \
                         copy",
                        own.sequence
                    )));
                }
            }
            self.check_links(from, &ours, &mut previous)?;
            from += ours.len() as u64;
        }
        Ok(())
    }

    /// Journals events that the log holds behind the journal's end: they were appended before a
    /// crash, and nobody was answered. `previous` is the chain value that they must follow.
    async fn accept(
        &self,
        journal: &Journal,
        from: u64,
        end: u64,
        previous: Option<chain::Chain>,
    ) -> Result<u64, OpenError> {
        let mut previous = previous;
        let mut at = from;
        while at <= end {
            let events = self.log.read(at, limits::READ_BATCH_MAX).await?;
            self.check_links(at, &events, &mut previous)?;
            let raw: Vec<&RawEvent> = events.iter().map(|stored| &stored.event).collect();
            journal
                .append(self.id, at, &raw)
                .map_err(|source| self.journal_failed(source))?;
            at += events.len() as u64;
        }
        Ok((end + 1).saturating_sub(from))
    }

    /// The chain value after an event, as our own copies say.
    async fn chain_of_copies(&self, sequence: u64) -> Result<Option<chain::Chain>, OpenError> {
        let copies = self.copies.clone();
        let read = blocking(move || copies.read(sequence, 1)).await?;
        let read = read.map_err(|error| OpenError::Log(crate::Error::Copies(error)))?;
        Ok(read.first().and_then(StoredEvent::chain))
    }

    /// Each event hashes to what it says, on top of the one before it.
    fn check_links(
        &self,
        from: u64,
        events: &[StoredEvent],
        previous: &mut Option<chain::Chain>,
    ) -> Result<(), OpenError> {
        let whole = follow(from, events, previous);
        if whole == events.len() && whole > 0 {
            return Ok(());
        }
        Err(not_following(self.id, from + whole as u64))
    }
}

/// How many of the events, the first at `from`, follow the value before them and each other;
/// `previous` moves with them.
pub(super) fn follow(
    from: u64,
    events: &[StoredEvent],
    previous: &mut Option<chain::Chain>,
) -> usize {
    for (index, (sequence, stored)) in (from..).zip(events).enumerate() {
        let said = stored.chain();
        let follows = previous.is_none_or(|value| said == chain::next(&value, &stored.event));
        if stored.sequence != sequence || said.is_none() || !follows {
            return index;
        }
        *previous = said;
    }
    events.len()
}

/// Whether two copies hold the same event. One of them may have been erased since: the chain value
/// holds what was in it.
fn is_same(one: &StoredEvent, other: &StoredEvent) -> bool {
    let either_is_erased = one.event.is_erased() || other.event.is_erased();
    one.event.subject == other.event.subject
        && one.chain() == other.chain()
        && (either_is_erased || one.event.body == other.event.body)
}

/// Events as commands of one event each.
pub(super) fn singles(events: Vec<StoredEvent>) -> Vec<Unit> {
    events
        .into_iter()
        .map(|stored| vec![stored.event])
        .collect()
}

/// Appends events behind `last` again.
pub(super) async fn append_again(
    log: &Arc<dyn EventLog>,
    last: u64,
    events: Vec<StoredEvent>,
    options: &WriterOptions,
) -> Result<(), OpenError> {
    append_resolved(&**log, last, &singles(events), options)
        .await
        .map_err(|source| OpenError::Repair {
            log: log.id().to_string(),
            source,
        })
}

/// An event that does not belong where it is.
pub(super) fn not_following(id: LogId, sequence: u64) -> OpenError {
    OpenError::Contradiction {
        log: id.to_string(),
        what: format!(
            "event {sequence} does not follow the one before it: the log was changed or replaced. \
             Run `hansard audit verify`; restore the log from a copy"
        ),
    }
}

/// Ranges as positions that are lost.
pub(super) fn lost(id: LogId, positions: Vec<RangeInclusive<u64>>, why: &str) -> OpenError {
    OpenError::Lost {
        log: id.to_string(),
        positions,
        why: why.to_owned(),
    }
}
