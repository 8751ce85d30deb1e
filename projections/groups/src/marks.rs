//! Marks of accounts in live rooms: a row for each mark of a room, of at most 1000 accounts.

use std::collections::{BTreeMap, BTreeSet};

use hansard_events::group::MembersMarked;
use hansard_store::key::Parts;
use hansard_store::{Access, Direction, Error, KeyRange, Overlay, Result, Table, row};
use hansard_types::limits::MARKS_MAX;
use hansard_types::{GroupId, LogId, UserId};

use crate::aside::trace;
use crate::reader::Reader;
use crate::roster_prefix;

/// Accounts, each with the log's sequence of its marking: an account deleted after it has it no more.
pub(crate) static MARK: Table = Table {
    name: "groups.group_mark",
    kind: 0x0214,
    access: Access::Point,
};

type Marked = BTreeMap<UserId, u64>;

fn mark_key(log: LogId, group: &GroupId, roster: u64, mark: u32) -> Vec<u8> {
    roster_prefix(log, group, roster).u32(mark).bytes()
}

pub(crate) fn marked(
    log: LogId,
    event: &MembersMarked,
    at: u64,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let MembersMarked {
        group_id,
        are_set,
        members,
    } = event;
    let reader = Reader::new(state, log);
    let Some(group) = reader.stored_group(group_id)? else {
        return Ok(());
    };
    let mut rows = reader.stored_marks(group_id, group.roster)?;
    let mut touched = BTreeSet::new();
    for one in members {
        for mark in &one.marks {
            let marked = rows.entry(*mark).or_default();
            if *are_set {
                marked.insert(one.user_id.clone(), at);
            } else {
                marked.remove(&one.user_id);
            }
            touched.insert(*mark);
        }
        if *are_set {
            trace(log, group_id, &group, &one.user_id, state)?;
        }
    }
    for mark in touched {
        put(log, (group_id, group.roster), mark, &rows[&mark], state)?;
    }
    Ok(())
}

fn put(
    log: LogId,
    (group, roster): (&GroupId, u64),
    mark: u32,
    marked: &Marked,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let key = mark_key(log, group, roster, mark);
    if marked.is_empty() {
        state.delete(&MARK, key);
        return Ok(());
    }
    state.put(&MARK, key, row::encode(&MARK, marked)?);
    Ok(())
}

/// Takes the marks of a deleted account away, unless they came later than `up_to`.
pub(crate) fn clear(
    log: LogId,
    (group, roster): (&GroupId, u64),
    user: &UserId,
    up_to: u64,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let rows = Reader::new(state, log).stored_marks(group, roster)?;
    for (mark, mut marked) in rows {
        if marked.get(user).is_some_and(|since| *since <= up_to) {
            marked.remove(user);
            put(log, (group, roster), mark, &marked, state)?;
        }
    }
    Ok(())
}

/// They go with their room.
pub(crate) fn forget(
    log: LogId,
    group: &GroupId,
    roster: u64,
    state: &mut Overlay<'_>,
) -> Result<()> {
    for mark in Reader::new(state, log).stored_marks(group, roster)?.keys() {
        state.delete(&MARK, mark_key(log, group, roster, *mark));
    }
    Ok(())
}

impl Reader<'_> {
    fn stored_marks(&self, group: &GroupId, roster: u64) -> Result<BTreeMap<u32, Marked>> {
        let prefix = roster_prefix(self.log, group, roster).bytes();
        let range = KeyRange::prefix(&prefix);
        let up = Direction::Ascending;
        let rows = self.store.rows(&MARK, &range, up, MARKS_MAX, |key, value| {
            let mark = key.get(prefix.len()..).and_then(|key| Parts::of(key).u32());
            let mark = mark.ok_or_else(|| Error::key(&MARK))?;
            Ok(Some((mark, row::decode(&MARK, value)?)))
        });
        Ok(rows?.into_iter().collect())
    }

    /// The marks of a live room, each with the accounts that have it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn marks(&self, group: &GroupId) -> Result<BTreeMap<u32, BTreeSet<UserId>>> {
        let Some(roster) = self.roster(group)? else {
            return Ok(BTreeMap::new());
        };
        let mut marks: BTreeMap<u32, BTreeSet<UserId>> = BTreeMap::new();
        for (mark, marked) in self.stored_marks(group, roster)? {
            for (user, since) in marked {
                if !self.is_void(&user, since)? {
                    marks.entry(mark).or_default().insert(user);
                }
            }
        }
        Ok(marks)
    }
}
