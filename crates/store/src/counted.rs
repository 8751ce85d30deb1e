use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{Direction, KeyRange, Read, Result, Table, Visitor};

/// A store that counts the rows it is asked for: what a read costs, for tests. A look-up is one
/// row, whether it is there or not; a scan as many as it shows.
pub struct Counted<'a> {
    base: &'a dyn Read,
    rows: AtomicUsize,
}

impl<'a> Counted<'a> {
    #[must_use]
    pub fn new(base: &'a dyn Read) -> Self {
        Self {
            base,
            rows: AtomicUsize::new(0),
        }
    }

    /// The rows read so far.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows.load(Ordering::Relaxed)
    }

    fn count(&self) {
        self.rows.fetch_add(1, Ordering::Relaxed);
    }
}

impl Read for Counted<'_> {
    fn get(&self, table: &'static Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.count();
        self.base.get(table, key)
    }

    fn scan(
        &self,
        table: &'static Table,
        range: &KeyRange,
        direction: Direction,
        visit: &mut Visitor<'_>,
    ) -> Result<()> {
        self.base.scan(table, range, direction, &mut |key, value| {
            self.count();
            visit(key, value)
        })
    }
}
