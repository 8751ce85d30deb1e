use hansard_types::AppId;
use tempfile::TempDir;

use super::*;
use crate::conformance::events;

fn log() -> LogId {
    LogId::new(AppId(7), 0)
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn open(folder: &TempDir) -> Journal {
    Journal::open(folder.path()).expect("opens")
}

fn refused(folder: &TempDir) -> String {
    match Journal::open(folder.path()) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("it was opened"),
    }
}

fn raw(stored: &[StoredEvent]) -> Vec<&RawEvent> {
    stored.iter().map(|one| &one.event).collect()
}

/// The files of the log, by name.
fn files(folder: &TempDir) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.path().join(log().stream_name())).expect("reads");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("reads").path()).collect();
    files.sort_unstable();
    files
}

/// Where each of the rounds of a file begins, and where the last one ends.
fn places(file: &Path, rounds: &[Vec<&RawEvent>]) -> Vec<usize> {
    let bytes = fs::read(file).expect("reads");
    let mut places = vec![12];
    for round in rounds {
        let at = places.last().copied().expect("one");
        let mut payload = Vec::new();
        codec::encode_round(round, &mut payload);
        assert_eq!(bytes[at + 24..at + 24 + payload.len()], payload, "a round");
        places.push(at + 24 + payload.len());
    }
    places
}

fn change(file: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(file).expect("reads");
    change(&mut bytes);
    fs::write(file, bytes).expect("writes");
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
    for again in [&journal, &open(&folder)] {
        assert_eq!(again.bounds(log()), Some((1, 5)));
        assert_eq!(again.entries(log(), 1, 100).expect("reads"), written);
        assert_eq!(again.entries(log(), 4, 1).expect("reads"), written[3..4]);
        assert_eq!(again.entries(log(), 2, 2).expect("reads"), written[1..3]);
        assert_eq!(again.entries(log(), 6, 9).expect("reads"), []);
        assert_eq!(again.incarnation(), journal.incarnation());
        assert_eq!(again.bounds(LogId::CONTROL), None);
    }
}

#[test]
fn it_goes_on_where_it_ended() {
    let folder = folder();
    let written = events(log(), 9);
    for (at, round) in written.chunks(3).enumerate() {
        let first = 3 * at as u64 + 1;
        open(&folder)
            .append(log(), first, &raw(round))
            .expect("writes");
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
    journal
        .append(log(), 1, &raw(&written[..2]))
        .expect("writes");
    for first in [1, 2, 4] {
        assert!(
            journal.append(log(), first, &raw(&written[2..3])).is_err(),
            "{first}"
        );
    }
    assert!(journal.append(log(), 3, &raw(&written[2..3])).is_ok());
}

#[test]
fn a_last_round_that_is_torn_was_never_there() {
    let written = events(log(), 5);
    let rounds = [raw(&written[..2]), raw(&written[2..])];
    let made = folder();
    let journal = open(&made);
    journal.append(log(), 1, &rounds[0]).expect("writes");
    journal.append(log(), 3, &rounds[1]).expect("writes");
    let whole = fs::read(&files(&made)[0]).expect("reads");
    let places = places(&files(&made)[0], &rounds);
    // Any prefix of the round may have reached the disk, or any part of it with zeros between.
    for cut in places[1]..places[2] {
        let torn = folder();
        drop(open(&torn).begin(log(), 1).expect("begins"));
        change(&files(&torn)[0], |bytes| {
            bytes.clone_from(&whole);
            if cut % 2 == 0 {
                bytes.truncate(cut);
            } else {
                bytes[cut] ^= 0x40;
            }
        });
        let journal = open(&torn);
        assert_eq!(journal.bounds(log()), Some((1, 2)), "cut at {cut}");
        assert_eq!(journal.entries(log(), 1, 9).expect("reads"), written[..2]);
        journal.append(log(), 3, &rounds[1]).expect("writes");
        let again = open(&torn).entries(log(), 1, 9).expect("reads");
        assert_eq!(again, written, "cut at {cut}");
    }
}

#[test]
fn damage_before_the_end_is_explained_and_not_taken_for_a_crash() {
    let written = events(log(), 6);
    let rounds: Vec<Vec<&RawEvent>> = written.chunks(2).map(raw).collect();
    let made = folder();
    let journal = open(&made);
    for (first, round) in (1..).step_by(2).zip(&rounds) {
        journal.append(log(), first, round).expect("writes");
    }
    let file = &files(&made)[0];
    let whole = fs::read(file).expect("reads");
    let places = places(file, &rounds);
    for at in (places[0]..places[2]).step_by(7) {
        change(file, |bytes| bytes[at] ^= 1);
        let said = refused(&made);
        assert!(said.contains("damaged"), "byte {at}: {said}");
        assert!(
            journal.entries(log(), 1, 9).is_err(),
            "byte {at}, while it is open"
        );
        fs::write(file, &whole).expect("writes");
    }
    assert_eq!(open(&made).bounds(log()), Some((1, 6)));
    change(file, |bytes| bytes[3] = 0);
    assert!(refused(&made).contains("no journal"));
}

/// A log's journal with files that each hold one round of one event.
fn files_of_one_round(folder: &TempDir, written: &[StoredEvent]) -> Journal {
    let journal = open(folder);
    for stored in written {
        let first = stored.sequence;
        journal
            .append(log(), first, &[&stored.event])
            .expect("writes");
        let held = journal.held(log()).expect("held");
        let mut held = held.lock();
        let begun = HeldSegment::begin(&held.folder, first + 1).expect("begins");
        held.segments.push_back(begun);
    }
    journal
}

#[test]
fn files_follow_each_other_and_a_missing_one_is_noticed() {
    let folder = folder();
    let written = events(log(), 4);
    let journal = files_of_one_round(&folder, &written);
    assert_eq!(journal.entries(log(), 2, 2).expect("reads"), written[1..3]);
    let again = open(&folder);
    assert_eq!(again.bounds(log()), Some((1, 4)));
    assert_eq!(again.entries(log(), 1, 9).expect("reads"), written);
    let third = &files(&folder)[2];
    fs::remove_file(third).expect("removed");
    let said = refused(&folder);
    assert!(said.contains("event 3 is missing"), "{said}");
}

#[test]
fn what_is_old_goes_and_the_newest_stays() {
    let Some(long_ago) =
        Instant::now().checked_sub(Duration::from_millis(2 * limits::JOURNAL_KEEP_MS))
    else {
        return;
    };
    let folder = folder();
    let written = events(log(), 8);
    let journal = files_of_one_round(&folder, &written[..4]);
    let age = |files: usize| {
        let held = journal.held(log()).expect("held");
        for held in held.lock().segments.iter_mut().take(files) {
            (held.begun, held.written) = (long_ago, long_ago);
        }
    };
    // The newest file is neither full nor old.
    age(3);
    journal
        .append(log(), 5, &raw(&written[4..5]))
        .expect("writes");
    assert_eq!(journal.bounds(log()), Some((1, 5)));
    age(5);
    journal
        .append(log(), 6, &raw(&written[5..6]))
        .expect("writes");
    assert_eq!(journal.bounds(log()), Some((5, 6)), "the newest stayed");
    journal
        .append(log(), 7, &raw(&written[6..]))
        .expect("writes");
    let again = open(&folder);
    assert_eq!(again.bounds(log()), Some((5, 8)));
    assert_eq!(again.entries(log(), 5, 9).expect("reads"), written[4..]);
    assert_eq!(files(&folder).len(), 2);
}

#[test]
fn a_file_that_is_written_over_shows_nothing_of_what_it_held() {
    let folder = folder();
    let written = events(log(), 40);
    let journal = open(&folder);
    journal
        .append(log(), 1, &raw(&written[..20]))
        .expect("writes");
    journal
        .append(log(), 21, &raw(&written[20..30]))
        .expect("writes");
    {
        let held = journal.held(log()).expect("held");
        let mut held = held.lock();
        let next = HeldSegment::begin(&held.folder, 31).expect("begins");
        held.segments.push_back(next);
    }
    journal
        .append(log(), 31, &raw(&written[30..31]))
        .expect("writes");
    {
        let held = journal.held(log()).expect("held");
        let mut held = held.lock();
        let spare = held.segments.pop_front().expect("the first");
        let again = HeldSegment::again(&held.folder, 32, spare).expect("written over");
        held.segments.push_back(again);
    }
    assert_eq!(open(&folder).bounds(log()), Some((31, 31)));
    for stored in &written[31..] {
        let first = stored.sequence;
        journal
            .append(log(), first, &[&stored.event])
            .expect("writes");
        let again = open(&folder);
        assert_eq!(again.bounds(log()), Some((31, first)));
    }
    assert_eq!(
        open(&folder).entries(log(), 31, 99).expect("reads"),
        written[30..]
    );
}

#[test]
fn files_that_were_begun_and_not_written_are_no_hindrance() {
    let folder = folder();
    let written = events(log(), 3);
    drop(open(&folder).begin(log(), 17).expect("begins"));
    let journal = open(&folder);
    assert_eq!(journal.bounds(log()), None);
    journal.append(log(), 1, &raw(&written)).expect("writes");
    assert_eq!(open(&folder).bounds(log()), Some((1, 3)));
    // The power went before anything but the name was on disk.
    File::create(
        folder
            .path()
            .join(log().stream_name())
            .join("00000000000000000004.seg"),
    )
    .expect("made");
    assert_eq!(open(&folder).bounds(log()), Some((1, 3)));
}
