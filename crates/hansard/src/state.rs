//! What the read models on disk say of themselves, whether a server is using them or not.

use anyhow::Result;
use hansard_projector::checkpoint as read_checkpoint;
use hansard_store::{RocksOptions, RocksStore};
use hansard_types::{Checkpoint, LogId};

use crate::data_dir::DataDir;
use crate::descriptors::Descriptors;
use crate::serve::generation;

/// What the inline read models have applied of a log; `None` when there are none of this release.
pub(crate) fn checkpoint(data: &DataDir, log: LogId) -> Result<Option<Checkpoint>> {
    let path = generation::path(data, &generation::fold())?;
    if !path.join("CURRENT").try_exists()? {
        return Ok(None);
    }
    // Every table file is held open meanwhile.
    Descriptors::raise()?;
    let options = RocksOptions::read_models();
    let store = RocksStore::open_read_only(path, hansard_projector::TABLES, options)?;
    Ok(read_checkpoint(&store, log)?)
}
