use std::ops::RangeInclusive;
use std::path::PathBuf;

use hansard_events::{chain, decode, header};
use hansard_types::limits;

use crate::archive::check::BROKEN;
use crate::{Copies, CopyError, Damage, Error, Reader, SegmentCheck, StoredEvent};

/// What an audit found whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditReport {
    /// The first event: 1, or of a live log the first that has not aged out.
    pub first: u64,
    /// Events walked, from the first.
    pub events: u64,
    /// The chain value after the last one: two copies of a log with the same value here hold the
    /// same events.
    pub chain: chain::Chain,
}

/// Why a log is not what was written.
#[derive(Debug, thiserror::Error)]
pub enum AuditFailure {
    #[error("event {sequence}: {what}")]
    Broken { sequence: u64, what: &'static str },
    #[error(transparent)]
    Log(#[from] Error),
}

/// Walks the hash chain from the first event to the committed end. `progress` is told the last
/// sequence walked and the end.
///
/// # Errors
/// [`AuditFailure`], at the first event that is missing or is not what was written.
pub async fn verify(
    reader: &Reader,
    mut progress: impl FnMut(u64, u64) + Send,
) -> Result<AuditReport, AuditFailure> {
    let end = *reader.committed().borrow();
    let prefix = format!("{}.", reader.id().subject_prefix());
    let mut value = Some(chain::genesis(reader.id()));
    let mut walked = 0;
    let mut first = 1;
    while walked < end {
        let batch = match reader.read(walked + 1, limits::READ_BATCH_MAX).await {
            // What has aged out cannot be looked at; the chain is walked from what is there.
            Err(Error::AgedOut { begins, .. }) => {
                (first, walked, value) = (begins, begins - 1, None);
                continue;
            }
            batch => batch?,
        };
        for stored in batch {
            let broken = |what| AuditFailure::Broken {
                sequence: stored.sequence,
                what,
            };
            if !stored.event.subject().starts_with(&prefix) {
                return Err(broken("its subject is of another log"));
            }
            let said = stored.event.header(header::CHAIN).and_then(chain::from_hex);
            let said = said.ok_or_else(|| broken("it has no chain value"))?;
            let before = value.unwrap_or_default();
            let next = chain::next(&before, &stored.event)
                .ok_or_else(|| broken("it has neither a body with its salt nor a commitment"))?;
            if value.is_some() && said != next {
                return Err(broken(BROKEN));
            }
            value = Some(said);
            let recorded = decode(stored.sequence, &stored.event);
            let recorded = recorded.map_err(|_| broken("it does not read as an event"))?;
            if recorded.envelope.log != reader.id() {
                return Err(broken("it says that it was written for another log"));
            }
            walked = stored.sequence;
        }
        progress(walked, end);
    }
    Ok(AuditReport {
        first,
        events: (walked + 1).saturating_sub(first),
        chain: value.unwrap_or_default(),
    })
}

/// What our own files of a log were found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopiesReport {
    /// The first event that is held: 1, unless older ones have aged out.
    pub first: u64,
    /// The last one.
    pub last: u64,
    /// The chain value after the last one; `None` when it does not read.
    pub chain: Option<chain::Chain>,
    /// Events whose content was erased.
    pub erased: u64,
    /// Everything that is not as it was written, ascending: whole when it is empty.
    pub damage: Vec<Damage>,
}

/// Walks the hash chain through archive and journal, on as many threads as there are processors.
/// No server is asked. `progress` is told how many events more were walked. Blocks.
///
/// # Errors
/// [`CopyError`], when a file cannot be read for other reasons than damage.
pub fn verify_copies(
    copies: &Copies,
    progress: impl Fn(u64) + Sync,
) -> Result<CopiesReport, CopyError> {
    let log = copies.id();
    let checks = match copies.archive() {
        Some(archive) => archive.check(log, &progress)?,
        None => Vec::new(),
    };
    let first = match copies.archive() {
        Some(archive) => archive.begins(log)?,
        None => copies.ranges().first().map_or(1, |range| *range.start()),
    };
    let mut walk = CopiesWalk {
        copies,
        next: first,
        value: (first == 1).then(|| chain::genesis(log)),
        report: CopiesReport {
            first,
            last: copies.last().unwrap_or(0),
            chain: None,
            erased: 0,
            damage: Vec::new(),
        },
    };
    for check in checks {
        walk.segment(check);
    }
    walk.journal(&progress)?;
    walk.report.chain = walk.value;
    Ok(walk.report)
}

struct CopiesWalk<'a> {
    copies: &'a Copies,
    next: u64,
    /// The chain value before the next event; `None` when it is not known.
    value: Option<chain::Chain>,
    report: CopiesReport,
}

impl CopiesWalk<'_> {
    fn note(&mut self, path: PathBuf, events: RangeInclusive<u64>, what: &str) {
        self.report.damage.push(Damage {
            path,
            events,
            what: what.to_owned(),
        });
    }

    /// Where the files of a log are.
    fn folder(&self) -> PathBuf {
        PathBuf::from(self.copies.id().stream_name())
    }

    fn segment(&mut self, check: SegmentCheck) {
        let (first, last) = (*check.events.start(), *check.events.end());
        if first > self.next {
            self.note(self.folder(), self.next..=first - 1, "no file holds them");
            self.value = None;
        }
        self.report.erased += check.erased;
        let whole = check.damage.is_empty();
        self.report.damage.extend(check.damage);
        let (before, after) = check.ends.unzip();
        if whole && before.is_some() && self.value.is_some() && before != self.value {
            self.note(self.folder(), first..=first, BROKEN);
        }
        self.value = after;
        self.next = last + 1;
    }

    /// What the archive does not hold yet.
    fn journal(&mut self, progress: &impl Fn(u64)) -> Result<(), CopyError> {
        let Some(journal) = self.copies.journal() else {
            return Ok(());
        };
        let log = self.copies.id();
        let known: Vec<Damage> = journal
            .damage(log)
            .into_iter()
            .filter(|damage| *damage.events.end() >= self.next)
            .collect();
        while self.next <= self.report.last {
            let events = journal.entries(log, self.next, limits::READ_BATCH_MAX)?;
            for stored in &events {
                self.event(stored);
            }
            progress(events.len() as u64);
            if events.is_empty() {
                let ranges = self.copies.ranges();
                let again = ranges.iter().find(|range| *range.end() > self.next);
                let again = again.map_or(self.report.last + 1, |range| {
                    (*range.start()).max(self.next + 1)
                });
                let covered = known.iter().any(|one| one.events.contains(&self.next));
                if !covered {
                    self.note(self.folder(), self.next..=again - 1, "no file holds them");
                }
                (self.next, self.value) = (again, None);
            }
        }
        self.report.damage.extend(known);
        Ok(())
    }

    fn event(&mut self, stored: &StoredEvent) {
        let said = stored.chain();
        let follows = |value: chain::Chain| said == chain::next(&value, &stored.event);
        let prefix = format!("{}.", self.copies.id().subject_prefix());
        if said.is_none() || !self.value.is_none_or(follows) {
            self.note(self.folder(), stored.sequence..=stored.sequence, BROKEN);
        } else if !stored.event.subject().starts_with(&prefix) {
            let what = "its subject is of another log";
            self.note(self.folder(), stored.sequence..=stored.sequence, what);
        }
        self.report.erased += u64::from(stored.event.is_erased());
        self.value = said;
        self.next = stored.sequence + 1;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use hansard_types::{AppId, LogId};

    use super::*;
    use crate::conformance::{Parts, edit, events, spoil, units};
    use crate::{EventLog as _, MemoryLog};

    fn id() -> LogId {
        LogId::new(AppId(7), 0)
    }

    /// What an audit says of ten events, the last of which was changed and hashed again.
    async fn audited(change: impl FnOnce(&mut Parts)) -> Result<AuditReport, AuditFailure> {
        let log = MemoryLog::new(id());
        let written = events(id(), 10);
        log.append(0, &units(&written)).await.expect("appends");
        let before = written[8].event.header(header::CHAIN);
        let before = before.and_then(chain::from_hex).expect("is chained");
        log.tamper(10, |event| {
            edit(event, change);
            let value = chain::next(&before, &*event).expect("it has a salt");
            edit(event, |parts| {
                parts.set(header::CHAIN, &chain::to_hex(&value))
            });
        });
        let reader = Reader::at_end(Arc::new(log)).await.expect("reads");
        verify(&reader, |_, _| {}).await
    }

    #[tokio::test]
    async fn a_whole_log_is_walked_to_its_end() {
        let report = audited(|_| {}).await.expect("is whole");
        assert_eq!(report.events, 10);
        let newest = events(id(), 10).remove(9).event;
        assert_eq!(
            newest.header(header::CHAIN),
            Some(chain::to_hex(&report.chain).as_str())
        );
    }

    #[tokio::test]
    async fn the_first_event_that_is_wrong_is_named_even_when_it_was_hashed_again() {
        let broken = |result| match result {
            Err(AuditFailure::Broken { sequence, what }) => (sequence, what),
            other => panic!("{other:?}"),
        };
        let source = |parts: &mut Parts| parts.set(header::SOURCE, "/apps/8/0");
        let subject = |parts: &mut Parts| parts.subject = "hansard.8.0.account.x.00".to_owned();
        let body = |parts: &mut Parts| parts.body.clear();
        let (sequence, what) = broken(audited(source).await);
        assert_eq!((sequence, what.contains("another log")), (10, true));
        let (sequence, what) = broken(audited(subject).await);
        assert_eq!((sequence, what.contains("subject")), (10, true));
        let (sequence, what) = broken(audited(body).await);
        assert_eq!((sequence, what.contains("does not read")), (10, true));
    }

    #[tokio::test]
    async fn a_changed_event_breaks_the_chain_where_it_stands() {
        let log = MemoryLog::new(id());
        log.append(0, &units(&events(id(), 10)))
            .await
            .expect("appends");
        log.tamper(4, spoil);
        let reader = Reader::at_end(Arc::new(log)).await.expect("reads");
        let failure = verify(&reader, |_, _| {}).await;
        assert!(
            matches!(failure, Err(AuditFailure::Broken { sequence: 4, .. })),
            "{failure:?}"
        );
    }
}
