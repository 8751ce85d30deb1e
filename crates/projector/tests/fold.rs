//! The one fold: in order, all or nothing, loud about what it cannot apply.

use hansard_events::account::{AccountDeleted, AccountImported};
use hansard_events::{AccountEvent, Event, Recorded};
use hansard_projector::{Fold, FoldError, Projection, TABLES, checkpoint};
use hansard_store::key::Key;
use hansard_store::{Access, Durability, Error, MemoryStore, Overlay, Read, Store as _, Table};
use hansard_testkit::{LOG, recorded, user};
use hansard_types::{Checkpoint, LogId};

static COUNT: Table = Table {
    name: "toy.user_count",
    kind: 0x7001,
    access: Access::Point,
};
static DELETED: Table = Table {
    name: "toy.user_deleted",
    kind: 0x7002,
    access: Access::Point,
};

static COUNTS: &[&Table] = &[&COUNT];
static DELETIONS: &[&Table] = &[&DELETED];

/// How often an account was imported.
struct Counts;

/// Which accounts were deleted; `mallory` cannot be.
struct Deleted;

fn count(state: &dyn Read, user: &str) -> u8 {
    let row = state.get(&COUNT, &Key::of(LOG).text(user).bytes());
    row.expect("readable").map_or(0, |row| row[0])
}

impl Projection for Counts {
    fn name(&self) -> &'static str {
        "counts"
    }

    fn version(&self) -> u32 {
        3
    }

    fn tables(&self) -> &'static [&'static Table] {
        COUNTS
    }

    fn apply(
        &self,
        log: LogId,
        _recorded: &Recorded,
        event: &Event,
        state: &mut Overlay<'_>,
    ) -> hansard_store::Result<()> {
        if let Event::Account(AccountEvent::Imported(event)) = event {
            let before = count(state, event.user_id.as_str());
            let key = Key::of(log).text(event.user_id.as_str()).bytes();
            state.put(&COUNT, key, vec![before + 1]);
        }
        Ok(())
    }
}

impl Projection for Deleted {
    fn name(&self) -> &'static str {
        "deleted"
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> &'static [&'static Table] {
        DELETIONS
    }

    fn apply(
        &self,
        log: LogId,
        _recorded: &Recorded,
        event: &Event,
        state: &mut Overlay<'_>,
    ) -> hansard_store::Result<()> {
        let Event::Account(AccountEvent::Deleted(event)) = event else {
            return Ok(());
        };
        if event.user_id.as_str() == "mallory" {
            return Err(Error::Row {
                table: DELETED.name,
                reason: "mallory stays".to_owned(),
            });
        }
        let key = Key::of(log).text(event.user_id.as_str()).bytes();
        state.put(&DELETED, key, Vec::new());
        Ok(())
    }
}

const START: Checkpoint = Checkpoint {
    sequence: 0,
    chain: [0; 32],
};

fn fold() -> Fold {
    Fold::new(vec![Box::new(Counts), Box::new(Deleted)])
}

fn imported(sequence: u64) -> Recorded {
    let mut recorded = recorded(
        sequence,
        AccountImported {
            user_id: user("ann"),
            nick: None,
            face_url: None,
        },
    );
    recorded.envelope.chain = [u8::try_from(sequence).expect("small"); 32];
    recorded
}

#[test]
fn events_are_folded_one_by_one_and_the_checkpoint_moves_with_them() {
    let store = MemoryStore::new();
    let (fold, mut at) = (fold(), START);
    let mut state = Overlay::new(&store);
    for sequence in 1..=3 {
        let folded = fold.apply(LOG, &mut at, &imported(sequence), &mut state);
        folded.expect("it folds");
        assert_eq!((at.sequence, at.chain[0]), (sequence, sequence as u8));
    }
    assert_eq!(count(&state, "ann"), 3);
    assert_eq!(checkpoint(&store, LOG).expect("readable"), None);
    let written = fold.write_checkpoint(LOG, &at, &mut state);
    written.expect("a checkpoint is written");
    let batch = state.into_changes().into_batch();
    store.write(batch, Durability::Process).expect("writes");
    assert_eq!(checkpoint(&store, LOG).expect("readable"), Some(at));
    assert_eq!(count(&store, "ann"), 3);
}

#[test]
fn none_is_skipped_and_none_folded_twice() {
    let store = MemoryStore::new();
    let (fold, mut at) = (fold(), START);
    let mut state = Overlay::new(&store);
    let first = fold.apply(LOG, &mut at, &imported(1), &mut state);
    first.expect("the first");
    let before = at;
    for wrong in [0, 1, 3] {
        let refused = fold.apply(LOG, &mut at, &imported(wrong), &mut state);
        let refused = refused.expect_err("out of order");
        assert!(
            matches!(
                refused,
                FoldError::Hole {
                    expected: 2,
                    found,
                    ..
                } if found == wrong
            ),
            "{refused}"
        );
        assert_eq!((at, count(&state, "ann")), (before, 1));
    }
}

#[test]
fn what_this_release_does_not_know_stops_it_and_what_was_erased_does_not() {
    let store = MemoryStore::new();
    let (fold, mut at) = (fold(), START);
    let mut state = Overlay::new(&store);
    let unknown = Recorded {
        event: None,
        ..imported(1)
    };
    let refused = fold.apply(LOG, &mut at, &unknown, &mut state);
    let refused = refused.expect_err("unknown");
    assert!(matches!(refused, FoldError::Unknown { sequence: 1, .. }));
    assert!(
        refused.to_string().contains("account.imported"),
        "{refused}"
    );
    assert_eq!(at, START);
    let erased = Recorded {
        erased: true,
        ..unknown
    };
    let passed = fold.apply(LOG, &mut at, &erased, &mut state);
    passed.expect("nothing is left to fold");
    assert_eq!(at.sequence, 1);
    assert!(state.changes().is_empty());
}

#[test]
fn a_projection_that_cannot_apply_an_event_is_named_with_it() {
    let store = MemoryStore::new();
    let (fold, mut at) = (fold(), START);
    let mut state = Overlay::new(&store);
    let deleted = recorded(
        1,
        AccountDeleted {
            user_id: user("mallory"),
        },
    );
    let refused = fold.apply(LOG, &mut at, &deleted, &mut state);
    let refused = refused.expect_err("it cannot be applied");
    let FoldError::Projection {
        projection,
        sequence,
        source,
        ..
    } = &refused
    else {
        panic!("another error: {refused}");
    };
    assert_eq!((*projection, *sequence), ("deleted", 1));
    assert!(source.to_string().contains("mallory stays"), "{source}");
    assert_eq!(at, START, "it has not moved");
}

#[test]
fn a_generation_is_made_by_names_and_versions_and_has_every_table() {
    assert_eq!(fold().versions(), [("counts", 3), ("deleted", 1)]);
    let kinds: Vec<u16> = fold().tables().iter().map(|table| table.kind).collect();
    assert_eq!(kinds, [TABLES[0].kind, COUNT.kind, DELETED.kind]);
}
