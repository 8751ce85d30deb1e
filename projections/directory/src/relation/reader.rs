use std::ops::ControlFlow;

use hansard_store::{Direction, Error, KeyRange, Result, Table, row};
use hansard_types::UserId;
use serde::de::DeserializeOwned;

use super::{
    BLOCK, BlockRow, FRIEND, FriendRow, Kind, LISTS, ListsRow, RELATED, REQUEST, RequestRow,
    pair_key, related_prefix,
};
use crate::{Reader, account_key};

/// Queries about relations.
impl Reader<'_> {
    pub fn lists(&self, user: &UserId) -> Result<ListsRow> {
        Ok(self.get(&LISTS, user)?.unwrap_or_default())
    }

    /// What an account keeps about a friend; `None` when the other is not on its list.
    pub fn friend(&self, user: &UserId, other: &UserId) -> Result<Option<FriendRow>> {
        self.pair(&FRIEND, user, other)
    }

    /// The request of `from` that waits for `to`.
    pub fn request(&self, to: &UserId, from: &UserId) -> Result<Option<RequestRow>> {
        self.pair(&REQUEST, to, from)
    }

    pub fn blocks(&self, user: &UserId, other: &UserId) -> Result<bool> {
        let key = pair_key(self.app, user, other);
        Ok(self.store.get(&BLOCK, &key)?.is_some())
    }

    /// A page of an account's friends, by id.
    pub fn friends(
        &self,
        user: &UserId,
        start: usize,
        count: usize,
    ) -> Result<Vec<(UserId, FriendRow)>> {
        self.page(&FRIEND, user, start, count)
    }

    /// A page of the requests that wait for an account, by id of who asks.
    pub fn requests(
        &self,
        user: &UserId,
        start: usize,
        count: usize,
    ) -> Result<Vec<(UserId, RequestRow)>> {
        self.page(&REQUEST, user, start, count)
    }

    /// A page of the accounts that an account blocks, by id.
    pub fn blocked(
        &self,
        user: &UserId,
        start: usize,
        count: usize,
    ) -> Result<Vec<(UserId, BlockRow)>> {
        self.page(&BLOCK, user, start, count)
    }

    fn pair<T: DeserializeOwned>(
        &self,
        table: &'static Table,
        user: &UserId,
        other: &UserId,
    ) -> Result<Option<T>> {
        let bytes = self.store.get(table, &pair_key(self.app, user, other))?;
        bytes.map(|bytes| row::decode(table, &bytes)).transpose()
    }

    fn page<T: DeserializeOwned>(
        &self,
        table: &'static Table,
        user: &UserId,
        start: usize,
        count: usize,
    ) -> Result<Vec<(UserId, T)>> {
        let prefix = account_key(self.app, user);
        let mut rows = Vec::new();
        self.walk(table, &prefix, start, count, &mut |id, value| {
            rows.push((id, row::decode(table, value)?));
            Ok(())
        })?;
        Ok(rows)
    }

    pub(super) fn others(&self, table: &'static Table, user: &UserId) -> Result<Vec<UserId>> {
        let mut ids = Vec::new();
        let prefix = account_key(self.app, user);
        self.walk(table, &prefix, 0, usize::MAX, &mut |id, _| {
            ids.push(id);
            Ok(())
        })?;
        Ok(ids)
    }

    /// Accounts that have such a row about `other`.
    pub(super) fn related(&self, other: &UserId, kind: Kind) -> Result<Vec<UserId>> {
        let mut ids = Vec::new();
        let prefix = related_prefix(self.app, other, kind).bytes();
        self.walk(&RELATED, &prefix, 0, usize::MAX, &mut |id, _| {
            ids.push(id);
            Ok(())
        })?;
        Ok(ids)
    }

    /// Shows rows whose key is the prefix and an id.
    fn walk(
        &self,
        table: &'static Table,
        prefix: &[u8],
        start: usize,
        count: usize,
        visit: &mut dyn FnMut(UserId, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let range = KeyRange::prefix(prefix);
        let (mut at, mut failed) = (0_usize, None);
        let end = start.saturating_add(count);
        self.store
            .scan(table, &range, Direction::Ascending, &mut |key, value| {
                if at >= end {
                    return ControlFlow::Break(());
                }
                at += 1;
                if at <= start {
                    return ControlFlow::Continue(());
                }
                let id = key.get(prefix.len()..).and_then(id_of);
                let shown = match id {
                    Some(id) => visit(id, value),
                    None => Err(Error::Row {
                        table: table.name,
                        reason: "a key does not read".to_owned(),
                    }),
                };
                match shown {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(error) => {
                        failed = Some(error);
                        ControlFlow::Break(())
                    }
                }
            })?;
        failed.map_or(Ok(()), Err)
    }
}

/// The id at the end of a key.
fn id_of(part: &[u8]) -> Option<UserId> {
    let text = part.strip_suffix(&[0])?;
    UserId::new(std::str::from_utf8(text).ok()?).ok()
}
