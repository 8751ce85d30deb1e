//! `sns/group_get`: an account's friend groups.

use std::collections::BTreeMap;

use hansard_types::UserId;
use hansard_types::limits::{FRIENDS_MAX, RELATIONS_PER_CALL_MAX};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::endpoint::{Answered, Call, Failure, Operation};
use crate::sns::batch::FROM;
use crate::typed::{Field, List, OrEmpty};

pub(crate) struct GroupGet;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GroupGetRequest {
    #[serde(rename = "From_Account")]
    from_account: UserId,
    /// `CurrentSequence` of an earlier answer: without `GroupName`, nothing is listed when nothing
    /// has changed.
    #[serde(default)]
    last_sequence: u64,
    /// Whether to list who is in them, too; absent: not.
    #[serde(default)]
    need_friend: OrEmpty<NeedFriend>,
    /// Only these; all when absent.
    #[serde(default)]
    group_name: List<String, RELATIONS_PER_CALL_MAX>,
}

#[derive(PartialEq, Deserialize, JsonSchema)]
enum NeedFriend {
    #[serde(rename = "Need_Friend_Type_Yes")]
    Yes,
    #[serde(rename = "Need_Friend_Type_No")]
    No,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GroupGetResponse {
    /// In the order they were made.
    result_item: Vec<FriendGroup>,
    current_sequence: u64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct FriendGroup {
    group_name: String,
    friend_number: usize,
    /// When asked for.
    #[serde(rename = "To_Account", skip_serializing_if = "Option::is_none")]
    to_account: Option<Vec<String>>,
}

impl Operation for GroupGet {
    const SUMMARY: &'static str = "Lists an account's friend groups";
    const FIELDS: &'static [Field] = &[FROM];
    type Request = GroupGetRequest;
    type Response = GroupGetResponse;

    async fn call(
        call: &Call<'_>,
        request: GroupGetRequest,
    ) -> Result<Answered<GroupGetResponse>, Failure> {
        let GroupGetRequest {
            from_account: user,
            last_sequence,
            need_friend,
            group_name: List(group_name),
        } = request;
        let need_friend = need_friend.0 == Some(NeedFriend::Yes);
        call.there_must_be(&user)?;
        let lists = call.read(|reads| reads.directory().lists(&user).map_err(Failure::broken));
        let lists = lists.await?;
        let current_sequence = lists.group_sequence;
        let unchanged = group_name.is_empty() && last_sequence != 0;
        if unchanged && last_sequence == current_sequence {
            return Ok(Answered::read(GroupGetResponse {
                result_item: Vec::new(),
                current_sequence,
            }));
        }
        let mut members: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let friends_max = usize::try_from(FRIENDS_MAX).unwrap_or(usize::MAX);
        let friends = call.read(|reads| {
            let friends = reads.directory().friends(&user, 0, friends_max);
            friends.map_err(Failure::broken)
        });
        for (account, friend) in friends.await? {
            for group in friend.details.groups {
                let accounts = members.entry(group).or_default();
                accounts.push(account.as_str().to_owned());
            }
        }
        let asked = lists.groups.into_iter();
        let asked = asked.filter(|name| group_name.is_empty() || group_name.contains(name));
        let item = asked.map(|name| {
            let accounts = members.remove(&name).unwrap_or_default();
            FriendGroup {
                group_name: name,
                friend_number: accounts.len(),
                to_account: need_friend.then_some(accounts),
            }
        });
        Ok(Answered::read(GroupGetResponse {
            result_item: item.collect(),
            current_sequence,
        }))
    }
}
