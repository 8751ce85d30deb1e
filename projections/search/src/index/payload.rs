//! What a commit carries beside the documents: which release wrote it, and how far it had applied.

use std::collections::BTreeMap;
use std::path::Path;

use hansard_events::chain;
use hansard_types::Checkpoint;
use serde::{Deserialize, Serialize};
use tantivy::IndexMeta;

use crate::{Error, Result, VERSION};

/// Of an unknown version only that is read.
#[derive(Serialize, Deserialize)]
struct Payload {
    version: u32,
    partitions: BTreeMap<u16, Applied>,
}

#[derive(Deserialize)]
struct PayloadVersion {
    version: u32,
}

#[derive(Serialize, Deserialize)]
struct Applied {
    sequence: u64,
    chain: String,
}

/// Made, but not committed even once: as good as new.
pub(super) fn is_unwritten(meta: &IndexMeta) -> bool {
    meta.payload.is_none() && meta.segments.is_empty()
}

pub(super) fn version(meta: &IndexMeta) -> Option<u32> {
    let payload: PayloadVersion = serde_json::from_str(meta.payload.as_deref()?).ok()?;
    Some(payload.version)
}

/// What the last commit had applied; `None` for an index that has none yet.
pub(super) fn applied(dir: &Path, meta: &IndexMeta) -> Result<Option<BTreeMap<u16, Checkpoint>>> {
    if is_unwritten(meta) {
        return Ok(None);
    }
    let found = version(meta);
    if found != Some(VERSION) {
        return Err(Error::VersionDiffers {
            dir: dir.to_owned(),
            found,
        });
    }
    let checkpoints = meta.payload.as_deref().and_then(checkpoints);
    let damaged = || Error::Damaged {
        dir: dir.to_owned(),
        what: "its checkpoint cannot be read".to_owned(),
    };
    Ok(Some(checkpoints.ok_or_else(damaged)?))
}

fn checkpoints(payload: &str) -> Option<BTreeMap<u16, Checkpoint>> {
    let payload: Payload = serde_json::from_str(payload).ok()?;
    let mut checkpoints = BTreeMap::new();
    for (partition, Applied { sequence, chain }) in payload.partitions {
        let chain = chain::from_hex(&chain)?;
        checkpoints.insert(partition, Checkpoint { sequence, chain });
    }
    Some(checkpoints)
}

pub(super) fn payload(applied: &BTreeMap<u16, Checkpoint>) -> String {
    let partitions = applied.iter().map(|(partition, checkpoint)| {
        let Checkpoint { sequence, chain } = checkpoint;
        let applied = Applied {
            sequence: *sequence,
            chain: chain::to_hex(chain),
        };
        (*partition, applied)
    });
    let payload = Payload {
        version: VERSION,
        partitions: partitions.collect(),
    };
    serde_json::to_string(&payload).expect("numbers and text are always JSON")
}
