use std::sync::Arc;

use hansard_events::{chain, decode};
use hansard_log::{Error, Reader, StoredEvent};
use hansard_projector::{Fold, checkpoint};
use hansard_store::{Durability, Overlay, Store};
use hansard_types::{Checkpoint, LogId, Timestamp, limits};

use crate::commit::blocking;
use crate::round::Tip;
use crate::{OpenError, Progress};

/// The checkpoint of a log's read models; its genesis before the first event.
pub(crate) fn start_of(store: &dyn Store, log: LogId) -> Result<Checkpoint, OpenError> {
    let start = checkpoint(store, log)?;
    Ok(start.unwrap_or_else(|| Checkpoint {
        sequence: 0,
        chain: chain::genesis(log),
    }))
}

/// Folds what the log holds beyond the read models' checkpoint, verifying the hash chain on the
/// way, and says where the log stands then.
///
/// # Errors
/// [`OpenError`]: the log was changed under the checkpoint, breaks its chain, or holds an event
/// that this release does not know.
pub(crate) async fn catch_up(
    log: &Reader,
    store: &Arc<dyn Store>,
    fold: &Fold,
    end: u64,
    progress: &dyn Progress,
) -> Result<Tip, OpenError> {
    let id = log.id();
    let start = start_of(&**store, id)?;
    let mut tip = Tip {
        at: start,
        time: check_start(log, &start).await?,
    };
    progress.begin(id, start.sequence, end);
    // Whether the next event follows the one at the tip: not what comes after what has aged out.
    let mut is_linked = true;
    while tip.at.sequence < end {
        let from = tip.at.sequence + 1;
        let read = log.read(from, limits::READ_BATCH_MAX).await;
        if let Err(Error::AgedOut { begins, .. }) = read {
            tip.at.sequence = begins - 1;
            is_linked = false;
            tracing::info!(log = %id, begins, "what came before has aged out");
            continue;
        }
        let events = read.map_err(hansard_log::OpenError::from)?;
        if events.is_empty() {
            return Err(OpenError::ChainBroken {
                log: id,
                sequence: from,
            });
        }
        // Others are being opened meanwhile, and asked whether they are.
        blocking(|| fold_batch(id, store, fold, &mut tip, (&events, is_linked)))?;
        is_linked = true;
        progress.reached(id, tip.at.sequence, end);
    }
    if !is_linked {
        // Nothing is left: the chain begins anew.
        tip.at = Checkpoint {
            sequence: end,
            chain: chain::genesis(id),
        };
        let mut state = Overlay::new(&**store);
        fold.write_checkpoint(id, &tip.at, &mut state)?;
        store.write(state.into_changes().into_batch(), Durability::Process)?;
    }
    progress.done(id, tip.at.sequence);
    Ok(tip)
}

fn fold_batch(
    log: LogId,
    store: &Arc<dyn Store>,
    fold: &Fold,
    tip: &mut Tip,
    (events, is_linked): (&[StoredEvent], bool),
) -> Result<(), OpenError> {
    let mut state = Overlay::new(&**store);
    let mut is_linked = is_linked;
    for stored in events {
        let sequence = stored.sequence;
        let recorded = decode(sequence, &stored.event).map_err(|error| OpenError::Malformed {
            log,
            sequence,
            reason: error.to_string(),
        })?;
        let expected = chain::next(&tip.at.chain, &stored.event);
        let follows = std::mem::replace(&mut is_linked, true);
        if follows && sequence == tip.at.sequence + 1 && expected != Some(recorded.envelope.chain) {
            return Err(OpenError::ChainBroken { log, sequence });
        }
        fold.apply(log, &mut tip.at, &recorded, &mut state)?;
        tip.time = tip.time.max(recorded.envelope.time);
    }
    fold.write_checkpoint(log, &tip.at, &mut state)?;
    store.write(state.into_changes().into_batch(), Durability::Process)?;
    Ok(())
}

/// The event at the checkpoint must still hash to what the checkpoint says. Returns its time.
async fn check_start(log: &Reader, start: &Checkpoint) -> Result<Timestamp, OpenError> {
    let (id, sequence) = (log.id(), start.sequence);
    if sequence == 0 {
        return Ok(Timestamp(0));
    }
    let mismatch = || OpenError::CheckpointMismatch { log: id, sequence };
    let from = sequence.saturating_sub(1).max(1);
    let read = log.read(from, 2).await;
    if let Err(Error::AgedOut { .. }) = read {
        // It may have aged out, or only the one before it.
        return time_of_aged(log, start).await;
    }
    let events = read.map_err(hansard_log::OpenError::from)?;
    let at = events
        .iter()
        .find(|stored| stored.sequence == sequence)
        .ok_or_else(mismatch)?;
    let before = match events.iter().find(|stored| stored.sequence + 1 == sequence) {
        None if sequence == 1 => chain::genesis(id),
        None => return Err(mismatch()),
        Some(stored) => {
            decode(stored.sequence, &stored.event)
                .map_err(|_| mismatch())?
                .envelope
                .chain
        }
    };
    if chain::next(&before, &at.event) != Some(start.chain) {
        return Err(mismatch());
    }
    Ok(decode(sequence, &at.event)
        .map_err(|_| mismatch())?
        .envelope
        .time)
}

/// The time of the event at a live log's checkpoint, which has aged out or is the first that has
/// not: it is compared by its own chain value then.
async fn time_of_aged(log: &Reader, start: &Checkpoint) -> Result<Timestamp, OpenError> {
    let (id, sequence) = (log.id(), start.sequence);
    let mismatch = || OpenError::CheckpointMismatch { log: id, sequence };
    let events = match log.read(sequence, 1).await {
        Err(Error::AgedOut { .. }) => return Ok(Timestamp(0)),
        read => read.map_err(hansard_log::OpenError::from)?,
    };
    let at = events.first().ok_or_else(mismatch)?;
    let recorded = decode(sequence, &at.event).map_err(|_| mismatch())?;
    if recorded.envelope.chain != start.chain {
        return Err(mismatch());
    }
    Ok(recorded.envelope.time)
}
