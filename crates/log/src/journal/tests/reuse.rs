//! Files are written over, while others read them.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

/// A journal that keeps nothing but the newest two files, and writes the others over.
fn forgetful(folder: &TempDir, segment_bytes: u64) -> Journal {
    let options = JournalOptions {
        segment_bytes,
        archive: false,
        ..JournalOptions::default()
    };
    let mut journal = Journal::open_with(folder.path(), options).expect("opens");
    journal.rules.bytes_max = 2 * segment_bytes;
    journal
}

#[test]
fn a_file_that_is_written_over_shows_nothing_of_what_it_held() {
    let folder = folder();
    let written = events(log(), 60);
    let journal = forgetful(&folder, 9000);
    append(&journal, &written[..40], 20);
    append(&journal, &written[40..50], 1);
    let (first, _) = journal.bounds(log()).expect("held");
    assert!(first > 1, "the first file was written over");
    let old = written[15].event.header(hansard_events::header::ID);
    let old = old.expect("an id").as_bytes();
    let has_old = |file: &PathBuf| {
        let bytes = fs::read(file).expect("reads");
        bytes.windows(old.len()).any(|window| window == old)
    };
    assert!(files(&folder).iter().any(has_old), "old bytes are there");
    for stored in &written[50..] {
        append(&journal, std::slice::from_ref(stored), 1);
        for again in [read_only(&folder), open(&folder)] {
            assert_eq!(again.damage(log()), []);
            assert_eq!(again.bounds(log()), journal.bounds(log()));
            check_honest(&again, &written, "written over");
        }
    }
}

#[test]
fn a_file_that_was_renamed_and_not_begun_yet_holds_nothing() {
    let folder = folder();
    let written = events(log(), 8);
    append(&small(&folder), &written[..6], 2);
    let files = files(&folder);
    let renamed = segment::path_of(&folder.path().join(log().stream_name()), 7);
    fs::rename(&files[0], &renamed).expect("renamed");
    for journal in [read_only(&folder), open(&folder)] {
        assert_eq!(journal.bounds(log()), Some((3, 6)));
        assert_eq!(journal.damage(log()), []);
        assert_eq!(journal.entries(log(), 7, 1).expect("reads"), []);
    }
    append(&open(&folder), &written[6..], 2);
    let again = open(&folder);
    assert_eq!(again.entries(log(), 3, 9).expect("reads"), written[2..]);
    assert_eq!(again.damage(log()), []);
    // The same when only one of the two heads was written.
    let newest = segment::path_of(&folder.path().join(log().stream_name()), 9);
    fs::rename(&files[1], &newest).expect("renamed");
    let other = super::folder();
    let begun = open(&other);
    begun.append(log(), 9, &raw(&written[..1])).expect("writes");
    let head = fs::read(&super::files(&other)[0]).expect("reads");
    change(&newest, |bytes| {
        bytes[..4096].copy_from_slice(&head[..4096])
    });
    let journal = open(&folder);
    assert_eq!(journal.bounds(log()), Some((5, 8)));
    assert_eq!(journal.damage(log()), []);
}

#[test]
fn what_is_old_goes_and_the_newest_stays() {
    let folder = folder();
    let written = events(log(), 8);
    let mut journal = open(&folder);
    journal.rules.keep = Duration::ZERO;
    // Each file is old as soon as it is written.
    append(&journal, &written, 1);
    assert_eq!(journal.bounds(log()), Some((7, 8)));
    let again = open(&folder);
    assert_eq!(again.bounds(log()), Some((7, 8)));
    assert_eq!(again.entries(log(), 7, 9).expect("reads"), written[6..]);
    assert_eq!(files(&folder).len(), 2);
}

#[test]
fn each_use_of_a_file_has_an_epoch_of_its_own() {
    let folder = folder();
    let journal = forgetful(&folder, 1);
    let mut epochs = std::collections::BTreeSet::new();
    for stored in events(log(), 20) {
        append(&journal, &[stored], 1);
        epochs.insert(seal(&journal).epoch);
    }
    assert_eq!(epochs.len(), 20);
    assert!(files(&folder).len() < 5, "files were written over");
}

/// Only what was written is ever seen.
fn look(journal: &Journal, written: &[StoredEvent]) {
    let Some((first, last)) = journal.bounds(log()) else {
        return;
    };
    for from in [first, first.midpoint(last), last] {
        let read = journal.entries(log(), from, 300).expect("reads");
        let index = usize::try_from(from - 1).expect("small");
        assert!(read == written[index..index + read.len()], "from {from}");
    }
    assert_eq!(journal.damage(log()), []);
}

#[test]
fn readers_beside_appends_never_see_what_was_not_written() {
    let folder = folder();
    let written = events(log(), 6000);
    let journal = forgetful(&folder, 60_000);
    append(&journal, &written[..100], 50);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            append(&journal, &written[100..], 30);
            done.store(true, Ordering::Release);
        });
        // In this process, and as a tool beside the server would.
        scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                look(&journal, &written);
            }
        });
        scope.spawn(|| {
            let opened_once = read_only(&folder);
            while !done.load(Ordering::Acquire) {
                look(&read_only(&folder), &written);
                look(&opened_once, &written);
            }
        });
    });
    assert_eq!(journal.bounds(log()).map(|(_, last)| last), Some(6000));
    assert!(files(&folder).len() < 6, "files were written over");
}

#[test]
fn a_tool_that_opened_the_journal_long_ago_reads_what_is_still_there() {
    let folder = folder();
    let written = events(log(), 400);
    let journal = forgetful(&folder, 9000);
    append(&journal, &written[..60], 5);
    let tool = read_only(&folder);
    let (first, last) = tool.bounds(log()).expect("held");
    append(&journal, &written[60..], 5);
    // Its files were written over: what it still finds is right, and nothing counts as damaged.
    for from in [first, last] {
        let read = tool.entries(log(), from, 9).expect("reads");
        let index = usize::try_from(from - 1).expect("small");
        assert_eq!(read, written[index..index + read.len()], "from {from}");
    }
    assert_eq!(tool.bounds(log()).map(|(_, last)| last), Some(400));
    look(&tool, &written);
    assert!(tool.append(log(), 401, &raw(&written[..1])).is_err());
    assert!(tool.restart(log(), 1).is_err());
}
