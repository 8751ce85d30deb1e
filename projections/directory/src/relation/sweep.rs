//! Relations of deleted accounts, and friend lists that were emptied: void at once, swept bit by
//! bit. The account's own counts are right at once; those of the others with the sweep.

use hansard_projector::sweep::{self, Sweep, ids_after};
use hansard_store::{Access, Overlay, Result, Table, row};
use hansard_types::{LogId, UserId};
use serde::{Deserialize, Serialize};

use super::Fold;
use super::rows::{Kind, LISTS, RELATED, related_prefix};
use crate::account_key;

/// Of an account, while rows are left that are void.
pub(crate) static VOID: Table = Table {
    name: "directory.user_void",
    kind: 0x0115,
    access: Access::Hot,
};
pub(crate) static QUEUE: Table = Table {
    name: "directory.app_queue",
    kind: 0x0116,
    access: Access::Hot,
};
pub(crate) static TASK: Table = Table {
    name: "directory.number_task",
    kind: 0x0117,
    access: Access::Point,
};

pub(crate) static SWEEP: Sweep = Sweep {
    queue: &QUEUE,
    tasks: &TASK,
};

/// Up to which of the log's sequences an account's rows are void; 0: none are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct VoidRow {
    /// All of them, on both sides: the account was deleted.
    pub(crate) all: u64,
    /// Its friends.
    pub(crate) friends: u64,
    /// Those whose friend it is.
    pub(crate) friend_of: u64,
}

impl VoidRow {
    /// Whether what the account keeps of another since then is void.
    pub(super) fn voids_own(self, kind: Kind, since: u64) -> bool {
        since <= self.all || (kind == Kind::Friend && since <= self.friends)
    }

    /// Whether what another keeps of the account since then is void.
    pub(super) fn voids_of(self, kind: Kind, since: u64) -> bool {
        since <= self.all || (kind == Kind::Friend && since <= self.friend_of)
    }
}

/// Whose rows: the account's of others, or others' of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Side {
    Own,
    Of,
}

/// What is left to sweep of an account: kinds of rows, the last one first, and in that from the
/// row behind `after` on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Task {
    user: UserId,
    up_to: u64,
    left: Vec<(Kind, Side)>,
    after: Option<UserId>,
}

/// Takes a deleted account's relations away, on both sides.
pub(crate) fn forget(log: LogId, user: &UserId, at: u64, state: &mut Overlay<'_>) -> Result<()> {
    state.delete(&LISTS, account_key(log, user));
    let mut left = Vec::new();
    for kind in Kind::ALL {
        left.extend([(kind, Side::Own), (kind, Side::Of)]);
    }
    begin(log, user, at, left, state, |void| void.all = at)
}

/// Empties an account's friend list and, if `both`, takes it off every other one.
pub(super) fn clear(
    log: LogId,
    user: &UserId,
    both: bool,
    at: u64,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let mut fold = Fold { log, at, state };
    fold.change_lists(user, |lists| {
        lists.friends = 0;
        lists.standard_sequence += 1;
        if both {
            lists.friend_of = 0;
        }
    })?;
    let mut left = vec![(Kind::Friend, Side::Own)];
    if both {
        left.push((Kind::Friend, Side::Of));
    }
    begin(log, user, at, left, state, |void| {
        void.friends = at;
        if both {
            void.friend_of = at;
        }
    })
}

fn begin(
    log: LogId,
    user: &UserId,
    up_to: u64,
    left: Vec<(Kind, Side)>,
    state: &mut Overlay<'_>,
    mark: impl FnOnce(&mut VoidRow),
) -> Result<()> {
    let mut void = crate::Reader::new(state, log).void(user)?;
    mark(&mut void);
    state.put(&VOID, account_key(log, user), row::encode(&VOID, &void)?);
    let task = Task {
        user: user.clone(),
        up_to,
        left,
        after: None,
    };
    SWEEP.begin(log, task, state)
}

impl sweep::Task for Task {
    fn advance(
        mut self,
        log: LogId,
        rows_max: usize,
        state: &mut Overlay<'_>,
    ) -> Result<(usize, Option<Self>)> {
        let mut swept = 0;
        while let Some((kind, side)) = self.left.last().copied() {
            let rows_left = rows_max - swept;
            if rows_left == 0 {
                return Ok((swept, Some(self)));
            }
            let others = self.others(log, kind, side, rows_left, state)?;
            for other in &others {
                self.remove(log, kind, side, other, state)?;
            }
            swept += others.len();
            if others.len() < rows_left {
                self.left.pop();
                self.after = None;
            } else {
                self.after = others.last().cloned();
            }
        }
        self.end(log, state)?;
        Ok((swept, None))
    }
}

impl Task {
    fn others(
        &self,
        log: LogId,
        kind: Kind,
        side: Side,
        rows_max: usize,
        state: &Overlay<'_>,
    ) -> Result<Vec<UserId>> {
        let (table, prefix) = match side {
            Side::Own => (kind.table(), account_key(log, &self.user)),
            Side::Of => (&RELATED, related_prefix(log, &self.user, kind).bytes()),
        };
        let after = self.after.as_ref().map(UserId::as_str);
        ids_after(state, table, &prefix, after, rows_max, UserId::new)
    }

    /// Rows that came later stay.
    fn remove(
        &self,
        log: LogId,
        kind: Kind,
        side: Side,
        other: &UserId,
        state: &mut Overlay<'_>,
    ) -> Result<()> {
        let at = self.up_to;
        let mut fold = Fold { log, at, state };
        let (one, two) = match side {
            Side::Own => (&self.user, other),
            Side::Of => (other, &self.user),
        };
        match fold.reader().since(kind, one, two)? {
            Some(since) if since <= self.up_to => fold.remove(kind, one, two),
            Some(_) | None => Ok(()),
        }
    }

    /// A later deletion or emptying has a task of its own.
    fn end(&self, log: LogId, state: &mut Overlay<'_>) -> Result<()> {
        let mut void = crate::Reader::new(state, log).void(&self.user)?;
        for mark in [&mut void.all, &mut void.friends, &mut void.friend_of] {
            if *mark == self.up_to {
                *mark = 0;
            }
        }
        let key = account_key(log, &self.user);
        if void == VoidRow::default() {
            state.delete(&VOID, key);
        } else {
            state.put(&VOID, key, row::encode(&VOID, &void)?);
        }
        Ok(())
    }
}
