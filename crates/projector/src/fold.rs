use hansard_events::{Event, Recorded};
use hansard_store::key::Key;
use hansard_store::{Access, Overlay, Read, Table, row};
use hansard_types::{Checkpoint, LogId};

/// The position that the inline projections have applied, per partition; written in the same
/// batch as what they built.
static CHECKPOINT: Table = Table {
    name: "projector.partition_checkpoint",
    kind: 0x0010,
    access: Access::Point,
};

/// The tables of this crate.
pub static TABLES: &[&Table] = &[&CHECKPOINT];

/// An inline projection: folds events into tables of its own.
///
/// The contract: `apply` depends on the event and the tables only; it writes to its own tables
/// only; it takes families whole and ignores the others; applying is deterministic, so a rebuild
/// makes the same bytes.
pub trait Projection: Send + Sync + 'static {
    /// Its stable name.
    fn name(&self) -> &'static str;
    /// Raised whenever a row, a key or what is written changes: the read model is then rebuilt.
    fn version(&self) -> u32;
    fn tables(&self) -> &'static [&'static Table];
    /// Folds one event.
    ///
    /// # Errors
    /// When the store fails or holds what it must not; the fold then stops.
    fn apply(
        &self,
        log: LogId,
        recorded: &Recorded,
        event: &Event,
        state: &mut Overlay<'_>,
    ) -> hansard_store::Result<()>;
}

/// Why an event was not folded.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    #[error("{log}: event {found} came where {expected} was due: the log has a hole")]
    Hole {
        log: LogId,
        expected: u64,
        found: u64,
    },
    #[error(
        "{log}: event {sequence} is {name} version {version}, which this release does not know: \
         run the release that wrote it, or a newer one"
    )]
    Unknown {
        log: LogId,
        sequence: u64,
        name: String,
        version: u16,
    },
    #[error("{log}: projection {projection} cannot apply event {sequence}")]
    Projection {
        log: LogId,
        projection: &'static str,
        sequence: u64,
        #[source]
        source: hansard_store::Error,
    },
    #[error("{log}: the checkpoint cannot be read or written")]
    Checkpoint {
        log: LogId,
        #[source]
        source: hansard_store::Error,
    },
}

/// All inline projections together, in order.
pub struct Fold {
    projections: Vec<Box<dyn Projection>>,
}

impl Fold {
    #[must_use]
    pub fn new(projections: Vec<Box<dyn Projection>>) -> Self {
        Self { projections }
    }

    /// Every table that a store for this fold must have.
    #[must_use]
    pub fn tables(&self) -> Vec<&'static Table> {
        let own = self
            .projections
            .iter()
            .flat_map(|projection| projection.tables());
        TABLES.iter().chain(own).copied().collect()
    }

    /// Names and versions: what a generation of the read models is made by.
    #[must_use]
    pub fn versions(&self) -> Vec<(&'static str, u32)> {
        self.projections
            .iter()
            .map(|one| (one.name(), one.version()))
            .collect()
    }

    /// Folds the event after `at` and moves `at` to it. The checkpoint itself is written by
    /// [`Fold::write_checkpoint`], once per batch.
    ///
    /// # Errors
    /// [`FoldError`]; `at` has not moved and the caller must discard `state`.
    pub fn apply(
        &self,
        log: LogId,
        at: &mut Checkpoint,
        recorded: &Recorded,
        state: &mut Overlay<'_>,
    ) -> Result<(), FoldError> {
        let (sequence, expected) = (recorded.sequence, at.sequence + 1);
        if sequence != expected {
            return Err(FoldError::Hole {
                log,
                expected,
                found: sequence,
            });
        }
        let moved = Checkpoint {
            sequence,
            chain: recorded.envelope.chain,
        };
        // Nothing is left to fold: what it did is undone by the event that records the erasure.
        if recorded.erased {
            *at = moved;
            return Ok(());
        }
        let Some(event) = &recorded.event else {
            let (name, version) = (
                recorded.envelope.name.to_string(),
                recorded.envelope.version,
            );
            return Err(FoldError::Unknown {
                log,
                sequence,
                name,
                version,
            });
        };
        for projection in &self.projections {
            projection
                .apply(log, recorded, event, state)
                .map_err(|source| FoldError::Projection {
                    log,
                    projection: projection.name(),
                    sequence,
                    source,
                })?;
        }
        *at = moved;
        Ok(())
    }

    /// Writes the checkpoint beside what was folded.
    ///
    /// # Errors
    /// [`FoldError::Checkpoint`], which would be a mistake of ours.
    pub fn write_checkpoint(
        &self,
        log: LogId,
        at: &Checkpoint,
        state: &mut Overlay<'_>,
    ) -> Result<(), FoldError> {
        let encoded = row::encode(&CHECKPOINT, &(at.sequence, at.chain))
            .map_err(|source| FoldError::Checkpoint { log, source })?;
        state.put(&CHECKPOINT, checkpoint_key(log), encoded);
        Ok(())
    }
}

fn checkpoint_key(log: LogId) -> Vec<u8> {
    Key::of(log).bytes()
}

/// What the inline projections have applied of a log; `None` before its first event.
///
/// # Errors
/// When the store fails.
pub fn checkpoint(store: &dyn Read, log: LogId) -> hansard_store::Result<Option<Checkpoint>> {
    let Some(bytes) = store.get(&CHECKPOINT, &checkpoint_key(log))? else {
        return Ok(None);
    };
    let (sequence, chain) = row::decode(&CHECKPOINT, &bytes)?;
    Ok(Some(Checkpoint { sequence, chain }))
}
