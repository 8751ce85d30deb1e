use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use hansard_engine::{Engine, EngineOptions, SystemClock, SystemIds};
use hansard_projector::Registry;
use hansard_store::{RocksOptions, RocksStore};

use super::figures::Sample;
use super::rig::APP;
use crate::logs::Nats;
use crate::serve::generation;

/// Folds the whole log into fresh read models, as a start after their loss does.
pub(super) async fn measure(nats: &Nats) -> Result<Sample> {
    let folder = tempfile::tempdir()?;
    let fold = Arc::new(generation::fold());
    let options = RocksOptions::read_models();
    let store = RocksStore::open(folder.path(), &fold.tables(), options)?;
    let options = EngineOptions {
        store: Arc::new(store),
        fold,
        journal: None,
        archive: None,
        registry: Registry::default(),
        clock: Arc::new(SystemClock::default()),
        ids: Arc::new(SystemIds),
        progress: Arc::new(()),
        generations: None,
    };
    let begun = Instant::now();
    let engine = Engine::open(options, nats.provider()).await?;
    let elapsed = begun.elapsed();
    let handle = engine.handle();
    let committed = handle
        .ordinary_logs(APP)
        .filter_map(|log| handle.committed(log));
    let count = committed.map(|end| *end.borrow()).sum();
    engine.shutdown().await;
    Ok(Sample {
        count,
        elapsed,
        latencies_us: Vec::new(),
    })
}
