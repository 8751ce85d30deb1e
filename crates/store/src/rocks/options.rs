use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use hansard_types::limits::TABLE_FILES_OPEN_MAX;
use rocksdb::{
    BlockBasedOptions, Cache, DBCompressionType, DBRecoveryMode, DataBlockIndexType, Options,
    WriteBufferManager,
};

use crate::{Access, Table};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// How rows are compressed, from the newest to the oldest level. The densest compression is for the
/// fourth, which a table has from about 2.5 GiB on and most of its rows are in then: on the way
/// there rows are merged again and again, and it would cost a send a tenth of its time.
const COMPRESSION: [DBCompressionType; 4] = [
    DBCompressionType::Lz4,
    DBCompressionType::Lz4,
    DBCompressionType::Lz4,
    DBCompressionType::Zstd,
];

/// What a start after a crash reads again, at most.
const WAL_BYTES_MAX: u64 = 64 * MIB as u64;

/// Memory that several stores of a process share: one cache for blocks, indexes and filters, and
/// one budget for rows that are not in table files yet, which is charged to the cache. A handle:
/// clones share.
#[derive(Clone)]
pub struct RocksMemory {
    cache: Cache,
    write_buffers: WriteBufferManager,
}

impl RocksMemory {
    /// `cache_bytes` bounds all of it; `write_buffer_bytes`, a part of that, is when stores begin
    /// to write their newest rows to table files. Neither is taken before it is needed.
    #[must_use]
    pub fn new(cache_bytes: usize, write_buffer_bytes: usize) -> Self {
        let cache = Cache::new_lru_cache(cache_bytes);
        // No stalling: the partition's round must not wait for another store's flush. RocksDB's own
        // stall conditions per store remain.
        let write_buffers = WriteBufferManager::new_write_buffer_manager_with_cache(
            write_buffer_bytes,
            false,
            cache.clone(),
        );
        Self {
            cache,
            write_buffers,
        }
    }

    /// Bytes of the cache in use now, write buffers included.
    #[must_use]
    pub fn used_bytes(&self) -> usize {
        self.cache.get_usage()
    }
}

/// How a store is tuned, and the memory it uses. Clones share their memory; so do stores that were
/// given the same [`RocksMemory`].
#[derive(Clone)]
pub struct RocksOptions {
    memory: RocksMemory,
    files_open_max: i32,
}

impl RocksOptions {
    /// For read models: many tables that are read and written all the time and grow for years.
    #[must_use]
    pub fn read_models() -> Self {
        Self::with_memory(&RocksMemory::new(256 * MIB, 96 * MIB))
    }

    /// For read models, in memory that other stores use too.
    #[must_use]
    pub fn with_memory(memory: &RocksMemory) -> Self {
        Self {
            memory: memory.clone(),
            files_open_max: i32::try_from(TABLE_FILES_OPEN_MAX).unwrap_or(i32::MAX),
        }
    }

    /// Table files that a store keeps open, at most: fewer descriptors, more opening.
    #[must_use]
    pub fn with_files_open_max(mut self, files: u64) -> Self {
        self.files_open_max = i32::try_from(files).unwrap_or(i32::MAX);
        self
    }

    /// The memory stores with these options share.
    #[must_use]
    pub fn memory(&self) -> &RocksMemory {
        &self.memory
    }

    /// Options of the database as a whole.
    pub(super) fn database(&self) -> Options {
        let mut options = Options::default();
        options.set_write_buffer_manager(&self.memory.write_buffers);
        let cores = available_parallelism().map_or(2, NonZeroUsize::get);
        options.set_max_background_jobs(i32::try_from(cores.clamp(2, 4)).unwrap_or(2));
        // Smooths the disk: without it the kernel writes whole table files at once, under the
        // journal's fsync.
        options.set_bytes_per_sync(MIB as u64);
        options.set_wal_bytes_per_sync(MIB as u64);
        options.set_avoid_unnecessary_blocking_io(true);
        // What was synced before is kept, a torn tail is dropped: the log mends it.
        options.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
        // One thread writes for each app: inserting beside others, which costs more, is seldom of
        // use.
        options.set_allow_concurrent_memtable_write(false);
        options.set_keep_log_file_num(4);
        options.set_max_log_file_size(4 * MIB);
        options.set_stats_dump_period_sec(0);
        options.set_stats_persist_period_sec(0);
        // A table that is seldom written would otherwise keep every log file since its last row,
        // and a start after a crash reads them all.
        options.set_max_total_wal_size(WAL_BYTES_MAX);
        options.set_max_open_files(self.files_open_max);
        options
    }

    /// Options of one table's column family.
    pub(super) fn table(&self, table: &Table) -> Options {
        let mut options = Options::default();
        let mut blocks = BlockBasedOptions::default();
        blocks.set_block_cache(&self.memory.cache);
        blocks.set_cache_index_and_filter_blocks(true);
        blocks.set_pin_l0_filter_and_index_blocks_in_cache(true);
        match table.access {
            Access::Point | Access::Hot => {
                blocks.set_bloom_filter(10.0, false);
                blocks.set_block_size(4 * KIB);
                blocks.set_data_block_index_type(DataBlockIndexType::BinaryAndHash);
                options.set_memtable_prefix_bloom_ratio(0.02);
                options.set_memtable_whole_key_filtering(true);
            }
            Access::Scan => blocks.set_block_size(16 * KIB),
        }
        options.set_block_based_table_factory(&blocks);
        options.set_level_compaction_dynamic_level_bytes(true);
        options.set_compression_per_level(&COMPRESSION);
        options.set_write_buffer_size(32 * MIB);
        options
    }
}
