//! A damaged journal never reads a wrong event and never hides a missing one.
#![no_main]

use std::sync::LazyLock;

use hansard_events::RawEvent;
use hansard_log::conformance::events;
use hansard_log::{Journal, JournalOptions, StoredEvent};
use hansard_log_fuzz::{Edit, Files, check, log};
use libfuzzer_sys::fuzz_target;

const EVENTS: usize = 60;
const OPTIONS: JournalOptions = JournalOptions {
    segment_bytes: 11_000,
    archive: false,
};

static WRITTEN: LazyLock<(Files, Vec<StoredEvent>)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let written = events(log(), EVENTS);
    let journal = Journal::open_with(folder.path(), OPTIONS).expect("opens");
    append(&journal, &written[..20], 1);
    append(&journal, &written[20..], 8);
    drop(journal);
    (Files::take(folder, "seg"), written)
});

fn append(journal: &Journal, written: &[StoredEvent], round: usize) {
    for round in written.chunks(round) {
        let events: Vec<&RawEvent> = round.iter().map(|stored| &stored.event).collect();
        journal
            .append(log(), round[0].sequence, &events)
            .expect("writes");
    }
}

fn honest(journal: &Journal, written: &[StoredEvent]) {
    let damage = journal.damage(log());
    let told = |sequence| damage.iter().any(|one| one.events.contains(&sequence));
    check(written, journal.bounds(log()), told, |from| {
        journal.entries(log(), from, EVENTS).expect("reads")
    });
}

fuzz_target!(|edits: Vec<Edit>| {
    let (files, written) = &*WRITTEN;
    files.damage(&edits);
    honest(
        &Journal::open_read_only(files.root()).expect("opens"),
        written,
    );
    // As a server would, which goes on from there.
    let journal = Journal::open_with(files.root(), OPTIONS).expect("opens");
    honest(&journal, written);
    let last = journal.bounds(log()).map_or(0, |(_, last)| last);
    let next = usize::try_from(last)
        .expect("no forged event")
        .min(written.len());
    append(&journal, &written[next..], 7);
    honest(&journal, written);
});
