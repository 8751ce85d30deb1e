//! After a power loss under `--durability interval`: the log has lost its end, and there is no
//! journal to mend it. What was built from the lost events is built again from what is left.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use hansard_directory::Reader as Directory;
use hansard_engine::LogProvider;
use hansard_events::decode;
use hansard_log::EventLog;
use hansard_projector::checkpoint;
use hansard_types::{Checkpoint, LogId};

use super::generation::Shelf;
use super::search;
use crate::data_dir::DataDir;

/// How a log and what was built from it have come apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lost {
    /// The log ends before what was applied.
    End { log_end: u64, events: u64 },
    /// The last event that was applied is another one now.
    Replaced { sequence: u64 },
}

/// Removes the read models and the search indexes that hold what their logs have lost. Whoever
/// opens them next builds them from the log.
pub(crate) async fn discard(data: &DataDir, shelf: &Shelf, logs: &dyn LogProvider) -> Result<()> {
    if !shelf.in_use().join("CURRENT").try_exists()? {
        return Ok(());
    }
    let store = shelf.open()?;
    let apps = Directory::new(&*store, LogId::CONTROL).apps()?;
    let mut discarded = false;
    let apps = apps
        .into_iter()
        .flat_map(|(app, row)| LogId::all_of(app, row.partitions));
    let ids: Vec<LogId> = std::iter::once(LogId::CONTROL).chain(apps).collect();
    for id in &ids {
        let log = logs.open(*id).await?;
        if let Some(lost) = lost(&*log, checkpoint(&*store, *id)?).await? {
            refuse_another(*id, lost)?;
            say(*id, lost, "read models");
            discarded = true;
        }
    }
    drop(store);
    if discarded {
        shelf.discard()?;
    }
    for id in ids.into_iter().filter(|id| !id.is_control()) {
        discard_index(data, &logs.open(id).await?).await?;
    }
    Ok(())
}

async fn discard_index(data: &DataDir, log: &Arc<dyn EventLog>) -> Result<()> {
    let id = log.id();
    let path = search::path(data, id)?;
    if !path.is_dir() {
        return Ok(());
    }
    // One that does not open is made again by its follower.
    let applied = match hansard_search::Index::open(&path, hansard_search::Options::default()) {
        Ok((index, _)) => index.checkpoint(id.partition),
        Err(_) => None,
    };
    if let Some(lost) = lost(&**log, applied).await? {
        say(id, lost, "search index");
        remove(&path)?;
    }
    Ok(())
}

/// What a log has lost of what was applied.
async fn lost(log: &dyn EventLog, applied: Option<Checkpoint>) -> Result<Option<Lost>> {
    let Some(Checkpoint { sequence, chain }) = applied.filter(|applied| applied.sequence > 0)
    else {
        return Ok(None);
    };
    let log_end = log.last().await?;
    if sequence > log_end {
        let events = sequence - log_end;
        return Ok(Some(Lost::End { log_end, events }));
    }
    let there = log.read(sequence, 1).await?;
    let same = there.first().is_some_and(|stored| {
        stored.sequence == sequence
            && decode(sequence, &stored.event).is_ok_and(|event| event.envelope.chain == chain)
    });
    Ok((!same).then_some(Lost::Replaced { sequence }))
}

/// A power loss takes the end of a log. The list of apps is neither gone by that nor another one: it
/// is another nats-server, or its files are missing.
fn refuse_another(log: LogId, lost: Lost) -> Result<()> {
    let what = match lost {
        Lost::End { log_end: 0, .. } => "is empty",
        Lost::Replaced { .. } => "holds other events",
        Lost::End { .. } => return Ok(()),
    };
    if log.is_control() {
        bail!(
            "the log of apps {what}, but the read models have applied its events: this is not the \
             nats-server that they were built from, or its files are gone. Give the right --nats, \
             or restore the files; or, to go on with this one, delete the directories state and \
             search of the data directory"
        );
    }
    Ok(())
}

fn say(log: LogId, lost: Lost, what: &str) {
    match lost {
        Lost::End { log_end, events } => tracing::warn!(
            %log,
            log_end,
            events,
            "the log has lost its last events, which --durability interval allows a power loss: \
             they are gone, and the {what} that held them are built again from the log"
        ),
        Lost::Replaced { sequence } => tracing::warn!(
            %log,
            sequence,
            "the log holds another event than was applied, which --durability interval allows a \
             power loss: the {what} are built again from the log. `hansard audit verify` tells \
             whether the log is whole"
        ),
    }
}

fn remove(path: &Path) -> Result<()> {
    std::fs::remove_dir_all(path).with_context(|| format!("{} cannot be removed", path.display()))
}

#[cfg(test)]
mod tests {
    use hansard_events::{Provenance, RawEvent, encode};
    use hansard_log::MemoryLog;
    use hansard_types::{AppId, Timestamp, UserId};

    use super::*;

    const LOG: LogId = LogId {
        app: AppId(1_400_000_001),
        partition: 0,
    };

    async fn log_of(users: &[&str]) -> (MemoryLog, Vec<Checkpoint>) {
        let log = MemoryLog::new(LOG);
        let mut chain = hansard_events::chain::genesis(LOG);
        let mut checkpoints = Vec::new();
        for (sequence, user) in (1..).zip(users) {
            let event = hansard_events::account::AccountDeleted {
                user_id: UserId::new(user).expect("an id"),
            };
            let number = u128::from(sequence);
            let identity = hansard_events::Identity {
                id: hansard_events::EventId::from_u128(number),
                salt: number.to_be_bytes(),
            };
            let provenance = Provenance {
                actor: "test".to_owned(),
                correlation: None,
                causation: None,
            };
            let encoded = encode(
                &event.into(),
                identity,
                LOG,
                Timestamp(1),
                provenance,
                &chain,
            );
            let (raw, envelope): (RawEvent, _) = encoded.expect("encodes");
            chain = envelope.chain;
            let appended = log.append(sequence - 1, &[vec![raw]]).await;
            appended.expect("appended");
            checkpoints.push(Checkpoint { sequence, chain });
        }
        (log, checkpoints)
    }

    #[tokio::test]
    async fn what_a_log_has_lost_is_told() {
        let (log, checkpoints) = log_of(&["ann", "ben", "cho"]).await;
        for applied in [None, Some(checkpoints[0]), Some(checkpoints[2])] {
            assert_eq!(lost(&log, applied).await.expect("readable"), None);
        }
        log.truncate(1);
        let end = Lost::End {
            log_end: 1,
            events: 2,
        };
        let found = lost(&log, Some(checkpoints[2])).await.expect("readable");
        assert_eq!(found, Some(end));
        let (other, _) = log_of(&["ann", "dai", "eva"]).await;
        let found = lost(&other, Some(checkpoints[2])).await.expect("readable");
        assert_eq!(found, Some(Lost::Replaced { sequence: 3 }));
    }

    #[test]
    fn a_log_of_apps_that_is_gone_or_another_is_no_power_loss() {
        let shorter = |log_end| Lost::End { log_end, events: 9 };
        let another = Lost::Replaced { sequence: 9 };
        for lost in [shorter(0), another] {
            assert!(refuse_another(LogId::CONTROL, lost).is_err());
            assert!(refuse_another(LOG, lost).is_ok(), "of a new app");
        }
        assert!(refuse_another(LogId::CONTROL, shorter(1)).is_ok());
    }
}
