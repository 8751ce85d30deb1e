//! Marks of accounts in live rooms: numbers that an app gives a meaning.

use hansard_types::{GroupId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{group_bucket, sample_group, sample_user};
use crate::Sample;

/// An account, and marks that it gets or loses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Marking {
    pub user_id: UserId,
    /// Ascending.
    pub marks: Vec<u32>,
}

/// `group.members_marked`: only marks for which that is new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MembersMarked {
    pub group_id: GroupId,
    /// They have the marks from now on; else no longer.
    pub are_set: bool,
    pub members: Vec<Marking>,
}

impl Sample for MembersMarked {
    fn sample() -> Self {
        Self {
            group_id: sample_group(),
            are_set: true,
            members: vec![Marking {
                user_id: sample_user("bob"),
                marks: vec![1000, 1001],
            }],
        }
    }

    fn bucket_key(&self) -> String {
        group_bucket(&self.group_id)
    }
}
