//! Tables, rows and keys of relations.

use hansard_events::relation::FriendDetails;
use hansard_store::key::Key;
use hansard_store::{Access, Table};
use hansard_types::{LogId, Timestamp, UserId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

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
    /// The log's sequence of what made it, here and below: what is older than a deletion is void.
    pub since: u64,
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
    pub since: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockRow {
    pub blocked_at: Timestamp,
    pub since: u64,
}

/// What one account keeps of another.
pub(super) trait Pair: Serialize + DeserializeOwned {
    const KIND: Kind;
    fn since(&self) -> u64;
}

impl Pair for FriendRow {
    const KIND: Kind = Kind::Friend;

    fn since(&self) -> u64 {
        self.since
    }
}

impl Pair for RequestRow {
    const KIND: Kind = Kind::Request;

    fn since(&self) -> u64 {
        self.since
    }
}

impl Pair for BlockRow {
    const KIND: Kind = Kind::Block;

    fn since(&self) -> u64 {
        self.since
    }
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    Friend = 1,
    Request = 2,
    Block = 3,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Friend, Self::Request, Self::Block];

    pub(super) fn table(self) -> &'static Table {
        match self {
            Self::Friend => &FRIEND,
            Self::Request => &REQUEST,
            Self::Block => &BLOCK,
        }
    }

    /// The number of such pairs on an account's lists, and the number of its last change.
    pub(super) fn counters(self, lists: &mut ListsRow) -> (&mut u32, Option<&mut u64>) {
        match self {
            Self::Friend => (&mut lists.friends, Some(&mut lists.standard_sequence)),
            Self::Request => (&mut lists.requests, None),
            Self::Block => (&mut lists.blocked, Some(&mut lists.block_sequence)),
        }
    }
}

pub(super) fn pair_key(log: LogId, user: &UserId, other: &UserId) -> Vec<u8> {
    Key::of(log)
        .text(user.as_str())
        .text(other.as_str())
        .bytes()
}

pub(super) fn related_prefix(log: LogId, other: &UserId, kind: Kind) -> Key {
    Key::of(log).text(other.as_str()).u16(kind as u16)
}
