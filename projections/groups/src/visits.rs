//! Who is in a live room. Rows of the partition that the comings and goings are in, which last as
//! long as the visit: no roster of everyone who ever came.

use std::collections::BTreeMap;

use hansard_events::live::{LiveEntered, LiveLeft};
use hansard_store::key::{Key, Parts};
use hansard_store::{Access, Direction, Error, KeyRange, Overlay, Result, Table, row};
use hansard_types::{GroupId, LogId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::group_key;
use crate::reader::Reader;

/// Who is there, by room.
pub(crate) static VISIT: Table = Table {
    name: "groups.room_visit",
    kind: 0x0230,
    access: Access::Point,
};
/// The same by when the visit ends.
pub(crate) static VISIT_END: Table = Table {
    name: "groups.end_visit",
    kind: 0x0231,
    access: Access::Scan,
};
/// The same by room and when they came in.
pub(crate) static VISIT_ORDER: Table = Table {
    name: "groups.room_entry",
    kind: 0x0232,
    access: Access::Scan,
};
/// How many are there, by room.
pub(crate) static VISITORS: Table = Table {
    name: "groups.room_visitors",
    kind: 0x0233,
    access: Access::Hot,
};

/// A visit of a live room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitRow {
    /// Which of the rooms that had the id.
    pub room: u64,
    pub entered_at: Timestamp,
    /// When it ends, unless it is renewed.
    pub until: Timestamp,
}

/// Visitors, the newest first, each with when it came in.
pub type Visitors = Vec<(Timestamp, UserId)>;

fn visit_key(log: LogId, group: &GroupId, user: &UserId) -> Vec<u8> {
    let key = Key::of(log).text(group.as_str());
    key.text(user.as_str()).bytes()
}

fn end_key(log: LogId, until: Timestamp, group: &GroupId, user: &UserId) -> Vec<u8> {
    let key = Key::of(log).u64(until.0).text(group.as_str());
    key.text(user.as_str()).bytes()
}

fn order_key(log: LogId, group: &GroupId, entered_at: Timestamp, user: &UserId) -> Vec<u8> {
    let key = Key::of(log).text(group.as_str()).u64(entered_at.0);
    key.text(user.as_str()).bytes()
}

fn of_end_key(key: &[u8]) -> Option<(GroupId, UserId)> {
    let mut parts = Parts::of(key);
    parts.log()?;
    parts.u64()?;
    let group = GroupId::new(parts.text()?).ok()?;
    Some((group, UserId::new(parts.text()?).ok()?))
}

fn of_order_key(key: &[u8]) -> Option<(Timestamp, UserId)> {
    let mut parts = Parts::of(key);
    parts.log()?;
    parts.text()?;
    let entered_at = Timestamp(parts.u64()?);
    Some((entered_at, UserId::new(parts.text()?).ok()?))
}

pub(crate) fn entered(
    log: LogId,
    event: &LiveEntered,
    time: Timestamp,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let LiveEntered {
        group_id,
        room,
        user_id,
        until,
    } = event;
    let before = Reader::new(state, log).stored_visit(group_id, user_id)?;
    let entered_at = match before {
        Some(before) if before.until > time && before.room == *room => before.entered_at,
        Some(_) | None => time,
    };
    let visit = VisitRow {
        room: *room,
        entered_at,
        until: *until,
    };
    if let Some(before) = before {
        delete(log, group_id, user_id, before, state);
    } else {
        count(log, group_id, 1, state)?;
    }
    let key = visit_key(log, group_id, user_id);
    state.put(&VISIT, key, row::encode(&VISIT, &visit)?);
    let key = end_key(log, visit.until, group_id, user_id);
    state.put(&VISIT_END, key, Vec::new());
    let key = order_key(log, group_id, visit.entered_at, user_id);
    state.put(&VISIT_ORDER, key, Vec::new());
    Ok(())
}

pub(crate) fn left(log: LogId, event: &LiveLeft, state: &mut Overlay<'_>) -> Result<()> {
    let LiveLeft {
        group_id,
        accounts,
        lapsed: _,
    } = event;
    let mut gone = 0;
    for user in accounts {
        let Some(visit) = Reader::new(state, log).stored_visit(group_id, user)? else {
            continue;
        };
        delete(log, group_id, user, visit, state);
        gone += 1;
    }
    count(log, group_id, -gone, state)
}

/// The rows of a visit.
fn delete(log: LogId, group: &GroupId, user: &UserId, visit: VisitRow, state: &mut Overlay<'_>) {
    state.delete(&VISIT, visit_key(log, group, user));
    state.delete(&VISIT_END, end_key(log, visit.until, group, user));
    state.delete(&VISIT_ORDER, order_key(log, group, visit.entered_at, user));
}

fn count(log: LogId, group: &GroupId, more: i64, state: &mut Overlay<'_>) -> Result<()> {
    let visitors = Reader::new(state, log).visitors(group)?;
    let visitors = visitors.saturating_add_signed(more);
    let key = group_key(log, group);
    if visitors == 0 {
        state.delete(&VISITORS, key);
    } else {
        state.put(&VISITORS, key, row::encode(&VISITORS, &visitors)?);
    }
    Ok(())
}

impl Reader<'_> {
    fn stored_visit(&self, group: &GroupId, user: &UserId) -> Result<Option<VisitRow>> {
        let bytes = self.store.get(&VISIT, &visit_key(self.log, group, user))?;
        bytes.map(|bytes| row::decode(&VISIT, &bytes)).transpose()
    }

    /// An account's visit of a live room, unless it is over at a time. Of a log of the kind *live*,
    /// as are those below.
    ///
    /// # Errors
    /// Here and below: when the store fails.
    pub fn visit(&self, group: &GroupId, user: &UserId, at: Timestamp) -> Result<Option<VisitRow>> {
        let visit = self.stored_visit(group, user)?;
        Ok(visit.filter(|visit| visit.until > at))
    }

    /// How many are in a live room. Whose time is over counts until the log says so.
    pub fn visitors(&self, group: &GroupId) -> Result<u64> {
        let bytes = self.store.get(&VISITORS, &group_key(self.log, group))?;
        let row = bytes.map(|bytes| row::decode(&VISITORS, &bytes));
        Ok(row.transpose()?.unwrap_or_default())
    }

    /// Who is in a live room, the newest first, at most `visitors_max`. Whose time is over is among
    /// them until the log says so.
    pub fn visitors_in(&self, group: &GroupId, visitors_max: usize) -> Result<Visitors> {
        let range = KeyRange::prefix(&group_key(self.log, group));
        let down = Direction::Descending;
        self.store
            .rows(&VISIT_ORDER, &range, down, visitors_max, |key, _| {
                let found = of_order_key(key).map(Some);
                found.ok_or_else(|| Error::key(&VISIT_ORDER))
            })
    }

    /// Visits whose time is over, by room, at most `visits_max`.
    pub fn visits_over(
        &self,
        at: Timestamp,
        visits_max: usize,
    ) -> Result<BTreeMap<GroupId, Vec<UserId>>> {
        let range = KeyRange {
            lower: Key::of(self.log).bytes(),
            upper: Some(Key::of(self.log).u64(at.0.saturating_add(1)).bytes()),
        };
        let up = Direction::Ascending;
        let over = self
            .store
            .rows(&VISIT_END, &range, up, visits_max, |key, _| {
                let found = of_end_key(key).map(Some);
                found.ok_or_else(|| Error::key(&VISIT_END))
            })?;
        let mut by_room: BTreeMap<GroupId, Vec<UserId>> = BTreeMap::new();
        for (group, user) in over {
            by_room.entry(group).or_default().push(user);
        }
        Ok(by_room)
    }
}
