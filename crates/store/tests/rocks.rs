//! RocksDB keeps the contract of a store, and what is its own: opening, refusing, reading only.
#![cfg(all(feature = "rocksdb", feature = "conformance"))]

use std::path::Path;

use hansard_store::conformance::{self, POINTS, SCANS, TABLES};
use hansard_store::{
    Access, Batch, Direction, Durability, Error, KeyRange, MemoryStore, Read, RocksMemory,
    RocksOptions, RocksStore, Store, Table,
};
use hansard_types::error_chain;
use tempfile::TempDir;

static EXTRA: Table = Table {
    name: "conformance.key_extra",
    kind: 3,
    access: Access::Scan,
};

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn open(path: &Path) -> RocksStore {
    RocksStore::open(path, &TABLES, RocksOptions::read_models()).expect("opens")
}

fn put(store: &dyn Store, table: &'static Table, key: &[u8], value: &[u8]) {
    let mut batch = Batch::default();
    batch.put(table, key.to_vec(), value.to_vec());
    store.write(batch, Durability::Process).expect("writes");
}

#[test]
fn after_a_flush_the_next_open_has_no_log_to_read() {
    let log_bytes = |path: &Path| -> u64 {
        let files = std::fs::read_dir(path).expect("readable");
        let files = files.map(|file| file.expect("readable").path());
        let logs = files.filter(|path| path.extension().is_some_and(|e| e == "log"));
        logs.map(|path| path.metadata().expect("a file").len())
            .sum()
    };
    let folder = folder();
    let store = open(folder.path());
    for number in 0..100_u32 {
        put(&store, &POINTS, &number.to_be_bytes(), &[7; 100]);
    }
    assert!(log_bytes(folder.path()) > 10_000, "it is in the log");
    store.flush().expect("flushes");
    drop(store);
    assert_eq!(log_bytes(folder.path()), 0);
    let store = open(folder.path());
    let last = store.get(&POINTS, &99_u32.to_be_bytes()).expect("readable");
    assert_eq!(last, Some(vec![7; 100]));
}

#[test]
fn rocksdb_keeps_the_contract() {
    let options = RocksOptions::read_models();
    let folder = folder();
    let mut count = 0;
    conformance::check(&mut || {
        count += 1;
        let path = folder.path().join(format!("{count}"));
        Box::new(RocksStore::open(path, &TABLES, options.clone()).expect("opens"))
    });
    let path = folder.path().join("reopened");
    let store = RocksStore::open(&path, &TABLES, options.clone()).expect("opens");
    conformance::check_reopening(Box::new(store), &mut |store| {
        drop(store);
        Box::new(RocksStore::open(&path, &TABLES, options.clone()).expect("opens again"))
    });
}

#[test]
fn rocksdb_agrees_with_a_model_under_random_changes() {
    let folder = folder();
    let options = RocksOptions::read_models();
    let mut count = 0;
    conformance::check_properties(24, &mut || {
        count += 1;
        let path = folder.path().join(format!("{count}"));
        Box::new(RocksStore::open(path, &TABLES, options.clone()).expect("opens"))
    });
}

#[test]
fn a_dump_equals_that_of_a_memory_store_with_the_same_rows() {
    let folder = folder();
    let rocks = open(folder.path());
    let memory = MemoryStore::new();
    for store in [&rocks as &dyn Store, &memory] {
        for key in [&b"b"[..], b"a", b"\xff\xff", b""] {
            put(store, &SCANS, key, b"value");
            put(store, &POINTS, key, b"other");
        }
    }
    assert_eq!(rocks.dump().expect("dumps"), memory.dump());
}

#[test]
fn tables_that_are_unknown_are_named_and_refused() {
    let folder = folder();
    let tables = [&POINTS, &SCANS, &EXTRA];
    drop(RocksStore::open(folder.path(), &tables, RocksOptions::read_models()).expect("opens"));
    let refused = RocksStore::open(folder.path(), &TABLES, RocksOptions::read_models())
        .expect_err("it holds a table more");
    let text = error_chain(&refused);
    assert!(text.contains(EXTRA.name), "{text}");
    assert!(
        text.contains(&folder.path().display().to_string()),
        "{text}"
    );
    assert!(!text.contains(SCANS.name), "{text}");
}

#[test]
fn tables_that_are_missing_are_made() {
    let folder = folder();
    put(&open(folder.path()), &SCANS, b"a", b"before");
    let tables = [&POINTS, &SCANS, &EXTRA];
    let store =
        RocksStore::open(folder.path(), &tables, RocksOptions::read_models()).expect("opens");
    put(&store, &EXTRA, b"a", b"new");
    assert_eq!(
        store.get(&SCANS, b"a").expect("reads").as_deref(),
        Some(&b"before"[..])
    );
}

#[test]
fn a_table_it_was_not_opened_with_is_an_error_and_nothing_of_the_batch_is_written() {
    let folder = folder();
    let store = open(folder.path());
    let mut batch = Batch::default();
    batch.put(&SCANS, b"a".to_vec(), Vec::new());
    batch.put(&EXTRA, b"a".to_vec(), Vec::new());
    let unknown = |error| matches!(error, Error::TableUnknown(name) if name == EXTRA.name);
    assert!(unknown(
        store
            .write(batch, Durability::Process)
            .expect_err("unknown")
    ));
    assert!(unknown(store.get(&EXTRA, b"a").expect_err("unknown")));
    let everything = KeyRange::prefix(&[]);
    assert!(unknown(
        store
            .first(&EXTRA, &everything, Direction::Ascending)
            .expect_err("unknown")
    ));
    assert_eq!(store.get(&SCANS, b"a").expect("reads"), None);
}

#[test]
fn a_second_writer_is_refused_and_a_reader_is_not() {
    let folder = folder();
    let writer = open(folder.path());
    put(&writer, &SCANS, b"a", b"before");
    let refused = RocksStore::open(folder.path(), &TABLES, RocksOptions::read_models())
        .expect_err("it is open");
    assert!(
        error_chain(&refused).contains(&folder.path().display().to_string()),
        "{}",
        error_chain(&refused)
    );

    let only_scans = [&SCANS];
    let reader =
        RocksStore::open_read_only(folder.path(), &only_scans, RocksOptions::read_models())
            .expect("a reader may open some tables");
    put(&writer, &SCANS, b"a", b"after");
    assert_eq!(
        reader.get(&SCANS, b"a").expect("reads").as_deref(),
        Some(&b"before"[..])
    );
    let refused = reader.write(
        {
            let mut batch = Batch::default();
            batch.delete(&SCANS, b"a".to_vec());
            batch
        },
        Durability::Process,
    );
    let text = error_chain(&refused.expect_err("a reader does not write"));
    assert!(text.contains("could not write"), "{text}");
    assert!(
        text.contains(&folder.path().display().to_string()),
        "{text}"
    );
}

#[test]
fn a_reader_makes_nothing() {
    let folder = folder();
    let path = folder.path().join("absent");
    let options = RocksOptions::read_models();
    let refused = RocksStore::open_read_only(&path, &TABLES, options.clone()).expect_err("absent");
    assert!(
        error_chain(&refused).contains("there is no database"),
        "{}",
        error_chain(&refused)
    );
    assert!(!path.try_exists().expect("looks"));

    drop(open(folder.path()));
    let refused = RocksStore::open_read_only(folder.path(), &[&EXTRA], options)
        .expect_err("it lacks the table");
    assert!(
        error_chain(&refused).contains(EXTRA.name),
        "{}",
        error_chain(&refused)
    );
}

#[test]
fn stores_share_memory_and_tell_about_how_much_a_table_takes() {
    let memory = RocksMemory::new(8 << 20, 4 << 20);
    let folder = folder();
    let options = RocksOptions::with_memory(&memory);
    let one = RocksStore::open(folder.path().join("one"), &TABLES, options.clone()).expect("opens");
    let other = RocksStore::open(folder.path().join("two"), &TABLES, options).expect("opens");
    let before = one.estimated_bytes(&SCANS).expect("measures");
    for store in [&one, &other] {
        for number in 0_u32..6_000 {
            put(store, &SCANS, &number.to_be_bytes(), &[0x55; 1000]);
        }
    }
    assert!(one.estimated_bytes(&SCANS).expect("measures") > before);
    assert!(memory.used_bytes() > 0);
    // 12 MB were written with 4 MiB of write buffers: rows went to table files and still read.
    let last = one.get(&SCANS, &5_999_u32.to_be_bytes()).expect("reads");
    assert_eq!(last.expect("it is there"), [0x55; 1000]);
    assert!(one.estimated_bytes(&POINTS).expect("measures") < 1 << 20);
}

/// Copies a database as a crash would leave it, its newest log file cut to `log_bytes`.
fn crashed(from: &Path, to: &Path, log_bytes: u64) {
    std::fs::create_dir(to).expect("makes a folder");
    for entry in std::fs::read_dir(from).expect("lists") {
        let name = entry.expect("lists").file_name();
        let copy = to.join(&name);
        std::fs::copy(from.join(&name), &copy).expect("copies");
        if name.to_string_lossy().ends_with(".log") {
            let file = std::fs::OpenOptions::new()
                .write(true)
                .open(&copy)
                .expect("opens");
            file.set_len(log_bytes).expect("cuts");
        }
    }
}

#[test]
fn a_torn_log_loses_whole_batches_from_the_end_and_no_others() {
    const BATCHES: u32 = 8;
    let folder = folder();
    let path = folder.path().join("whole");
    let store = open(&path);
    let log_bytes = || -> u64 {
        let entries = std::fs::read_dir(&path)
            .expect("lists")
            .map(|entry| entry.expect("lists"));
        entries
            .filter(|entry| entry.file_name().to_string_lossy().ends_with(".log"))
            .map(|entry| entry.metadata().expect("stats").len())
            .sum()
    };
    let mut ends = vec![log_bytes()];
    for number in 0..BATCHES {
        let mut batch = Batch::default();
        batch.put(&SCANS, number.to_be_bytes().to_vec(), vec![0x55; 40]);
        batch.delete_range(&POINTS, Vec::new(), vec![0xff]);
        batch.put(&POINTS, number.to_be_bytes().to_vec(), vec![0x55; 40]);
        store.write(batch, Durability::Process).expect("writes");
        ends.push(log_bytes());
    }
    let all = *ends.last().expect("there is one");
    for cut in (ends[0]..all).step_by(13).chain([all]) {
        let copy = folder.path().join(format!("{cut}"));
        crashed(&path, &copy, cut);
        let whole = ends.iter().filter(|end| **end <= cut).count() - 1;
        let dump = open(&copy).dump().expect("dumps");
        let keys = |table: &Table| -> Vec<Vec<u8>> {
            let rows = dump.iter().filter(|(name, ..)| *name == table.name);
            rows.map(|(_, key, _)| key.clone()).collect()
        };
        let numbers: Vec<Vec<u8>> = (0..BATCHES)
            .take(whole)
            .map(|number| number.to_be_bytes().to_vec())
            .collect();
        assert_eq!(keys(&SCANS), numbers, "the log was cut at {cut} of {all}");
        let newest: Vec<Vec<u8>> = numbers.last().cloned().into_iter().collect();
        assert_eq!(keys(&POINTS), newest, "the log was cut at {cut} of {all}");
    }
}
