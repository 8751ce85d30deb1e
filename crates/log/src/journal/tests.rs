use std::collections::BTreeMap;

use hansard_types::AppId;
use tempfile::TempDir;

use super::round::{RoundHead, Seal};
use super::segment::BEGIN;
use super::*;
use crate::conformance::events;

mod archive;
mod damage;
mod mutation;
mod prune;
mod reuse;

fn log() -> LogId {
    LogId::new(AppId(7), 0)
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn open(folder: &TempDir) -> Journal {
    Journal::open(folder.path()).expect("opens")
}

fn read_only(folder: &TempDir) -> Journal {
    Journal::open_read_only(folder.path()).expect("opens")
}

/// A journal that begins a new file with every round.
fn small(folder: &TempDir) -> Journal {
    let options = JournalOptions {
        segment_bytes: 1,
        archive: false,
        ..JournalOptions::default()
    };
    Journal::open_with(folder.path(), options).expect("opens")
}

fn raw(stored: &[StoredEvent]) -> Vec<&RawEvent> {
    stored.iter().map(|one| &one.event).collect()
}

/// Appends events in rounds of a size.
fn append(journal: &Journal, written: &[StoredEvent], round: usize) {
    for round in written.chunks(round) {
        let first = round[0].sequence;
        journal.append(log(), first, &raw(round)).expect("writes");
    }
}

/// The files of the log, by name.
fn files(folder: &TempDir) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.path().join(log().stream_name())).expect("reads");
    let paths = entries.map(|entry| entry.expect("reads").path());
    let mut files: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|name| name == "seg"))
        .collect();
    files.sort_unstable();
    files
}

/// What the checksums of the newest file begin with.
fn seal(journal: &Journal) -> Seal {
    let held = journal.held(log()).expect("held");
    held.view().segments.back().expect("a file").seal
}

/// Where each of the rounds of the only file begins, and where the last one ends.
fn places(folder: &TempDir, journal: &Journal) -> Vec<usize> {
    let bytes = fs::read(&files(folder)[0]).expect("reads");
    let mut at = usize::try_from(BEGIN).expect("small");
    let mut places = vec![at];
    while let Some(head) = RoundHead::read(seal(journal), &bytes[at..]) {
        at += usize::try_from(head.bytes()).expect("small");
        places.push(at);
    }
    places
}

/// Whether a byte is one of the lengths of the round at a place, which are made up for.
fn is_length(at: usize, round: usize, events: usize) -> bool {
    let table = round + RoundHead::BYTES;
    (table..table + 8 * events).contains(&at) && (at - table) % 8 < 4
}

fn change(file: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(file).expect("reads");
    change(&mut bytes);
    fs::write(file, bytes).expect("writes");
}

/// Every event that still reads.
fn survivors(journal: &Journal) -> BTreeMap<u64, RawEvent> {
    let mut found = BTreeMap::new();
    let Some((first, last)) = journal.bounds(log()) else {
        return found;
    };
    let mut next = first;
    while next <= last {
        let entries = journal.entries(log(), next, 1000).expect("reads");
        for (sequence, stored) in (next..).zip(&entries) {
            assert_eq!(stored.sequence, sequence);
        }
        next += entries.len().max(1) as u64;
        found.extend(entries.into_iter().map(|one| (one.sequence, one.event)));
    }
    found
}

/// The events that are said not to read, of those that were written.
fn damaged(journal: &Journal, last: u64) -> Vec<u64> {
    let damage = journal.damage(log());
    (1..=last)
        .filter(|sequence| damage.iter().any(|one| one.events.contains(sequence)))
        .collect()
}

/// What reads is what was written, and between the bounds nothing is missing that is not told.
/// Returns what is missing.
#[track_caller]
fn check_honest(journal: &Journal, written: &[StoredEvent], context: &str) -> Vec<u64> {
    let survivors = survivors(journal);
    for (sequence, event) in &survivors {
        let index = usize::try_from(sequence - 1).expect("small");
        let original = written.get(index).map(|stored| &stored.event);
        assert_eq!(
            Some(event),
            original,
            "{context}: event {sequence} is wrong"
        );
    }
    let told = damaged(journal, written.len() as u64);
    let bounds = journal.bounds(log());
    for sequence in bounds.map_or(0..=0, |(first, last)| first..=last) {
        let reads = survivors.contains_key(&sequence);
        assert!(
            reads || sequence == 0 || told.contains(&sequence),
            "{context}: event {sequence} is missing and not told: {:?}",
            journal.damage(log())
        );
    }
    let missing = written.iter().map(|stored| stored.sequence);
    missing
        .filter(|sequence| !survivors.contains_key(sequence))
        .collect()
}

#[test]
fn what_was_journaled_is_there_after_opening_it_again() {
    let folder = folder();
    let journal = open(&folder);
    let written = events(log(), 5);
    journal
        .append(log(), 1, &raw(&written[..2]))
        .expect("writes");
    journal
        .append(log(), 3, &raw(&written[2..]))
        .expect("writes");
    for again in [&journal, &open(&folder), &read_only(&folder)] {
        assert_eq!(again.bounds(log()), Some((1, 5)));
        assert_eq!(again.entries(log(), 1, 100).expect("reads"), written);
        assert_eq!(again.entries(log(), 4, 1).expect("reads"), written[3..4]);
        assert_eq!(again.entries(log(), 2, 2).expect("reads"), written[1..3]);
        assert_eq!(again.entries(log(), 6, 9).expect("reads"), []);
        assert_eq!(again.entries(log(), 0, 9).expect("reads"), []);
        assert_eq!(again.incarnation(), journal.incarnation());
        assert_eq!(again.bounds(LogId::CONTROL), None);
        assert_eq!(again.logs(), [log()]);
        assert_eq!(again.damage(log()), []);
    }
}

#[test]
fn it_goes_on_where_it_ended() {
    let folder = folder();
    let written = events(log(), 9);
    for round in written.chunks(3) {
        append(&open(&folder), round, 3);
    }
    let again = open(&folder);
    assert_eq!(again.entries(log(), 1, 100).expect("reads"), written);
    assert_eq!(files(&folder).len(), 1);
}

#[test]
fn a_round_that_does_not_continue_is_refused() {
    let folder = folder();
    let journal = open(&folder);
    let written = events(log(), 5);
    append(&journal, &written[..2], 2);
    for first in [1, 2, 4] {
        let round = raw(&written[2..3]);
        assert!(journal.append(log(), first, &round).is_err(), "{first}");
    }
    append(&journal, &written[2..3], 1);
}

#[test]
fn any_place_is_found_in_a_long_file() {
    let folder = folder();
    let journal = open(&folder);
    let written = events(log(), 3000);
    append(&journal, &written[..1000], 1);
    append(&journal, &written[1000..], 300);
    for again in [&journal, &open(&folder)] {
        for from in (0..written.len()).step_by(97) {
            let read = again.entries(log(), from as u64 + 1, 150).expect("reads");
            let end = written.len().min(from + 150);
            assert_eq!(read, written[from..end], "from {from}");
        }
    }
}

#[test]
fn a_last_round_that_is_torn_was_never_there() {
    let written = events(log(), 5);
    let made = folder();
    let journal = open(&made);
    append(&journal, &written[..2], 2);
    append(&journal, &written[2..], 3);
    let file = &files(&made)[0];
    let whole = fs::read(file).expect("reads");
    let places = places(&made, &journal);
    drop(journal);
    // Any prefix of the round may have reached the disk, or any part of it with zeros between.
    for cut in (places[1]..places[2]).step_by(3) {
        let mut torn = whole.clone();
        if cut % 2 == 0 {
            torn.truncate(cut);
        } else if is_length(cut, places[1], 3) {
            continue;
        } else {
            torn[cut] ^= 0x40;
        }
        fs::write(file, torn).expect("writes");
        let journal = open(&made);
        assert_eq!(journal.bounds(log()), Some((1, 2)), "cut at {cut}");
        assert_eq!(journal.damage(log()), [], "cut at {cut}");
        assert_eq!(journal.entries(log(), 1, 9).expect("reads"), written[..2]);
        append(&journal, &written[2..], 3);
        let again = open(&made).entries(log(), 1, 9).expect("reads");
        assert_eq!(again, written, "cut at {cut}");
    }
}

#[test]
fn files_that_were_begun_and_not_written_are_no_hindrance() {
    let folder = folder();
    let written = events(log(), 5);
    let journal = open(&folder);
    journal.restart(log(), 17).expect("begins");
    assert_eq!(journal.bounds(log()), None);
    assert_eq!(open(&folder).bounds(log()), None);
    append(&open(&folder), &written[..3], 3);
    assert_eq!(open(&folder).bounds(log()), Some((1, 3)));
    // The power went before anything but the name was on disk, or the blocks.
    for length in [0, 100, 65_536] {
        let begun = segment::path_of(&folder.path().join(log().stream_name()), 4);
        fs::write(&begun, vec![0; length]).expect("made");
        let journal = read_only(&folder);
        assert_eq!(journal.bounds(log()), Some((1, 3)), "{length} bytes");
        let journal = open(&folder);
        assert_eq!(journal.bounds(log()), Some((1, 3)), "{length} bytes");
        assert_eq!(journal.damage(log()), [], "{length} bytes");
        append(&journal, &written[3..], 1);
        assert_eq!(open(&folder).entries(log(), 1, 9).expect("reads"), written);
        fs::remove_file(&begun).expect("removed");
    }
}

#[test]
fn restart_sets_the_old_files_aside() {
    let folder = folder();
    let journal = open(&folder);
    let written = events(log(), 40);
    append(&journal, &written[..9], 3);
    for first in [20, 30] {
        journal.restart(log(), first).expect("restarts");
        assert_eq!(journal.bounds(log()), None);
        let round = usize::try_from(first).expect("small") - 1;
        append(&journal, &written[round..round + 5], 5);
        for again in [&journal, &open(&folder)] {
            assert_eq!(again.bounds(log()), Some((first, first + 4)));
            assert_eq!(again.logs(), [log()]);
        }
    }
    let aside = |n| folder.path().join(format!("HANSARD_7_0.set-aside-{n}"));
    assert!(aside(1).is_dir() && aside(2).is_dir(), "both are kept");
}

#[test]
fn nobody_else_reads_what_it_holds() {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = |path: &Path| fs::metadata(path).expect("is there").permissions().mode() & 0o7777;
    let check = |folder: &TempDir| {
        let root = folder.path().join("journal");
        let stream = root.join(log().stream_name());
        for path in [&root, &stream] {
            assert_eq!(mode(path), 0o700, "{}", path.display());
        }
        let file = segment::path_of(&stream, 1);
        for path in [root.join("incarnation"), file] {
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
    };
    for umask in [0o000, 0o277] {
        let folder = folder();
        let before = rustix::process::umask(rustix::fs::Mode::from_raw_mode(umask));
        let journal = Journal::open(folder.path().join("journal"));
        append(&journal.expect("opens"), &events(log(), 1), 1);
        rustix::process::umask(before);
        check(&folder);
        let loose = fs::Permissions::from_mode(0o777);
        fs::set_permissions(folder.path().join("journal"), loose.clone()).expect("is set");
        let stream = folder.path().join("journal").join(log().stream_name());
        fs::set_permissions(segment::path_of(&stream, 1), loose).expect("is set");
        Journal::open(folder.path().join("journal")).expect("opens");
        check(&folder);
    }
}
