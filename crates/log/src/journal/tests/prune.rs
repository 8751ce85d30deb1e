//! What the journal lets go of when nobody appends.

use super::*;

fn later(journal: &Journal) -> u64 {
    let keep = Duration::from_millis(limits::JOURNAL_KEEP_MS + 1000);
    journal.prune_at(Instant::now() + keep).expect("prunes")
}

#[test]
fn a_log_that_is_not_archived_is_let_go_of_and_goes_on_where_it_was() {
    let folder = folder();
    let journal = open(&folder);
    let written = events(log(), 10);
    append(&journal, &written[..6], 2);
    assert_eq!(journal.prune().expect("prunes"), 0, "it is new");
    assert_eq!(journal.bounds(log()), Some((1, 6)));
    assert!(later(&journal) > 0);
    assert_eq!(journal.bounds(log()), None);
    assert!(journal.has_begun(log()));
    assert_eq!(files(&folder).len(), 1, "an empty one");
    assert_eq!(later(&journal), 0, "nothing is left");
    append(&journal, &written[6..8], 2);
    assert_eq!(journal.bounds(log()), Some((7, 8)));
    drop(journal);
    let journal = open(&folder);
    assert_eq!(journal.bounds(log()), Some((7, 8)));
    assert_eq!(journal.damage(log()), []);
    later(&journal);
    drop(journal);
    let journal = open(&folder);
    assert_eq!(
        (journal.bounds(log()), journal.has_begun(log())),
        (None, true)
    );
    append(&journal, &written[8..], 2);
    assert_eq!(journal.bounds(log()), Some((9, 10)));
}

#[test]
fn what_waits_for_the_archive_stays_and_what_it_has_goes() {
    let folder = folder();
    let options = JournalOptions {
        segment_bytes: 1,
        archive: true,
        ..JournalOptions::default()
    };
    let journal = Journal::open_with(folder.path(), options).expect("opens");
    append(&journal, &events(log(), 6), 2);
    assert_eq!(later(&journal), 0);
    journal.release(log(), 4);
    assert!(later(&journal) > 0);
    assert_eq!(journal.bounds(log()), Some((5, 6)), "never the newest");
}
