//! Generations of the read models: each is one complete build by certain projections. Another
//! set of projections, or another version of one, is another generation, built from the log.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use hansard_projector::Fold;
use hansard_store::{RocksOptions, RocksStore};

use crate::data_dir::DataDir;
use crate::descriptors::Descriptors;

/// The inline projections of this release, in the order they fold.
pub(crate) fn fold() -> Fold {
    Fold::new(vec![
        Box::new(hansard_directory::Directory),
        Box::new(hansard_groups::Groups),
        Box::new(hansard_conversations::Conversations),
    ])
}

/// The name of the generation that a fold builds: `directory1-groups1-conversations1`.
pub(crate) fn name(fold: &Fold) -> String {
    let parts: Vec<String> = fold
        .versions()
        .iter()
        .map(|(name, version)| format!("{name}{version}"))
        .collect();
    parts.join("-")
}

/// Opens the generation of a fold, new or as far as it was built; the engine brings it to the
/// log's end before it takes commands.
pub(crate) fn open(data: &DataDir, fold: &Fold) -> Result<Arc<RocksStore>> {
    let path = data.state().join(name(fold));
    let others = others(data, fold)?;
    if !path.join("CURRENT").try_exists()? && !others.is_empty() {
        tracing::info!(
            from = others.join(", "),
            "the read models are built anew from the log"
        );
    }
    let options = RocksOptions::read_models().with_files_open_max(Descriptors::of_process().tables);
    let store = RocksStore::open(&path, &fold.tables(), options).with_context(|| {
        format!(
            "the read models {} do not open: delete that directory to build them again from \
                 the log",
            path.display()
        )
    })?;
    tracing::info!("the read models are open");
    Ok(Arc::new(store))
}

/// As [`open`], while other things are waited for: after a crash its own log is read.
pub(crate) async fn open_meanwhile(data: &DataDir) -> Result<Arc<RocksStore>> {
    let data = data.clone();
    tokio::task::spawn_blocking(move || open(&data, &fold())).await?
}

/// Removes the generations that are not this fold's, once that one is complete.
pub(crate) fn remove_others(data: &DataDir, fold: &Fold) -> Result<()> {
    for other in others(data, fold)? {
        let path = data.state().join(&other);
        std::fs::remove_dir_all(&path)
            .with_context(|| format!("{} cannot be removed", path.display()))?;
        tracing::info!(
            generation = other,
            "an old generation of the read models was removed"
        );
    }
    Ok(())
}

fn others(data: &DataDir, fold: &Fold) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let state = data.state();
    if !state.try_exists()? {
        return Ok(found);
    }
    for entry in std::fs::read_dir(&state)? {
        let entry = entry?;
        let other = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() && other != name(fold) {
            found.push(other);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generation_is_named_by_its_projections_and_goes_when_another_is_complete() {
        let folder = tempfile::tempdir().expect("a directory");
        let data = DataDir::create(&folder.path().join("data")).expect("made");
        let old = data.state().join("directory0");
        std::fs::create_dir_all(&old).expect("made");
        let fold = fold();
        drop(open(&data, &fold).expect("opens"));
        assert!(old.is_dir(), "kept until the new one is complete");
        remove_others(&data, &fold).expect("removed");
        assert!(!old.is_dir());
        assert!(data.state().join(name(&fold)).is_dir());
    }
}
