//! Events about who knows whom: friends, requests, blocks, friend groups.
//!
//! A change between two accounts is one event, so no half of a friendship ever exists.

use std::collections::BTreeMap;

use hansard_types::{Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Sample;
use crate::account::account_bucket;

/// What an account keeps about a friend or a request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FriendDetails {
    /// How they met, `AddSource_Type_…`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remark: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub wording: String,
    /// Friend groups of that account; those that do not exist are made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Custom fields by name, without `Tag_SNS_Custom_`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub custom: BTreeMap<String, String>,
}

/// `relation.requested`: `from` asks to be a friend of `to`, who has to agree. A new request
/// replaces an older one of the same two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FriendRequested {
    pub from: UserId,
    pub to: UserId,
    pub details: FriendDetails,
    /// Both become friends of each other once it is accepted; else only `from` gets a friend.
    pub both: bool,
    pub requested_at: Timestamp,
}

/// `relation.request_refused`: `by` does not want the request of `from`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequestRefused {
    pub from: UserId,
    pub by: UserId,
}

/// How two became friends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Befriending {
    /// `to` takes anyone.
    #[serde(rename = "open")]
    Open,
    /// `to` has accepted a request, which ends with it.
    #[serde(rename = "accepted")]
    Accepted,
    /// An administrator has decided it.
    #[serde(rename = "forced")]
    Forced,
    /// Taken over from elsewhere.
    #[serde(rename = "imported")]
    Imported,
}

/// `relation.befriended`: `to` is on the friend list of `from` and, with `both`, `from` on that of
/// `to`. Requests between the two have ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Befriended {
    pub from: UserId,
    pub to: UserId,
    /// What `from` keeps about `to`.
    pub details: FriendDetails,
    pub both: bool,
    pub how: Befriending,
    /// What `to` calls `from`, if both are friends.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remark_of_to: String,
    pub befriended_at: Timestamp,
}

/// `relation.unfriended`: `to` is off the friend list of `from` and, with `both`, `from` off that
/// of `to`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unfriended {
    pub from: UserId,
    pub to: UserId,
    pub both: bool,
}

/// `relation.friends_cleared`: the friend list of `user` is empty and, with `both`, `user` is off
/// every other one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FriendsCleared {
    pub user: UserId,
    pub both: bool,
}

/// `relation.friend_changed`: a present field is the new value, an absent one did not change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FriendChanged {
    pub from: UserId,
    pub to: UserId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// The whole new list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
    /// Custom fields that changed; an empty value removes one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub custom: BTreeMap<String, String>,
}

/// `relation.blocked`: `user` blocks `blocked`, which ends any friendship and request of the two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Blocked {
    pub user: UserId,
    pub blocked: UserId,
    pub blocked_at: Timestamp,
}

/// `relation.unblocked`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unblocked {
    pub user: UserId,
    pub blocked: UserId,
}

/// `relation.groups_added`: friend groups of `user`, made when they are new, and friends put in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FriendGroupsAdded {
    pub user: UserId,
    pub groups: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub friends: Vec<UserId>,
}

/// `relation.groups_deleted`: friend groups of `user` are gone; their friends stay friends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FriendGroupsDeleted {
    pub user: UserId,
    pub groups: Vec<String>,
}

/// `relation.group_renamed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FriendGroupRenamed {
    pub user: UserId,
    pub group: String,
    pub name: String,
}

/// `relation.group_left`: friends are taken out of a friend group of `user`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FriendGroupLeft {
    pub user: UserId,
    pub group: String,
    pub friends: Vec<UserId>,
}

const AT: Timestamp = Timestamp(1_794_000_000_000);

fn ann() -> UserId {
    UserId::new("ann").expect("a valid id")
}

fn ben() -> UserId {
    UserId::new("ben").expect("a valid id")
}

fn details() -> FriendDetails {
    FriendDetails {
        source: "AddSource_Type_Web".to_owned(),
        remark: "벤".to_owned(),
        wording: "we met at the harbour".to_owned(),
        groups: vec!["work".to_owned()],
        custom: BTreeMap::from([("Met".to_owned(), "harbour".to_owned())]),
    }
}

impl Sample for FriendRequested {
    fn sample() -> Self {
        Self {
            from: ann(),
            to: ben(),
            details: details(),
            both: true,
            requested_at: AT,
        }
    }

    fn bucket_key(&self) -> String {
        account_bucket(&self.from)
    }
}

impl Sample for RequestRefused {
    fn sample() -> Self {
        Self {
            from: ann(),
            by: ben(),
        }
    }

    fn bucket_key(&self) -> String {
        account_bucket(&self.from)
    }
}

impl Sample for Befriended {
    fn sample() -> Self {
        Self {
            from: ann(),
            to: ben(),
            details: details(),
            both: true,
            how: Befriending::Accepted,
            remark_of_to: "Ann from work".to_owned(),
            befriended_at: AT,
        }
    }

    fn bucket_key(&self) -> String {
        account_bucket(&self.from)
    }
}

impl Sample for Unfriended {
    fn sample() -> Self {
        Self {
            from: ann(),
            to: ben(),
            both: false,
        }
    }

    fn bucket_key(&self) -> String {
        account_bucket(&self.from)
    }
}

impl Sample for FriendsCleared {
    fn sample() -> Self {
        Self {
            user: ann(),
            both: true,
        }
    }

    fn bucket_key(&self) -> String {
        account_bucket(&self.user)
    }
}

impl Sample for FriendChanged {
    fn sample() -> Self {
        Self {
            from: ann(),
            to: ben(),
            remark: Some("벤".to_owned()),
            groups: Some(vec!["work".to_owned()]),
            custom: BTreeMap::from([("Met".to_owned(), "harbour".to_owned())]),
        }
    }

    fn bucket_key(&self) -> String {
        account_bucket(&self.from)
    }
}

impl Sample for Blocked {
    fn sample() -> Self {
        Self {
            user: ann(),
            blocked: ben(),
            blocked_at: AT,
        }
    }

    fn bucket_key(&self) -> String {
        account_bucket(&self.user)
    }
}

impl Sample for Unblocked {
    fn sample() -> Self {
        Self {
            user: ann(),
            blocked: ben(),
        }
    }

    fn bucket_key(&self) -> String {
        account_bucket(&self.user)
    }
}

impl Sample for FriendGroupsAdded {
    fn sample() -> Self {
        Self {
            user: ann(),
            groups: vec!["work".to_owned(), "家人".to_owned()],
            friends: vec![ben()],
        }
    }

    fn bucket_key(&self) -> String {
        account_bucket(&self.user)
    }
}

impl Sample for FriendGroupsDeleted {
    fn sample() -> Self {
        Self {
            user: ann(),
            groups: vec!["work".to_owned()],
        }
    }

    fn bucket_key(&self) -> String {
        account_bucket(&self.user)
    }
}

impl Sample for FriendGroupRenamed {
    fn sample() -> Self {
        Self {
            user: ann(),
            group: "work".to_owned(),
            name: "office".to_owned(),
        }
    }

    fn bucket_key(&self) -> String {
        account_bucket(&self.user)
    }
}

impl Sample for FriendGroupLeft {
    fn sample() -> Self {
        Self {
            user: ann(),
            group: "work".to_owned(),
            friends: vec![ben()],
        }
    }

    fn bucket_key(&self) -> String {
        account_bucket(&self.user)
    }
}
