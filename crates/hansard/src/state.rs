//! What the read models on disk say of themselves, whether a server is using them or not.

use anyhow::Result;
use hansard_directory::Reader as Directory;
use hansard_projector::checkpoint as read_checkpoint;
use hansard_store::{RocksOptions, RocksStore, Table};
use hansard_types::{AppId, Checkpoint, LogId};

use crate::data_dir::DataDir;
use crate::descriptors::Descriptors;
use crate::serve::generation;

/// What the inline read models have applied of a log; `None` when there are none of this release.
pub(crate) fn checkpoint(data: &DataDir, log: LogId) -> Result<Option<Checkpoint>> {
    let Some(store) = open(data, hansard_projector::TABLES)? else {
        return Ok(None);
    };
    Ok(read_checkpoint(&store, log)?)
}

/// The logs of an app, as far as the read models know: the first, when there are none.
pub(crate) fn logs_of(data: &DataDir, app: AppId) -> Result<Vec<LogId>> {
    let row = match open(data, hansard_directory::TABLES)? {
        Some(store) => Directory::new(&store, LogId::CONTROL).app(app)?,
        None => None,
    };
    Ok(LogId::all_of(app, row.map_or(1, |row| row.partitions)).collect())
}

fn open(data: &DataDir, tables: &[&'static Table]) -> Result<Option<RocksStore>> {
    let path = generation::path(data, &generation::fold())?;
    if !path.join("CURRENT").try_exists()? {
        return Ok(None);
    }
    // Every table file is held open meanwhile.
    Descriptors::raise()?;
    let options = RocksOptions::read_models();
    Ok(Some(RocksStore::open_read_only(path, tables, options)?))
}
