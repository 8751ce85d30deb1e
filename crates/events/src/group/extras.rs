//! What stands beside a group: attributes, counters, and who may not come back.

use std::collections::BTreeMap;

use hansard_types::{GroupId, Seq, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Role, group_bucket, is_usual, sample_group, sample_user};
use crate::Sample;

/// `group.attributes_changed`: exactly those that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AttributesChanged {
    pub group_id: GroupId,
    #[serde(default, skip_serializing_if = "is_usual")]
    pub set: BTreeMap<String, String>,
    /// Keys that there are no more.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub removed: Vec<String>,
}

/// `group.counters_changed`: exactly those that changed, with their new values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CountersChanged {
    pub group_id: GroupId,
    #[serde(default, skip_serializing_if = "is_usual")]
    pub values: BTreeMap<String, i64>,
    /// Keys that there are no more.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub removed: Vec<String>,
}

/// `group.members_banned`: those of them who were members are none any more, and none of them
/// comes in before the ban is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MembersBanned {
    pub group_id: GroupId,
    pub accounts: Vec<UserId>,
    /// Unix milliseconds.
    pub until: Timestamp,
    #[serde(default, skip_serializing_if = "is_usual")]
    pub reason: String,
    /// As [`super::MembersRemoved::notice`]: of those who were members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Seq>,
}

/// `group.members_unbanned`: they may come in again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MembersUnbanned {
    pub group_id: GroupId,
    pub accounts: Vec<UserId>,
}

/// A member as it was elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportedMember {
    pub user_id: UserId,
    pub role: Role,
    /// When it joined there, Unix milliseconds.
    pub joined_at: Timestamp,
    /// What was said up to here is not unread.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub read_seq: Seq,
}

/// `group.members_imported`: only accounts that were not members before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MembersImported {
    pub group_id: GroupId,
    pub members: Vec<ImportedMember>,
}

impl Sample for AttributesChanged {
    fn sample() -> Self {
        Self {
            group_id: sample_group(),
            set: BTreeMap::from([("mood".to_owned(), "조용".to_owned())]),
            removed: vec!["stage".to_owned()],
        }
    }

    fn bucket_key(&self) -> String {
        group_bucket(&self.group_id)
    }
}

impl Sample for CountersChanged {
    fn sample() -> Self {
        Self {
            group_id: sample_group(),
            values: BTreeMap::from([("likes".to_owned(), 42)]),
            removed: vec!["gifts".to_owned()],
        }
    }

    fn bucket_key(&self) -> String {
        group_bucket(&self.group_id)
    }
}

impl Sample for MembersBanned {
    fn sample() -> Self {
        Self {
            group_id: sample_group(),
            accounts: vec![sample_user("dave")],
            until: Timestamp(1_794_000_600_000),
            reason: "spam".to_owned(),
            notice: Some(Seq(42)),
        }
    }

    fn bucket_key(&self) -> String {
        group_bucket(&self.group_id)
    }
}

impl Sample for MembersUnbanned {
    fn sample() -> Self {
        Self {
            group_id: sample_group(),
            accounts: vec![sample_user("dave")],
        }
    }

    fn bucket_key(&self) -> String {
        group_bucket(&self.group_id)
    }
}

impl Sample for MembersImported {
    fn sample() -> Self {
        Self {
            group_id: sample_group(),
            members: vec![ImportedMember {
                user_id: sample_user("dave"),
                role: Role::Admin,
                joined_at: Timestamp(1_780_000_000_000),
                read_seq: Seq(7),
            }],
        }
    }

    fn bucket_key(&self) -> String {
        group_bucket(&self.group_id)
    }
}
