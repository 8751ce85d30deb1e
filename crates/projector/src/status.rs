use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hansard_types::limits::{FOLLOWER_RETRYING_MS_MAX, FOLLOWER_STANDSTILL_MS};
use hansard_types::{LogId, Timestamp};
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

/// A projection that has been trying again for longer is in trouble.
const RETRYING_MAX: Duration = Duration::from_millis(FOLLOWER_RETRYING_MS_MAX);
/// One that is behind and has not moved for longer stands still.
const STANDSTILL: Duration = Duration::from_millis(FOLLOWER_STANDSTILL_MS);

/// What a projection is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Reads what was there before it started.
    CatchingUp,
    /// Applies events as they come.
    Following,
    /// Something failed that may pass; the text says what. It is tried again by itself.
    Retrying(String),
    /// An event cannot be applied; the text says which and why. Only an order makes it go on.
    Stopped(String),
}

/// How far a projection is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub name: &'static str,
    pub version: u32,
    /// In the write's own commit, or following behind.
    pub inline: bool,
    pub state: State,
    /// The last sequence it has applied.
    pub applied: u64,
    /// The log's last committed sequence.
    pub log_end: u64,
    /// The time of the last event it has applied; 0 before the first.
    pub applied_time: Timestamp,
}

impl Status {
    /// Committed events that it has not applied.
    #[must_use]
    pub fn lag_events(&self) -> u64 {
        self.log_end.saturating_sub(self.applied)
    }
}

/// Read models that are being built again, beside those that answer meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuild {
    /// Why.
    pub reason: String,
    /// The last sequence that the new ones have applied.
    pub applied: u64,
}

/// What an operator wants of a projection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Go on from where it stopped.
    Retry,
    /// Build it again from the log, beside what answers now.
    Rebuild,
}

/// An order, and the log whose projection it is for.
pub type Ordered = (LogId, Order);

/// Nobody takes orders for such a projection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such projection")]
pub struct NoSuchProjection;

/// Where every projection of this process says how far it is, and is told what to do.
#[derive(Debug, Clone, Default)]
pub struct Registry(Arc<Mutex<Inner>>);

type Place = (LogId, &'static str);

#[derive(Debug, Default)]
struct Inner {
    rows: BTreeMap<Place, Row>,
    /// The committed ends of the logs.
    ends: BTreeMap<LogId, watch::Receiver<u64>>,
    owners: BTreeMap<Place, mpsc::Sender<Ordered>>,
    rebuilds: BTreeMap<LogId, Rebuild>,
}

#[derive(Debug)]
struct Row {
    status: Status,
    /// Since it has been trying again, until it has come further than that was from.
    retrying: Option<Retrying>,
    /// While it is behind: where it was seen last, and since when.
    behind: Option<(u64, Instant)>,
}

#[derive(Debug, Clone)]
struct Retrying {
    since: Instant,
    /// What it had applied then.
    applied: u64,
    reason: String,
}

impl Row {
    fn note_state(&mut self) {
        let applied = self.status.applied;
        let before = self.retrying.take();
        self.retrying = match &self.status.state {
            State::Retrying(reason) => Some(Retrying {
                since: before.as_ref().map_or_else(Instant::now, |it| it.since),
                applied: before.map_or(applied, |it| it.applied),
                reason: reason.clone(),
            }),
            State::CatchingUp => before.filter(|it| applied <= it.applied),
            State::Following | State::Stopped(_) => None,
        };
    }

    /// The status as it is now, from the log's end as it is now.
    fn look(&mut self, end: Option<u64>) -> Status {
        let status = &mut self.status;
        status.log_end = end.unwrap_or(status.log_end).max(status.applied);
        let applied = status.applied;
        self.behind = (status.lag_events() > 0).then(|| {
            let before = self.behind.filter(|(at, _)| *at == applied);
            before.unwrap_or_else(|| (applied, Instant::now()))
        });
        status.clone()
    }

    fn trouble(&self) -> Option<String> {
        if let State::Stopped(reason) = &self.status.state {
            return Some(format!("has stopped: {reason}"));
        }
        let retrying = self.retrying.as_ref();
        if let Some(Retrying { since, reason, .. }) =
            retrying.filter(|it| it.since.elapsed() > RETRYING_MAX)
        {
            let seconds = since.elapsed().as_secs();
            return Some(format!("has been trying again for {seconds} s: {reason}"));
        }
        let (at, since) = self.behind?;
        let seconds = since.elapsed().as_secs();
        (since.elapsed() > STANDSTILL)
            .then(|| format!("has not moved from event {at} for {seconds} s"))
    }
}

impl Registry {
    /// Replaces what is known of one projection.
    pub fn set(&self, log: LogId, status: Status) {
        let mut inner = self.0.lock();
        let place = (log, status.name);
        let before = inner.rows.remove(&place);
        let mut row = Row {
            status,
            retrying: before.as_ref().and_then(|row| row.retrying.clone()),
            behind: before.and_then(|row| row.behind),
        };
        row.note_state();
        inner.rows.insert(place, row);
    }

    /// Changes what is known of one projection; nothing when it never reported.
    pub fn update(&self, log: LogId, name: &'static str, change: impl FnOnce(&mut Status)) {
        if let Some(row) = self.0.lock().rows.get_mut(&(log, name)) {
            change(&mut row.status);
            row.note_state();
        }
    }

    /// Where a log's committed end is seen: what its projections lag behind.
    pub fn set_end(&self, log: LogId, end: watch::Receiver<u64>) {
        self.0.lock().ends.insert(log, end);
    }

    /// Everything that is known, by log and name.
    #[must_use]
    pub fn all(&self) -> Vec<(LogId, Status)> {
        let Inner { rows, ends, .. } = &mut *self.0.lock();
        let look = |((log, _), row): (&Place, &mut Row)| {
            let end = ends.get(log).map(|end| *end.borrow());
            (*log, row.look(end))
        };
        rows.iter_mut().map(look).collect()
    }

    /// What is wrong with projections that follow by themselves; the others are their partition's.
    #[must_use]
    pub fn troubles(&self) -> Vec<String> {
        // Looks at each.
        drop(self.all());
        let inner = self.0.lock();
        let followers = inner.rows.iter().filter(|(_, row)| !row.status.inline);
        followers
            .filter_map(|((log, name), row)| Some(format!("{log}: {name} {}", row.trouble()?)))
            .collect()
    }

    /// Who takes orders for a projection.
    pub fn set_owner(&self, log: LogId, name: &'static str, owner: mpsc::Sender<Ordered>) {
        self.0.lock().owners.insert((log, name), owner);
    }

    /// Gives an order. One that waits already is enough.
    ///
    /// # Errors
    /// [`NoSuchProjection`]
    pub fn order(&self, log: LogId, name: &str, order: Order) -> Result<(), NoSuchProjection> {
        let inner = self.0.lock();
        let mut owners = inner.owners.iter();
        let found = owners.find(|((of, called), _)| *of == log && *called == name);
        let (_, owner) = found.ok_or(NoSuchProjection)?;
        match owner.try_send((log, order)) {
            Ok(()) | Err(mpsc::error::TrySendError::Full(_)) => Ok(()),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(NoSuchProjection),
        }
    }

    /// Says how far the read models of a log are that are built again; `None` when none are.
    pub fn set_rebuild(&self, log: LogId, rebuild: Option<Rebuild>) {
        let rebuilds = &mut self.0.lock().rebuilds;
        match rebuild {
            Some(rebuild) => drop(rebuilds.insert(log, rebuild)),
            None => drop(rebuilds.remove(&log)),
        }
    }

    /// The read models of a log that are built again.
    #[must_use]
    pub fn rebuild(&self, log: LogId) -> Option<Rebuild> {
        self.0.lock().rebuilds.get(&log).cloned()
    }
}

#[cfg(test)]
mod tests {
    use hansard_types::AppId;

    use super::*;

    const LOG: LogId = LogId {
        app: AppId(7),
        partition: 0,
    };

    fn search(state: State, applied: u64) -> Status {
        Status {
            name: "search",
            version: 1,
            inline: false,
            state,
            applied,
            log_end: applied,
            applied_time: Timestamp(0),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_follower_that_does_not_move_is_in_trouble_and_one_that_moves_is_not() {
        let registry = Registry::default();
        let (end, ends) = watch::channel(5);
        registry.set_end(LOG, ends);
        registry.set(LOG, search(State::Following, 5));
        tokio::time::advance(STANDSTILL * 100).await;
        assert!(registry.troubles().is_empty(), "it has nothing to do");
        end.send_replace(9);
        assert_eq!(registry.all()[0].1.lag_events(), 4, "of the committed end");
        assert!(registry.troubles().is_empty(), "it has only just begun");
        for applied in 6..9 {
            tokio::time::advance(STANDSTILL).await;
            registry.update(LOG, "search", |status| status.applied = applied);
            assert!(registry.troubles().is_empty(), "it moves");
        }
        tokio::time::advance(STANDSTILL * 2).await;
        let said = registry.troubles().join(" ");
        assert!(said.contains("search has not moved from event 8"), "{said}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_follower_that_tries_again_for_long_or_has_stopped_says_why() {
        let registry = Registry::default();
        registry.set(LOG, search(State::Retrying("no room".to_owned()), 5));
        assert!(registry.troubles().is_empty(), "it may pass");
        tokio::time::advance(RETRYING_MAX * 2).await;
        registry.set(LOG, search(State::Retrying("no room yet".to_owned()), 5));
        let said = registry.troubles().join(" ");
        assert!(said.contains("no room yet"), "{said}");
        registry.set(LOG, search(State::CatchingUp, 4));
        assert!(!registry.troubles().is_empty(), "it was further before");
        registry.set(LOG, search(State::Stopped("event 6".to_owned()), 5));
        let said = registry.troubles().join(" ");
        assert!(said.contains("has stopped: event 6"), "{said}");
        registry.set(LOG, search(State::Following, 5));
        assert!(registry.troubles().is_empty());
    }

    #[tokio::test]
    async fn orders_reach_whoever_owns_a_projection() {
        let registry = Registry::default();
        let order = |name: &str| registry.order(LOG, name, Order::Rebuild);
        assert_eq!(order("search"), Err(NoSuchProjection));
        let (owner, mut orders) = mpsc::channel(1);
        registry.set_owner(LOG, "search", owner);
        assert_eq!(order("search"), Ok(()));
        assert_eq!(order("search"), Ok(()), "one that waits is enough");
        assert_eq!(order("other"), Err(NoSuchProjection));
        assert_eq!(orders.recv().await, Some((LOG, Order::Rebuild)));
    }
}
