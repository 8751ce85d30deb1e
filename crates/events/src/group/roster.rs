//! Who comes into a group, and who goes.

use hansard_types::{GroupId, Seq, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{group_bucket, is_usual, sample_group, sample_user};
use crate::Sample;

/// How members came into a group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Joining {
    /// A member, or a backend, brought them.
    #[default]
    Invited,
    /// They asked to join, or just joined.
    Applied,
}

/// How members went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Leaving {
    /// By someone else.
    #[default]
    Removed,
    /// By themselves.
    Quit,
}

/// `group.members_added`: only accounts that were not members before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MembersAdded {
    pub group_id: GroupId,
    pub accounts: Vec<UserId>,
    /// How they came.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub how: Joining,
    /// When, Unix milliseconds; the original time of an imported join.
    pub joined_at: Timestamp,
    /// Nobody is told.
    #[serde(default)]
    pub silent: bool,
    /// Imports only: what makes importing it again recognisable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_key: Option<String>,
    /// The seq of its notice among the group's messages; 0: those who are there are told, and it is
    /// not kept; absent: nobody is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Seq>,
}

impl MembersAdded {
    /// Accounts that have come in, live.
    #[must_use]
    pub fn live(
        group_id: GroupId,
        accounts: Vec<UserId>,
        how: Joining,
        joined_at: Timestamp,
        notice: Option<Seq>,
    ) -> Self {
        Self {
            group_id,
            accounts,
            how,
            joined_at,
            silent: false,
            import_key: None,
            notice,
        }
    }
}

/// `group.members_removed`: only accounts that were members before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MembersRemoved {
    pub group_id: GroupId,
    pub accounts: Vec<UserId>,
    /// Why they are not there any more.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub how: Leaving,
    /// When, Unix milliseconds; the original time of an imported leave.
    pub removed_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Nobody is told.
    #[serde(default)]
    pub silent: bool,
    /// Imports only: what makes importing it again recognisable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_key: Option<String>,
    /// The seq of its notice among the group's messages; 0: those who are there are told, and it is
    /// not kept; absent: nobody is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Seq>,
}

impl Sample for MembersAdded {
    fn sample() -> Self {
        Self {
            group_id: sample_group(),
            accounts: vec![sample_user("dave"), sample_user("erin")],
            how: Joining::Applied,
            joined_at: Timestamp(1_794_000_000_000),
            silent: true,
            import_key: Some("3q2-7wAAAAAAAAAAAAAAAA".to_owned()),
            notice: Some(Seq(42)),
        }
    }

    fn bucket_key(&self) -> String {
        group_bucket(&self.group_id)
    }
}

impl Sample for MembersRemoved {
    fn sample() -> Self {
        Self {
            group_id: sample_group(),
            accounts: vec![sample_user("dave")],
            how: Leaving::Quit,
            removed_at: Timestamp(1_794_000_000_000),
            reason: Some("left the company".to_owned()),
            silent: false,
            import_key: Some("3q2-7wAAAAAAAAAAAAAAAA".to_owned()),
            notice: Some(Seq(42)),
        }
    }

    fn bucket_key(&self) -> String {
        group_bucket(&self.group_id)
    }
}

/// `group.room_admins_changed`: who is an administrator of a live room is on its roster, beside its
/// owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoomAdminsChanged {
    pub group_id: GroupId,
    pub accounts: Vec<UserId>,
    /// They are administrators from now on; else no longer.
    pub are_admins: bool,
    /// When, Unix milliseconds.
    pub changed_at: Timestamp,
}

impl Sample for RoomAdminsChanged {
    fn sample() -> Self {
        Self {
            group_id: sample_group(),
            accounts: vec![sample_user("bob")],
            are_admins: true,
            changed_at: Timestamp(1_794_000_000_000),
        }
    }

    fn bucket_key(&self) -> String {
        group_bucket(&self.group_id)
    }
}
