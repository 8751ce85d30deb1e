//! Rows in memory: what a decider reads again and again.

use hansard_types::limits::ROW_CACHE_BYTES_MAX;
use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};

use crate::table::OpRef;
use crate::{Access, Changes, Direction, KeyRange, Read, Result, Table, Visitor};

/// About what a row takes besides its bytes.
const ROW_OVERHEAD_BYTES: u64 = 96;
/// About how many bytes a row takes: only sizes the cache's own tables.
const ROW_BYTES: usize = 256;

/// A row's place: the table's kind and the key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Place(u16, Vec<u8>);

#[derive(Hash)]
struct PlaceRef<'a>(u16, &'a [u8]);

impl Equivalent<Place> for PlaceRef<'_> {
    fn equivalent(&self, place: &Place) -> bool {
        self.0 == place.0 && self.1 == place.1
    }
}

#[derive(Clone)]
struct Weight;

impl Weighter<Place, Option<Vec<u8>>> for Weight {
    fn weight(&self, place: &Place, value: &Option<Vec<u8>>) -> u64 {
        let bytes = place.1.len() + value.as_ref().map_or(0, Vec::len);
        bytes as u64 + ROW_OVERHEAD_BYTES
    }
}

/// The newest state of rows of [`Access::Hot`] tables, also of rows that are not there: the state
/// after every change that was [noted](RowCache::note), written or not. Bounded by
/// `ROW_CACHE_BYTES_MAX`; what was read least goes first.
pub struct RowCache {
    rows: Cache<Place, Option<Vec<u8>>, Weight>,
}

impl Default for RowCache {
    fn default() -> Self {
        let items = usize::try_from(ROW_CACHE_BYTES_MAX).unwrap_or(usize::MAX) / ROW_BYTES;
        Self {
            rows: Cache::with_weighter(items, ROW_CACHE_BYTES_MAX, Weight),
        }
    }
}

impl RowCache {
    /// Takes changes over into the rows that are held. Whoever reads through the cache later
    /// needs a base that shows the changes too.
    pub fn note(&self, changes: &Changes) {
        let mut gone = Vec::new();
        for op in changes.ops() {
            match op {
                OpRef::Put { table, key, value } => self.replace(table, key, Some(value)),
                OpRef::Delete { table, key } => self.replace(table, key, None),
                OpRef::DeleteRange {
                    table,
                    lower,
                    upper,
                } => {
                    if table.access == Access::Hot {
                        gone.push((table.kind, lower, upper));
                    }
                }
            }
        }
        // Once for all ranges: a row among them that is held anew is only read again.
        if !gone.is_empty() {
            self.rows.retain(|Place(kind, key), _| {
                // In order and disjoint, as changes hold them: the last one that begins before.
                let at = gone.partition_point(|(of, lower, _)| (of, *lower) <= (kind, key));
                let before = at.checked_sub(1).and_then(|at| gone.get(at));
                before.is_none_or(|(of, _, upper)| of != kind || key.as_slice() >= *upper)
            });
        }
    }

    fn replace(&self, table: &'static Table, key: &[u8], value: Option<&[u8]>) {
        let place = PlaceRef(table.kind, key);
        if table.access == Access::Hot && self.rows.contains_key(&place) {
            let place = Place(table.kind, key.to_vec());
            self.rows.insert(place, value.map(<[u8]>::to_vec));
        }
    }
}

/// A store, its hot rows from a cache.
pub struct Cached<'a> {
    pub cache: &'a RowCache,
    /// Shows every change that the cache was told of.
    pub base: &'a dyn Read,
}

impl Read for Cached<'_> {
    fn get(&self, table: &'static Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
        if table.access != Access::Hot {
            return self.base.get(table, key);
        }
        if let Some(value) = self.cache.rows.get(&PlaceRef(table.kind, key)) {
            return Ok(value);
        }
        let value = self.base.get(table, key)?;
        let place = Place(table.kind, key.to_vec());
        self.cache.rows.insert(place, value.clone());
        Ok(value)
    }

    fn scan(
        &self,
        table: &'static Table,
        range: &KeyRange,
        direction: Direction,
        visit: &mut Visitor<'_>,
    ) -> Result<()> {
        self.base.scan(table, range, direction, visit)
    }
}

#[cfg(test)]
mod tests;
