//! A damaged archive never reads a wrong event and says which do not read.
#![no_main]

use std::sync::LazyLock;

use hansard_events::chain;
use hansard_log::conformance::events;
use hansard_log::{Archive, Damage, StoredEvent};
use hansard_log_fuzz::{Edit, Files, check, log};
use libfuzzer_sys::fuzz_target;

const SEGMENTS: [usize; 3] = [40, 1, 60];

static WRITTEN: LazyLock<(Files, Vec<StoredEvent>)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let written = events(log(), SEGMENTS.iter().sum());
    let archive = Archive::open(folder.path()).expect("opens");
    let (mut first, mut before) = (0, chain::genesis(log()));
    for count in SEGMENTS {
        let mut writer = archive
            .begin(log(), first as u64 + 1, before)
            .expect("begins");
        for stored in &written[first..first + count] {
            writer.push(stored).expect("follows");
        }
        before = writer.value();
        archive.finish(log(), writer).expect("finished");
        first += count;
    }
    (Files::take(folder, "arc"), written)
});

fuzz_target!(|edits: Vec<Edit>| {
    let (files, written) = &*WRITTEN;
    files.damage(&edits);
    let Ok(archive) = Archive::open_read_only(files.root()) else {
        return;
    };
    let checks = archive.check(log(), |_| {}).expect("reads");
    let damage: Vec<Damage> = checks.into_iter().flat_map(|check| check.damage).collect();
    // A block whose frame is damaged is not read from, and says so, also where an audit can still
    // have every event of it.
    let told = |sequence| {
        damage.iter().any(|one| one.events.contains(&sequence))
            || archive.read(log(), sequence, 1).is_err()
    };
    for range in archive.ranges(log()) {
        let bounds = (*range.start(), *range.end());
        check(written, Some(bounds), told, |from| {
            archive.read(log(), from, 100).unwrap_or_default()
        });
        for at in range.clone().take(200) {
            let value = archive.value_after(log(), at);
            let original = usize::try_from(at)
                .ok()
                .and_then(|at| written.get(at.checked_sub(1)?));
            if let Ok(Some(value)) = value {
                assert_eq!(
                    Some(value),
                    original.and_then(StoredEvent::chain),
                    "the value after {at}"
                );
            }
        }
    }
});
