//! Changes that are not written yet, and views of a store as if they were.

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use crate::table::OpRef;
use crate::{Batch, Direction, KeyRange, Read, Result, Table, Visitor};

/// What a set of changes does to one table.
#[derive(Debug, Clone)]
struct TableChanges {
    table: &'static Table,
    /// The newest value of each changed key; `None` is deleted. Wins over `cleared`.
    rows: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    /// Ranges (lower to upper, not included) whose older rows are gone. Disjoint and not touching.
    cleared: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl TableChanges {
    fn of(table: &'static Table) -> Self {
        Self {
            table,
            rows: BTreeMap::new(),
            cleared: BTreeMap::new(),
        }
    }

    fn is_cleared(&self, key: &[u8]) -> bool {
        self.cleared
            .range::<[u8], _>((Bound::Unbounded, Bound::Included(key)))
            .next_back()
            .is_some_and(|(_, upper)| key < upper.as_slice())
    }

    fn clear(&mut self, mut lower: Vec<u8>, mut upper: Vec<u8>) {
        let inside = (Bound::Included(&lower), Bound::Excluded(&upper));
        self.rows.extract_if(inside, |_, _| true).for_each(drop);
        // Join every range that overlaps or touches the new one, so that a lookup finds at most
        // one candidate.
        while let Some((before, end)) = self
            .cleared
            .range::<[u8], _>((Bound::Unbounded, Bound::Included(upper.as_slice())))
            .next_back()
        {
            if *end < lower {
                break;
            }
            let before = before.clone();
            let end = self.cleared.remove(&before).expect("just found");
            lower = lower.min(before);
            upper = upper.max(end);
        }
        self.cleared.insert(lower, upper);
    }
}

/// Changes that are not written yet: for each key the newest one counts.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// By the table's kind.
    tables: BTreeMap<u16, TableChanges>,
}

impl Changes {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tables
            .values()
            .all(|changes| changes.rows.is_empty() && changes.cleared.is_empty())
    }

    /// How many keys and ranges they change.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tables
            .values()
            .map(|changes| changes.rows.len() + changes.cleared.len())
            .sum()
    }

    /// Sets the value at a key.
    pub fn put(&mut self, table: &'static Table, key: Vec<u8>, value: Vec<u8>) {
        self.of_table(table).rows.insert(key, Some(value));
    }

    /// Removes a key; nothing happens to one that is not there.
    pub fn delete(&mut self, table: &'static Table, key: Vec<u8>) {
        self.of_table(table).rows.insert(key, None);
    }

    /// Removes every key from `lower` up to but not including `upper`; nothing when `upper` is not
    /// greater.
    pub fn delete_range(&mut self, table: &'static Table, lower: Vec<u8>, upper: Vec<u8>) {
        if lower < upper {
            self.of_table(table).clear(lower, upper);
        }
    }

    /// Adds changes that came after these.
    pub fn append(&mut self, later: Changes) {
        for (kind, changes) in later.tables {
            let TableChanges {
                table,
                rows,
                cleared,
            } = changes;
            let own = self
                .tables
                .entry(kind)
                .or_insert_with(|| TableChanges::of(table));
            for (lower, upper) in cleared {
                own.clear(lower, upper);
            }
            own.rows.extend(rows);
        }
    }

    /// The changes as one atomic write: table by table, range deletes before single keys, each key
    /// once.
    #[must_use]
    pub fn into_batch(self) -> Batch {
        let mut batch = Batch::default();
        batch.ops.reserve(self.len());
        for changes in self.tables.into_values() {
            let TableChanges {
                table,
                rows,
                cleared,
            } = changes;
            for (lower, upper) in cleared {
                batch.delete_range(table, lower, upper);
            }
            for (key, value) in rows {
                match value {
                    Some(value) => batch.put(table, key, value),
                    None => batch.delete(table, key),
                }
            }
        }
        batch
    }

    /// What [`Changes::into_batch`] would hold, in that order.
    pub(crate) fn ops(&self) -> impl Iterator<Item = OpRef<'_>> + Clone {
        self.tables.values().flat_map(
            |TableChanges {
                 table,
                 rows,
                 cleared,
             }| {
                let ranges = cleared.iter().map(|(lower, upper)| OpRef::DeleteRange {
                    table,
                    lower,
                    upper,
                });
                let single = rows.iter().map(|(key, value)| match value {
                    Some(value) => OpRef::Put { table, key, value },
                    None => OpRef::Delete { table, key },
                });
                ranges.chain(single)
            },
        )
    }

    fn of_table(&mut self, table: &'static Table) -> &mut TableChanges {
        let changes = self
            .tables
            .entry(table.kind)
            .or_insert_with(|| TableChanges::of(table));
        debug_assert_eq!(changes.table.name, table.name, "two tables have one kind");
        changes
    }

    fn get_over(
        &self,
        base: &dyn Read,
        table: &'static Table,
        key: &[u8],
    ) -> Result<Option<Vec<u8>>> {
        if let Some(changes) = self.tables.get(&table.kind) {
            if let Some(value) = changes.rows.get(key) {
                return Ok(value.clone());
            }
            if changes.is_cleared(key) {
                return Ok(None);
            }
        }
        base.get(table, key)
    }

    fn scan_over(
        &self,
        base: &dyn Read,
        table: &'static Table,
        range: &KeyRange,
        direction: Direction,
        visit: &mut Visitor<'_>,
    ) -> Result<()> {
        let Some(changes) = self.tables.get(&table.kind) else {
            return base.scan(table, range, direction, visit);
        };
        if range.is_empty() {
            return Ok(());
        }
        let own = changes.rows.range::<[u8], _>(range.bounds());
        let is_cleared = |key: &[u8]| changes.is_cleared(key);
        let scan = |visit: &mut Visitor<'_>| base.scan(table, range, direction, visit);
        match direction {
            Direction::Ascending => merge(own, |one, other| one <= other, is_cleared, scan, visit),
            Direction::Descending => merge(
                own.rev(),
                |one, other| one >= other,
                is_cleared,
                scan,
                visit,
            ),
        }
    }
}

/// Shows the rows of `scan` that are not cleared, and `own` rows among them in order. An own row
/// takes the place of the scanned row with its key. `reached(one, other)`: a scan that shows
/// `other` has come to `one` or passed it.
fn merge<'c>(
    own: impl Iterator<Item = (&'c Vec<u8>, &'c Option<Vec<u8>>)>,
    reached: impl Fn(&[u8], &[u8]) -> bool,
    is_cleared: impl Fn(&[u8]) -> bool,
    scan: impl FnOnce(&mut Visitor<'_>) -> Result<()>,
    visit: &mut Visitor<'_>,
) -> Result<()> {
    let mut own = own.peekable();
    let mut stopped = false;
    let mut step = |key: &[u8], value: &[u8]| -> ControlFlow<()> {
        while let Some((own_key, own_value)) = own.next_if(|(own_key, _)| reached(own_key, key)) {
            if let Some(own_value) = own_value {
                visit(own_key, own_value)?;
            }
            if own_key == key {
                return ControlFlow::Continue(());
            }
        }
        if is_cleared(key) {
            ControlFlow::Continue(())
        } else {
            visit(key, value)
        }
    };
    scan(&mut |key, value| {
        let flow = step(key, value);
        stopped = flow.is_break();
        flow
    })?;
    if stopped {
        return Ok(());
    }
    for (key, value) in own {
        if let Some(value) = value
            && visit(key, value).is_break()
        {
            break;
        }
    }
    Ok(())
}

/// A store as it will be once some changes are written, oldest first: where the next round is
/// decided while those before it are being committed.
#[derive(Clone, Copy)]
pub struct Layers<'a> {
    pub base: &'a dyn Read,
    pub changes: &'a [Arc<Changes>],
}

impl Layers<'_> {
    /// The newest changes, and what they lie upon.
    fn split(&self) -> Option<(&Changes, Self)> {
        let (newest, older) = self.changes.split_last()?;
        let below = Layers {
            base: self.base,
            changes: older,
        };
        Some((newest, below))
    }
}

impl Read for Layers<'_> {
    fn get(&self, table: &'static Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
        match self.split() {
            None => self.base.get(table, key),
            Some((newest, below)) => newest.get_over(&below, table, key),
        }
    }

    fn scan(
        &self,
        table: &'static Table,
        range: &KeyRange,
        direction: Direction,
        visit: &mut Visitor<'_>,
    ) -> Result<()> {
        match self.split() {
            None => self.base.scan(table, range, direction, visit),
            Some((newest, below)) => newest.scan_over(&below, table, range, direction, visit),
        }
    }
}

/// A view of a store with changes of its own: it reads them back, and nobody else sees them.
///
/// There is no rolling back to an earlier state of one overlay. What may fail half way goes into
/// an overlay over this one, whose changes are [appended](Overlay::append) when it succeeds and
/// dropped when it does not.
///
/// ```
/// use hansard_store::{Access, Durability, MemoryStore, Overlay, Read, Store, Table};
///
/// static NAMES: Table = Table { name: "example.key_name", kind: 1, access: Access::Point };
/// let store = MemoryStore::new();
/// let mut overlay = Overlay::new(&store);
/// overlay.put(&NAMES, b"key".to_vec(), b"name".to_vec());
/// assert_eq!(overlay.get(&NAMES, b"key")?.as_deref(), Some(&b"name"[..]));
/// assert_eq!(store.get(&NAMES, b"key")?, None);
///
/// let changes = overlay.into_changes();
/// store.write(changes.into_batch(), Durability::Process)?;
/// assert_eq!(store.get(&NAMES, b"key")?.as_deref(), Some(&b"name"[..]));
/// # Ok::<(), hansard_store::Error>(())
/// ```
pub struct Overlay<'a> {
    base: &'a dyn Read,
    changes: Changes,
}

impl<'a> Overlay<'a> {
    /// A view of `base` without any changes yet.
    #[must_use]
    pub fn new(base: &'a dyn Read) -> Self {
        Self {
            base,
            changes: Changes::default(),
        }
    }

    /// Sets the value at a key.
    pub fn put(&mut self, table: &'static Table, key: Vec<u8>, value: Vec<u8>) {
        self.changes.put(table, key, value);
    }

    /// Removes a key; nothing happens to one that is not there.
    pub fn delete(&mut self, table: &'static Table, key: Vec<u8>) {
        self.changes.delete(table, key);
    }

    /// Removes every key from `lower` up to but not including `upper`; nothing when `upper` is not
    /// greater.
    pub fn delete_range(&mut self, table: &'static Table, lower: Vec<u8>, upper: Vec<u8>) {
        self.changes.delete_range(table, lower, upper);
    }

    /// Removes every key that begins with `prefix`, which is not all ones.
    ///
    /// # Panics
    /// When it is: nothing comes behind such keys.
    pub fn delete_prefix(&mut self, table: &'static Table, prefix: &[u8]) {
        let KeyRange { lower, upper } = KeyRange::prefix(prefix);
        let upper = upper.expect("a prefix has a successor");
        self.delete_range(table, lower, upper);
    }

    /// Adds changes that came after those of this overlay.
    pub fn append(&mut self, later: Changes) {
        self.changes.append(later);
    }

    /// What differs from the base so far.
    #[must_use]
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    #[must_use]
    pub fn into_changes(self) -> Changes {
        self.changes
    }
}

impl Read for Overlay<'_> {
    fn get(&self, table: &'static Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.changes.get_over(self.base, table, key)
    }

    fn scan(
        &self,
        table: &'static Table,
        range: &KeyRange,
        direction: Direction,
        visit: &mut Visitor<'_>,
    ) -> Result<()> {
        self.changes
            .scan_over(self.base, table, range, direction, visit)
    }
}
