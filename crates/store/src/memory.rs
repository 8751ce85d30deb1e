use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parking_lot::RwLock;

use crate::{
    Batch, Direction, Durability, Error, KeyRange, Op, Read, Result, Store, Table, Visitor,
};

/// One row of a dump: its table's name, its key, its value.
pub type DumpRow = (&'static str, Vec<u8>, Vec<u8>);

#[derive(Debug, Clone)]
struct Rows {
    table: &'static Table,
    /// Shared with snapshots and forks until either side writes.
    rows: Arc<BTreeMap<Vec<u8>, Vec<u8>>>,
}

impl Rows {
    fn of(table: &'static Table) -> Self {
        Self {
            table,
            rows: Arc::default(),
        }
    }
}

/// Every table at one moment, by kind.
#[derive(Debug, Clone, Default)]
struct State(BTreeMap<u16, Rows>);

impl State {
    fn rows(&self, table: &'static Table) -> Option<&Arc<BTreeMap<Vec<u8>, Vec<u8>>>> {
        let found = self.0.get(&table.kind)?;
        assert_eq!(found.table.name, table.name, "two tables have one kind");
        Some(&found.rows)
    }

    fn rows_mut(&mut self, table: &'static Table) -> &mut BTreeMap<Vec<u8>, Vec<u8>> {
        let found = self.0.entry(table.kind).or_insert_with(|| Rows::of(table));
        assert_eq!(found.table.name, table.name, "two tables have one kind");
        Arc::make_mut(&mut found.rows)
    }

    fn apply(&mut self, op: Op) {
        match op {
            Op::Put { table, key, value } => {
                self.rows_mut(table).insert(key, value);
            }
            Op::Delete { table, key } => {
                self.rows_mut(table).remove(&key);
            }
            Op::DeleteRange {
                table,
                lower,
                upper,
            } => {
                if lower < upper {
                    self.rows_mut(table)
                        .extract_if(lower..upper, |_, _| true)
                        .for_each(drop);
                }
            }
        }
    }
}

/// Shows the rows of a range; the caller holds no lock, so `visit` may read and write the store.
fn scan_rows(
    rows: &BTreeMap<Vec<u8>, Vec<u8>>,
    range: &KeyRange,
    direction: Direction,
    visit: &mut Visitor<'_>,
) {
    if range.is_empty() {
        return;
    }
    let mut rows = rows.range::<[u8], _>(range.bounds());
    while let Some((key, value)) = match direction {
        Direction::Ascending => rows.next(),
        Direction::Descending => rows.next_back(),
    } {
        if visit(key, value).is_break() {
            return;
        }
    }
}

impl Read for State {
    fn get(&self, table: &'static Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
        Ok(self.rows(table).and_then(|rows| rows.get(key)).cloned())
    }

    fn scan(
        &self,
        table: &'static Table,
        range: &KeyRange,
        direction: Direction,
        visit: &mut Visitor<'_>,
    ) -> Result<()> {
        if let Some(rows) = self.rows(table) {
            scan_rows(rows, range, direction, visit);
        }
        Ok(())
    }
}

/// A store in memory, for tests, scratch folds and simulations. Tables come into being when they
/// are written; nothing survives the process, whatever the [`Durability`].
///
/// A snapshot is free until the store is written to; the first write after it copies the tables it
/// touches.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: RwLock<State>,
    spoilt: RwLock<Spoilt>,
}

/// Rows that cannot be read, and the first that someone tried to.
#[derive(Debug, Default)]
struct Spoilt {
    rows: BTreeSet<(u16, Vec<u8>)>,
    found: Option<String>,
}

impl MemoryStore {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A store of its own that holds what this one holds now: an older copy, or what a crash
    /// leaves.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self {
            state: RwLock::new(self.state.read().clone()),
            spoilt: RwLock::default(),
        }
    }

    /// Makes a row unreadable, as a flipped byte in a file would.
    pub fn spoil(&self, table: &'static Table, key: Vec<u8>) {
        self.spoilt.write().rows.insert((table.kind, key));
    }

    fn readable(&self, table: &'static Table, is_read: impl Fn(&[u8]) -> bool) -> Result<()> {
        let spoilt = self.spoilt.read();
        let mut rows = spoilt.rows.iter();
        if !rows.any(|(kind, key)| *kind == table.kind && is_read(key)) {
            return Ok(());
        }
        drop(spoilt);
        let what = format!("a row of {} was spoilt", table.name);
        self.spoilt.write().found.get_or_insert(what.clone());
        Err(Error::Damaged {
            path: "memory".to_owned(),
            source: what.into(),
        })
    }

    /// Every row, ordered by table name and key: two stores hold the same when their dumps are
    /// equal.
    #[must_use]
    pub fn dump(&self) -> Vec<DumpRow> {
        let state = self.state.read().clone();
        let mut tables: Vec<&Rows> = state.0.values().collect();
        tables.sort_unstable_by_key(|rows| rows.table.name);
        tables
            .into_iter()
            .flat_map(|Rows { table, rows }| {
                rows.iter()
                    .map(|(key, value)| (table.name, key.clone(), value.clone()))
            })
            .collect()
    }
}

impl Read for MemoryStore {
    fn get(&self, table: &'static Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.readable(table, |spoilt| spoilt == key)?;
        self.state.read().get(table, key)
    }

    fn scan(
        &self,
        table: &'static Table,
        range: &KeyRange,
        direction: Direction,
        visit: &mut Visitor<'_>,
    ) -> Result<()> {
        self.readable(table, |spoilt| range.contains(spoilt))?;
        let rows = self.state.read().rows(table).cloned();
        if let Some(rows) = rows {
            scan_rows(&rows, range, direction, visit);
        }
        Ok(())
    }
}

impl Store for MemoryStore {
    fn write(&self, batch: Batch, _durability: Durability) -> Result<()> {
        let mut state = self.state.write();
        batch.ops.into_iter().for_each(|op| state.apply(op));
        Ok(())
    }

    fn snapshot(&self) -> Box<dyn Read + '_> {
        Box::new(self.state.read().clone())
    }

    fn damage(&self) -> Option<String> {
        self.spoilt.read().found.clone()
    }

    fn flush(&self) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::MemoryStore;
    use crate::conformance::{self, POINTS, SCANS};
    use crate::{Batch, Durability, Store};

    #[test]
    fn the_memory_store_keeps_the_contract() {
        conformance::check(&mut || Box::new(MemoryStore::new()));
        conformance::check_reopening(Box::new(MemoryStore::new()), &mut |store| store);
    }

    #[test]
    fn the_memory_store_agrees_with_a_model_under_random_changes() {
        conformance::check_properties(64, &mut || Box::new(MemoryStore::new()));
    }

    fn put(store: &MemoryStore, value: &str) {
        let mut batch = Batch::default();
        batch.put(&SCANS, b"key".to_vec(), value.as_bytes().to_vec());
        batch.put(&POINTS, b"key".to_vec(), value.as_bytes().to_vec());
        store
            .write(batch, Durability::Process)
            .expect("memory does not fail");
    }

    #[test]
    fn a_fork_and_its_origin_go_their_own_ways() {
        let store = MemoryStore::new();
        put(&store, "before");
        let before = store.dump();
        let fork = store.fork();
        assert_eq!(fork.dump(), before);
        put(&store, "origin");
        assert_eq!(fork.dump(), before);
        put(&fork, "fork");
        assert_ne!(fork.dump(), before);
        assert_ne!(fork.dump(), store.dump());
    }

    #[test]
    fn a_dump_is_ordered_by_table_name_and_key() {
        let store = MemoryStore::new();
        put(&store, "value");
        let row = |table| (table, b"key".to_vec(), b"value".to_vec());
        assert_eq!(store.dump(), [row(POINTS.name), row(SCANS.name)]);
    }
}
