//! With an archive, a full file stays until the archive has it.

use super::*;

fn archived(folder: &TempDir) -> Journal {
    let options = JournalOptions {
        segment_bytes: 9000,
        archive: true,
        ..JournalOptions::default()
    };
    let mut journal = Journal::open_with(folder.path(), options).expect("opens");
    // What need not stay goes at once.
    (journal.rules.keep, journal.rules.bytes_max) = (Duration::ZERO, 0);
    journal
}

#[test]
fn full_files_are_told_and_go_only_once_they_are_released() {
    let folder = folder();
    let journal = archived(&folder);
    let news = journal.sealed_news();
    let written = events(log(), 100);
    append(&journal, &written[..50], 5);
    let sealed = journal.sealed(log());
    assert!(sealed.len() > 2, "{sealed:?}");
    assert!(news.has_changed().expect("is open"));
    assert_eq!(*sealed[0].start(), 1);
    for pair in sealed.windows(2) {
        assert_eq!(*pair[0].end() + 1, *pair[1].start());
    }
    assert!(*sealed[sealed.len() - 1].end() < 50, "never the newest");
    assert_eq!(journal.bounds(log()), Some((1, 50)));
    assert_eq!(
        open(&folder).sealed(log()),
        sealed,
        "also when it is opened"
    );
    // In the middle of a file: that one stays.
    let up_to = *sealed[1].end();
    journal.release(log(), up_to + 1);
    assert_eq!(journal.sealed(log()), sealed[2..]);
    append(&journal, &written[50..60], 5);
    assert_eq!(journal.bounds(log()), Some((up_to + 1, 60)));
    journal.release(log(), 3);
    assert_eq!(*journal.sealed(log())[0].start(), up_to + 1, "never back");
    assert_eq!(open(&folder).bounds(log()), Some((up_to + 1, 60)));
}

#[test]
fn a_full_file_that_the_archive_holds_is_not_read_at_the_opening() {
    let folder = folder();
    let written = events(log(), 100);
    let journal = archived(&folder);
    append(&journal, &written, 5);
    let sealed = journal.sealed(log());
    drop(journal);
    let last = *sealed[1].end();
    for file in &files(&folder)[..3] {
        let mut bytes = fs::read(file).expect("reads");
        bytes[BEGIN as usize + RoundHead::BYTES + 60] ^= 1;
        fs::write(file, bytes).expect("written");
    }
    let opened = |archived: &[RangeInclusive<u64>]| {
        let options = JournalOptions {
            archived: HashMap::from([(log(), archived.to_vec())]),
            ..JournalOptions::default()
        };
        Journal::open_with(folder.path(), options).expect("opens")
    };
    let damaged = |journal: &Journal| journal.damage(log()).len();
    assert_eq!(damaged(&opened(&[])), 3);
    // The one that is held in part is read.
    assert_eq!(damaged(&opened(&[1..=last + 1])), 1);
    assert_eq!(damaged(&opened(&[2..=last])), 2);
    let journal = opened(&[1..=last]);
    assert_eq!(damaged(&journal), 1);
    assert_eq!(journal.bounds(log()), Some((1, 100)));
    assert_eq!(journal.sealed(log()), sealed);
    let read = |from: u64| journal.entries(log(), from, 1).expect("reads");
    assert_eq!(read(1), [], "it is noticed when it is read");
    assert_eq!(damaged(&journal), 2);
    assert_eq!(read(last), written[last as usize - 1..last as usize]);
    assert_eq!(read(100), written[99..]);
}

#[test]
fn appends_wait_while_too_much_waits_for_the_archive() {
    let folder = folder();
    let mut journal = archived(&folder);
    journal.rules.unarchived_bytes_max = 20_000;
    let journal = Arc::new(journal);
    let written = events(log(), 100);
    let appending = std::thread::spawn({
        let (journal, written) = (Arc::clone(&journal), written.clone());
        move || append(&journal, &written, 2)
    });
    let mut released = 0;
    while !appending.is_finished() {
        let sealed = journal.sealed(log());
        // Two and a bit may wait, of 9000 bytes each.
        assert!(sealed.len() <= 3, "{sealed:?}");
        if sealed.len() == 3 {
            released += 1;
            journal.release(log(), *sealed[0].end());
        }
        std::thread::yield_now();
    }
    appending.join().expect("ends");
    assert!(released > 3, "it had to wait {released} times");
    check_honest(&journal, &written, "waited");
}
