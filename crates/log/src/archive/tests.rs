use hansard_types::AppId;

use super::*;
use crate::conformance::{events, spoil};

fn id() -> LogId {
    LogId::new(AppId(7), 0)
}

/// An archive with one segment for each number of events.
fn archive(root: &Path, segments: &[usize]) -> (Archive, Vec<StoredEvent>) {
    let archive = Archive::open(root).expect("opens");
    let written = events(id(), segments.iter().sum());
    let (mut first, mut before) = (0, chain::genesis(id()));
    for count in segments {
        let begun = archive.begin(id(), first as u64 + 1, before);
        let mut writer = begun.expect("begins");
        for stored in &written[first..first + count] {
            writer.push(stored).expect("follows");
        }
        before = writer.value();
        archive.finish(id(), writer).expect("finished");
        first += count;
    }
    (archive, written)
}

/// The files of an archive, in order.
fn files(root: &Path) -> Vec<PathBuf> {
    let folder = root.join(id().stream_name());
    let mut files: Vec<PathBuf> = names(&folder)
        .expect("reads")
        .into_iter()
        .filter(|name| name.ends_with(".arc"))
        .map(|name| folder.join(name))
        .collect();
    files.sort();
    files
}

fn damage(archive: &Archive) -> Vec<crate::Damage> {
    let checks = archive.check(id(), |_| {}).expect("reads");
    checks.into_iter().flat_map(|check| check.damage).collect()
}

#[test]
fn what_was_archived_is_read_back_in_one_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let (archive, written) = archive(folder.path(), &[700, 1, 900]);
    assert_eq!(archive.ranges(id()), [1..=1601]);
    assert_eq!(archive.read(id(), 1, 5000).expect("reads"), written);
    for (from, count) in [(1, 1), (700, 3), (701, 1), (1601, 10), (350, 600)] {
        let read = archive.read(id(), from, count).expect("reads");
        let begin = usize::try_from(from).expect("small") - 1;
        let end = (begin + count).min(written.len());
        assert_eq!(read, written[begin..end], "{count} from {from}");
    }
    assert_eq!(archive.read(id(), 1602, 1).expect("reads"), []);
    assert_eq!(damage(&archive), []);
    let again = Archive::open_read_only(folder.path()).expect("opens");
    assert_eq!(again.read(id(), 1, 5000).expect("reads"), written);
    for (sequence, stored) in (1..).zip(&written).step_by(50) {
        let value = again.value_after(id(), sequence).expect("reads");
        assert_eq!(value, stored.chain());
    }
}

#[test]
fn what_does_not_follow_is_not_archived() {
    let folder = tempfile::tempdir().expect("a folder");
    let (archive, written) = archive(folder.path(), &[10]);
    let value = archive.value_after(id(), 10).expect("reads").expect("kept");
    let mut writer = archive.begin(id(), 11, value).expect("begins");
    let more = events(id(), 12);
    assert!(writer.push(&more[11]).is_err(), "one is left out");
    let mut changed = more[10].clone();
    spoil(&mut changed.event);
    assert!(
        writer.push(&changed).is_err(),
        "it hashes to something else"
    );
    writer.push(&more[10]).expect("it follows");
    let mut other = archive.begin(id(), 1, [1; 32]).expect("begins");
    assert!(other.push(&written[0]).is_err(), "on another beginning");
}

#[test]
fn a_file_that_a_crash_left_half_written_is_not_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let (before, written) = archive(folder.path(), &[10]);
    let value = before.value_after(id(), 10).expect("reads").expect("kept");
    let mut writer = before.begin(id(), 11, value).expect("begins");
    writer.push(&events(id(), 11)[10]).expect("follows");
    std::mem::forget(writer);
    let left = || {
        names(&folder.path().join(id().stream_name()))
            .expect("reads")
            .len()
    };
    assert_eq!(left(), 2);
    let after = Archive::open(folder.path()).expect("opens");
    assert_eq!(after.last(id()), Some(10));
    assert_eq!(after.read(id(), 1, 100).expect("reads"), written);
    assert_eq!(left(), 1, "and it is taken away");
}

/// Whatever byte flips: it is noticed and located, and no wrong event is ever read.
#[test]
fn every_flipped_byte_is_noticed_and_no_wrong_event_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, written) = archive(folder.path(), &[12]);
    let file = files(folder.path()).remove(0);
    let whole = fs::read(&file).expect("reads");
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        fs::write(&file, &flipped).expect("written");
        let archive = Archive::open_read_only(folder.path()).expect("opens");
        let found = damage(&archive);
        assert!(!found.is_empty(), "byte {at} of {}", whole.len());
        let named = |one: &crate::Damage| one.path == file && *one.events.end() <= 12;
        assert!(found.iter().all(named), "byte {at}: {found:?}");
        for sequence in 1..=12 {
            if let Ok(read) = archive.read(id(), sequence, 12) {
                let begin = usize::try_from(sequence).expect("small") - 1;
                assert_eq!(read, written[begin..begin + read.len()], "byte {at}");
            }
        }
    }
}

#[test]
fn what_is_cut_off_zeroed_or_gone_is_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, written) = archive(folder.path(), &[300, 300, 300]);
    let file = files(folder.path()).remove(1);
    let whole = fs::read(&file).expect("reads");
    for length in [0, 1, 67, 68, 200, whole.len() / 2, whole.len() - 1] {
        fs::write(&file, &whole[..length]).expect("written");
        let archive = Archive::open_read_only(folder.path()).expect("opens");
        let found = damage(&archive);
        assert_eq!(found.len(), 1, "{length} bytes");
        assert_eq!((&found[0].path, &found[0].events), (&file, &(301..=600)));
        assert!(archive.read(id(), 400, 1).is_err());
        let read = archive.read(id(), 200, 1000).expect("what comes before");
        assert_eq!(read, written[199..300]);
        let read = archive.read(id(), 601, 1000).expect("what comes behind");
        assert_eq!(read, written[600..]);
    }
    fs::write(&file, vec![0; whole.len()]).expect("written");
    let archive = Archive::open_read_only(folder.path()).expect("opens");
    assert_eq!(damage(&archive).len(), 1);
    fs::remove_file(&file).expect("removed");
    let archive = Archive::open_read_only(folder.path()).expect("opens");
    assert_eq!(archive.ranges(id()), [1..=300, 601..=900]);
    assert_eq!(archive.read(id(), 400, 1).expect("nothing is kept"), []);
}

/// Of a damaged block the events are named that are bad, not the whole file.
#[test]
fn a_damaged_block_says_which_events_are_bad() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, written) = archive(folder.path(), &[2000]);
    let file = files(folder.path()).remove(0);
    let mut bytes = fs::read(&file).expect("reads");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    fs::write(&file, &bytes).expect("written");
    let archive = Archive::open_read_only(folder.path()).expect("opens");
    let found = damage(&archive);
    let bad: u64 = found
        .iter()
        .map(|one| one.events.end() + 1 - one.events.start())
        .sum();
    assert!((1..=600).contains(&bad), "{found:?}");
    let first = usize::try_from(*found[0].events.start()).expect("small");
    let read = archive.read(id(), 1, 2000).expect("what comes before");
    assert_eq!(read, written[..read.len()]);
    assert!(read.len() < first);
}

#[test]
fn old_segments_go_and_the_newest_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let (archive, written) = archive(folder.path(), &[10, 10, 10]);
    let time = |sequence: usize| written[sequence - 1].event.time().expect("has one");
    let remove = |before| archive.remove_before(id(), before).expect("removes");
    assert_eq!(remove(time(10)), 0, "its last event is not older");
    assert_eq!(remove(time(11)), 1);
    assert_eq!(archive.begins(id()).expect("reads"), 11);
    assert_eq!(archive.ranges(id()), [11..=30]);
    assert_eq!(remove(Timestamp(u64::MAX)), 1, "never the newest");
    assert_eq!(archive.read(id(), 21, 100).expect("reads"), written[20..]);
}

#[test]
fn an_erased_event_is_known_as_such() {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = Archive::open(folder.path()).expect("opens");
    let mut written = events(id(), 5);
    written[2].event = written[2].event.erased().expect("it has a salt");
    let begun = archive.begin(id(), 1, chain::genesis(id()));
    let mut writer = begun.expect("begins");
    for stored in &written {
        writer
            .push(stored)
            .expect("an erased event keeps its place");
    }
    archive.finish(id(), writer).expect("finished");
    let checks = archive.check(id(), |_| {}).expect("reads");
    assert_eq!((checks[0].erased, checks[0].damage.len()), (1, 0));
    assert_eq!(archive.read(id(), 1, 10).expect("reads"), written);
}
