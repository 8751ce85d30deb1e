//! The second copy of the log: journal and archive of the data directory.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use hansard_engine::{Handle, LogProvider};
use hansard_log::{
    Archive, Archiver, ArchiverParts, Copies, Journal, JournalOptions, Reader, Retention,
    ScrubOptions, blocks, scrub,
};
use hansard_types::{LogId, limits};
use hansard_v1::SearchIndexes;

use super::manifest::{self, Opened};
use super::{Arguments, Durability};
use crate::clock::now;
use crate::data_dir::DataDir;

/// How long the archive keeps events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    Forever,
    Days(u32),
    Off,
}

impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forever => f.write_str("forever"),
            Self::Days(days) => write!(f, "{days}"),
            Self::Off => f.write_str("off"),
        }
    }
}

impl FromStr for Keep {
    /// What to write instead.
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "forever" => Ok(Self::Forever),
            "off" => Ok(Self::Off),
            days => match days.parse() {
                Ok(days) if days > 0 => Ok(Self::Days(days)),
                Ok(_) | Err(_) => Err("give forever, off or a number of days"),
            },
        }
    }
}

/// What a data directory holds of its logs besides the streams.
pub(crate) struct OwnCopies {
    /// `None` without a journal (`--durability interval`).
    pub(crate) journal: Option<Opened>,
    pub(crate) archive: Option<Arc<Archive>>,
    /// Until now there was none: a power loss may have taken the log's end.
    pub(crate) ran_without_journal: bool,
    keep: Keep,
}

impl OwnCopies {
    /// Opens them before nats-server is started: what it might lose must not be lost.
    pub(crate) fn open(arguments: &Arguments, data: &DataDir) -> Result<Self> {
        let keep = arguments.archive;
        // Before a journal is begun.
        let ran_without_journal = manifest::ran_without_journal(data)?;
        let has_journal = match arguments.durability {
            Durability::Fsync => true,
            // What the journal still holds mends the log once more.
            Durability::Interval => manifest::has_journal(data)?,
        };
        let archive = match keep {
            Keep::Off => None,
            Keep::Forever | Keep::Days(_) => Some(Arc::new(Archive::open(data.archive())?)),
        };
        let options = JournalOptions {
            segment_bytes: arguments.journal_segment * 1024 * 1024,
            archive: keep != Keep::Off,
            archived: archive
                .as_ref()
                .map(|one| one.all_ranges())
                .unwrap_or_default(),
        };
        let journal = has_journal
            .then(|| manifest::open_journal(data, options, arguments.accept_missing_journal))
            .transpose()?;
        Ok(Self {
            journal,
            archive,
            ran_without_journal,
            keep,
        })
    }

    fn of(&self, log: LogId) -> Copies {
        let journal = self.journal.as_ref();
        let journal = journal.map(|opened| Arc::clone(&opened.journal));
        Copies::new(log, self.archive.clone(), journal)
    }

    /// Before a nats-server of ours reads its store: what only it holds is linked to, so that no
    /// recovery of it can lose that.
    pub(crate) fn keep_blocks(&self, data: &DataDir, nats: Option<&str>) -> Result<()> {
        if nats.is_some() {
            return Ok(());
        }
        let is_held = |log| blocks::is_held(&self.of(log));
        let kept = blocks::keep(&data.nats(), is_held)
            .with_context(|| format!("the blocks in {} cannot be kept", data.nats().display()))?;
        if kept > 0 {
            tracing::info!(
                kept,
                "blocks that only the stream holds are kept until the archive has them"
            );
        }
        Ok(())
    }

    /// Starts what moves the journal's full segments into the archive; `None` when nothing does.
    pub(crate) fn archiver(&self, streams: Arc<dyn LogProvider>) -> Result<Option<Archiver>> {
        let retention = match self.keep {
            Keep::Off => return Ok(None),
            Keep::Forever => Retention::Forever,
            Keep::Days(days) => Retention::For(Duration::from_secs(u64::from(days) * 24 * 3600)),
        };
        let Some((archive, opened)) = self.archive.clone().zip(self.journal.as_ref()) else {
            return Ok(None);
        };
        let parts = ArchiverParts {
            archive,
            journal: Arc::clone(&opened.journal),
            retention,
            streams,
            now: Arc::new(now),
        };
        let started = Archiver::start(parts).context("the archiver does not start")?;
        Ok(Some(started))
    }

    /// The journal, which is open once.
    pub(crate) fn journal(&self) -> Option<Arc<Journal>> {
        let opened = self.journal.as_ref();
        opened.map(|opened| Arc::clone(&opened.journal))
    }
}

/// How often the journal is looked at for what it need not hold any more.
const PRUNE_EVERY: Duration = Duration::from_secs(60);

/// Drops what the journal has held long enough, also of logs that nobody writes to.
pub(crate) async fn prune_again_and_again(journal: Arc<Journal>) {
    let mut due = tokio::time::interval(PRUNE_EVERY);
    due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        due.tick().await;
        let journal = Arc::clone(&journal);
        let pruned = tokio::task::spawn_blocking(move || journal.prune()).await;
        match pruned {
            Ok(Ok(0)) => {}
            Ok(Ok(bytes)) => tracing::debug!(bytes, "the journal let go of what is old"),
            Ok(Err(error)) => tracing::warn!(%error, "the journal was not pruned"),
            Err(error) => tracing::error!(%error, "pruning the journal failed"),
        }
    }
}

/// Reads both copies of every log again and again, slowly, and has the archive mended.
pub(crate) async fn scrub_again_and_again(
    every: Duration,
    engine: Handle,
    streams: Arc<dyn LogProvider>,
    indexes: Arc<dyn SearchIndexes>,
) {
    if every.is_zero() {
        return;
    }
    let mut due = tokio::time::interval(every);
    due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // The first tick is at once: a start has compared what is new.
    due.tick().await;
    loop {
        due.tick().await;
        // Of a live log there is one copy.
        let compared = |reader: &Reader| !reader.id().is_live();
        for reader in engine.readers().into_iter().filter(compared) {
            let log = reader.id();
            if let Err(error) = scrub_one(&reader, &streams).await {
                tracing::warn!(%log, error = %format!("{error:#}"), "the scrub was broken off");
            }
            // Its files are read and compared, too.
            indexes.doubt(log);
        }
    }
}

async fn scrub_one(reader: &Reader, streams: &Arc<dyn LogProvider>) -> Result<()> {
    let log = reader.id();
    let Some(copies) = reader.copies() else {
        return Ok(());
    };
    let last = *reader.committed().borrow();
    let stream = streams.open(log).await?;
    let options = ScrubOptions {
        bytes_per_second: Some(limits::SCRUB_BYTES_PER_SECOND),
        mend: true,
    };
    let report = scrub(&stream, copies, last, &options, |_| {}).await?;
    let (events, mended) = (report.events, report.mended);
    if report.is_whole() {
        tracing::info!(%log, events, "both copies of the log are whole");
    } else {
        tracing::warn!(%log, events, mended, "the scrub found damage");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_the_archive_keeps_is_said_in_three_ways() {
        assert_eq!("forever".parse(), Ok(Keep::Forever));
        assert_eq!("off".parse(), Ok(Keep::Off));
        assert_eq!("90".parse(), Ok(Keep::Days(90)));
        for wrong in ["0", "-1", "", "always"] {
            assert!(wrong.parse::<Keep>().is_err(), "{wrong}");
        }
        for keep in [Keep::Forever, Keep::Off, Keep::Days(7)] {
            assert_eq!(keep.to_string().parse(), Ok(keep));
        }
    }
}
