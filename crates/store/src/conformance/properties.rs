use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseResult, TestRunner};

use super::{POINTS, SCANS, TABLES, all, rows};
use crate::{
    Batch, Changes, Direction, Durability, KeyRange, Layers, Op, Overlay, Read, Store, Table,
};

/// The obvious store.
#[derive(Debug, Clone, Default)]
struct Model(BTreeMap<u16, BTreeMap<Vec<u8>, Vec<u8>>>);

impl Model {
    fn apply(&mut self, op: &Op) {
        match op.clone() {
            Op::Put { table, key, value } => {
                self.0.entry(table.kind).or_default().insert(key, value);
            }
            Op::Delete { table, key } => {
                self.0.entry(table.kind).or_default().remove(&key);
            }
            Op::DeleteRange {
                table,
                lower,
                upper,
            } => {
                let deleted = KeyRange::between(lower, upper);
                self.0
                    .entry(table.kind)
                    .or_default()
                    .retain(|key, _| !deleted.contains(key));
            }
        }
    }

    fn rows(
        &self,
        table: &Table,
        range: &KeyRange,
        direction: Direction,
    ) -> Vec<(Vec<u8>, Vec<u8>)> {
        let rows = self.0.get(&table.kind).into_iter().flatten();
        let mut rows: Vec<_> = rows
            .filter(|(key, _)| range.contains(key))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        if direction == Direction::Descending {
            rows.reverse();
        }
        rows
    }
}

/// Few different bytes and short, so that keys meet, nest and touch each other.
fn a_key() -> impl Strategy<Value = Vec<u8>> {
    vec(
        prop_oneof![Just(0x00), Just(0x01), Just(b'm'), Just(0xfe), Just(0xff)],
        0..4,
    )
}

fn a_table() -> impl Strategy<Value = &'static Table> {
    prop_oneof![Just(&POINTS), Just(&SCANS)]
}

fn an_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (a_table(), a_key(), vec(any::<u8>(), 0..3))
            .prop_map(|(table, key, value)| Op::Put { table, key, value }),
        3 => (a_table(), a_key()).prop_map(|(table, key)| Op::Delete { table, key }),
        2 => (a_table(), a_key(), a_key())
            .prop_map(|(table, lower, upper)| Op::DeleteRange { table, lower, upper }),
    ]
}

fn some_ops() -> impl Strategy<Value = Vec<Op>> {
    vec(an_op(), 0..24)
}

fn a_range() -> impl Strategy<Value = KeyRange> {
    prop_oneof![
        a_key().prop_map(|prefix| KeyRange::prefix(&prefix)),
        (a_key(), a_key()).prop_map(|(lower, upper)| KeyRange::between(lower, upper)),
    ]
}

/// What a case reads: ranges, keys, and after how many rows a scan stops.
type Reads = (Vec<KeyRange>, Vec<Vec<u8>>, usize);

fn some_reads() -> impl Strategy<Value = Reads> {
    (vec(a_range(), 1..4), vec(a_key(), 1..8), 1..6_usize)
}

fn agrees(store: &dyn Read, model: &Model, reads: &Reads) -> TestCaseResult {
    let (ranges, keys, stop_after) = reads;
    for table in TABLES {
        for key in keys {
            let expected = model.0.get(&table.kind).and_then(|rows| rows.get(key));
            let found = store.get(table, key).expect("the store under test reads");
            prop_assert_eq!(found.as_ref(), expected, "{} {:?}", table.name, key);
        }
        for range in ranges.iter().chain([&all()]) {
            for direction in [Direction::Ascending, Direction::Descending] {
                let expected = model.rows(table, range, direction);
                let context = format!("{} {range:?} {direction:?}", table.name);
                let found = rows(store, table, range, direction);
                prop_assert_eq!(&found, &expected, "{}", context);
                let first = store.first(table, range, direction).expect("reads");
                prop_assert_eq!(first.as_ref(), expected.first(), "first of {}", context);
                let stopped = head(store, table, range, direction, *stop_after);
                let expected = &expected[..expected.len().min(*stop_after)];
                prop_assert_eq!(stopped, expected, "head of {}", context);
            }
        }
    }
    Ok(())
}

/// The first rows of a scan that is told to stop.
fn head(
    store: &dyn Read,
    table: &'static Table,
    range: &KeyRange,
    direction: Direction,
    count: usize,
) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut rows = Vec::new();
    store
        .scan(table, range, direction, &mut |key, value| {
            assert!(
                rows.len() < count,
                "a scan goes on after it was told to stop"
            );
            rows.push((key.to_vec(), value.to_vec()));
            if rows.len() == count {
                std::ops::ControlFlow::Break(())
            } else {
                std::ops::ControlFlow::Continue(())
            }
        })
        .expect("the store under test scans");
    rows
}

fn write(store: &dyn Store, ops: &[Op]) {
    store
        .write(Batch { ops: ops.to_vec() }, Durability::Process)
        .expect("the store under test writes");
}

fn change(changes: &mut Changes, op: &Op) {
    match op.clone() {
        Op::Put { table, key, value } => changes.put(table, key, value),
        Op::Delete { table, key } => changes.delete(table, key),
        Op::DeleteRange {
            table,
            lower,
            upper,
        } => changes.delete_range(table, lower, upper),
    }
}

fn overlaid<'a>(base: &'a dyn Read, ops: &[Op]) -> Overlay<'a> {
    let mut overlay = Overlay::new(base);
    for op in ops {
        match op.clone() {
            Op::Put { table, key, value } => overlay.put(table, key, value),
            Op::Delete { table, key } => overlay.delete(table, key),
            Op::DeleteRange {
                table,
                lower,
                upper,
            } => overlay.delete_range(table, lower, upper),
        }
    }
    overlay
}

/// Compares a store, overlays of it and layers of it with a model, for `cases` random histories;
/// `open` makes an empty store of [`TABLES`] every time.
///
/// # Panics
/// When they differ; the smallest history found is shown.
pub fn check_properties(cases: u32, open: &mut dyn FnMut() -> Box<dyn Store>) {
    let open = std::cell::RefCell::new(open);
    let open = || (open.borrow_mut())();
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let history = (vec(some_ops(), 1..4), some_ops(), some_ops(), some_reads());
    TestRunner::new(config)
        .run(&history, |(batches, first, second, reads)| {
            a_history_reads_as_in_the_model(&*open(), &batches, &first, &second, &reads)
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}

fn a_history_reads_as_in_the_model(
    store: &dyn Store,
    batches: &[Vec<Op>],
    first: &[Op],
    second: &[Op],
    reads: &Reads,
) -> TestCaseResult {
    let mut model = Model::default();
    for batch in batches {
        write(store, batch);
        batch.iter().for_each(|op| model.apply(op));
        agrees(store, &model, reads)?;
    }
    let written = model.clone();
    let snapshot = store.snapshot();

    let overlay = overlaid(store, first);
    first.iter().for_each(|op| model.apply(op));
    agrees(&overlay, &model, reads)?;
    let first_changes = overlay.into_changes();
    prop_assert_eq!(
        first_changes.is_empty(),
        first_changes.clone().into_batch().ops.is_empty()
    );

    let first_changes = Arc::new(first_changes);
    let layer = Layers {
        base: store,
        changes: std::slice::from_ref(&first_changes),
    };
    agrees(&layer, &model, reads)?;
    let after_first = model.clone();
    let overlay = overlaid(&layer, second);
    second.iter().for_each(|op| model.apply(op));
    agrees(&overlay, &model, reads)?;
    let second_changes = overlay.into_changes();
    let both = [Arc::clone(&first_changes), Arc::new(second_changes.clone())];
    let stacked = Layers {
        base: store,
        changes: &both,
    };
    agrees(&stacked, &model, reads)?;

    let mut joined = Changes::clone(&first_changes);
    joined.append(second_changes.clone());
    let joined = Arc::new(joined);
    agrees(
        &Layers {
            base: store,
            changes: std::slice::from_ref(&joined),
        },
        &model,
        reads,
    )?;
    let mut replayed = Changes::default();
    first
        .iter()
        .chain(second)
        .for_each(|op| change(&mut replayed, op));
    prop_assert_eq!(Changes::clone(&joined).into_batch(), replayed.into_batch());

    agrees(store, &written, reads)?;
    store
        .write_changes(&first_changes, Durability::Process)
        .expect("writes");
    agrees(store, &after_first, reads)?;
    store
        .write(second_changes.into_batch(), Durability::Process)
        .expect("writes");
    agrees(store, &model, reads)?;
    agrees(&*snapshot, &written, reads)
}
