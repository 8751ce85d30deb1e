//! Who waits to be let into a group.

use hansard_types::{GroupId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{group_bucket, sample_group, sample_user};
use crate::Sample;

/// `group.join_requested`: they wait until someone who may lets them in or refuses them. Of who
/// waits already, this replaces the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JoinRequested {
    pub group_id: GroupId,
    pub accounts: Vec<UserId>,
    /// The member that invited them; absent: they ask themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invited_by: Option<UserId>,
    /// For who reviews it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// `group.join_refused`: the account waits no more. Who is let in is in `group.members_added`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JoinRefused {
    pub group_id: GroupId,
    pub user_id: UserId,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

impl Sample for JoinRequested {
    fn sample() -> Self {
        Self {
            group_id: sample_group(),
            accounts: vec![sample_user("dave")],
            invited_by: Some(sample_user("bob")),
            reason: "she joins the project".to_owned(),
        }
    }

    fn bucket_key(&self) -> String {
        group_bucket(&self.group_id)
    }
}

impl Sample for JoinRefused {
    fn sample() -> Self {
        Self {
            group_id: sample_group(),
            user_id: sample_user("dave"),
            reason: "ask again in spring".to_owned(),
        }
    }

    fn bucket_key(&self) -> String {
        group_bucket(&self.group_id)
    }
}
