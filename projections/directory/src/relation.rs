//! Relations: friends, requests, blocks, friend groups.
//!
//! Whatever one account keeps of another is a row of the first, and an entry under the second
//! (`RELATED`), so that deleting an account finds both sides. `LISTS` counts what there is.

use hansard_events::RelationEvent;
use hansard_events::relation::{
    Befriended, Blocked, FriendChanged, FriendDetails, FriendGroupLeft, FriendGroupRenamed,
    FriendGroupsAdded, FriendGroupsDeleted, FriendRequested,
};
use hansard_store::{Overlay, Result, row};
use hansard_types::{LogId, Timestamp, UserId};

use crate::{Reader, account_key};

mod reader;
mod rows;
mod sweep;

use rows::{Kind, Pair, pair_key, related_prefix};

pub(crate) use rows::{BLOCK, FRIEND, LISTS, RELATED, REQUEST};
pub use rows::{BlockRow, FriendRow, ListsRow, RequestRow};
pub(crate) use sweep::{QUEUE, TASK, VOID, forget};

/// Sweeps a few rows of what is left of deleted accounts and emptied lists.
pub(crate) fn sweep_slice(log: LogId, state: &mut Overlay<'_>) -> Result<()> {
    sweep::SWEEP.slice::<sweep::Task>(log, state)
}

pub(crate) fn apply(
    log: LogId,
    event: &RelationEvent,
    at: u64,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let mut fold = Fold { log, at, state };
    match event {
        RelationEvent::Requested(event) => fold.requested(event),
        RelationEvent::RequestRefused(event) => fold.remove(Kind::Request, &event.by, &event.from),
        RelationEvent::Befriended(event) => fold.befriended(event),
        RelationEvent::Unfriended(event) => {
            fold.remove(Kind::Friend, &event.from, &event.to)?;
            if event.both {
                fold.remove(Kind::Friend, &event.to, &event.from)?;
            }
            Ok(())
        }
        RelationEvent::FriendsCleared(event) => {
            sweep::clear(log, &event.user, event.both, at, state)
        }
        RelationEvent::FriendChanged(event) => fold.friend_changed(event),
        RelationEvent::Blocked(event) => fold.blocked(event),
        RelationEvent::Unblocked(event) => fold.remove(Kind::Block, &event.user, &event.blocked),
        RelationEvent::GroupsAdded(event) => fold.groups_added(event),
        RelationEvent::GroupsDeleted(event) => fold.groups_deleted(event),
        RelationEvent::GroupRenamed(event) => fold.group_renamed(event),
        RelationEvent::GroupLeft(event) => fold.group_left(event),
    }
}

struct Fold<'a, 's> {
    log: LogId,
    /// The log's sequence of the event.
    at: u64,
    state: &'a mut Overlay<'s>,
}

impl Fold<'_, '_> {
    fn reader(&self) -> Reader<'_> {
        Reader::new(&*self.state, self.log)
    }

    fn change_lists(&mut self, user: &UserId, change: impl FnOnce(&mut ListsRow)) -> Result<()> {
        let mut lists = self.reader().lists(user)?;
        change(&mut lists);
        let encoded = row::encode(&LISTS, &lists)?;
        self.state.put(&LISTS, account_key(self.log, user), encoded);
        Ok(())
    }

    /// Puts a pair's row; counts it when it is new.
    fn put<T: Pair>(&mut self, user: &UserId, other: &UserId, row: &T) -> Result<()> {
        let kind = T::KIND;
        let (table, key) = (kind.table(), pair_key(self.log, user, other));
        let is_new = self.reader().pair::<T>(user, other)?.is_none();
        if is_new {
            // An earlier account's of that name, which is not swept yet.
            self.remove(kind, user, other)?;
        }
        self.state.put(table, key, row::encode(table, row)?);
        let related = related_prefix(self.log, other, kind).text(user.as_str());
        self.state.put(&RELATED, related.bytes(), Vec::new());
        if is_new && kind == Kind::Friend {
            self.change_lists(other, |lists| lists.friend_of += 1)?;
        }
        self.change_lists(user, |lists| {
            let (count, sequence) = kind.counters(lists);
            *count += u32::from(is_new);
            if let Some(sequence) = sequence {
                *sequence += 1;
            }
        })
    }

    /// Nothing happens to a pair that is not there.
    fn remove(&mut self, kind: Kind, user: &UserId, other: &UserId) -> Result<()> {
        let Some(since) = self.reader().since(kind, user, other)? else {
            return Ok(());
        };
        let own_is_void = self.reader().void(user)?.voids_own(kind, since);
        let of_is_void = self.reader().void(other)?.voids_of(kind, since);
        self.state
            .delete(kind.table(), pair_key(self.log, user, other));
        let related = related_prefix(self.log, other, kind).text(user.as_str());
        self.state.delete(&RELATED, related.bytes());
        // Whoever made the row void counts it no more.
        if kind == Kind::Friend && !of_is_void {
            self.change_lists(other, |lists| {
                lists.friend_of = lists.friend_of.saturating_sub(1);
            })?;
        }
        if own_is_void {
            return Ok(());
        }
        self.change_lists(user, |lists| {
            let (count, sequence) = kind.counters(lists);
            *count = count.saturating_sub(1);
            if let Some(sequence) = sequence {
                *sequence += 1;
            }
        })
    }

    fn requested(&mut self, event: &FriendRequested) -> Result<()> {
        let FriendRequested {
            from,
            to,
            details,
            both,
            requested_at,
        } = event;
        let request = RequestRow {
            details: details.clone(),
            both: *both,
            requested_at: *requested_at,
            since: self.at,
        };
        self.put(to, from, &request)
    }

    fn befriended(&mut self, event: &Befriended) -> Result<()> {
        let Befriended {
            from,
            to,
            details,
            both,
            how: _,
            remark_of_to,
            befriended_at,
        } = event;
        self.befriend(from, to, details, *befriended_at)?;
        if *both {
            let theirs = FriendDetails {
                source: details.source.clone(),
                remark: remark_of_to.clone(),
                ..FriendDetails::default()
            };
            self.befriend(to, from, &theirs, *befriended_at)?;
        }
        self.remove(Kind::Request, to, from)?;
        self.remove(Kind::Request, from, to)
    }

    /// What is kept about a friend who is there already stays.
    fn befriend(
        &mut self,
        user: &UserId,
        other: &UserId,
        details: &FriendDetails,
        added_at: Timestamp,
    ) -> Result<()> {
        if self.reader().friend(user, other)?.is_some() {
            return Ok(());
        }
        let friend = FriendRow {
            details: details.clone(),
            added_at,
            since: self.at,
        };
        self.put(user, other, &friend)?;
        self.note_details(user, &details.groups, !details.custom.is_empty())
    }

    /// Makes groups that do not exist; counts the change of groups and of custom fields.
    fn note_details(&mut self, user: &UserId, groups: &[String], custom: bool) -> Result<()> {
        if groups.is_empty() && !custom {
            return Ok(());
        }
        self.change_lists(user, |lists| {
            for group in groups {
                if !lists.groups.contains(group) {
                    lists.groups.push(group.clone());
                }
            }
            lists.group_sequence += u64::from(!groups.is_empty());
            lists.custom_sequence += u64::from(custom);
        })
    }

    fn blocked(&mut self, event: &Blocked) -> Result<()> {
        let Blocked {
            user,
            blocked,
            blocked_at,
        } = event;
        for (one, other) in [(user, blocked), (blocked, user)] {
            self.remove(Kind::Friend, one, other)?;
            self.remove(Kind::Request, one, other)?;
        }
        let block = BlockRow {
            blocked_at: *blocked_at,
            since: self.at,
        };
        self.put(user, blocked, &block)
    }

    /// Changes what is kept about a friend; nothing happens to one who is not there.
    fn change_friend(
        &mut self,
        user: &UserId,
        other: &UserId,
        change: impl FnOnce(&mut FriendDetails),
    ) -> Result<()> {
        let Some(mut friend) = self.reader().friend(user, other)? else {
            return Ok(());
        };
        let before = friend.details.clone();
        change(&mut friend.details);
        if friend.details == before {
            return Ok(());
        }
        self.put(user, other, &friend)
    }

    fn friend_changed(&mut self, event: &FriendChanged) -> Result<()> {
        let FriendChanged {
            from,
            to,
            remark,
            groups,
            custom,
        } = event;
        self.change_friend(from, to, |details| {
            if let Some(remark) = remark {
                details.remark.clone_from(remark);
            }
            if let Some(groups) = groups {
                details.groups.clone_from(groups);
            }
            for (name, value) in custom {
                if value.is_empty() {
                    details.custom.remove(name);
                } else {
                    details.custom.insert(name.clone(), value.clone());
                }
            }
        })?;
        let made = groups.as_deref().unwrap_or_default();
        self.note_details(from, made, !custom.is_empty())?;
        // Leaving every group is a change of groups too.
        if groups.as_ref().is_some_and(Vec::is_empty) {
            self.change_lists(from, |lists| lists.group_sequence += 1)?;
        }
        Ok(())
    }

    fn groups_added(&mut self, event: &FriendGroupsAdded) -> Result<()> {
        let FriendGroupsAdded {
            user,
            groups,
            friends,
        } = event;
        for friend in friends {
            self.change_friend(user, friend, |details| {
                for group in groups {
                    if !details.groups.contains(group) {
                        details.groups.push(group.clone());
                    }
                }
            })?;
        }
        self.note_details(user, groups, false)
    }

    fn groups_deleted(&mut self, event: &FriendGroupsDeleted) -> Result<()> {
        let FriendGroupsDeleted { user, groups } = event;
        for friend in self.reader().friend_ids(user)? {
            self.change_friend(user, &friend, |details| {
                details.groups.retain(|group| !groups.contains(group));
            })?;
        }
        self.change_lists(user, |lists| {
            lists.groups.retain(|group| !groups.contains(group));
            lists.group_sequence += 1;
        })
    }

    fn group_renamed(&mut self, event: &FriendGroupRenamed) -> Result<()> {
        let FriendGroupRenamed { user, group, name } = event;
        let rename = |groups: &mut Vec<String>| {
            for one in groups.iter_mut().filter(|one| *one == group) {
                one.clone_from(name);
            }
        };
        for friend in self.reader().friend_ids(user)? {
            self.change_friend(user, &friend, |details| rename(&mut details.groups))?;
        }
        self.change_lists(user, |lists| {
            rename(&mut lists.groups);
            lists.group_sequence += 1;
        })
    }

    fn group_left(&mut self, event: &FriendGroupLeft) -> Result<()> {
        let FriendGroupLeft {
            user,
            group,
            friends,
        } = event;
        for friend in friends {
            self.change_friend(user, friend, |details| {
                details.groups.retain(|one| one != group);
            })?;
        }
        self.change_lists(user, |lists| lists.group_sequence += 1)
    }
}

#[cfg(test)]
mod tests;
