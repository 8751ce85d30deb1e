//! Events of live rooms, in partitions of the kind *live*: who comes and goes. What is said there is
//! [`crate::message::MessageSent`] as anywhere.

use hansard_types::{GroupId, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Sample;

/// `live.entered`: an account is in a live room, or stays in it for longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LiveEntered {
    pub group_id: GroupId,
    /// Which of the rooms that had the id: the sequence of its making in the partition that it is
    /// kept in.
    pub room: u64,
    pub user_id: UserId,
    /// When the visit ends unless it is renewed, Unix milliseconds.
    pub until: Timestamp,
}

/// `live.left`: accounts are no longer in a live room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LiveLeft {
    pub group_id: GroupId,
    pub accounts: Vec<UserId>,
    /// Their time was over; else they have left.
    pub lapsed: bool,
}

fn sample_group() -> GroupId {
    GroupId::new("show").expect("a valid id")
}

fn sample_user() -> UserId {
    UserId::new("alice").expect("a valid id")
}

impl Sample for LiveEntered {
    fn sample() -> Self {
        Self {
            group_id: sample_group(),
            room: 17,
            user_id: sample_user(),
            until: Timestamp(1_794_000_300_000),
        }
    }

    fn bucket_key(&self) -> String {
        format!("group:{}", self.group_id)
    }
}

impl Sample for LiveLeft {
    fn sample() -> Self {
        Self {
            group_id: sample_group(),
            accounts: vec![sample_user()],
            lapsed: true,
        }
    }

    fn bucket_key(&self) -> String {
        format!("group:{}", self.group_id)
    }
}
