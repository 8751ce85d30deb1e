//! Taking a log over: its end is compared with the journal before anything else happens.

use std::sync::Arc;

use hansard_events::{RawEvent, chain, header};
use hansard_types::{Checkpoint, limits};

use super::{WriterOptions, append_resolved};
use crate::{EventLog, Journal, JournalError, OpenError, StoredEvent, Unit};

/// Events of the overlap that are compared, newest first to go missing: more than any sync
/// interval lets through, and far less than a journal can hold.
const OVERLAP_COMPARED_MAX: u64 = 10_000;

/// What was mended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Repaired {
    /// Events that the log had lost and got back.
    pub restored: u64,
    /// Events behind the journal's end: appended, never acknowledged, accepted.
    pub accepted: u64,
}

/// Returns the log's last sequence once log and journal agree.
pub(super) async fn repair(
    log: &Arc<dyn EventLog>,
    journal: Option<&Journal>,
    checkpoint: Option<Checkpoint>,
    options: &WriterOptions,
) -> Result<(u64, Repaired), OpenError> {
    let id = log.id();
    let end = log.last().await?;
    let applied = checkpoint.map_or(0, |checkpoint| checkpoint.sequence);
    let repairing = Repairing {
        log,
        id: id.to_string(),
    };
    let Some(journal) = journal else {
        repairing.reaches(end, applied)?;
        return Ok((end, Repaired::default()));
    };
    let Some((first, last)) = journal.bounds(id) else {
        if applied > 0 && !options.accept_missing_journal {
            return Err(repairing.contradiction(format!(
                "it holds nothing, but the read models have applied {applied} events, which were \
                 journaled first. If the journal is lost for good, start once with \
                 --accept-missing-journal: what the log holds then counts as the truth"
            )));
        }
        repairing.reaches(end, applied)?;
        let begin = end.saturating_sub(OVERLAP_COMPARED_MAX) + 1;
        let previous = (begin == 1).then(|| chain::genesis(id));
        let accepted = repairing.accept(journal, begin, end, previous).await?;
        return Ok((
            end,
            Repaired {
                restored: 0,
                accepted,
            },
        ));
    };
    if applied > last {
        return Err(repairing.contradiction(format!(
            "it ends at event {last}, but the read models have applied {applied}, which were \
             journaled first: the journal has lost its end. Restore it from a copy, or delete it \
             and start once with --accept-missing-journal"
        )));
    }
    if end + 1 < first {
        return Err(repairing.contradiction(format!(
            "the log ends at event {end} and the journal begins at {first}: what lies between is \
             lost. Restore the log from a copy"
        )));
    }
    repairing.compare(journal, first, end.min(last)).await?;
    let restored = repairing.restore(journal, end, last, options).await?;
    let previous = journal_chain(journal, id, last)?;
    let accepted = repairing.accept(journal, last + 1, end, previous).await?;
    if restored + accepted > 0 {
        tracing::warn!(log = %id, restored, accepted, "the log's end was repaired");
    }
    Ok((end.max(last), Repaired { restored, accepted }))
}

struct Repairing<'a> {
    log: &'a Arc<dyn EventLog>,
    id: String,
}

impl Repairing<'_> {
    fn contradiction(&self, what: String) -> OpenError {
        OpenError::Contradiction {
            log: self.id.clone(),
            what,
        }
    }

    fn journal_failed(&self, source: JournalError) -> OpenError {
        OpenError::Journal {
            log: self.id.clone(),
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
             lost its end, and there is no journal to mend it. Restore the log from a copy"
        )))
    }

    /// Where both hold an event, it is the same one, and follows the one before it.
    async fn compare(&self, journal: &Journal, first: u64, end: u64) -> Result<(), OpenError> {
        let mut from = first.max(end.saturating_sub(OVERLAP_COMPARED_MAX));
        let mut previous = (from == 1).then(|| chain::genesis(self.log.id()));
        while from <= end {
            let wanted = usize::try_from(end - from + 1).unwrap_or(usize::MAX);
            let wanted = wanted.min(limits::READ_BATCH_MAX);
            let there = self.log.read(from, wanted).await?;
            let ours = journal
                .entries(self.log.id(), from, wanted)
                .map_err(|source| self.journal_failed(source))?;
            for (sequence, (one, other)) in (from..).zip(there.iter().zip(&ours)) {
                let same = one.sequence == sequence
                    && one.event.subject == other.event.subject
                    && one.event.body == other.event.body
                    && one.event.header(header::CHAIN) == other.event.header(header::CHAIN);
                if !same {
                    return Err(self.contradiction(format!(
                        "event {sequence} of the log is not the one that was journaled: the log \
                         was changed or replaced. Run `hansard audit verify`; restore the log \
                         from a copy"
                    )));
                }
            }
            let compared = there.len().min(ours.len());
            if compared == 0 {
                return Err(self.contradiction(format!(
                    "event {from} is missing in the log or in the journal. Restore the log from \
                     a copy"
                )));
            }
            self.check_links(from, &there[..compared], &mut previous)?;
            from += compared as u64;
        }
        Ok(())
    }

    /// Appends again what the log has lost, under the same sequences, once it is certain that it
    /// follows what the log still holds.
    async fn restore(
        &self,
        journal: &Journal,
        end: u64,
        last: u64,
        options: &WriterOptions,
    ) -> Result<u64, OpenError> {
        let mut at = end;
        let mut previous = None;
        if at < last {
            previous = Some(self.chain_at(end).await?);
        }
        while at < last {
            let lost = journal
                .entries(self.log.id(), at + 1, limits::ROUND_COMMANDS_MAX)
                .map_err(|source| self.journal_failed(source))?;
            if lost.is_empty() {
                return Err(self.contradiction(format!("the journal misses event {}", at + 1)));
            }
            self.check_links(at + 1, &lost, &mut previous)?;
            let count = lost.len() as u64;
            let units: Vec<Unit> = lost.into_iter().map(|stored| vec![stored.event]).collect();
            append_resolved(&**self.log, at, &units, options)
                .await
                .map_err(|source| OpenError::Repair {
                    log: self.id.clone(),
                    source,
                })?;
            at += count;
        }
        Ok(at - end)
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
                .append(self.log.id(), at, &raw)
                .map_err(|source| self.journal_failed(source))?;
            at += events.len() as u64;
        }
        Ok((end + 1).saturating_sub(from))
    }

    /// The chain value after an event of the log, as it says itself.
    async fn chain_at(&self, sequence: u64) -> Result<chain::Chain, OpenError> {
        if sequence == 0 {
            return Ok(chain::genesis(self.log.id()));
        }
        let events = self.log.read(sequence, 1).await?;
        let there = events.first().filter(|stored| stored.sequence == sequence);
        there
            .and_then(|stored| stored.event.header(header::CHAIN))
            .and_then(chain::from_hex)
            .ok_or_else(|| {
                self.contradiction(format!(
                    "event {sequence}, the log's last, is missing or has no chain value. Restore \
                     the log from a copy"
                ))
            })
    }

    /// Each event hashes to what it says, on top of the one before it.
    fn check_links(
        &self,
        from: u64,
        events: &[StoredEvent],
        previous: &mut Option<chain::Chain>,
    ) -> Result<(), OpenError> {
        let broken = |sequence| {
            self.contradiction(format!(
                "event {sequence} does not follow the one before it: the log was changed or \
                 replaced. Run `hansard audit verify`; restore the log from a copy"
            ))
        };
        if events.is_empty() {
            return Err(broken(from));
        }
        for (sequence, stored) in (from..).zip(events) {
            let said = stored.event.header(header::CHAIN).and_then(chain::from_hex);
            let follows = previous.is_none_or(|value| said == chain::next(&value, &stored.event));
            if stored.sequence != sequence || said.is_none() || !follows {
                return Err(broken(sequence));
            }
            *previous = said;
        }
        Ok(())
    }
}

fn journal_chain(
    journal: &Journal,
    id: hansard_types::LogId,
    last: u64,
) -> Result<Option<chain::Chain>, OpenError> {
    let entries = journal
        .entries(id, last, 1)
        .map_err(|source| OpenError::Journal {
            log: id.to_string(),
            source,
        })?;
    let newest = entries
        .first()
        .and_then(|stored| stored.event.header(header::CHAIN));
    Ok(newest.and_then(chain::from_hex))
}
