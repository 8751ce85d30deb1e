//! Dissolved rosters and the memberships of deleted accounts: void at once, swept bit by bit.
//!
//! A dissolved group's roster is void because the group's row names it no more; the memberships of
//! a deleted account because [`VOID`] says up to when they are.

use hansard_projector::sweep::{self, Sweep, ids_after};
use hansard_store::{Access, Overlay, Read, Result, Table, row};
use hansard_types::{GroupId, LogId, UserId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::apply::{put, remove_row};
use crate::aside;
use crate::reader::Reader;
use crate::{
    BAN, JOINED, MEMBER, MUTE, REQUEST, TRACE, joined_key, joined_prefix, member_key, roster_prefix,
};

/// Of a deleted account, while rows of it are left: those that came up to then are void.
pub(crate) static VOID: Table = Table {
    name: "groups.user_void",
    kind: 0x0204,
    access: Access::Hot,
};
pub(crate) static QUEUE: Table = Table {
    name: "groups.app_queue",
    kind: 0x0205,
    access: Access::Hot,
};
pub(crate) static TASK: Table = Table {
    name: "groups.number_task",
    kind: 0x0206,
    access: Access::Point,
};

/// The tables with a row per user of a roster, each with the one that finds them by user.
static OF_ROSTER: [(&Table, &Table); 4] = [
    (&MUTE, &TRACE),
    (&REQUEST, &TRACE),
    (&BAN, &TRACE),
    (&MEMBER, &JOINED),
];

pub(crate) static SWEEP: Sweep = Sweep {
    queue: &QUEUE,
    tasks: &TASK,
};

/// What is left of something, from the row behind `after` on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Task {
    /// Rows of a dissolved roster, of the table with this number in [`OF_ROSTER`].
    Roster {
        table: usize,
        group: GroupId,
        roster: u64,
        after: Option<UserId>,
    },
    Account {
        user: UserId,
        up_to: u64,
        after: Option<GroupId>,
    },
    /// What stands beside rosters for an account, which goes before its memberships do.
    Traces {
        user: UserId,
        up_to: u64,
        after: Option<GroupId>,
    },
}

fn read<T: DeserializeOwned>(
    state: &dyn Read,
    table: &'static Table,
    key: &[u8],
) -> Result<Option<T>> {
    let bytes = state.get(table, key)?;
    bytes.map(|bytes| row::decode(table, &bytes)).transpose()
}

/// Rows of the user that came up to here are void; 0: none are.
pub(crate) fn void_up_to(state: &dyn Read, log: LogId, user: &UserId) -> Result<u64> {
    Ok(read(state, &VOID, &joined_prefix(log, user))?.unwrap_or(0))
}

/// Nobody is on a roster any more.
pub(crate) fn roster(
    log: LogId,
    group: &GroupId,
    roster: u64,
    state: &mut Overlay<'_>,
) -> Result<()> {
    for table in 0..OF_ROSTER.len() {
        let task = Task::Roster {
            table,
            group: group.clone(),
            roster,
            after: None,
        };
        SWEEP.begin(log, task, state)?;
    }
    Ok(())
}

/// An account is on no roster any more.
pub(crate) fn account(
    log: LogId,
    user: &UserId,
    up_to: u64,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let encoded = row::encode(&VOID, &up_to)?;
    state.put(&VOID, joined_prefix(log, user), encoded);
    // Before the memberships: with the last of those nothing is void any more.
    let task = Task::Traces {
        user: user.clone(),
        up_to,
        after: None,
    };
    SWEEP.begin(log, task, state)
}

impl sweep::Task for Task {
    fn advance(
        self,
        log: LogId,
        rows_max: usize,
        state: &mut Overlay<'_>,
    ) -> Result<(usize, Option<Self>)> {
        match self {
            Self::Roster {
                table,
                group,
                roster,
                after,
            } => of_roster(log, (table, group, roster), after.as_ref(), rows_max, state),
            Self::Traces { user, up_to, after } => {
                traces(log, user, up_to, after.as_ref(), rows_max, state)
            }
            Self::Account { user, up_to, after } => {
                memberships(log, user, up_to, after.as_ref(), rows_max, state)
            }
        }
    }
}

/// How many rows were looked at, and what is left.
type Slice = Result<(usize, Option<Task>)>;

fn of_roster(
    log: LogId,
    (table, group, roster): (usize, GroupId, u64),
    after: Option<&UserId>,
    rows_max: usize,
    state: &mut Overlay<'_>,
) -> Slice {
    let (rows, by_user) = OF_ROSTER[table];
    let prefix = roster_prefix(log, &group, roster).bytes();
    let after = after.map(UserId::as_str);
    let users = ids_after(state, rows, &prefix, after, rows_max, UserId::new)?;
    for user in &users {
        state.delete(rows, member_key(log, &group, roster, user));
        let back = joined_key(log, user, &group);
        if read(state, by_user, &back)? == Some(roster) {
            state.delete(by_user, back);
        }
    }
    let left = (users.len() >= rows_max).then(|| Task::Roster {
        table,
        group,
        roster,
        after: users.last().cloned(),
    });
    Ok((users.len(), left))
}

fn traces(
    log: LogId,
    user: UserId,
    up_to: u64,
    after: Option<&GroupId>,
    rows_max: usize,
    state: &mut Overlay<'_>,
) -> Slice {
    let prefix = joined_prefix(log, &user);
    let after = after.map(GroupId::as_str);
    let groups = ids_after(state, &TRACE, &prefix, after, rows_max, GroupId::new)?;
    for group in &groups {
        aside::clear(log, group, &user, up_to, state)?;
        state.delete(&TRACE, joined_key(log, &user, group));
    }
    let swept = groups.len();
    if swept >= rows_max {
        let after = groups.last().cloned();
        return Ok((swept, Some(Task::Traces { user, up_to, after })));
    }
    let (more, left) = memberships(log, user, up_to, None, rows_max - swept, state)?;
    Ok((swept + more, left))
}

fn memberships(
    log: LogId,
    user: UserId,
    up_to: u64,
    after: Option<&GroupId>,
    rows_max: usize,
    state: &mut Overlay<'_>,
) -> Slice {
    let prefix = joined_prefix(log, &user);
    let after = after.map(GroupId::as_str);
    let groups = ids_after(state, &JOINED, &prefix, after, rows_max, GroupId::new)?;
    for group in &groups {
        leave(log, group, &user, up_to, state)?;
    }
    if groups.len() >= rows_max {
        let after = groups.last().cloned();
        return Ok((groups.len(), Some(Task::Account { user, up_to, after })));
    }
    // A later deletion of an account of that name has a task of its own.
    if void_up_to(state, log, &user)? == up_to {
        state.delete(&VOID, prefix);
    }
    Ok((groups.len(), None))
}

/// Takes a deleted account's row out of a group, unless the row came later.
fn leave(
    log: LogId,
    group_id: &GroupId,
    user: &UserId,
    up_to: u64,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let key = joined_key(log, user, group_id);
    let roster: Option<u64> = read(state, &JOINED, &key)?;
    let group = Reader::new(state, log).stored_group(group_id)?;
    let Some(mut group) = group.filter(|group| Some(group.roster) == roster) else {
        // Of a roster that is void itself.
        state.delete(&JOINED, key);
        return Ok(());
    };
    let row = Reader::new(state, log).stored_member(group_id, group.roster, user)?;
    if row.is_some_and(|row| row.since <= up_to) {
        remove_row(log, group_id, &mut group, user, state);
        put(log, group_id, &group, state)?;
    }
    Ok(())
}
