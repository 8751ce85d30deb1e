use std::ops::{Bound, ControlFlow};

use crate::{Changes, Result};

/// How a table is mostly read, which decides how its column family is tuned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// By whole keys: bloom filters pay.
    Point,
    /// As `Point`, the same small rows again and again, by the partition that alone writes them:
    /// a [`RowCache`](crate::RowCache) keeps them.
    Hot,
    /// By ranges.
    Scan,
}

/// One ordered table: a column family.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// `<projection>.<key>_<row>`, unique; the name of its column family.
    pub name: &'static str,
    /// Its number in `schemas/lock.json`, never reused.
    pub kind: u16,
    pub access: Access,
}

/// Keys from `lower` up to but not including `upper` (`None`: to the end of the table).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRange {
    pub lower: Vec<u8>,
    pub upper: Option<Vec<u8>>,
}

impl KeyRange {
    /// Every key that begins with `prefix`.
    #[must_use]
    pub fn prefix(prefix: &[u8]) -> Self {
        let mut upper = prefix.to_vec();
        while let Some(last) = upper.last_mut() {
            if *last == u8::MAX {
                upper.pop();
            } else {
                *last += 1;
                return Self {
                    lower: prefix.to_vec(),
                    upper: Some(upper),
                };
            }
        }
        Self {
            lower: prefix.to_vec(),
            upper: None,
        }
    }

    /// Every key from `lower` (included) to `upper` (not included).
    #[must_use]
    pub fn between(lower: Vec<u8>, upper: Vec<u8>) -> Self {
        Self {
            lower,
            upper: Some(upper),
        }
    }

    #[must_use]
    pub fn contains(&self, key: &[u8]) -> bool {
        key >= self.lower.as_slice() && self.upper.as_deref().is_none_or(|upper| key < upper)
    }

    /// Whether no key can be in it, because its end is not after its beginning.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.upper
            .as_ref()
            .is_some_and(|upper| *upper <= self.lower)
    }

    /// For an ordered map, which panics at the bounds of an empty range: ask
    /// [`KeyRange::is_empty`] first.
    pub(crate) fn bounds(&self) -> (Bound<&[u8]>, Bound<&[u8]>) {
        let upper = self
            .upper
            .as_deref()
            .map_or(Bound::Unbounded, Bound::Excluded);
        (Bound::Included(self.lower.as_slice()), upper)
    }
}

/// Which end a scan begins at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Ascending,
    Descending,
}

/// Whether a write is on disk when the call returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Survives the death of the process; a power loss may take a suffix of the writes.
    Process,
    /// Survives a power loss: one fsync.
    Disk,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    Put {
        table: &'static Table,
        key: Vec<u8>,
        value: Vec<u8>,
    },
    Delete {
        table: &'static Table,
        key: Vec<u8>,
    },
    /// Both ends are given: a range delete never runs to the end of a table.
    DeleteRange {
        table: &'static Table,
        lower: Vec<u8>,
        upper: Vec<u8>,
    },
}

#[cfg(feature = "rocksdb")]
impl Op {
    pub(crate) fn borrowed(&self) -> OpRef<'_> {
        match self {
            Self::Put { table, key, value } => OpRef::Put { table, key, value },
            Self::Delete { table, key } => OpRef::Delete { table, key },
            Self::DeleteRange {
                table,
                lower,
                upper,
            } => OpRef::DeleteRange {
                table,
                lower,
                upper,
            },
        }
    }
}

/// One change that is kept elsewhere.
#[derive(Debug, Clone, Copy)]
pub(crate) enum OpRef<'a> {
    Put {
        table: &'static Table,
        key: &'a [u8],
        value: &'a [u8],
    },
    Delete {
        table: &'static Table,
        key: &'a [u8],
    },
    DeleteRange {
        table: &'static Table,
        lower: &'a [u8],
        upper: &'a [u8],
    },
}

impl OpRef<'_> {
    /// About how many bytes it takes in a batch.
    #[cfg(feature = "rocksdb")]
    pub(crate) fn bytes(self) -> usize {
        const LENGTHS: usize = 12;
        let (key, value) = match self {
            Self::Put { key, value, .. } => (key, value),
            Self::Delete { key, .. } => (key, &[][..]),
            Self::DeleteRange { lower, upper, .. } => (lower, upper),
        };
        key.len() + value.len() + LENGTHS
    }

    fn to_owned(self) -> Op {
        match self {
            Self::Put { table, key, value } => Op::Put {
                table,
                key: key.to_vec(),
                value: value.to_vec(),
            },
            Self::Delete { table, key } => Op::Delete {
                table,
                key: key.to_vec(),
            },
            Self::DeleteRange {
                table,
                lower,
                upper,
            } => Op::DeleteRange {
                table,
                lower: lower.to_vec(),
                upper: upper.to_vec(),
            },
        }
    }
}

/// Changes that happen together or not at all, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    pub ops: Vec<Op>,
}

impl Batch {
    pub fn put(&mut self, table: &'static Table, key: Vec<u8>, value: Vec<u8>) {
        self.ops.push(Op::Put { table, key, value });
    }

    pub fn delete(&mut self, table: &'static Table, key: Vec<u8>) {
        self.ops.push(Op::Delete { table, key });
    }

    pub fn delete_range(&mut self, table: &'static Table, lower: Vec<u8>, upper: Vec<u8>) {
        self.ops.push(Op::DeleteRange {
            table,
            lower,
            upper,
        });
    }
}

/// What a scan does with a row (key, value): go on, or stop.
pub type Visitor<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// Reading. Keys are ordered as bytes.
pub trait Read: Send + Sync {
    /// The value at a key.
    ///
    /// # Errors
    /// When the medium fails, or the table is not one this store was opened with.
    fn get(&self, table: &'static Table, key: &[u8]) -> Result<Option<Vec<u8>>>;

    /// Shows the rows of a range in order, until `visit` breaks. Sees one state of the table,
    /// whatever is written meanwhile.
    ///
    /// # Errors
    /// As [`Read::get`].
    fn scan(
        &self,
        table: &'static Table,
        range: &KeyRange,
        direction: Direction,
        visit: &mut Visitor<'_>,
    ) -> Result<()>;

    /// The first row of a range in a direction.
    ///
    /// # Errors
    /// As [`Read::get`].
    fn first(
        &self,
        table: &'static Table,
        range: &KeyRange,
        direction: Direction,
    ) -> Result<Option<(Vec<u8>, Vec<u8>)>> {
        let mut found = None;
        self.scan(table, range, direction, &mut |key, value| {
            found = Some((key.to_vec(), value.to_vec()));
            ControlFlow::Break(())
        })?;
        Ok(found)
    }
}

/// Reading and writing.
pub trait Store: Read {
    /// Applies a batch: all of it or nothing, also across a crash.
    ///
    /// # Errors
    /// When the medium fails; then nothing of the batch is visible.
    fn write(&self, batch: Batch, durability: Durability) -> Result<()>;

    /// Applies changes that someone else still reads (through [`Layers`](crate::Layers)): the same
    /// as writing their batch, without taking them.
    ///
    /// # Errors
    /// As [`Store::write`].
    fn write_changes(&self, changes: &Changes, durability: Durability) -> Result<()> {
        self.write(
            Batch {
                ops: changes.ops().map(OpRef::to_owned).collect(),
            },
            durability,
        )
    }

    /// One state of all tables, whatever is written later.
    fn snapshot(&self) -> Box<dyn Read + '_>;

    /// What was found to be damaged since the store was opened, with the file where that is known:
    /// the first of it.
    fn damage(&self) -> Option<String>;

    /// Brings everything written so far to disk, to where the next open has nothing to do for it.
    ///
    /// # Errors
    /// When the medium fails.
    fn flush(&self) -> Result<()>;
}
