//! Relations: friends, requests, blocks, friend groups.
//!
//! Whatever one account keeps of another is a row of the first, and an entry under the second
//! (`RELATED`), so that deleting an account finds both sides. `LISTS` counts what there is.

use hansard_events::RelationEvent;
use hansard_events::relation::{
    Befriended, Blocked, FriendChanged, FriendDetails, FriendGroupLeft, FriendGroupRenamed,
    FriendGroupsAdded, FriendGroupsDeleted, FriendRequested,
};
use hansard_store::key::Key;
use hansard_store::{Access, Overlay, Read, Result, Table, row};
use hansard_types::{AppId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::{Reader, account_key};

mod reader;

/// By account and friend.
pub(crate) static FRIEND: Table = Table {
    name: "directory.user_friend",
    kind: 0x0110,
    access: Access::Point,
};
/// By who is asked and who asks.
pub(crate) static REQUEST: Table = Table {
    name: "directory.user_request",
    kind: 0x0111,
    access: Access::Point,
};
/// By who blocks and who is blocked.
pub(crate) static BLOCK: Table = Table {
    name: "directory.user_block",
    kind: 0x0112,
    access: Access::Point,
};
pub(crate) static LISTS: Table = Table {
    name: "directory.user_lists",
    kind: 0x0113,
    access: Access::Point,
};
/// By the other account, kind and account: the same pairs the other way round.
pub(crate) static RELATED: Table = Table {
    name: "directory.other_related",
    kind: 0x0114,
    access: Access::Scan,
};

/// What an account keeps about a friend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FriendRow {
    #[serde(with = "details")]
    pub details: FriendDetails,
    pub added_at: Timestamp,
}

/// Details as a row holds them: every field has its place, which the event's body leaves out when
/// it is empty.
mod details {
    use hansard_events::relation::FriendDetails;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        details: &FriendDetails,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let FriendDetails {
            source,
            remark,
            wording,
            groups,
            custom,
        } = details;
        (source, remark, wording, groups, custom).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<FriendDetails, D::Error> {
        let (source, remark, wording, groups, custom) = Deserialize::deserialize(deserializer)?;
        Ok(FriendDetails {
            source,
            remark,
            wording,
            groups,
            custom,
        })
    }
}

/// A request that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRow {
    #[serde(with = "details")]
    pub details: FriendDetails,
    pub both: bool,
    pub requested_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockRow {
    pub blocked_at: Timestamp,
}

/// What an account has on its lists, and how often each list has changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListsRow {
    pub friends: u32,
    /// Accounts that have this one on their friend list.
    pub friend_of: u32,
    pub requests: u32,
    pub blocked: u32,
    /// In the order they were made.
    pub groups: Vec<String>,
    /// Changes of the friend list and of what is kept about friends, but custom fields.
    pub standard_sequence: u64,
    /// Changes of friends' custom fields.
    pub custom_sequence: u64,
    pub block_sequence: u64,
    pub group_sequence: u64,
}

/// What a pair is to each other, as a number in keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Friend = 1,
    Request = 2,
    Block = 3,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Friend, Self::Request, Self::Block];

    fn table(self) -> &'static Table {
        match self {
            Self::Friend => &FRIEND,
            Self::Request => &REQUEST,
            Self::Block => &BLOCK,
        }
    }

    /// The number of such pairs on an account's lists, and the number of its last change.
    fn counters(self, lists: &mut ListsRow) -> (&mut u32, Option<&mut u64>) {
        match self {
            Self::Friend => (&mut lists.friends, Some(&mut lists.standard_sequence)),
            Self::Request => (&mut lists.requests, None),
            Self::Block => (&mut lists.blocked, Some(&mut lists.block_sequence)),
        }
    }
}

fn pair_key(app: AppId, user: &UserId, other: &UserId) -> Vec<u8> {
    Key::of(app)
        .text(user.as_str())
        .text(other.as_str())
        .bytes()
}

fn related_prefix(app: AppId, other: &UserId, kind: Kind) -> Key {
    Key::of(app).text(other.as_str()).u16(kind as u16)
}

pub(crate) fn apply(app: AppId, event: &RelationEvent, state: &mut Overlay<'_>) -> Result<()> {
    let mut fold = Fold { app, state };
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
        RelationEvent::FriendsCleared(event) => fold.cleared(&event.user, event.both),
        RelationEvent::FriendChanged(event) => fold.friend_changed(event),
        RelationEvent::Blocked(event) => fold.blocked(event),
        RelationEvent::Unblocked(event) => fold.remove(Kind::Block, &event.user, &event.blocked),
        RelationEvent::GroupsAdded(event) => fold.groups_added(event),
        RelationEvent::GroupsDeleted(event) => fold.groups_deleted(event),
        RelationEvent::GroupRenamed(event) => fold.group_renamed(event),
        RelationEvent::GroupLeft(event) => fold.group_left(event),
    }
}

/// Takes a deleted account's relations away, on both sides.
pub(crate) fn forget(app: AppId, user: &UserId, state: &mut Overlay<'_>) -> Result<()> {
    let mut fold = Fold { app, state };
    for kind in Kind::ALL {
        for other in fold.reader().others(kind.table(), user)? {
            fold.remove(kind, user, &other)?;
        }
        for other in fold.reader().related(user, kind)? {
            fold.remove(kind, &other, user)?;
        }
    }
    fold.state.delete(&LISTS, account_key(app, user));
    Ok(())
}

struct Fold<'a, 's> {
    app: AppId,
    state: &'a mut Overlay<'s>,
}

impl Fold<'_, '_> {
    fn reader(&self) -> Reader<'_> {
        Reader::new(&*self.state, self.app)
    }

    fn change_lists(&mut self, user: &UserId, change: impl FnOnce(&mut ListsRow)) -> Result<()> {
        let mut lists = self.reader().lists(user)?;
        change(&mut lists);
        let encoded = row::encode(&LISTS, &lists)?;
        self.state.put(&LISTS, account_key(self.app, user), encoded);
        Ok(())
    }

    /// Puts a pair's row; counts it when it is new.
    fn put<T: Serialize>(
        &mut self,
        kind: Kind,
        user: &UserId,
        other: &UserId,
        row: &T,
    ) -> Result<()> {
        let (table, key) = (kind.table(), pair_key(self.app, user, other));
        let is_new = self.state.get(table, &key)?.is_none();
        self.state.put(table, key, row::encode(table, row)?);
        let related = related_prefix(self.app, other, kind).text(user.as_str());
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
        let (table, key) = (kind.table(), pair_key(self.app, user, other));
        if self.state.get(table, &key)?.is_none() {
            return Ok(());
        }
        self.state.delete(table, key);
        let related = related_prefix(self.app, other, kind).text(user.as_str());
        self.state.delete(&RELATED, related.bytes());
        if kind == Kind::Friend {
            self.change_lists(other, |lists| {
                lists.friend_of = lists.friend_of.saturating_sub(1);
            })?;
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
        };
        self.put(Kind::Request, to, from, &request)
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
        };
        self.put(Kind::Friend, user, other, &friend)?;
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

    fn cleared(&mut self, user: &UserId, both: bool) -> Result<()> {
        for other in self.reader().others(&FRIEND, user)? {
            self.remove(Kind::Friend, user, &other)?;
        }
        if both {
            for other in self.reader().related(user, Kind::Friend)? {
                self.remove(Kind::Friend, &other, user)?;
            }
        }
        Ok(())
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
        };
        self.put(Kind::Block, user, blocked, &block)
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
        self.put(Kind::Friend, user, other, &friend)
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
        for friend in self.reader().others(&FRIEND, user)? {
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
        for friend in self.reader().others(&FRIEND, user)? {
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
