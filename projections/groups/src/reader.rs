use std::fmt;
use std::ops::ControlFlow;

use hansard_events::group::GroupType;
use hansard_store::key::Parts;
use hansard_store::{Direction, Error, KeyRange, Read, Result, row};
use hansard_types::{GroupId, LogId, UserId};
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::sweep::{self, SWEEP};
use crate::{
    GROUP, GroupRow, JOINED, MEMBER, MemberRow, group_key, joined_prefix, member_key, roster_prefix,
};

/// A group that someone is a member of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    pub group_id: GroupId,
    pub group: GroupRow,
    pub member: MemberRow,
}

/// Members of a group, and the last one of the page when there may be more behind it.
pub type Page = (Vec<(UserId, MemberRow)>, Option<UserId>);

/// Queries of one app.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    pub(crate) store: &'a dyn Read,
    pub(crate) log: LogId,
}

impl<'a> Reader<'a> {
    #[must_use]
    pub fn new(store: &'a dyn Read, log: LogId) -> Self {
        Self { store, log }
    }

    /// A group, dissolved or not.
    ///
    /// # Errors
    /// Here and below: when the store fails.
    pub fn group(&self, group: &GroupId) -> Result<Option<GroupRow>> {
        let Some(mut row) = self.stored_group(group)? else {
            return Ok(None);
        };
        let owner = match &row.owner {
            Some(owner) if !self.is_swept()? => self.stored_member(group, row.roster, owner)?,
            Some(_) | None => None,
        };
        if let (Some(user), Some(member)) = (&row.owner, owner)
            && self.is_void(user, member.since)?
        {
            row.owner = None;
        }
        Ok(Some(row))
    }

    pub(crate) fn stored_group(&self, group: &GroupId) -> Result<Option<GroupRow>> {
        let bytes = self.store.get(&GROUP, &group_key(self.log, group))?;
        bytes.map(|bytes| row::decode(&GROUP, &bytes)).transpose()
    }

    pub fn member(&self, group: &GroupId, user: &UserId) -> Result<Option<MemberRow>> {
        let Some(roster) = self.roster(group)? else {
            return Ok(None);
        };
        self.member_of(group, roster, user)
    }

    fn member_of(&self, group: &GroupId, roster: u64, user: &UserId) -> Result<Option<MemberRow>> {
        let Some(row) = self.stored_member(group, roster, user)? else {
            return Ok(None);
        };
        Ok((!self.is_void(user, row.since)?).then_some(row))
    }

    pub(crate) fn stored_member(
        &self,
        group: &GroupId,
        roster: u64,
        user: &UserId,
    ) -> Result<Option<MemberRow>> {
        let key = member_key(self.log, group, roster, user);
        let bytes = self.store.get(&MEMBER, &key)?;
        bytes.map(|bytes| row::decode(&MEMBER, &bytes)).transpose()
    }

    /// The group's roster; `None` when it has none.
    pub(crate) fn roster(&self, group: &GroupId) -> Result<Option<u64>> {
        let Some(bytes) = self.store.get(&GROUP, &group_key(self.log, group))? else {
            return Ok(None);
        };
        let Beginning(roster, _) = row::decode(&GROUP, &bytes)?;
        Ok((roster > 0).then_some(roster))
    }

    /// A group's type, dissolved or not: one look-up by key.
    pub fn group_type(&self, group: &GroupId) -> Result<Option<GroupType>> {
        let Some(bytes) = self.store.get(&GROUP, &group_key(self.log, group))? else {
            return Ok(None);
        };
        let Beginning(_, group_type) = row::decode(&GROUP, &bytes)?;
        Ok(Some(group_type))
    }

    /// Whether a user's row is an earlier account's of that name.
    pub(crate) fn is_void(&self, user: &UserId, since: u64) -> Result<bool> {
        Ok(since <= sweep::void_up_to(self.store, self.log, user)?)
    }

    /// Whether no row of any roster is void.
    pub(crate) fn is_swept(&self) -> Result<bool> {
        SWEEP.is_idle(self.store, self.log)
    }

    /// At most `members_max` members, by id.
    pub fn members(&self, group: &GroupId, members_max: usize) -> Result<Vec<(UserId, MemberRow)>> {
        let Some(roster) = self.roster(group)? else {
            return Ok(Vec::new());
        };
        let is_swept = self.is_swept()?;
        let prefix = roster_prefix(self.log, group, roster).bytes();
        let range = KeyRange::prefix(&prefix);
        let up = Direction::Ascending;
        self.store
            .rows(&MEMBER, &range, up, members_max, |key, value| {
                let (user, row) = member_row(key.get(prefix.len()..), value)?;
                let is_void = !is_swept && self.is_void(&user, row.since)?;
                Ok((!is_void).then_some((user, row)))
            })
    }

    /// Members that are wanted, by id, from behind `after` on, the first `offset` of them passed
    /// over: at most `limit`.
    pub fn page(
        &self,
        group: &GroupId,
        after: Option<&UserId>,
        (offset, limit): (usize, usize),
        wanted: impl Fn(&MemberRow) -> bool,
    ) -> Result<Page> {
        let Some(roster) = self.roster(group)? else {
            return Ok((Vec::new(), None));
        };
        let is_swept = self.is_swept()?;
        let prefix = roster_prefix(self.log, group, roster).bytes();
        let mut range = KeyRange::prefix(&prefix);
        if let Some(after) = after {
            // Nothing stands between a key and itself with a byte more.
            range.lower = member_key(self.log, group, roster, after);
            range.lower.push(0);
        }
        let mut passed = 0;
        let mut members = Vec::new();
        let mut has_more = false;
        let up = Direction::Ascending;
        self.store.walk(&MEMBER, &range, up, &mut |key, value| {
            let (user, row) = member_row(key.get(prefix.len()..), value)?;
            if !wanted(&row) || (!is_swept && self.is_void(&user, row.since)?) {
                return Ok(ControlFlow::Continue(()));
            }
            if members.len() == limit {
                has_more = true;
                return Ok(ControlFlow::Break(()));
            }
            if passed < offset {
                passed += 1;
            } else {
                members.push((user, row));
            }
            Ok(ControlFlow::Continue(()))
        })?;
        let last = members.last().filter(|_| has_more);
        let last = last.map(|(user, _)| user.clone());
        Ok((members, last))
    }

    /// The groups a user is a member of, by id: of the first `groups_max` that are noted.
    pub fn joined(&self, user: &UserId, groups_max: usize) -> Result<Vec<Membership>> {
        let mut joined = Vec::new();
        for (group_id, roster) in self.joined_ids(user, groups_max)? {
            let group = self.group(&group_id)?;
            // Another roster, or none: the group was dissolved.
            let Some(group) = group.filter(|group| group.roster == roster) else {
                continue;
            };
            if let Some(member) = self.member_of(&group_id, roster, user)? {
                joined.push(Membership {
                    group_id,
                    group,
                    member,
                });
            }
        }
        Ok(joined)
    }

    fn joined_ids(&self, user: &UserId, groups_max: usize) -> Result<Vec<(GroupId, u64)>> {
        let prefix = joined_prefix(self.log, user);
        let range = KeyRange::prefix(&prefix);
        let up = Direction::Ascending;
        self.store
            .rows(&JOINED, &range, up, groups_max, |key, value| {
                let id = key.get(prefix.len()..).and_then(|id| Parts::of(id).text());
                let id = id.and_then(|text| GroupId::new(text).ok());
                let id = id.ok_or_else(|| Error::key(&JOINED))?;
                Ok(Some((id, row::decode(&JOINED, value)?)))
            })
    }
}

/// A row of a roster: the id behind the roster in its key, and its value.
fn member_row(id: Option<&[u8]>, value: &[u8]) -> Result<(UserId, MemberRow)> {
    let user = id.and_then(|id| Parts::of(id).text());
    let user = user.and_then(|text| UserId::new(text).ok());
    let user = user.ok_or_else(|| Error::key(&MEMBER))?;
    Ok((user, row::decode(&MEMBER, value)?))
}

/// A [`GroupRow`] of which only roster and type are wanted, its first fields: every send to a group
/// asks for them, and the rest is not copied.
struct Beginning(u64, GroupType);

impl<'de> Deserialize<'de> for Beginning {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct First;

        impl<'de> Visitor<'de> for First {
            type Value = Beginning;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a group's row")
            }

            fn visit_seq<A: SeqAccess<'de>>(
                self,
                mut fields: A,
            ) -> std::result::Result<Beginning, A::Error> {
                let too_short = || serde::de::Error::custom("it is too short");
                let roster = fields.next_element()?.ok_or_else(too_short)?;
                let group_type = fields.next_element()?.ok_or_else(too_short)?;
                while fields.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Beginning(roster, group_type))
            }
        }

        deserializer.deserialize_seq(First)
    }
}
