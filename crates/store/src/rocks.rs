//! Tables in RocksDB: one database, one column family for each table, and a write-ahead log.

mod options;

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rocksdb::{
    ColumnFamily, ColumnFamilyDescriptor, DB, DBAccess, DBRawIteratorWithThreadMode, ErrorKind,
    FlushOptions, Options, ReadOptions, Snapshot, WriteBatch, WriteOptions, properties,
};

pub use self::options::{RocksMemory, RocksOptions};
use crate::table::OpRef;
use crate::{
    Batch, Changes, Direction, DumpRow, Durability, Error, KeyRange, Op, Read, Result, Store,
    Table, Visitor,
};

/// RocksDB makes it in every database; we keep nothing there.
const DEFAULT_FAMILY: &str = "default";

/// What could not be done, and where.
#[derive(Debug, thiserror::Error)]
#[error("RocksDB at {path} could not {action}")]
struct Failure {
    path: String,
    action: &'static str,
    source: rocksdb::Error,
}

/// Why a database does not fit the tables it is opened with.
#[derive(Debug, thiserror::Error)]
enum Mismatch {
    #[error(
        "it holds tables that this version does not know: {}; \
         it was written by another version, open it with that one or rebuild it",
        .0.join(", ")
    )]
    Unknown(Vec<String>),
    #[error(
        "it lacks the tables {}; it was written by an older version, which a writer would add to",
        .0.join(", ")
    )]
    Missing(Vec<String>),
    #[error("there is no database")]
    Absent,
}

/// Tables in a RocksDB database.
///
/// One process at a time has it open for writing. A failed write because of the medium (a full
/// disk) makes RocksDB refuse all later ones until the store is opened again.
pub struct RocksStore {
    path: PathBuf,
    /// Ordered by name.
    tables: Vec<&'static Table>,
    /// For single gets: made once, because making it costs a tenth of a get.
    reads: ReadOptions,
    /// The first damage that was found.
    damage: OnceLock<String>,
    db: DB,
}

impl fmt::Debug for RocksStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RocksStore")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl RocksStore {
    /// Opens the database in a folder, or makes it; tables it lacks are made too.
    ///
    /// # Errors
    /// [`Error::Open`] when another process has it open, when it holds tables that are not among
    /// `tables` (they are named), or when the medium fails; [`Error::Damaged`] when its files are
    /// not as they were written.
    ///
    /// # Panics
    /// When two tables share a name or a kind.
    pub fn open(
        path: impl AsRef<Path>,
        tables: &[&'static Table],
        options: RocksOptions,
    ) -> Result<Self> {
        let path = path.as_ref();
        let tables = ordered(tables);
        let mut database = options.database();
        database.create_if_missing(true);
        database.create_missing_column_families(true);
        let families = families_on_disk(path, &database)?.unwrap_or_default();
        let unknown = unknown(&families, &tables);
        if !unknown.is_empty() {
            return Err(open_error(path, Mismatch::Unknown(unknown)));
        }
        let made = missing(&families, &tables);
        std::fs::create_dir_all(path).map_err(|error| open_error(path, error))?;
        let descriptors = tables
            .iter()
            .map(|table| ColumnFamilyDescriptor::new(table.name, options.table(table)));
        let db = DB::open_cf_descriptors(&database, path, descriptors)
            .map_err(|error| not_opened(path, error))?;
        if !made.is_empty() {
            tracing::info!(path = %path.display(), tables = ?made, "made tables");
        }
        Ok(Self {
            path: path.to_owned(),
            tables,
            reads: ReadOptions::default(),
            damage: OnceLock::new(),
            db,
        })
    }

    /// Opens the database in a folder as it is now, to read some of its tables; it never changes
    /// it. A process that writes to it may go on; what it writes later is not seen.
    ///
    /// # Errors
    /// [`Error::Open`] when there is no database, when it lacks one of `tables` (they are named),
    /// or when the medium fails.
    ///
    /// # Panics
    /// When two tables share a name or a kind.
    pub fn open_read_only(
        path: impl AsRef<Path>,
        tables: &[&'static Table],
        options: RocksOptions,
    ) -> Result<Self> {
        let path = path.as_ref();
        let mut database = options.database();
        // Holds every file open from the beginning, so that a writer may delete some meanwhile.
        database.set_max_open_files(-1);
        let Some(families) = families_on_disk(path, &database)? else {
            return Err(open_error(path, Mismatch::Absent));
        };
        let tables = ordered(tables);
        let missing = missing(&families, &tables);
        if !missing.is_empty() {
            return Err(open_error(path, Mismatch::Missing(missing)));
        }
        let descriptors = tables
            .iter()
            .map(|table| ColumnFamilyDescriptor::new(table.name, options.table(table)));
        let db = DB::open_cf_descriptors_read_only(&database, path, descriptors, false)
            .map_err(|error| open_error(path, error))?;
        Ok(Self {
            path: path.to_owned(),
            tables,
            reads: ReadOptions::default(),
            damage: OnceLock::new(),
            db,
        })
    }

    /// The folder of the database.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// About how many bytes a table takes: its live files, compressed, and its write buffers.
    ///
    /// # Errors
    /// As [`Read::get`].
    pub fn estimated_bytes(&self, table: &'static Table) -> Result<u64> {
        let family = self.family(table)?;
        let mut bytes = 0;
        for property in [
            properties::LIVE_SST_FILES_SIZE,
            properties::CUR_SIZE_ALL_MEM_TABLES,
        ] {
            let value = self
                .db
                .property_int_value_cf(family, property)
                .map_err(|error| self.failed("measure a table", error))?;
            bytes += value.unwrap_or(0);
        }
        Ok(bytes)
    }

    /// Every row, ordered by table name and key, of one state of all tables: two stores hold the
    /// same when their dumps are equal.
    ///
    /// # Errors
    /// When the medium fails.
    pub fn dump(&self) -> Result<Vec<DumpRow>> {
        let snapshot = self.snapshot();
        let mut rows = Vec::new();
        for table in &self.tables {
            let everything = KeyRange::prefix(&[]);
            snapshot.scan(
                table,
                &everything,
                Direction::Ascending,
                &mut |key, value| {
                    rows.push((table.name, key.to_vec(), value.to_vec()));
                    std::ops::ControlFlow::Continue(())
                },
            )?;
        }
        Ok(rows)
    }

    fn family(&self, table: &'static Table) -> Result<&ColumnFamily> {
        self.db
            .cf_handle(table.name)
            .ok_or(Error::TableUnknown(table.name))
    }

    fn failed(&self, action: &'static str, source: rocksdb::Error) -> Error {
        let path = self.path.display().to_string();
        if is_damage(&source) {
            self.damage.get_or_init(|| format!("{path}: {source}"));
            return damaged(&self.path, source);
        }
        Error::Medium(Box::new(Failure {
            path,
            action,
            source,
        }))
    }

    fn write_ops<'o>(
        &self,
        ops: impl Iterator<Item = OpRef<'o>> + Clone,
        durability: Durability,
    ) -> Result<()> {
        // Growing a batch of a large round costs more than measuring it.
        let batch_bytes = ops.clone().map(OpRef::bytes).sum();
        let mut writes = WriteBatch::with_capacity_bytes(batch_bytes);
        for op in ops {
            match op {
                OpRef::Put { table, key, value } => writes.put_cf(self.family(table)?, key, value),
                OpRef::Delete { table, key } => writes.delete_cf(self.family(table)?, key),
                OpRef::DeleteRange {
                    table,
                    lower,
                    upper,
                } => {
                    let family = self.family(table)?;
                    // RocksDB refuses a batch with a range that ends before it begins.
                    if lower < upper {
                        writes.delete_range_cf(family, lower, upper);
                    }
                }
            }
        }
        let mut options = WriteOptions::default();
        options.set_sync(match durability {
            Durability::Process => false,
            Durability::Disk => true,
        });
        self.db
            .write_opt(writes, &options)
            .map_err(|error| self.failed("write", error))
    }

    fn walk<D: DBAccess>(
        &self,
        mut rows: DBRawIteratorWithThreadMode<'_, D>,
        direction: Direction,
        visit: &mut Visitor<'_>,
    ) -> Result<()> {
        match direction {
            Direction::Ascending => rows.seek_to_first(),
            Direction::Descending => rows.seek_to_last(),
        }
        while let Some((key, value)) = rows.item() {
            if visit(key, value).is_break() {
                return Ok(());
            }
            match direction {
                Direction::Ascending => rows.next(),
                Direction::Descending => rows.prev(),
            }
        }
        rows.status().map_err(|error| self.failed("scan", error))
    }
}

impl Read for RocksStore {
    fn get(&self, table: &'static Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let value = self
            .db
            .get_pinned_cf_opt(self.family(table)?, key, &self.reads)
            .map_err(|error| self.failed("read", error))?;
        Ok(value.map(|bytes| bytes.to_vec()))
    }

    fn scan(
        &self,
        table: &'static Table,
        range: &KeyRange,
        direction: Direction,
        visit: &mut Visitor<'_>,
    ) -> Result<()> {
        let family = self.family(table)?;
        if range.is_empty() {
            return Ok(());
        }
        self.walk(
            self.db.raw_iterator_cf_opt(family, bounded(range)),
            direction,
            visit,
        )
    }
}

impl Store for RocksStore {
    fn write(&self, batch: Batch, durability: Durability) -> Result<()> {
        self.write_ops(batch.ops.iter().map(Op::borrowed), durability)
    }

    fn write_changes(&self, changes: &Changes, durability: Durability) -> Result<()> {
        self.write_ops(changes.ops(), durability)
    }

    fn snapshot(&self) -> Box<dyn Read + '_> {
        Box::new(RocksSnapshot {
            store: self,
            snapshot: self.db.snapshot(),
        })
    }

    fn damage(&self) -> Option<String> {
        self.damage.get().cloned()
    }

    fn flush(&self) -> Result<()> {
        let families: Vec<&ColumnFamily> = self
            .tables
            .iter()
            .map(|table| self.family(table))
            .collect::<Result<_>>()?;
        self.db
            .flush_cfs_opt(&families, &FlushOptions::default())
            .map_err(|error| self.failed("write its tables", error))
    }
}

struct RocksSnapshot<'a> {
    store: &'a RocksStore,
    snapshot: Snapshot<'a>,
}

impl Read for RocksSnapshot<'_> {
    fn get(&self, table: &'static Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let value = self
            .snapshot
            .get_pinned_cf(self.store.family(table)?, key)
            .map_err(|error| self.store.failed("read", error))?;
        Ok(value.map(|bytes| bytes.to_vec()))
    }

    fn scan(
        &self,
        table: &'static Table,
        range: &KeyRange,
        direction: Direction,
        visit: &mut Visitor<'_>,
    ) -> Result<()> {
        let family = self.store.family(table)?;
        if range.is_empty() {
            return Ok(());
        }
        let rows = self.snapshot.raw_iterator_cf_opt(family, bounded(range));
        self.store.walk(rows, direction, visit)
    }
}

/// The tables by name, all different.
fn ordered(tables: &[&'static Table]) -> Vec<&'static Table> {
    let kinds: BTreeSet<u16> = tables.iter().map(|table| table.kind).collect();
    assert_eq!(kinds.len(), tables.len(), "two tables have one kind");
    let mut tables = tables.to_vec();
    tables.sort_unstable_by_key(|table| table.name);
    assert!(
        tables.windows(2).all(|pair| pair[0].name != pair[1].name),
        "two tables have one name"
    );
    tables
}

fn unknown(families: &[String], tables: &[&'static Table]) -> Vec<String> {
    let is_known =
        |family: &str| family == DEFAULT_FAMILY || tables.iter().any(|table| table.name == family);
    families
        .iter()
        .filter(|family| !is_known(family))
        .cloned()
        .collect()
}

fn missing(families: &[String], tables: &[&'static Table]) -> Vec<String> {
    let is_there = |name: &str| families.iter().any(|family| family == name);
    tables
        .iter()
        .map(|table| table.name.to_owned())
        .filter(|name| !is_there(name))
        .collect()
}

/// The bounds keep RocksDB from walking over deleted rows beyond the range.
fn bounded(range: &KeyRange) -> ReadOptions {
    let mut options = ReadOptions::default();
    options.set_iterate_lower_bound(range.lower.as_slice());
    if let Some(upper) = &range.upper {
        options.set_iterate_upper_bound(upper.as_slice());
    }
    options
}

/// The column families of a database; `None` when there is no database.
fn families_on_disk(path: &Path, database: &Options) -> Result<Option<Vec<String>>> {
    let exists = path
        .join("CURRENT")
        .try_exists()
        .map_err(|error| open_error(path, error))?;
    if !exists {
        return Ok(None);
    }
    DB::list_cf(database, path)
        .map(Some)
        .map_err(|error| not_opened(path, error))
}

/// Whether files are not what was written to them: bytes have changed, a file is shorter or gone,
/// or a sector does not read.
fn is_damage(error: &rocksdb::Error) -> bool {
    let kind = error.kind();
    if kind == ErrorKind::IOError {
        let text = error.as_ref();
        return text.contains("No such file or directory") || text.contains("Input/output error");
    }
    kind == ErrorKind::Corruption
}

fn damaged(path: &Path, source: rocksdb::Error) -> Error {
    Error::Damaged {
        path: path.display().to_string(),
        source: Box::new(source),
    }
}

fn not_opened(path: &Path, source: rocksdb::Error) -> Error {
    if is_damage(&source) {
        damaged(path, source)
    } else {
        open_error(path, source)
    }
}

fn open_error(path: &Path, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Open {
        path: path.display().to_string(),
        source: source.into(),
    }
}
