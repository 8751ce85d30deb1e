use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hansard_types::limits::PATCH_ROWS_MAX;
use parking_lot::RwLock;

use crate::{
    Batch, Changes, Direction, Durability, Error, KeyRange, Layers, Op, Read, Result, Store, Table,
    Visitor,
};

/// A store whose writes go on in memory once its files take none because they are damaged: what
/// takes its place is being built then, and nobody who writes has to wait for that. RocksDB refuses
/// every write once a compaction has met damage.
///
/// At most `PATCH_ROWS_MAX` rows are kept in memory; then writes fail.
pub struct Patched {
    base: Arc<dyn Store>,
    /// Everything that was written since the files took no more.
    changes: RwLock<Arc<Changes>>,
    /// There are such changes: until then nobody asks for the lock.
    is_patched: AtomicBool,
}

impl Patched {
    #[must_use]
    pub fn new(base: Arc<dyn Store>) -> Self {
        Self {
            base,
            changes: RwLock::default(),
            is_patched: AtomicBool::new(false),
        }
    }

    /// What lies over the base. Whoever reads holds no lock: they have what was there when they
    /// began.
    fn patch(&self) -> Option<[Arc<Changes>; 1]> {
        self.is_patched
            .load(Ordering::Acquire)
            .then(|| [Arc::clone(&self.changes.read())])
    }

    fn layers<'a>(&'a self, patch: &'a [Arc<Changes>; 1]) -> Layers<'a> {
        Layers {
            base: &*self.base,
            changes: patch,
        }
    }

    fn keep(&self, change: impl FnOnce(&mut Changes)) -> Result<()> {
        let mut changes = self.changes.write();
        if changes.len() >= PATCH_ROWS_MAX {
            let full = format!("{PATCH_ROWS_MAX} rows have changed since its files were damaged");
            return Err(Error::Medium(full.into()));
        }
        change(Arc::make_mut(&mut changes));
        self.is_patched.store(true, Ordering::Release);
        Ok(())
    }
}

impl Read for Patched {
    fn get(&self, table: &'static Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
        match self.patch() {
            None => self.base.get(table, key),
            Some(patch) => self.layers(&patch).get(table, key),
        }
    }

    fn scan(
        &self,
        table: &'static Table,
        range: &KeyRange,
        direction: Direction,
        visit: &mut Visitor<'_>,
    ) -> Result<()> {
        match self.patch() {
            None => self.base.scan(table, range, direction, visit),
            Some(patch) => self.layers(&patch).scan(table, range, direction, visit),
        }
    }
}

impl Store for Patched {
    fn write(&self, batch: Batch, durability: Durability) -> Result<()> {
        let mut changes = Changes::default();
        for op in batch.ops {
            match op {
                Op::Put { table, key, value } => changes.put(table, key, value),
                Op::Delete { table, key } => changes.delete(table, key),
                Op::DeleteRange {
                    table,
                    lower,
                    upper,
                } => changes.delete_range(table, lower, upper),
            }
        }
        self.write_changes(&changes, durability)
    }

    fn write_changes(&self, changes: &Changes, durability: Durability) -> Result<()> {
        if !self.is_patched.load(Ordering::Acquire) {
            match self.base.write_changes(changes, durability) {
                Err(Error::Damaged { .. }) => {}
                written => return written,
            }
        }
        self.keep(|own| own.append(changes.clone()))
    }

    fn snapshot(&self) -> Box<dyn Read + '_> {
        let base = self.base.snapshot();
        match self.patch() {
            None => base,
            Some(changes) => Box::new(Snapshot { base, changes }),
        }
    }

    fn damage(&self) -> Option<String> {
        self.base.damage()
    }

    fn flush(&self) -> Result<()> {
        // There is nothing to bring to disk then: the log has it.
        if self.is_patched.load(Ordering::Acquire) {
            return Ok(());
        }
        self.base.flush()
    }
}

struct Snapshot<'a> {
    base: Box<dyn Read + 'a>,
    changes: [Arc<Changes>; 1],
}

impl Snapshot<'_> {
    fn layers(&self) -> Layers<'_> {
        Layers {
            base: &*self.base,
            changes: &self.changes,
        }
    }
}

impl Read for Snapshot<'_> {
    fn get(&self, table: &'static Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.layers().get(table, key)
    }

    fn scan(
        &self,
        table: &'static Table,
        range: &KeyRange,
        direction: Direction,
        visit: &mut Visitor<'_>,
    ) -> Result<()> {
        self.layers().scan(table, range, direction, visit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryStore;
    use crate::conformance::{self, POINTS};

    /// Takes no writes.
    struct Refusing(MemoryStore);

    impl Read for Refusing {
        fn get(&self, table: &'static Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
            self.0.get(table, key)
        }

        fn scan(
            &self,
            table: &'static Table,
            range: &KeyRange,
            direction: Direction,
            visit: &mut Visitor<'_>,
        ) -> Result<()> {
            self.0.scan(table, range, direction, visit)
        }
    }

    impl Store for Refusing {
        fn write(&self, _batch: Batch, _durability: Durability) -> Result<()> {
            Err(Error::Damaged {
                path: "memory".to_owned(),
                source: "a compaction has met damage".into(),
            })
        }

        fn snapshot(&self) -> Box<dyn Read + '_> {
            self.0.snapshot()
        }

        fn damage(&self) -> Option<String> {
            Some("memory".to_owned())
        }

        fn flush(&self) -> Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_store_whose_files_take_no_writes_keeps_the_contract_in_memory() {
        let refusing = || Arc::new(Refusing(MemoryStore::new()));
        conformance::check(&mut || Box::new(Patched::new(refusing())));
        conformance::check_properties(32, &mut || Box::new(Patched::new(refusing())));
    }

    #[test]
    fn until_then_everything_is_written_below() {
        conformance::check(&mut || Box::new(Patched::new(Arc::new(MemoryStore::new()))));
        let below = Arc::new(MemoryStore::new());
        let patched = Patched::new(Arc::clone(&below) as _);
        let mut batch = Batch::default();
        batch.put(&POINTS, b"key".to_vec(), b"value".to_vec());
        patched.write(batch, Durability::Process).expect("written");
        assert_eq!(below.dump().len(), 1);
    }
}
