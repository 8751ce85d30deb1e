//! The journal of one log: one appends, any number read.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hansard_events::RawEvent;
use hansard_types::{LogId, limits};
use parking_lot::{Condvar, Mutex, MutexGuard};
use tokio::sync::watch;

use super::files::{self, Access};
use super::segment::Segment;
use super::view::View;
use super::{JournalError, Result};
use crate::StoredEvent;

/// How often it is said that appends wait for the archive.
const SAY_EVERY: Duration = Duration::from_secs(60);

/// What holds for every log of a journal.
#[derive(Clone)]
pub(super) struct Rules {
    pub(super) access: Access,
    pub(super) segment_bytes: u64,
    pub(super) archive: bool,
    /// How long, and how much at most, is kept of what need not be.
    pub(super) keep: Duration,
    pub(super) bytes_max: u64,
    /// How much may wait for the archive.
    pub(super) unarchived_bytes_max: u64,
    /// Counts the files that became full.
    pub(super) sealed: watch::Sender<u64>,
}

impl Rules {
    /// What holds for one of them: live logs are not archived.
    pub(super) fn of(&self, log: LogId) -> Self {
        let mut rules = self.clone();
        rules.archive &= !log.is_live();
        rules
    }
}

pub(super) struct Held {
    log: LogId,
    folder: PathBuf,
    rules: Rules,
    /// Held by whoever changes the files. Taken before the view.
    writing: Mutex<Vec<u8>>,
    /// Held for moments only, never while the disk works: an append does not wait for a reader,
    /// nor a reader for an fsync.
    view: Mutex<View>,
    /// The archive holds more than before.
    released: Condvar,
}

impl Held {
    /// What a folder holds, if there is one. What is trusted from here on is brought to disk: it
    /// may be from a process that was killed before it could do that.
    pub(super) fn open(
        folder: PathBuf,
        log: LogId,
        rules: Rules,
        archived: &[RangeInclusive<u64>],
    ) -> Result<Self> {
        let view = match rules.access {
            Access::Write => {
                files::keep_folder_private(&folder)?;
                let view = View::open(&folder, log, Access::Write, &View::default(), archived)?;
                for segment in &view.segments {
                    files::keep_private(&segment.path, files::FILE_MODE)?;
                }
                if let Some(newest) = view.segments.back() {
                    newest
                        .file
                        .sync_all()
                        .map_err(files::file_error(&newest.path))?;
                }
                files::sync_folder(&folder)?;
                view
            }
            Access::Read => settled(&folder, log, &View::default())?,
        };
        for damage in &view.damage {
            tracing::error!(%log, %damage, "the journal is damaged");
        }
        Ok(Self::of(folder, log, rules, view))
    }

    /// A log of which nothing is held.
    pub(super) fn empty(folder: PathBuf, log: LogId, rules: Rules) -> Self {
        Self::of(folder, log, rules, View::default())
    }

    fn of(folder: PathBuf, log: LogId, rules: Rules, view: View) -> Self {
        Self {
            log,
            folder,
            rules,
            writing: Mutex::default(),
            view: Mutex::new(view),
            released: Condvar::new(),
        }
    }

    pub(super) fn view(&self) -> MutexGuard<'_, View> {
        self.view.lock()
    }

    pub(super) fn release(&self, up_to: u64) {
        let mut view = self.view.lock();
        view.released = view.released.max(up_to);
        self.released.notify_all();
    }

    pub(super) fn append(&self, first: u64, events: &[&RawEvent]) -> Result<()> {
        let mut buffer = self.writing.lock();
        let last = self.view.lock().last();
        match last {
            None => self.begin(first)?,
            Some(last) if first != last + 1 => {
                let log = self.log;
                return Err(JournalError::NotNext { log, first, last });
            }
            Some(_) => self.make_room(first)?,
        }
        let tail = self.view.lock().segments.back().map(Segment::tail);
        let Some(mut tail) = tail else {
            unreachable!("there is a file to write to");
        };
        let head = tail.write(first, events, &mut buffer)?;
        if let Some(newest) = self.view.lock().segments.back_mut() {
            newest.appended(head, &tail, Instant::now());
        }
        Ok(())
    }

    /// Drops what has been held long enough, without an append that would; of a log that is not
    /// archived, and that nobody writes to, everything: a start goes by the stream then, which was
    /// brought to disk long ago. Returns how many bytes went.
    pub(super) fn prune(&self, now: Instant) -> Result<u64> {
        let _writing = self.writing.lock();
        let mut view = self.view.lock();
        let idle = view.segments.back().filter(|newest| {
            !self.rules.archive
                && newest.next > newest.first
                && now.saturating_duration_since(newest.written) > self.rules.keep
        });
        let idle = idle.map(|newest| (newest.next, newest.first));
        if let Some((next, previous)) = idle.filter(|_| view.unreadable.is_none()) {
            drop(view);
            self.push(Segment::create(&self.folder, self.log, next, previous)?)?;
            view = self.view.lock();
        }
        let due = view.due(now, &self.rules);
        drop(view);
        let mut bytes = 0;
        for segment in due {
            bytes += segment.end;
            segment.remove()?;
        }
        if bytes > 0 {
            files::sync_folder(&self.folder)?;
        }
        Ok(bytes)
    }

    /// Begins the log's journal anew; what was there is set aside.
    pub(super) fn restart(&self, first: u64) -> Result<()> {
        let _writing = self.writing.lock();
        // Readers that are at it read on in the files that they have opened.
        *self.view.lock() = View::default();
        if self
            .folder
            .try_exists()
            .map_err(files::file_error(&self.folder))?
        {
            files::set_aside(&self.folder)?;
        }
        self.released.notify_all();
        self.begin(first)
    }

    /// Makes the first file of a log of which no round is held.
    fn begin(&self, first: u64) -> Result<()> {
        self.set_unreadable_aside()?;
        let begun: Vec<Segment> = self.view.lock().segments.drain(..).collect();
        for segment in begun {
            // From a crash: it was begun and never written.
            segment.remove()?;
        }
        files::make_log_folder(&self.folder)?;
        if let Some(root) = self.folder.parent() {
            files::sync_folder(root)?;
        }
        self.push(Segment::create(&self.folder, self.log, first, 0)?)
    }

    /// Takes a file over that is on disk with its head; its name is once this returns.
    fn push(&self, segment: Segment) -> Result<()> {
        files::sync_folder(&self.folder)?;
        self.view.lock().segments.push_back(segment);
        Ok(())
    }

    fn set_unreadable_aside(&self) -> Result<()> {
        let unreadable = self.view.lock().take_unreadable();
        unreadable.map_or(Ok(()), |path| files::set_aside(&path).map(drop))
    }

    /// Begins a new file when the newest one is full, old or not readable, and drops what has been
    /// held long enough.
    fn make_room(&self, first: u64) -> Result<()> {
        let now = Instant::now();
        let mut view = self.view.lock();
        let Some(newest) = view.segments.back() else {
            return Ok(());
        };
        let is_full = newest.end >= self.rules.segment_bytes;
        let is_old = !self.rules.archive
            && now.duration_since(newest.begun) > self.rules.keep
            && newest.next > newest.first;
        if !is_full && !is_old && view.unreadable.is_none() {
            return Ok(());
        }
        let previous = newest.first;
        if self.rules.archive {
            self.wait_for_the_archive(&mut view);
        }
        let mut due = view.due(now, &self.rules);
        drop(view);
        self.set_unreadable_aside()?;
        let spare = due.pop();
        if !due.is_empty() {
            for segment in due {
                segment.remove()?;
            }
            // Gone before the spare one gets its new name: a crash leaves no hole between files.
            files::sync_folder(&self.folder)?;
        }
        // The newest of what goes is written over: its blocks are there already, which makes an
        // fsync cheaper.
        let begun = match spare {
            Some(spare) => spare.reuse(&self.folder, self.log, first, previous)?,
            None => Segment::create(&self.folder, self.log, first, previous)?,
        };
        self.push(begun)?;
        self.rules.sealed.send_modify(|sealed| *sealed += 1);
        Ok(())
    }

    /// Waits until not too much waits for the archive.
    fn wait_for_the_archive(&self, view: &mut MutexGuard<'_, View>) {
        let mut is_news = true;
        loop {
            let waiting: u64 = view.unreleased().map(|(_, bytes)| bytes).sum();
            if waiting <= self.rules.unarchived_bytes_max {
                return;
            }
            if is_news {
                tracing::error!(
                    log = %self.log,
                    waiting_bytes = waiting,
                    "writes wait until the archive has taken more of the journal: see what it \
                     says, and whether its disk has room"
                );
            }
            is_news = self.released.wait_for(view, SAY_EVERY).timed_out();
        }
    }

    /// At most `events_max` events from a sequence on, without holes.
    pub(super) fn entries(&self, from: u64, events_max: usize) -> Result<Vec<StoredEvent>> {
        let mut entries = Vec::new();
        let mut written_over = 0;
        while entries.len() < events_max {
            let next = from + entries.len() as u64;
            let Some(part) = self.view.lock().part(next) else {
                break;
            };
            let before = entries.len();
            part.read(next, events_max, &mut entries);
            if entries.len() > before {
                continue;
            }
            if part.is_in_use() {
                self.view.lock().found_damage(&part, next);
                break;
            }
            written_over += 1;
            if written_over > limits::JOURNAL_READ_ATTEMPTS_MAX {
                break;
            }
            if self.rules.access == Access::Read {
                self.refresh()?;
            }
        }
        Ok(entries)
    }

    /// Looks again at what another process writes.
    fn refresh(&self) -> Result<()> {
        let _one_at_a_time = self.writing.lock();
        let known = self.view.lock().clone();
        let view = settled(&self.folder, self.log, &known)?;
        *self.view.lock() = view;
        Ok(())
    }
}

/// What a folder holds while another process may be writing there: looked at until nothing was
/// renamed, removed or written over meanwhile, and damage was seen twice.
fn settled(folder: &Path, log: LogId, known: &View) -> Result<View> {
    let mut opened = View::open(folder, log, Access::Read, known, &[]);
    let mut said = Vec::new();
    for _ in 0..limits::JOURNAL_READ_ATTEMPTS_MAX {
        opened = match opened {
            Ok(view) => {
                let firsts = files::firsts(folder)?;
                let is_still = view.segments.iter().all(|one| {
                    firsts.binary_search(&one.first).is_ok()
                        && Segment::is_in_use(&one.file, one.seal)
                });
                if is_still && view.damage == said {
                    return Ok(view);
                }
                said.clone_from(&view.damage);
                View::open(folder, log, Access::Read, &view, &[])
            }
            Err(error) if files::is_gone(&error) => {
                View::open(folder, log, Access::Read, known, &[])
            }
            Err(error) => return Err(error),
        };
    }
    opened
}
