use super::*;
use crate::{Batch, Durability};
use crate::{MemoryStore, Store as _};

static HOT: Table = Table {
    name: "test.key_hot",
    kind: 1,
    access: Access::Hot,
};
static COLD: Table = Table {
    name: "test.key_cold",
    kind: 2,
    access: Access::Point,
};

fn write(store: &MemoryStore, table: &'static Table, value: &[u8]) {
    let mut batch = Batch::default();
    batch.put(table, b"key".to_vec(), value.to_vec());
    store.write(batch, Durability::Process).expect("writes");
}

#[test]
fn a_hot_row_is_read_once_and_follows_the_changes_that_are_noted() {
    let (store, cache) = (MemoryStore::new(), RowCache::default());
    let get = |table, key: &[u8]| {
        let cached = Cached {
            cache: &cache,
            base: &store,
        };
        cached.get(table, key).expect("reads")
    };
    assert_eq!(get(&HOT, b"key"), None);
    // Behind its back: only whoever writes may keep rows.
    write(&store, &HOT, b"one");
    write(&store, &COLD, b"one");
    assert_eq!(get(&HOT, b"key"), None, "held, though it is not there");
    assert_eq!(get(&COLD, b"key"), Some(b"one".to_vec()), "never held");
    let mut changes = Changes::default();
    changes.put(&HOT, b"key".to_vec(), b"two".to_vec());
    changes.put(&HOT, b"other".to_vec(), b"two".to_vec());
    cache.note(&changes);
    assert_eq!(get(&HOT, b"key"), Some(b"two".to_vec()));
    assert_eq!(get(&HOT, b"other"), None, "read for the first time");
    let mut changes = Changes::default();
    changes.delete(&HOT, b"key".to_vec());
    cache.note(&changes);
    assert_eq!(get(&HOT, b"key"), None);
    let mut changes = Changes::default();
    changes.delete_range(&HOT, b"a".to_vec(), b"k".to_vec());
    changes.delete_range(&HOT, b"l".to_vec(), b"z".to_vec());
    cache.note(&changes);
    assert_eq!(get(&HOT, b"key"), None, "held: it lies beside the ranges");
    let mut changes = Changes::default();
    changes.delete_range(&HOT, b"a".to_vec(), b"b".to_vec());
    changes.delete_range(&HOT, b"k".to_vec(), b"z".to_vec());
    cache.note(&changes);
    assert_eq!(
        get(&HOT, b"key"),
        Some(b"one".to_vec()),
        "forgotten with its range"
    );
}
