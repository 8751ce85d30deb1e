//! Reading both copies of a log to see whether they are still what was written.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use hansard_types::{LogId, limits};
use tokio::time::{Instant, sleep_until};

use crate::archive::merged;
use crate::reader::blocking;
use crate::writer::WriterOptions;
use crate::writer::mend::Mender;
use crate::{Archive, Copies, Damage, EventLog, OpenError, StoredEvent};

/// How fast a scrub reads, and what it may do.
#[derive(Clone, Default)]
pub struct ScrubOptions {
    /// `None`: as fast as it can.
    pub bytes_per_second: Option<u64>,
    /// Write damaged segments of the archive again, and note damage of the stream for the next
    /// start.
    pub mend: bool,
}

/// What a scrub found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScrubReport {
    /// Events that both copies were read for.
    pub events: u64,
    /// What does not read in the archive or the journal.
    pub files: Vec<Damage>,
    /// Events that the stream has lost, or holds otherwise than our own files.
    pub stream: Vec<RangeInclusive<u64>>,
    /// Events of the archive that were written again.
    pub mended: u64,
    /// Events that are in neither copy.
    pub lost: Vec<RangeInclusive<u64>>,
}

impl ScrubReport {
    /// Whether everything is as it was written.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.files.is_empty() && self.stream.is_empty() && self.lost.is_empty()
    }
}

/// Reads the archive and the stream of a log up to `last`, a committed event, and compares them.
/// `progress` is told how many events are done.
///
/// # Errors
/// [`OpenError`], when a copy cannot be reached or written.
pub async fn scrub(
    stream: &Arc<dyn EventLog>,
    copies: &Copies,
    last: u64,
    options: &ScrubOptions,
    progress: impl Fn(u64) + Send,
) -> Result<ScrubReport, OpenError> {
    let mut scrub = Scrub {
        stream,
        copies,
        options,
        log: stream.id(),
        begun: Instant::now(),
        bytes: 0,
        report: ScrubReport::default(),
    };
    scrub.files().await?;
    scrub.streams(last, progress).await?;
    scrub.report.stream = merged(scrub.report.stream.into_iter());
    scrub.report.lost = merged(scrub.report.lost.into_iter());
    scrub.remember()?;
    Ok(scrub.report)
}

struct Scrub<'a> {
    stream: &'a Arc<dyn EventLog>,
    copies: &'a Copies,
    options: &'a ScrubOptions,
    log: LogId,
    begun: Instant,
    /// Read since it was begun.
    bytes: u64,
    report: ScrubReport,
}

impl Scrub<'_> {
    /// Waits as long as what was read may take.
    async fn pace(&mut self, bytes: u64) {
        self.bytes += bytes;
        if let Some(rate) = self.options.bytes_per_second.filter(|rate| *rate > 0) {
            let due = Duration::from_millis(self.bytes.saturating_mul(1000) / rate);
            sleep_until(self.begun + due).await;
        }
    }

    async fn files(&mut self) -> Result<(), OpenError> {
        if let Some(journal) = self.copies.journal() {
            // What is archived is not read from the journal any more: its file goes soon.
            let archive = self.copies.archive();
            let archived = archive.and_then(|archive| archive.last(self.log));
            let mut damage = journal.damage(self.log);
            damage.retain(|one| *one.events.end() > archived.unwrap_or(0));
            self.report.files.extend(damage);
        }
        let Some(archive) = self.copies.archive().cloned() else {
            return Ok(());
        };
        let writer = WriterOptions::default();
        let mut next = archive.ranges(self.log).first().map(|range| *range.start());
        while let Some(sequence) = next {
            let (one, log) = (Arc::clone(&archive), self.log);
            let check = blocking(move || one.check_one(log, sequence)).await?;
            let Some(check) = check.map_err(|source| failed(log, source))? else {
                next = behind(&archive, log, sequence);
                continue;
            };
            next = Some(check.events.end() + 1).filter(|next| Some(*next) <= archive.last(log));
            if !check.damage.is_empty() {
                self.report.files.extend(check.damage.iter().cloned());
                if self.options.mend {
                    let mender = Mender::new(self.stream, self.copies, &writer);
                    match mender.segment(&archive, &check).await {
                        Ok(events) => self.report.mended += events,
                        // What neither has is found by the comparison.
                        Err(OpenError::Lost { .. }) => {}
                        Err(error) => return Err(error),
                    }
                }
            }
            self.pace(archive.bytes_of(log, sequence)).await;
        }
        self.gaps(&archive).await
    }

    /// Files that are not there.
    async fn gaps(&mut self, archive: &Arc<Archive>) -> Result<(), OpenError> {
        let log = self.log;
        let begins = archive.begins(log).map_err(|source| failed(log, source))?;
        let Some(last) = archive.last(log) else {
            return Ok(());
        };
        let gaps = Copies::new(log, Some(Arc::clone(archive)), None).missing(begins..=last);
        for events in &gaps {
            self.report.files.push(Damage {
                path: log.stream_name().into(),
                events: events.clone(),
                what: "no file of the archive holds them".to_owned(),
            });
        }
        if !gaps.is_empty() && self.options.mend {
            let writer = WriterOptions::default();
            let mender = Mender::new(self.stream, self.copies, &writer);
            match mender.fill(archive, begins, last).await {
                Ok(events) => self.report.mended += events,
                Err(OpenError::Lost { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn streams(&mut self, last: u64, progress: impl Fn(u64)) -> Result<(), OpenError> {
        let mut next = 1;
        while next <= last {
            let wanted = usize::try_from(last + 1 - next).unwrap_or(usize::MAX);
            let wanted = wanted.min(limits::READ_BATCH_MAX);
            let there = self.stream.read(next, wanted).await?;
            let end = there.last().map_or(last, |newest| newest.sequence);
            let end = if there.len() < wanted {
                last.min(end.max(next))
            } else {
                end
            };
            let mut bytes = 0;
            for stored in &there {
                bytes += stored.event.size_bytes();
            }
            self.compare(next..=end, &there).await?;
            progress(end);
            next = end + 1;
            self.pace(bytes as u64).await;
        }
        self.report.events = last;
        Ok(())
    }

    /// Compares what the stream holds of a range with our own files.
    async fn compare(
        &mut self,
        range: RangeInclusive<u64>,
        there: &[StoredEvent],
    ) -> Result<(), OpenError> {
        let mut own: Vec<StoredEvent> = Vec::new();
        let mut next = *range.start();
        while next <= *range.end() {
            let copies = self.copies.clone();
            let wanted = usize::try_from(range.end() + 1 - next).unwrap_or(usize::MAX);
            let read = blocking(move || copies.read(next, wanted)).await?;
            let read = read.unwrap_or_default();
            next = read.last().map_or(next, |newest| newest.sequence) + 1;
            own.extend(read);
        }
        let mut there = there.iter().peekable();
        let mut own = own.into_iter().peekable();
        for sequence in range {
            let other = there.next_if(|stored| stored.sequence == sequence);
            let ours = own.next_if(|stored| stored.sequence == sequence);
            match (ours, other) {
                (Some(ours), Some(other)) if ours.is_same_as(other) => {}
                (Some(ours), None) if ours.event.is_erased() => {}
                (Some(_), _) => self.report.stream.push(sequence..=sequence),
                // Aged out of the archive, or never in it.
                (None, Some(_)) => {}
                (None, None) => self.report.lost.push(sequence..=sequence),
            }
        }
        Ok(())
    }

    fn remember(&self) -> Result<(), OpenError> {
        let found = self.report.stream.len() + self.report.files.len() + self.report.lost.len();
        ::metrics::gauge!(crate::metrics::DAMAGED_EVENTS).set(crate::metrics::float(found as u64));
        for damage in &self.report.files {
            tracing::error!(log = %self.log, %damage, "a file of ours is damaged");
        }
        if self.report.stream.is_empty() {
            return Ok(());
        }
        let events = crate::error::listed(&self.report.stream);
        tracing::error!(
            log = %self.log,
            events,
            "the stream is damaged: it is made again at the next start"
        );
        match self.copies.archive().filter(|_| self.options.mend) {
            Some(archive) => archive
                .note_stream_damage(self.log, &events)
                .map_err(|source| failed(self.log, source)),
            None => Ok(()),
        }
    }
}

fn failed(log: LogId, source: crate::ArchiveError) -> OpenError {
    OpenError::Archive {
        log: log.to_string(),
        source,
    }
}

/// The first event that is kept behind one that is not.
fn behind(archive: &Archive, log: LogId, sequence: u64) -> Option<u64> {
    let ranges = archive.ranges(log);
    let range = ranges.iter().find(|range| *range.start() > sequence)?;
    Some(*range.start())
}
