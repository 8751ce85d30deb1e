//! Taking a log over: stream, archive and journal are compared before anything else happens, and
//! each is mended from the others.

use std::ops::RangeInclusive;
use std::sync::Arc;

use hansard_events::{RawEvent, chain};
use hansard_types::{Checkpoint, LogId, limits};

use super::compare::{OVERLAP_COMPARED_MAX, compare};
use super::mend::Mender;
use super::{WriterOptions, append_resolved};
use crate::archive::merged;
use crate::error::listed;
use crate::reader::blocking;
use crate::{
    ArchiveError, Copies, EventLog, Extent, Journal, JournalError, OpenError, StoredEvent, Unit,
};

/// Events that are missing in the stream and so near each other are looked up together.
const LOOKED_UP_TOGETHER: u64 = 256;

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
    let mut repairing = Repairing::new(log, copies, options);
    let Some(journal) = copies.journal() else {
        let extent = log.extent().await?;
        repairing.reaches(extent.last, applied)?;
        let begins = repairing.begins(extent).await?;
        if begins == 1 && !repairing.holes_are_erasures(extent).await? {
            // Says what is missing: nothing else holds it.
            Mender::new(log, copies, options)
                .nothing_is_lost(extent.last)
                .await?;
        }
        return Ok((extent.last, Repaired::default()));
    };
    repairing.journal_is_there(journal, applied)?;
    let mut found = repairing.look(journal, applied).await?;
    if found.is_damaged() {
        repairing.mend(journal, applied, &found).await?;
        found = repairing.look(journal, applied).await?;
        if found.is_damaged() {
            return Err(repairing.contradiction(
                "it is damaged again right after it was mended: see whether its disk is sound"
                    .to_owned(),
            ));
        }
    }
    let end = repairing.bring_together(journal, applied, found).await?;
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

/// What stream, archive and journal were found to be.
struct Found {
    /// Where the stream begins and ends.
    begins: u64,
    end: u64,
    /// More is wrong with it than an end that was cut off.
    stream_is_damaged: bool,
    journal_is_damaged: bool,
    /// The first event that is not the one that it should be.
    wrong: Option<OpenError>,
}

impl Found {
    fn is_damaged(&self) -> bool {
        self.stream_is_damaged || self.journal_is_damaged
    }
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
        let is_missing = !journal.has_begun(self.id) && journal.damage(self.id).is_empty();
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

    /// Looks at what each holds, and compares the end of what both do.
    async fn look(&self, journal: &Journal, applied: u64) -> Result<Found, OpenError> {
        let extent = self.log.extent().await?;
        let compared = compare(self.log, self.copies, extent).await?;
        let archive = self.copies.archive();
        let noted = archive.map(|archive| archive.stream_is_damaged(self.id));
        let noted = noted
            .transpose()
            .map_err(|source| self.archive_failed(source))?;
        let stream_is_damaged = !self.id.is_live()
            && (compared.stream_lacks_events
                || noted == Some(true)
                || !self.holes_are_erasures(extent).await?);
        // What does not read may have been noticed only just now.
        let damage = journal.damage(self.id);
        for one in &damage {
            tracing::error!(log = %self.id, damage = %one, "the journal is damaged");
        }
        let archived = archive.and_then(|archive| archive.last(self.id));
        let own_last = self.copies.last().unwrap_or(0);
        let lost = damage
            .iter()
            .any(|one| *one.events.end() > archived.unwrap_or(0));
        // A file that is gone leaves no damage behind, only a gap to the archive's end.
        let behind = archived.map(|archived| archived + 1..=own_last);
        let has_gap = behind.is_some_and(|range| !self.copies.missing(range).is_empty());
        Ok(Found {
            begins: self.begins(extent).await?,
            end: extent.last,
            stream_is_damaged,
            journal_is_damaged: lost || has_gap || (applied > own_last && own_last > 0),
            wrong: compared.wrong,
        })
    }

    fn archive_failed(&self, source: ArchiveError) -> OpenError {
        OpenError::Archive {
            log: self.id.to_string(),
            source,
        }
    }

    /// Whether the stream holds every event but those whose content was erased: it has none of
    /// them any more, and our own copies say so.
    async fn holes_are_erasures(&self, extent: Extent) -> Result<bool, OpenError> {
        let absent = extent.absent(self.id);
        if absent == 0 {
            return Ok(true);
        }
        if absent > limits::ERASED_LOOKED_AT_MAX {
            return Ok(false);
        }
        let absent = self.log.absent().await?;
        let copies = self.copies.clone();
        Ok(blocking(move || are_erased(&copies, &absent)).await?)
    }

    /// Where the stream begins to be whole. What a live log's has lost before its time is in no
    /// copy: whoever reads it goes on behind.
    async fn begins(&self, extent: Extent) -> Result<u64, OpenError> {
        let begins = extent.begins(self.id);
        if !self.id.is_live() || extent.absent(self.id) == 0 {
            return Ok(begins);
        }
        let lost = self.log.absent().await?;
        let events = listed(&merged(lost.iter().map(|one| *one..=*one)));
        tracing::error!(log = %self.id, events, "the stream has lost events: they are gone");
        Ok(lost.last().map_or(begins, |last| begins.max(last + 1)))
    }

    /// Makes whatever is damaged again from what is not.
    async fn mend(
        &mut self,
        journal: &Journal,
        applied: u64,
        found: &Found,
    ) -> Result<(), OpenError> {
        tracing::warn!(log = %self.id, "a copy of the log is damaged: it is mended from the other");
        let last = self.copies.last().unwrap_or(0).max(found.end);
        if applied > last {
            return Err(self.contradiction(format!(
                "it ends at event {last}, as the log does, but the read models have applied \
                 {applied}, which were journaled first: the journal has lost its end, and events \
                 {} to {applied} are lost. Restore log or journal from a copy",
                last + 1
            )));
        }
        let mender = Mender::new(self.log, self.copies, self.options);
        if !self.id.is_live() {
            mender.nothing_is_lost(last).await?;
        }
        if found.journal_is_damaged {
            self.repaired.mended += self.mend_journal(&mender, journal, last, found).await?;
        }
        if found.stream_is_damaged {
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
        found: &Found,
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
        if found.stream_is_damaged {
            return Err(self.contradiction(
                "both are damaged, in different places. Start once with --archive forever: the \
                 archive is made from what is whole of both"
                    .to_owned(),
            ));
        }
        let first = last.saturating_sub(OVERLAP_COMPARED_MAX) + 1;
        let first = first.max(found.begins);
        restart(first)?;
        self.accept(journal, first, last, None).await
    }

    /// Brings the ends of stream and journal together.
    async fn bring_together(
        &mut self,
        journal: &Journal,
        applied: u64,
        found: Found,
    ) -> Result<u64, OpenError> {
        let end = found.end;
        let Some(last) = self.copies.last() else {
            self.reaches(end, applied)?;
            let begin = end.saturating_sub(OVERLAP_COMPARED_MAX) + 1;
            let begin = begin.max(found.begins);
            let previous = (begin == 1).then(|| chain::genesis(self.id));
            self.repaired.accepted = self.accept(journal, begin, end, previous).await?;
            return Ok(end);
        };
        let end = if self.id.is_live() && end < last {
            self.begin_where_the_journal_does(journal, end).await?
        } else {
            end
        };
        let missing = self.copies.missing(end.saturating_add(1)..=last);
        if let Some(first) = missing.first().filter(|_| end < last) {
            return Err(self.contradiction(format!(
                "the log ends at event {end} and event {} is in no copy: what lies between is \
                 lost. Restore the log from a copy",
                first.start()
            )));
        }
        if let Some(wrong) = found.wrong {
            return Err(wrong);
        }
        let mender = Mender::new(self.log, self.copies, self.options);
        self.repaired.restored += mender.restore(end, last).await?;
        if end > last {
            let (from, previous) = if found.begins > last + 1 {
                // What lies between has aged out, and nobody was answered.
                journal
                    .restart(self.id, found.begins)
                    .map_err(|source| self.journal_failed(source))?;
                (found.begins, None)
            } else {
                (last + 1, self.chain_of_copies(last).await?)
            };
            self.repaired.accepted += self.accept(journal, from, end, previous).await?;
        }
        Ok(end.max(last))
    }

    /// A live log's stream that lacks more of its end than the journal holds begins anew with that:
    /// what it still held would end in a hole. Returns where it ends then.
    async fn begin_where_the_journal_does(
        &self,
        journal: &Journal,
        end: u64,
    ) -> Result<u64, OpenError> {
        let Some((first, _)) = journal
            .bounds(self.id)
            .filter(|(first, _)| *first > end + 1)
        else {
            return Ok(end);
        };
        tracing::error!(log = %self.id, end, first, "the stream has lost its end: it begins anew");
        self.log.begin_again(first).await?;
        Ok(first - 1)
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

/// Whether our own copies hold these events, and each was erased.
fn are_erased(copies: &Copies, sequences: &[u64]) -> bool {
    let mut rest = sequences;
    while let Some(first) = rest.first() {
        let near = rest.partition_point(|sequence| sequence - first < LOOKED_UP_TOGETHER);
        let wanted = rest[near - 1] - first + 1;
        let read = copies.read(*first, usize::try_from(wanted).unwrap_or(usize::MAX));
        let read = read.unwrap_or_default();
        let mut erased = read.iter().filter(|stored| stored.event.is_erased());
        let known = rest[..near]
            .iter()
            .take_while(|sequence| erased.any(|stored| stored.sequence == **sequence))
            .count();
        if known == 0 {
            return false;
        }
        rest = &rest[known..];
    }
    true
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
