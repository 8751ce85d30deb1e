//! Rows that an event has made void go a few at a time, with the events that follow it.
//!
//! What makes an unbounded number of rows void at once (a group of 100,000 is dissolved, an
//! account with 3,000 friends deleted) says so in one row that every reader looks at, and begins a
//! task here. What is swept when is then a matter of room alone. It depends on the events only: a
//! rebuild sweeps the same rows at the same events.

use hansard_store::key::Key;
use hansard_store::{Direction, Error, KeyRange, Overlay, Read, Result, Table, row};
use hansard_types::LogId;
use hansard_types::limits::{SWEPT_ROWS_AT_ONCE, SWEPT_ROWS_PER_EVENT};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A projection's tasks, in two tables of its own.
#[derive(Debug, Clone, Copy)]
pub struct Sweep {
    /// Where an app's tasks begin and end; no row while there are none. Every event reads it.
    pub queue: &'static Table,
    /// The tasks by number.
    pub tasks: &'static Table,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct QueueRow {
    first: u64,
    next: u64,
}

/// What is left to sweep of one thing.
pub trait Task: Serialize + DeserializeOwned {
    /// Sweeps at most `rows_max` rows: how many they were, and what is left, if anything is. Rows
    /// are sought from where the last slice ended, never from the beginning.
    ///
    /// # Errors
    /// When the store fails or holds what it must not.
    fn advance(
        self,
        log: LogId,
        rows_max: usize,
        state: &mut Overlay<'_>,
    ) -> Result<(usize, Option<Self>)>;
}

fn task_key(log: LogId, number: u64) -> Vec<u8> {
    Key::of(log).u64(number).bytes()
}

impl Sweep {
    fn queue(&self, store: &dyn Read, log: LogId) -> Result<Option<QueueRow>> {
        let bytes = store.get(self.queue, &Key::of(log).bytes())?;
        bytes
            .map(|bytes| row::decode(self.queue, &bytes))
            .transpose()
    }

    /// Whether no task is left, and so no row that is void.
    ///
    /// # Errors
    /// When the store fails.
    pub fn is_idle(&self, store: &dyn Read, log: LogId) -> Result<bool> {
        Ok(self.queue(store, log)?.is_none())
    }

    /// Does a task's first rows at once (for most, that is all of it) and leaves the rest to the
    /// events that follow.
    ///
    /// # Errors
    /// When the store fails or holds what it must not.
    pub fn begin<T: Task>(&self, log: LogId, task: T, state: &mut Overlay<'_>) -> Result<()> {
        let (_, left) = task.advance(log, SWEPT_ROWS_AT_ONCE, state)?;
        let Some(task) = left else { return Ok(()) };
        let mut queue = self.queue(state, log)?.unwrap_or_default();
        let encoded = row::encode(self.tasks, &task)?;
        state.put(self.tasks, task_key(log, queue.next), encoded);
        queue.next += 1;
        let encoded = row::encode(self.queue, &queue)?;
        state.put(self.queue, Key::of(log).bytes(), encoded);
        Ok(())
    }

    /// What every event does: sweeps a few rows of the oldest task. One look-up when there is none.
    ///
    /// # Errors
    /// When the store fails or holds what it must not.
    pub fn slice<T: Task>(&self, log: LogId, state: &mut Overlay<'_>) -> Result<()> {
        let Some(mut queue) = self.queue(state, log)? else {
            return Ok(());
        };
        let key = task_key(log, queue.first);
        let bytes = state.get(self.tasks, &key)?.ok_or_else(|| Error::Row {
            table: self.tasks.name,
            reason: format!("task {} is missing", queue.first),
        })?;
        let task: T = row::decode(self.tasks, &bytes)?;
        if let (_, Some(task)) = task.advance(log, SWEPT_ROWS_PER_EVENT, state)? {
            state.put(self.tasks, key, row::encode(self.tasks, &task)?);
            return Ok(());
        }
        state.delete(self.tasks, key);
        queue.first += 1;
        if queue.first == queue.next {
            state.delete(self.queue, Key::of(log).bytes());
        } else {
            let encoded = row::encode(self.queue, &queue)?;
            state.put(self.queue, Key::of(log).bytes(), encoded);
        }
        Ok(())
    }
}

/// The ids that stand alone at the end of keys with a prefix: in order, behind `after`, at most
/// `ids_max`.
///
/// # Errors
/// When the store fails, or a key does not read.
pub fn ids_after<T, E>(
    store: &dyn Read,
    table: &'static Table,
    prefix: &[u8],
    after: Option<&str>,
    ids_max: usize,
    id: impl Fn(&str) -> std::result::Result<T, E>,
) -> Result<Vec<T>> {
    let mut range = KeyRange::prefix(prefix);
    if let Some(after) = after {
        range.lower.extend_from_slice(after.as_bytes());
        // Behind the zero byte that closes it.
        range.lower.push(1);
    }
    store.rows(table, &range, Direction::Ascending, ids_max, |key, _| {
        let rest = key.get(prefix.len()..);
        let text = rest.and_then(|rest| std::str::from_utf8(rest.strip_suffix(&[0])?).ok());
        let id = text.and_then(|text| id(text).ok());
        id.map(Some).ok_or_else(|| Error::key(table))
    })
}
