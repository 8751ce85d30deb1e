//! Seals the journal's full segments into the archive, in the background.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use hansard_types::{LogId, Timestamp, limits};
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::writer::WriterOptions;
use crate::writer::mend::Mender;
use crate::{Archive, ArchiveError, Copies, Journal, LogProvider, OpenError, Retention};

/// Below everything that someone waits for.
const NICENESS: i32 = 19;
/// Events that are moved at once.
const BATCH_EVENTS: usize = limits::READ_BATCH_MAX;
/// The pause after a failure, a full disk mostly.
const AGAIN_AFTER: Duration = Duration::from_secs(5);
/// How often what is too old is looked for.
const REMOVE_EVERY: Duration = Duration::from_secs(60);

/// The parts of an archiver.
pub struct ArchiverParts {
    pub archive: Arc<Archive>,
    pub journal: Arc<Journal>,
    pub retention: Retention,
    /// Where streams are read, when the archive has to catch up with one.
    pub streams: Arc<dyn LogProvider>,
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

/// A thread that moves what the journal has sealed. It ends when it is dropped.
pub struct Archiver {
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Archiver {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(parts: ArchiverParts) -> std::io::Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let runtime = Handle::current();
        let thread = std::thread::Builder::new()
            .name("archiver".to_owned())
            .spawn(move || run(&parts, &runtime, stopped))?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }

    /// Ends it once the segment it is writing is done; blocks until then.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the archiver failed");
        }
    }
}

impl Drop for Archiver {
    fn drop(&mut self) {
        self.end();
    }
}

fn run(parts: &ArchiverParts, runtime: &Handle, mut stopped: watch::Receiver<bool>) {
    // Of this thread only; when it is refused, archiving takes its share like any other work.
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "the archiver runs at normal priority");
    }
    let mut news = parts.journal.sealed_news();
    while !*stopped.borrow() {
        news.borrow_and_update();
        let mut pause = REMOVE_EVERY;
        let archived = |log: &LogId| !log.is_live();
        for log in parts.journal.logs().into_iter().filter(archived) {
            if let Err(error) = one_log(parts, runtime, log, &stopped) {
                let error: &dyn std::error::Error = &error;
                tracing::error!(%log, error, "the archive does not advance: it is tried again");
                ::metrics::counter!(crate::metrics::ARCHIVE_FAILURES).increment(1);
                pause = AGAIN_AFTER;
            }
        }
        // Every wait is cancel-safe: a watch keeps what changed.
        runtime.block_on(async {
            tokio::select! {
                _ = news.changed(), if pause == REMOVE_EVERY => {}
                _ = stopped.changed() => {}
                () = tokio::time::sleep(pause) => {}
            }
        });
    }
}

fn one_log(
    parts: &ArchiverParts,
    runtime: &Handle,
    log: LogId,
    stopped: &watch::Receiver<bool>,
) -> Result<(), OpenError> {
    let failed = |source| OpenError::Archive {
        log: log.to_string(),
        source,
    };
    for sealed in parts.journal.sealed(log) {
        if *stopped.borrow() {
            return Ok(());
        }
        let archived = parts.archive.last(log).unwrap_or(0);
        if *sealed.end() > archived {
            let follows = *sealed.start() <= archived + 1;
            if !follows || !seal(parts, log, archived, *sealed.end()).map_err(failed)? {
                // The archive began after the log, or the journal does not read.
                runtime.block_on(fill(parts, log, *sealed.end()))?;
            }
        }
        parts.journal.release(log, *sealed.end());
        ::metrics::gauge!(crate::metrics::ARCHIVED_EVENTS)
            .set(crate::metrics::float(*sealed.end()));
    }
    if let Retention::For(age) = parts.retention {
        let age = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
        let before = Timestamp((parts.now)().0.saturating_sub(age));
        let removed = parts.archive.remove_before(log, before).map_err(failed)?;
        if removed > 0 {
            tracing::info!(%log, removed, "segments of the archive are past their time");
        }
    }
    Ok(())
}

/// Moves what the journal holds; false when the journal does not read on.
fn seal(parts: &ArchiverParts, log: LogId, archived: u64, last: u64) -> Result<bool, ArchiveError> {
    let Some(before) = parts.archive.value_after(log, archived)? else {
        return Ok(false);
    };
    let mut writer = parts.archive.begin(log, archived + 1, before)?;
    while writer.next() <= last {
        let wanted = usize::try_from(last + 1 - writer.next()).unwrap_or(usize::MAX);
        let entries = parts
            .journal
            .entries(log, writer.next(), wanted.min(BATCH_EVENTS));
        let Ok(events) = entries else {
            return Ok(false);
        };
        if events.is_empty() {
            return Ok(false);
        }
        for stored in &events {
            writer.push(stored)?;
        }
    }
    parts.archive.finish(log, writer)?;
    Ok(true)
}

/// Takes what is missing from whichever copy has it.
async fn fill(parts: &ArchiverParts, log: LogId, last: u64) -> Result<(), OpenError> {
    let stream = parts.streams.open(log).await?;
    let (archive, journal) = (Arc::clone(&parts.archive), Arc::clone(&parts.journal));
    let copies = Copies::new(log, Some(Arc::clone(&archive)), Some(journal));
    let options = WriterOptions::default();
    let begins = archive.begins(log);
    let from = begins.map_err(|source| OpenError::Archive {
        log: log.to_string(),
        source,
    })?;
    Mender::new(&stream, &copies, &options)
        .fill(&archive, from, last)
        .await
        .map(drop)
}
