//! Reading ranges: the one place that knows how a scan ends early and where its error goes.

use std::ops::ControlFlow;

use crate::{Direction, Error, KeyRange, Read, Result, Table};

/// What is done with a row (key, value): go on, stop, or fail.
pub type FallibleVisitor<'a> = dyn FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>> + 'a;

impl dyn Read + '_ {
    /// Shows the rows of a range in order, until `visit` breaks or fails.
    ///
    /// # Errors
    /// As [`Read::scan`], and what `visit` fails with.
    pub fn walk(
        &self,
        table: &'static Table,
        range: &KeyRange,
        direction: Direction,
        visit: &mut FallibleVisitor<'_>,
    ) -> Result<()> {
        let mut failed = None;
        self.scan(table, range, direction, &mut |key, value| {
            visit(key, value).unwrap_or_else(|error| {
                failed = Some(error);
                ControlFlow::Break(())
            })
        })?;
        failed.map_or(Ok(()), Err)
    }

    /// What `decode` makes of the rows of a range, in order, at most `rows_max`. Where it says
    /// `None` the row does not count. Reads no row behind the last one that is wanted.
    ///
    /// # Errors
    /// As [`Read::scan`], and what `decode` fails with.
    pub fn rows<T>(
        &self,
        table: &'static Table,
        range: &KeyRange,
        direction: Direction,
        rows_max: usize,
        mut decode: impl FnMut(&[u8], &[u8]) -> Result<Option<T>>,
    ) -> Result<Vec<T>> {
        let mut rows = Vec::new();
        if rows_max == 0 {
            return Ok(rows);
        }
        self.walk(table, range, direction, &mut |key, value| {
            rows.extend(decode(key, value)?);
            Ok(if rows.len() < rows_max {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            })
        })?;
        Ok(rows)
    }
}

impl Error {
    /// A key that is not of the form that its table has.
    #[must_use]
    pub fn key(table: &Table) -> Self {
        Self::Row {
            table: table.name,
            reason: "a key or row is not what this projection writes".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::SCANS;
    use crate::{Batch, Counted, Durability, MemoryStore, Store as _};

    /// Zero does not count, and what is longer than a byte does not read.
    fn number(_: &[u8], value: &[u8]) -> Result<Option<u8>> {
        match value {
            [number] => Ok((*number > 0).then_some(*number)),
            _ => Err(Error::key(&SCANS)),
        }
    }

    fn store(values: &[&[u8]]) -> MemoryStore {
        let store = MemoryStore::new();
        let mut batch = Batch::default();
        for (key, value) in (0u8..).zip(values) {
            batch.put(&SCANS, vec![key], value.to_vec());
        }
        store.write(batch, Durability::Process).expect("writes");
        store
    }

    fn read(store: &dyn Read, direction: Direction, rows_max: usize) -> Result<Vec<u8>> {
        store.rows(&SCANS, &KeyRange::prefix(&[]), direction, rows_max, number)
    }

    #[test]
    fn at_most_so_many_rows_are_read_as_are_wanted() {
        let store = store(&[&[1], &[0], &[3], &[4], &[5]]);
        for (direction, rows_max, expected, cost) in [
            (Direction::Ascending, 2, vec![1, 3], 3),
            (Direction::Descending, 2, vec![5, 4], 2),
            (Direction::Ascending, 9, vec![1, 3, 4, 5], 5),
            (Direction::Ascending, 0, vec![], 0),
        ] {
            let counted = Counted::new(&store);
            let rows = read(&counted, direction, rows_max).expect("reads");
            assert_eq!(rows, expected);
            assert_eq!(counted.rows(), cost, "rows for {rows_max}");
        }
    }

    #[test]
    fn a_row_that_does_not_read_fails_what_reaches_it() {
        let store = store(&[&[1], &[2], &[3, 3], &[4]]);
        assert_eq!(
            read(&store, Direction::Ascending, 2).expect("reads"),
            [1, 2]
        );
        let error = read(&store, Direction::Ascending, 3).expect_err("it does not read");
        assert!(matches!(error, Error::Row { .. }), "{error}");
    }
}
