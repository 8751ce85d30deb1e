use std::ops::ControlFlow;

use hansard_store::key::{Key, Parts};
use hansard_store::{Direction, Error, KeyRange, Read, Result, row};
use hansard_types::{AppId, GroupId, UserId};

use crate::{GROUP, GroupRow, JOINED, MEMBER, MemberRow, group_key, member_key};

/// A group that someone is a member of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    pub group_id: GroupId,
    pub group: GroupRow,
    pub member: MemberRow,
}

/// Queries of one app.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    store: &'a dyn Read,
    app: AppId,
}

impl<'a> Reader<'a> {
    #[must_use]
    pub fn new(store: &'a dyn Read, app: AppId) -> Self {
        Self { store, app }
    }

    /// A group, dissolved or not.
    ///
    /// # Errors
    /// Here and below: when the store fails.
    pub fn group(&self, group: &GroupId) -> Result<Option<GroupRow>> {
        let bytes = self.store.get(&GROUP, &group_key(self.app, group))?;
        bytes.map(|bytes| row::decode(&GROUP, &bytes)).transpose()
    }

    pub fn member(&self, group: &GroupId, user: &UserId) -> Result<Option<MemberRow>> {
        let bytes = self
            .store
            .get(&MEMBER, &member_key(self.app, group, user))?;
        bytes.map(|bytes| row::decode(&MEMBER, &bytes)).transpose()
    }

    /// At most `members_max` members, by id.
    pub fn members(&self, group: &GroupId, members_max: usize) -> Result<Vec<(UserId, MemberRow)>> {
        let range = KeyRange::prefix(&group_key(self.app, group));
        let mut members = Vec::new();
        let mut failed = None;
        self.store
            .scan(&MEMBER, &range, Direction::Ascending, &mut |key, value| {
                if members.len() >= members_max {
                    return ControlFlow::Break(());
                }
                match second_text(key).zip(row::decode(&MEMBER, value).ok()) {
                    Some((user, member)) => members.push((user, member)),
                    None => failed = Some(unreadable(MEMBER.name)),
                }
                if failed.is_some() {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            })?;
        failed.map_or(Ok(members), Err)
    }

    /// The groups a user is a member of, by id.
    pub fn joined(&self, user: &UserId) -> Result<Vec<Membership>> {
        let range = KeyRange::prefix(&Key::of(self.app).text(user.as_str()).bytes());
        let mut ids: Vec<GroupId> = Vec::new();
        let mut failed = None;
        self.store
            .scan(&JOINED, &range, Direction::Ascending, &mut |key, _| {
                let mut parts = Parts::of(key);
                let id = parts
                    .app()
                    .and_then(|_| parts.text())
                    .and_then(|_| parts.text());
                match id.and_then(|text| GroupId::new(text).ok()) {
                    Some(id) => ids.push(id),
                    None => failed = Some(unreadable(JOINED.name)),
                }
                if failed.is_some() {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            })?;
        if let Some(error) = failed {
            return Err(error);
        }
        let mut joined = Vec::with_capacity(ids.len());
        for group_id in ids {
            let found = self.group(&group_id)?.zip(self.member(&group_id, user)?);
            let (group, member) = found.ok_or_else(|| unreadable(JOINED.name))?;
            joined.push(Membership {
                group_id,
                group,
                member,
            });
        }
        Ok(joined)
    }
}

fn second_text(key: &[u8]) -> Option<UserId> {
    let mut parts = Parts::of(key);
    parts.app()?;
    parts.text()?;
    UserId::new(parts.text()?).ok()
}

fn unreadable(table: &'static str) -> Error {
    Error::Row {
        table,
        reason: "a key or row is not what this projection writes".to_owned(),
    }
}
