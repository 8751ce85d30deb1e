use std::ops::ControlFlow;

use hansard_store::{Direction, Error, KeyRange, Result, Table, row};
use hansard_types::{UserId, limits};

use super::rows::{BlockRow, FriendRow, Kind, LISTS, ListsRow, Pair, RequestRow, pair_key};
use super::sweep::{self, VOID, VoidRow};
use crate::{Reader, account_key};

/// What is done with each row of an account, and whether it goes on.
type Visit<'a> = &'a mut dyn FnMut(UserId, &[u8]) -> Result<ControlFlow<()>>;

/// Queries about relations.
impl Reader<'_> {
    pub fn lists(&self, user: &UserId) -> Result<ListsRow> {
        Ok(self.get(&LISTS, user)?.unwrap_or_default())
    }

    /// What an account keeps about a friend; `None` when the other is not on its list.
    pub fn friend(&self, user: &UserId, other: &UserId) -> Result<Option<FriendRow>> {
        self.pair(user, other)
    }

    /// The request of `from` that waits for `to`.
    pub fn request(&self, to: &UserId, from: &UserId) -> Result<Option<RequestRow>> {
        self.pair(to, from)
    }

    pub fn blocks(&self, user: &UserId, other: &UserId) -> Result<bool> {
        Ok(self.pair::<BlockRow>(user, other)?.is_some())
    }

    /// A page of an account's friends, by id.
    pub fn friends(
        &self,
        user: &UserId,
        start: usize,
        count: usize,
    ) -> Result<Vec<(UserId, FriendRow)>> {
        self.page(user, start, count)
    }

    /// A page of the requests that wait for an account, by id of who asks.
    pub fn requests(
        &self,
        user: &UserId,
        start: usize,
        count: usize,
    ) -> Result<Vec<(UserId, RequestRow)>> {
        self.page(user, start, count)
    }

    /// A page of the accounts that an account blocks, by id.
    pub fn blocked(
        &self,
        user: &UserId,
        start: usize,
        count: usize,
    ) -> Result<Vec<(UserId, BlockRow)>> {
        self.page(user, start, count)
    }

    pub(super) fn pair<T: Pair>(&self, user: &UserId, other: &UserId) -> Result<Option<T>> {
        let table = T::KIND.table();
        let Some(bytes) = self.store.get(table, &pair_key(self.log, user, other))? else {
            return Ok(None);
        };
        let row: T = row::decode(table, &bytes)?;
        let is_void = self.is_void(&self.void(user)?, other, &row)?;
        Ok((!is_void).then_some(row))
    }

    /// Whether a row was made for an earlier account of either name, or before a list was emptied.
    fn is_void<T: Pair>(&self, own: &VoidRow, other: &UserId, row: &T) -> Result<bool> {
        let since = row.since();
        Ok(own.voids_own(T::KIND, since) || self.void(other)?.voids_of(T::KIND, since))
    }

    pub(super) fn void(&self, user: &UserId) -> Result<VoidRow> {
        Ok(self.get(&VOID, user)?.unwrap_or_default())
    }

    /// When a pair's row was made, void or not.
    pub(super) fn since(&self, kind: Kind, user: &UserId, other: &UserId) -> Result<Option<u64>> {
        fn of<T: Pair>(bytes: &[u8]) -> Result<u64> {
            Ok(row::decode::<T>(T::KIND.table(), bytes)?.since())
        }
        let bytes = self
            .store
            .get(kind.table(), &pair_key(self.log, user, other))?;
        let Some(bytes) = bytes else { return Ok(None) };
        let since = match kind {
            Kind::Friend => of::<FriendRow>(&bytes)?,
            Kind::Request => of::<RequestRow>(&bytes)?,
            Kind::Block => of::<BlockRow>(&bytes)?,
        };
        Ok(Some(since))
    }

    fn page<T: Pair>(&self, user: &UserId, start: usize, count: usize) -> Result<Vec<(UserId, T)>> {
        let is_swept = sweep::SWEEP.is_idle(self.store, self.log)?;
        let own = self.void(user)?;
        let end = start.saturating_add(count);
        let mut at = 0;
        let mut rows = Vec::new();
        self.walk(T::KIND.table(), user, &mut |id, value| {
            if at >= end {
                return Ok(ControlFlow::Break(()));
            }
            // What is passed over needs no reading, unless it may be void.
            if is_swept && at < start {
                at += 1;
                return Ok(ControlFlow::Continue(()));
            }
            let row: T = row::decode(T::KIND.table(), value)?;
            if is_swept || !self.is_void(&own, &id, &row)? {
                if at >= start {
                    rows.push((id, row));
                }
                at += 1;
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(rows)
    }

    /// An account's friends, of which there are at most `FRIENDS_MAX`.
    pub(super) fn friend_ids(&self, user: &UserId) -> Result<Vec<UserId>> {
        let friends_max = usize::try_from(limits::FRIENDS_MAX).unwrap_or(usize::MAX);
        let friends = self.page::<FriendRow>(user, 0, friends_max)?;
        Ok(friends.into_iter().map(|(id, _)| id).collect())
    }

    /// Shows an account's rows of a table, until `visit` breaks.
    fn walk(&self, table: &'static Table, user: &UserId, visit: Visit<'_>) -> Result<()> {
        let prefix = account_key(self.log, user);
        let range = KeyRange::prefix(&prefix);
        self.store
            .walk(table, &range, Direction::Ascending, &mut |key, value| {
                let id = key.get(prefix.len()..).and_then(id_of);
                visit(id.ok_or_else(|| Error::key(table))?, value)
            })
    }
}

/// The id at the end of a key.
fn id_of(part: &[u8]) -> Option<UserId> {
    let text = part.strip_suffix(&[0])?;
    UserId::new(std::str::from_utf8(text).ok()?).ok()
}
