//! What every store has to keep, written once: each implementation's tests call [`check`],
//! [`check_reopening`] and [`check_properties`].

#![expect(
    clippy::missing_assert_message,
    reason = "each case's name says what it asserts"
)]

mod properties;

use std::ops::ControlFlow;

pub use self::properties::check_properties;
use crate::{Access, Batch, Direction, Durability, KeyRange, Overlay, Read, Store, Table};

/// A table read by whole keys.
pub static POINTS: Table = Table {
    name: "conformance.key_point",
    kind: 1,
    access: Access::Point,
};
/// A table read by ranges.
pub static SCANS: Table = Table {
    name: "conformance.key_scan",
    kind: 2,
    access: Access::Scan,
};
/// The tables a store under test is opened with.
pub static TABLES: [&Table; 2] = [&POINTS, &SCANS];

type Rows = Vec<(Vec<u8>, Vec<u8>)>;

/// The rows of a range, in the order a scan shows them.
///
/// # Panics
/// When the store fails.
pub fn rows(
    store: &dyn Read,
    table: &'static Table,
    range: &KeyRange,
    direction: Direction,
) -> Rows {
    let mut rows = Vec::new();
    store
        .scan(table, range, direction, &mut |key, value| {
            rows.push((key.to_vec(), value.to_vec()));
            ControlFlow::Continue(())
        })
        .expect("the store under test scans");
    rows
}

fn all() -> KeyRange {
    KeyRange::prefix(&[])
}

fn keys(store: &dyn Read, range: &KeyRange, direction: Direction) -> Vec<Vec<u8>> {
    rows(store, &SCANS, range, direction)
        .into_iter()
        .map(|(key, _)| key)
        .collect()
}

fn get(store: &dyn Read, table: &'static Table, key: &[u8]) -> Option<Vec<u8>> {
    store.get(table, key).expect("the store under test reads")
}

fn write(store: &dyn Store, fill: impl FnOnce(&mut Batch)) {
    let mut batch = Batch::default();
    fill(&mut batch);
    store
        .write(batch, Durability::Process)
        .expect("the store under test writes");
}

/// Puts keys into [`SCANS`], each with itself as its value.
fn put_keys(store: &dyn Store, keys: &[&[u8]]) {
    write(store, |batch| {
        for key in keys {
            batch.put(&SCANS, key.to_vec(), key.to_vec());
        }
    });
}

/// Checks everything but what needs a second opening; `open` makes an empty store of [`TABLES`]
/// every time.
///
/// # Panics
/// When the store does not keep the contract.
pub fn check(open: &mut dyn FnMut() -> Box<dyn Store>) {
    for case in [
        a_get_sees_the_newest_value_of_its_table,
        an_empty_key_and_an_empty_value_are_values,
        a_scan_shows_a_range_in_both_directions,
        a_scan_stops_when_told,
        a_visitor_may_use_the_store,
        a_scan_sees_one_state,
        a_range_without_room_shows_nothing,
        a_prefix_range_holds_exactly_its_keys,
        the_first_row_is_that_of_the_direction,
        a_batch_is_applied_in_order,
        a_range_delete_takes_its_lower_end_and_not_its_upper,
        a_range_delete_without_room_deletes_nothing,
        a_snapshot_stays_still,
        an_overlay_over_a_snapshot_reads_both,
        the_empty_batch_and_a_flush_change_nothing,
    ] {
        case(&*open());
    }
}

fn a_get_sees_the_newest_value_of_its_table(store: &dyn Store) {
    assert_eq!(get(store, &POINTS, b"a"), None);
    write(store, |batch| {
        batch.put(&POINTS, b"a".to_vec(), b"1".to_vec())
    });
    assert_eq!(get(store, &POINTS, b"a").as_deref(), Some(&b"1"[..]));
    assert_eq!(get(store, &SCANS, b"a"), None);
    write(store, |batch| {
        batch.put(&POINTS, b"a".to_vec(), b"2".to_vec())
    });
    assert_eq!(get(store, &POINTS, b"a").as_deref(), Some(&b"2"[..]));
    assert_eq!(get(store, &POINTS, b"ab"), None);
    write(store, |batch| batch.delete(&POINTS, b"a".to_vec()));
    assert_eq!(get(store, &POINTS, b"a"), None);
    write(store, |batch| {
        batch.delete(&POINTS, b"never there".to_vec())
    });
}

fn an_empty_key_and_an_empty_value_are_values(store: &dyn Store) {
    write(store, |batch| batch.put(&SCANS, Vec::new(), Vec::new()));
    assert_eq!(get(store, &SCANS, b""), Some(Vec::new()));
    assert_eq!(
        rows(store, &SCANS, &all(), Direction::Descending),
        [(Vec::new(), Vec::new())]
    );
}

fn a_scan_shows_a_range_in_both_directions(store: &dyn Store) {
    put_keys(store, &[b"b", b"a", b"c\xff", b"c", b"d"]);
    write(store, |batch| {
        batch.put(&POINTS, b"bb".to_vec(), Vec::new())
    });
    let everything: [&[u8]; 5] = [b"a", b"b", b"c", b"c\xff", b"d"];
    assert_eq!(keys(store, &all(), Direction::Ascending), everything);
    let between = KeyRange::between(b"b".to_vec(), b"d".to_vec());
    let inside: [&[u8]; 3] = [b"b", b"c", b"c\xff"];
    let backwards: [&[u8]; 3] = [b"c\xff", b"c", b"b"];
    assert_eq!(keys(store, &between, Direction::Ascending), inside);
    assert_eq!(keys(store, &between, Direction::Descending), backwards);
    let absent_ends = KeyRange::between(b"aa".to_vec(), b"cc".to_vec());
    assert_eq!(keys(store, &absent_ends, Direction::Ascending), inside[..2]);
    assert_eq!(
        keys(store, &absent_ends, Direction::Descending),
        backwards[1..]
    );
    let from = KeyRange {
        lower: b"c\x00".to_vec(),
        upper: None,
    };
    assert_eq!(
        keys(store, &from, Direction::Descending),
        [&b"d"[..], b"c\xff"]
    );
}

fn a_scan_stops_when_told(store: &dyn Store) {
    put_keys(store, &[b"a", b"b", b"c"]);
    let mut seen = Vec::new();
    store
        .scan(&SCANS, &all(), Direction::Ascending, &mut |key, _| {
            seen.push(key.to_vec());
            if seen.len() == 2 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
        .expect("the store under test scans");
    assert_eq!(seen, [b"a", b"b"]);
}

fn a_visitor_may_use_the_store(store: &dyn Store) {
    put_keys(store, &[b"a", b"b"]);
    store
        .scan(&SCANS, &all(), Direction::Ascending, &mut |key, value| {
            assert_eq!(get(store, &SCANS, key).as_deref(), Some(value));
            write(store, |batch| {
                batch.put(&POINTS, key.to_vec(), value.to_vec())
            });
            ControlFlow::Continue(())
        })
        .expect("the store under test scans");
    assert_eq!(get(store, &POINTS, b"b").as_deref(), Some(&b"b"[..]));
}

fn a_scan_sees_one_state(store: &dyn Store) {
    put_keys(store, &[b"a", b"b", b"c"]);
    let mut seen = Vec::new();
    store
        .scan(&SCANS, &all(), Direction::Ascending, &mut |key, value| {
            seen.push((key.to_vec(), value.to_vec()));
            write(store, |batch| {
                batch.delete(&SCANS, b"b".to_vec());
                batch.put(&SCANS, b"c".to_vec(), b"later".to_vec());
                batch.put(&SCANS, b"d".to_vec(), b"later".to_vec());
            });
            ControlFlow::Continue(())
        })
        .expect("the store under test scans");
    let row = |key: &[u8]| (key.to_vec(), key.to_vec());
    assert_eq!(seen, [row(b"a"), row(b"b"), row(b"c")]);
}

fn a_range_without_room_shows_nothing(store: &dyn Store) {
    put_keys(store, &[b"a", b"b", b"c"]);
    for direction in [Direction::Ascending, Direction::Descending] {
        for (lower, upper) in [(b"b", b"b"), (b"c", b"a")] {
            let range = KeyRange::between(lower.to_vec(), upper.to_vec());
            assert!(keys(store, &range, direction).is_empty(), "{range:?}");
            assert_eq!(store.first(&SCANS, &range, direction).expect("scans"), None);
        }
    }
}

fn a_prefix_range_holds_exactly_its_keys(store: &dyn Store) {
    let others: [&[u8]; 4] = [b"\xfe", b"a", b"a\xfe", b"b"];
    put_keys(store, &others);
    put_keys(
        store,
        &[
            b"a\xff",
            b"a\xff\x00",
            b"a\xff\xff\xff",
            b"\xff",
            b"\xff\xff\x01",
        ],
    );
    let inside: [&[u8]; 3] = [b"a\xff", b"a\xff\x00", b"a\xff\xff\xff"];
    assert_eq!(
        keys(store, &KeyRange::prefix(b"a\xff"), Direction::Ascending),
        inside
    );
    let last: [&[u8]; 2] = [b"\xff\xff\x01", b"\xff"];
    assert_eq!(
        keys(store, &KeyRange::prefix(b"\xff"), Direction::Descending),
        last
    );
    assert_eq!(
        keys(store, &KeyRange::prefix(b"\xff\xff"), Direction::Ascending),
        last[..1]
    );
    assert_eq!(keys(store, &all(), Direction::Ascending).len(), 9);
}

fn the_first_row_is_that_of_the_direction(store: &dyn Store) {
    assert_eq!(
        store
            .first(&SCANS, &all(), Direction::Ascending)
            .expect("scans"),
        None
    );
    put_keys(store, &[b"a", b"b", b"c"]);
    let range = KeyRange::between(b"a\x00".to_vec(), b"z".to_vec());
    let first = |direction| store.first(&SCANS, &range, direction).expect("scans");
    assert_eq!(
        first(Direction::Ascending),
        Some((b"b".to_vec(), b"b".to_vec()))
    );
    assert_eq!(
        first(Direction::Descending),
        Some((b"c".to_vec(), b"c".to_vec()))
    );
}

fn a_batch_is_applied_in_order(store: &dyn Store) {
    write(store, |batch| {
        for key in [b"a", b"b", b"c", b"d"] {
            batch.put(&SCANS, key.to_vec(), b"before".to_vec());
        }
        batch.put(&POINTS, b"b".to_vec(), b"other table".to_vec());
        batch.delete_range(&SCANS, b"a".to_vec(), b"d".to_vec());
        batch.put(&SCANS, b"b".to_vec(), b"after".to_vec());
        batch.put(&SCANS, b"c".to_vec(), b"after".to_vec());
        batch.delete(&SCANS, b"c".to_vec());
        batch.delete(&SCANS, b"e".to_vec());
        batch.put(&SCANS, b"e".to_vec(), b"after".to_vec());
    });
    let row = |key: &[u8], value: &[u8]| (key.to_vec(), value.to_vec());
    assert_eq!(
        rows(store, &SCANS, &all(), Direction::Ascending),
        [
            row(b"b", b"after"),
            row(b"d", b"before"),
            row(b"e", b"after")
        ]
    );
    assert_eq!(
        get(store, &POINTS, b"b").as_deref(),
        Some(&b"other table"[..])
    );
}

fn a_range_delete_takes_its_lower_end_and_not_its_upper(store: &dyn Store) {
    put_keys(store, &[b"a", b"b", b"bb", b"c", b"d"]);
    write(store, |batch| {
        batch.delete_range(&SCANS, b"b".to_vec(), b"c".to_vec())
    });
    let left: [&[u8]; 3] = [b"a", b"c", b"d"];
    assert_eq!(keys(store, &all(), Direction::Ascending), left);
    assert_eq!(get(store, &SCANS, b"bb"), None);
    put_keys(store, &[b"bb"]);
    assert_eq!(get(store, &SCANS, b"bb").as_deref(), Some(&b"bb"[..]));
}

fn a_range_delete_without_room_deletes_nothing(store: &dyn Store) {
    put_keys(store, &[b"a", b"b", b"c"]);
    write(store, |batch| {
        batch.delete_range(&SCANS, b"b".to_vec(), b"b".to_vec());
        batch.delete_range(&SCANS, b"c".to_vec(), b"a".to_vec());
        batch.put(&POINTS, b"a".to_vec(), Vec::new());
    });
    assert_eq!(keys(store, &all(), Direction::Ascending).len(), 3);
    assert_eq!(get(store, &POINTS, b"a"), Some(Vec::new()));
}

fn a_snapshot_stays_still(store: &dyn Store) {
    put_keys(store, &[b"a", b"b", b"c"]);
    let snapshot = store.snapshot();
    write(store, |batch| {
        batch.put(&SCANS, b"a".to_vec(), b"later".to_vec());
        batch.delete_range(&SCANS, b"b".to_vec(), b"c".to_vec());
        batch.put(&SCANS, b"d".to_vec(), b"later".to_vec());
        batch.put(&POINTS, b"a".to_vec(), b"later".to_vec());
    });
    let row = |key: &[u8]| (key.to_vec(), key.to_vec());
    let before = [row(b"a"), row(b"b"), row(b"c")];
    assert_eq!(
        rows(&*snapshot, &SCANS, &all(), Direction::Ascending),
        before
    );
    assert_eq!(get(&*snapshot, &SCANS, b"a").as_deref(), Some(&b"a"[..]));
    assert_eq!(get(&*snapshot, &SCANS, b"d"), None);
    assert_eq!(get(&*snapshot, &POINTS, b"a"), None);
    let now = store.snapshot();
    assert_eq!(get(&*now, &SCANS, b"b"), None);
    assert_eq!(get(&*now, &POINTS, b"a").as_deref(), Some(&b"later"[..]));
}

fn an_overlay_over_a_snapshot_reads_both(store: &dyn Store) {
    put_keys(store, &[b"a", b"b", b"c"]);
    let snapshot = store.snapshot();
    let mut overlay = Overlay::new(&*snapshot);
    overlay.delete(&SCANS, b"a".to_vec());
    overlay.put(&SCANS, b"bb".to_vec(), b"own".to_vec());
    put_keys(store, &[b"d"]);
    let seen: [&[u8]; 3] = [b"b", b"bb", b"c"];
    assert_eq!(keys(&overlay, &all(), Direction::Ascending), seen);
    let changes = overlay.into_changes();
    store
        .write(changes.into_batch(), Durability::Process)
        .expect("writes");
    let seen: [&[u8]; 4] = [b"b", b"bb", b"c", b"d"];
    assert_eq!(keys(store, &all(), Direction::Ascending), seen);
}

fn the_empty_batch_and_a_flush_change_nothing(store: &dyn Store) {
    put_keys(store, &[b"a"]);
    store
        .write(Batch::default(), Durability::Process)
        .expect("writes");
    store
        .write(Batch::default(), Durability::Disk)
        .expect("writes");
    store.flush().expect("flushes");
    assert_eq!(keys(store, &all(), Direction::Ascending), [b"a"]);
}

/// Checks what is left after a store was closed and opened again, which `reopen` does.
///
/// # Panics
/// When the store does not keep the contract.
pub fn check_reopening(
    store: Box<dyn Store>,
    reopen: &mut dyn FnMut(Box<dyn Store>) -> Box<dyn Store>,
) {
    for (durability, key) in [
        (Durability::Process, b"process"),
        (Durability::Disk, b"at disk"),
    ] {
        let mut batch = Batch::default();
        batch.put(&SCANS, key.to_vec(), key.to_vec());
        batch.put(&POINTS, key.to_vec(), Vec::new());
        store
            .write(batch, durability)
            .expect("the store under test writes");
    }
    let before = rows(&*store, &SCANS, &all(), Direction::Ascending);
    let store = reopen(store);
    assert_eq!(rows(&*store, &SCANS, &all(), Direction::Ascending), before);
    assert_eq!(get(&*store, &POINTS, b"process"), Some(Vec::new()));
    write(&*store, |batch| {
        batch.delete_range(&SCANS, b"a".to_vec(), b"b".to_vec())
    });
    let store = reopen(store);
    assert_eq!(keys(&*store, &all(), Direction::Ascending), [b"process"]);
    store.flush().expect("the store under test flushes");
    let store = reopen(store);
    assert_eq!(keys(&*store, &all(), Direction::Ascending), [b"process"]);
}
