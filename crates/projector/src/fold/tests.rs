//! What one fold promises.

use std::borrow::Cow;

use hansard_events::account::AccountDeleted;
use hansard_events::{AccountEvent, Envelope, EventId, Provenance};
use hansard_store::{Durability, Error, MemoryStore, Store};
use hansard_types::{Timestamp, UserId};

use super::*;

static SEEN: Table = Table {
    name: "test.sequence_seen",
    kind: 0x7f01,
    access: Access::Point,
};

static SEEN_TABLES: &[&Table] = &[&SEEN];

const LOG: LogId = LogId {
    app: AppId(1_400_000_001),
    partition: 0,
};

/// Counts how often each event was applied; cannot apply one of them.
#[derive(Default)]
struct Seen {
    refused: Option<u64>,
}

impl Projection for Seen {
    fn name(&self) -> &'static str {
        "seen"
    }

    fn version(&self) -> u32 {
        7
    }

    fn tables(&self) -> &'static [&'static Table] {
        SEEN_TABLES
    }

    fn apply(
        &self,
        app: AppId,
        recorded: &Recorded,
        _event: &Event,
        state: &mut Overlay<'_>,
    ) -> hansard_store::Result<()> {
        if self.refused == Some(recorded.sequence) {
            return Err(Error::Row {
                table: SEEN.name,
                reason: "told to fail".to_owned(),
            });
        }
        let key = Key::of(app).u64(recorded.sequence).bytes();
        let before = state.get(&SEEN, &key)?;
        let before = before.map(|bytes| row::decode::<u64>(&SEEN, &bytes));
        let count = before.transpose()?.unwrap_or(0) + 1;
        state.put(&SEEN, key, row::encode(&SEEN, &count)?);
        Ok(())
    }
}

fn fold() -> Fold {
    Fold::new(vec![Box::new(Seen::default())])
}

fn event(sequence: u64) -> Recorded {
    let number = u8::try_from(sequence).expect("few");
    let deleted = AccountDeleted {
        user_id: UserId::new("ann").expect("a valid id"),
    };
    Recorded {
        sequence,
        envelope: Envelope {
            id: EventId::from_u128(sequence.into()),
            name: Cow::Borrowed("account.deleted"),
            version: 1,
            log: LOG,
            time: Timestamp(sequence),
            provenance: Provenance {
                actor: "administrator".to_owned(),
                correlation: None,
                causation: None,
            },
            chain: [number; 32],
        },
        event: Some(Event::Account(AccountEvent::Deleted(deleted))),
        erased: false,
    }
}

fn genesis() -> Checkpoint {
    Checkpoint {
        sequence: 0,
        chain: [0; 32],
    }
}

/// Folds events from where the store is, and writes them with the checkpoint.
fn commit(
    fold: &Fold,
    store: &MemoryStore,
    log: LogId,
    events: &[Recorded],
) -> Result<(), FoldError> {
    let before = checkpoint(store, log).expect("readable");
    let mut at = before.unwrap_or_else(genesis);
    let mut state = Overlay::new(store);
    for recorded in events {
        fold.apply(log, &mut at, recorded, &mut state)?;
    }
    fold.write_checkpoint(log, &at, &mut state)?;
    let batch = state.into_changes().into_batch();
    store.write(batch, Durability::Process).expect("written");
    Ok(())
}

fn reached(store: &MemoryStore, log: LogId) -> Option<u64> {
    let at = checkpoint(store, log).expect("readable");
    at.map(|at| at.sequence)
}

#[test]
fn wherever_a_log_is_cut_into_batches_it_makes_the_same_bytes() {
    let events: Vec<Recorded> = (1..=6).map(event).collect();
    let whole = MemoryStore::new();
    commit(&fold(), &whole, LOG, &events).expect("folded");
    for cut in 0..=events.len() {
        let store = MemoryStore::new();
        let (first, second) = events.split_at(cut);
        commit(&fold(), &store, LOG, first).expect("folded");
        commit(&fold(), &store, LOG, second).expect("folded");
        assert_eq!(store.dump(), whole.dump(), "cut at {cut}");
    }
}

#[test]
fn an_event_is_folded_in_its_place_or_not_at_all() {
    let store = MemoryStore::new();
    commit(&fold(), &store, LOG, &[event(1), event(2)]).expect("folded");
    let before = store.dump();
    for sequence in [1, 2, 4, 9] {
        let refused = commit(&fold(), &store, LOG, &[event(sequence)]);
        let text = refused.expect_err("out of its place").to_string();
        let hole = format!("event {sequence} came where 3 was due");
        assert!(text.contains(&hole), "{text}");
        assert_eq!(store.dump(), before, "{sequence}");
    }
    commit(&fold(), &store, LOG, &[event(3)]).expect("folded");
    assert_eq!(reached(&store, LOG), Some(3));
}

#[test]
fn an_unknown_event_stops_the_fold_and_is_named() {
    let store = MemoryStore::new();
    let mut unknown = event(1);
    unknown.envelope.name = Cow::Borrowed("account.cloned");
    unknown.envelope.version = 4;
    unknown.event = None;
    let refused = commit(&fold(), &store, LOG, &[unknown]);
    let text = refused.expect_err("unknown").to_string();
    assert!(text.contains("account.cloned version 4"), "{text}");
    assert!(store.dump().is_empty(), "neither rows nor a checkpoint");
}

#[test]
fn an_erased_event_is_passed_over_in_its_place() {
    let store = MemoryStore::new();
    let erased = Recorded {
        event: None,
        erased: true,
        ..event(2)
    };
    commit(&fold(), &store, LOG, &[event(1), erased, event(3)]).expect("folded");
    assert_eq!(reached(&store, LOG), Some(3));
    let key = |sequence| Key::of(LOG.app).u64(sequence).bytes();
    let is_there = |sequence| {
        store
            .get(&SEEN, &key(sequence))
            .expect("readable")
            .is_some()
    };
    assert_eq!([1, 2, 3].map(is_there), [true, false, true]);
}

#[test]
fn a_projection_that_fails_is_named_and_the_position_stays() {
    let refused = Some(2);
    let failing = Fold::new(vec![Box::new(Seen::default()), Box::new(Seen { refused })]);
    let store = MemoryStore::new();
    let mut at = genesis();
    let mut state = Overlay::new(&store);
    failing
        .apply(LOG, &mut at, &event(1), &mut state)
        .expect("folded");
    let before = at;
    let failed = failing.apply(LOG, &mut at, &event(2), &mut state);
    let text = failed.expect_err("told to fail").to_string();
    assert!(text.contains("projection seen"), "{text}");
    assert!(text.contains("event 2"), "{text}");
    assert_eq!(at, before);
}

#[test]
fn every_partition_has_a_checkpoint_of_its_own() {
    let store = MemoryStore::new();
    let other = LogId::new(LOG.app, 1);
    assert_eq!(reached(&store, LOG), None, "before its first event");
    commit(&fold(), &store, LOG, &[event(1), event(2)]).expect("folded");
    commit(&fold(), &store, other, &[event(1)]).expect("folded");
    assert_eq!(reached(&store, LOG), Some(2));
    assert_eq!(reached(&store, other), Some(1));
    let at = checkpoint(&store, LOG).expect("readable").expect("written");
    assert_eq!(at.chain, event(2).envelope.chain, "with the chain there");
}

#[test]
fn a_fold_says_what_it_is_made_of() {
    let fold = fold();
    assert_eq!(fold.versions(), [("seen", 7)]);
    assert_eq!(fold.tables(), [&CHECKPOINT, &SEEN]);
}
