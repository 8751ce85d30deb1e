//! One copy is damaged: the other one makes it whole again, under the same sequences.

use std::fs;
use std::path::PathBuf;

use async_trait::async_trait;
use hansard_types::{AppId, Checkpoint, Timestamp};
use tempfile::TempDir;

use super::*;
use crate::conformance::{events, spoil, units};
use crate::writer::{Repaired, Writer};
use crate::{
    Archiver, ArchiverParts, Journal, JournalOptions, LogProvider, MemoryLog, Retention,
    ScrubOptions, ScrubReport, scrub,
};

const EVENTS: u64 = 900;

fn id() -> LogId {
    LogId::new(AppId(7), 0)
}

/// A log of [`EVENTS`] events in a stream, and in archive and journal: about two thirds of it are
/// archived.
struct World {
    stream: MemoryLog,
    folder: TempDir,
    written: Vec<StoredEvent>,
}

struct Streams(MemoryLog);

#[async_trait]
impl LogProvider for Streams {
    async fn open(&self, _id: LogId) -> Result<Arc<dyn EventLog>, OpenError> {
        Ok(Arc::new(self.0.clone()))
    }
}

impl World {
    async fn new() -> Self {
        let world = Self {
            stream: MemoryLog::new(id()),
            folder: tempfile::tempdir().expect("a folder"),
            written: events(id(), usize::try_from(EVENTS).expect("small")),
        };
        let (copies, archiver) = world.start();
        let mut writer = world.open(copies.clone(), None).await.expect("opens");
        for round in world.written.chunks(20) {
            writer.append(&units(round)).await.expect("appends");
        }
        let archive = copies.archive().expect("is on");
        while archive.last(id()).unwrap_or(0) < EVENTS / 2 {
            tokio::task::yield_now().await;
        }
        drop(archiver);
        world
    }

    fn archive_folder(&self) -> PathBuf {
        self.folder.path().join("archive").join(id().stream_name())
    }

    fn journal_folder(&self) -> PathBuf {
        self.folder.path().join("journal").join(id().stream_name())
    }

    fn copies(&self) -> Copies {
        let archive = Archive::open(self.folder.path().join("archive")).expect("opens");
        let options = JournalOptions {
            segment_bytes: 64 * 1024,
            archive: true,
            archived: archive.all_ranges(),
        };
        let journal = Journal::open_with(self.folder.path().join("journal"), options);
        let journal = Arc::new(journal.expect("opens"));
        Copies::new(id(), Some(Arc::new(archive)), Some(journal))
    }

    fn start(&self) -> (Copies, Archiver) {
        let copies = self.copies();
        let parts = ArchiverParts {
            archive: Arc::clone(copies.archive().expect("is on")),
            journal: Arc::clone(copies.journal().expect("is on")),
            retention: Retention::Forever,
            streams: Arc::new(Streams(self.stream.clone())),
            now: Arc::new(|| Timestamp(0)),
        };
        (copies, Archiver::start(parts).expect("starts"))
    }

    async fn open(&self, copies: Copies, applied: Option<u64>) -> Result<Writer, OpenError> {
        let checkpoint = applied.map(|sequence| Checkpoint {
            sequence,
            chain: [0; 32],
        });
        let log: Arc<dyn EventLog> = Arc::new(self.stream.clone());
        Writer::open(log, copies, checkpoint, WriterOptions::default()).await
    }

    /// Opens it as the next start does, and checks that nothing is lost in either copy.
    async fn is_mended(&self) -> Repaired {
        let copies = self.copies();
        let opened = self.open(copies.clone(), Some(EVENTS)).await;
        let writer = opened.expect("it is mended");
        assert_eq!(writer.last(), EVENTS);
        let stream = self.stream.read(1, usize::MAX).await.expect("reads");
        assert!(stream == self.written, "the stream is whole");
        let mut own = Vec::new();
        while let Ok(read) = copies.read(own.len() as u64 + 1, 400)
            && !read.is_empty()
        {
            own.extend(read);
        }
        assert!(
            own == self.written,
            "and our own files: {} of {:?}; {:?}; {:?}",
            own.len(),
            copies.ranges(),
            copies
                .read(own.len() as u64 + 1, 400)
                .map(|read| read.len()),
            writer.repaired()
        );
        writer.repaired()
    }

    async fn scrubbed(&self, mend: bool) -> ScrubReport {
        let stream: Arc<dyn EventLog> = Arc::new(self.stream.clone());
        let options = ScrubOptions {
            mend,
            ..ScrubOptions::default()
        };
        let copies = self.copies();
        let report = scrub(&stream, &copies, EVENTS, &options, |_| {}).await;
        report.expect("both are reached")
    }

    fn segments(&self) -> Vec<PathBuf> {
        files(&self.archive_folder(), "arc")
    }
}

fn files(folder: &std::path::Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("reads");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("reads").path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    files
}

fn flip(path: &std::path::Path, at: usize) {
    let mut bytes = fs::read(path).expect("reads");
    let at = at.min(bytes.len() - 1);
    bytes[at] ^= 0x40;
    fs::write(path, bytes).expect("written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_log_needs_nothing() {
    let world = World::new().await;
    assert!(world.segments().len() > 1, "several segments");
    assert!(world.scrubbed(false).await.is_whole());
    assert_eq!(world.is_mended().await, Repaired::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_gone_shorter_or_holed_is_made_again() {
    let world = World::new().await;
    world.stream.truncate(0);
    assert_eq!(world.is_mended().await.restored, EVENTS, "gone");
    world.stream.truncate(100);
    assert_eq!(world.is_mended().await.restored, EVENTS - 100, "shorter");
    for holed in [1..=1, 5..=70, 300..=EVENTS - 1, EVENTS..=EVENTS] {
        world.stream.lose(holed.clone());
        world.is_mended().await;
    }
}

/// As a block that was flipped and read only after a clean end: the stream still counts it.
#[tokio::test(flavor = "multi_thread")]
async fn damage_that_only_reading_shows_is_found_by_the_scrub_and_mended_by_the_next_start() {
    let world = World::new().await;
    world.stream.tamper(77, spoil);
    let report = world.scrubbed(true).await;
    assert_eq!(
        (report.stream.as_slice(), report.files.len()),
        ([77..=77].as_slice(), 0)
    );
    assert_eq!(world.is_mended().await.restored, EVENTS);
    assert!(world.scrubbed(true).await.is_whole());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_of_the_archive_is_written_again_from_the_stream() {
    let world = World::new().await;
    let segments = world.segments();
    for (number, segment) in segments.iter().enumerate() {
        let whole = fs::read(segment).expect("reads");
        for damage in 0..4 {
            match damage {
                0 => flip(segment, whole.len() / 2),
                1 => fs::write(segment, &whole[..whole.len() / 3]).expect("written"),
                2 => fs::write(segment, vec![0; whole.len()]).expect("written"),
                _ => fs::remove_file(segment).expect("removed"),
            }
            let seen = world.scrubbed(false).await;
            // Behind a newest file that is gone begins what the journal holds.
            if seen.is_whole() {
                assert!(number + 1 == segments.len() && damage == 3);
                fs::write(segment, &whole).expect("written");
                continue;
            }
            assert!(seen.stream.is_empty() && seen.lost.is_empty(), "{seen:?}");
            let mended = world.scrubbed(true).await;
            assert!(mended.mended > 0, "{mended:?}");
            assert!(world.scrubbed(false).await.is_whole(), "{number}, {damage}");
            world.is_mended().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_of_the_journal_costs_nothing() {
    for damage in 0..4 {
        let world = World::new().await;
        for journal in files(&world.journal_folder(), "seg") {
            // An empty journal looks like a wrong folder: that is refused until it is accepted.
            let is_only = files(&world.journal_folder(), "seg").len() == 1;
            if is_only || !journal.try_exists().expect("looks") {
                continue;
            }
            let whole = fs::read(&journal).expect("reads");
            match damage {
                0 => flip(&journal, 5000),
                1 => fs::write(&journal, &whole[..whole.len() / 3]).expect("written"),
                2 => fs::write(&journal, [vec![0; 4096], whole[4096..].to_vec()].concat())
                    .expect("written"),
                _ => fs::remove_file(&journal).expect("removed"),
            }
            world.is_mended().await;
            world.is_mended().await;
        }
    }
}

/// Damage in both copies, in different places: nothing is lost.
#[tokio::test(flavor = "multi_thread")]
async fn both_copies_are_mended_from_each_other() {
    let world = World::new().await;
    let segments = world.segments();
    let first = fs::metadata(&segments[0]).expect("is there").len();
    flip(&segments[0], usize::try_from(first / 2).expect("small"));
    world.stream.lose(EVENTS / 2 + 10..=EVENTS / 2 + 20);
    let repaired = world.is_mended().await;
    assert!(
        repaired.mended > 0 && repaired.restored == EVENTS,
        "{repaired:?}"
    );
    assert!(world.scrubbed(false).await.is_whole());
}

/// Damage in both copies in the same place: exactly that is lost, it is said, nothing is changed.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_neither_copy_is_named_and_nothing_is_changed() {
    let world = World::new().await;
    fs::remove_file(&world.segments()[0]).expect("removed");
    fs::remove_file(&files(&world.journal_folder(), "seg")[0]).expect("removed");
    world.stream.lose(11..=13);
    world.stream.lose(20..=20);
    let before = world.stream.read(1, usize::MAX).await.expect("reads");
    let opened = world.open(world.copies(), Some(EVENTS)).await;
    let refused = opened.err().expect("refused").to_string();
    assert!(refused.contains("lost events 11 to 13, 20:"), "{refused}");
    let after = world.stream.read(1, usize::MAX).await.expect("reads");
    assert!(before == after, "nothing was changed");
    let report = world.scrubbed(true).await;
    assert_eq!(report.lost, [11..=13, 20..=20]);
}

/// The content of some events was erased: they are in no stream, and their places are kept.
#[tokio::test(flavor = "multi_thread")]
async fn erased_events_are_no_damage() {
    let world = World::new().await;
    let copies = world.copies();
    let archive = copies.archive().expect("is on");
    let check = archive.check(id(), |_| {}).expect("reads").remove(0);
    let last = usize::try_from(*check.events.end()).expect("small");
    let begun = archive.begin(id(), 1, chain::genesis(id()));
    let mut writer = begun.expect("begins");
    for stored in &world.written[..last] {
        let mut stored = stored.clone();
        if stored.sequence % 7 == 3 {
            stored.event = stored.event.erased().expect("it has a salt");
            world.stream.lose(stored.sequence..=stored.sequence);
        }
        writer.push(&stored).expect("it keeps its place");
    }
    archive.finish(id(), writer).expect("finished");
    assert!(world.scrubbed(false).await.is_whole());
    let before = world.stream.events_read();
    let opened = world.open(copies, Some(EVENTS)).await.expect("opens");
    assert_eq!(opened.repaired(), Repaired::default());
    let read = world.stream.events_read() - before;
    assert!(read <= EVENTS, "each event once: {read}");
    // A stream that is made again has what is left of them.
    world.stream.truncate(0);
    world
        .open(world.copies(), Some(EVENTS))
        .await
        .expect("opens");
    let stream = world.stream.read(1, usize::MAX).await.expect("reads");
    assert_eq!(stream.len() as u64, EVENTS);
    assert!(stream[2].event.is_erased() && !stream[3].event.is_erased());
    let report = crate::verify_copies(&world.copies(), |_| {}).expect("reads");
    assert_eq!((report.damage.len(), report.last), (0, EVENTS));
    assert_eq!(report.erased, (last as u64 + 4) / 7);
}

/// An archive that is switched on later is filled from the stream.
#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_begins_later_is_filled_from_the_stream() {
    let world = World::new().await;
    for segment in world.segments() {
        fs::remove_file(segment).expect("removed");
    }
    let (copies, archiver) = world.start();
    let mut writer = world.open(copies.clone(), None).await.expect("opens");
    let more = events(id(), usize::try_from(EVENTS).expect("small") + 400);
    let more = &more[world.written.len()..];
    for round in more.chunks(20) {
        writer.append(&units(round)).await.expect("appends");
    }
    let archive = copies.archive().expect("is on");
    while archive.last(id()).unwrap_or(0) < EVENTS {
        tokio::task::yield_now().await;
    }
    drop(archiver);
    assert_eq!(*archive.ranges(id())[0].start(), 1);
    let report = crate::verify_copies(&copies, |_| {}).expect("reads");
    assert_eq!((report.damage, report.last), (Vec::new(), EVENTS + 400));
}
