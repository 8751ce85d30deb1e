//! `sns/group_add` and `sns/group_delete`: friend groups.

use hansard_domain::relation::{AddFriendGroups, DeleteFriendGroups};
use hansard_types::UserId;
use hansard_types::limits::{FRIEND_GROUP_NAME_BYTES_MAX, RELATIONS_PER_CALL_MAX};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::endpoint::{Answered, Call, Failure, Fault, Operation};
use crate::sns::batch::{self, BatchResponse, FROM, ItemResult};
use crate::typed::{Field, Items, List, Name};

pub(crate) struct GroupAdd;
pub(crate) struct GroupDelete;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GroupAddRequest {
    #[serde(rename = "From_Account")]
    from_account: UserId,
    /// An account has at most 32 groups.
    group_name: Items<Name<FRIEND_GROUP_NAME_BYTES_MAX>, RELATIONS_PER_CALL_MAX>,
    /// Friends to put into all of them.
    #[serde(rename = "To_Account", default)]
    to_account: List<String, RELATIONS_PER_CALL_MAX>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GroupAddResponse {
    /// When accounts were given. 32216: one is no friend.
    #[serde(flatten)]
    results: Option<BatchResponse>,
    /// Changes with every change of the groups.
    current_sequence: u64,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GroupDeleteRequest {
    #[serde(rename = "From_Account")]
    from_account: UserId,
    group_name: Items<String, RELATIONS_PER_CALL_MAX>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GroupDeleteResponse {
    current_sequence: u64,
}

async fn sequence(call: &Call<'_>, user: &UserId) -> Result<u64, Failure> {
    let lists = call.read(|reads| reads.directory().lists(user).map_err(Failure::broken));
    Ok(lists.await?.group_sequence)
}

impl Operation for GroupAdd {
    const SUMMARY: &'static str = "Makes friend groups and puts friends into them";
    const FIELDS: &'static [Field] = &[FROM];
    type Request = GroupAddRequest;
    type Response = GroupAddResponse;

    async fn call(
        call: &Call<'_>,
        request: GroupAddRequest,
    ) -> Result<Answered<GroupAddResponse>, Failure> {
        let GroupAddRequest {
            from_account: user,
            group_name,
            to_account: List(to_account),
        } = request;
        call.there_must_be(&user)?;
        let parsed: Vec<_> = to_account
            .iter()
            .map(|text| batch::to_account(text))
            .collect();
        let friends = parsed.iter().filter_map(|user| user.clone().ok()).collect();
        let command = AddFriendGroups {
            user: user.clone(),
            groups: group_name.0.into_iter().map(|Name(name)| name).collect(),
            friends,
        };
        let answer = call.submit(command).await?;
        let results = to_account.into_iter().zip(parsed).map(|(text, user)| {
            let done = user.and_then(|user| {
                let outcome = answer.reply.iter().find(|(friend, _)| *friend == user);
                match outcome.and_then(|(_, refused)| *refused) {
                    Some(reason) => {
                        let Fault { code, info: _ } = call.fault(reason);
                        Err(Fault::new(code, "Err_SNS_GroupAdd_ToTinyId_Not_Friend"))
                    }
                    None => Ok(()),
                }
            });
            batch::item(text, done)
        });
        let results: Vec<ItemResult> = results.collect();
        let body = GroupAddResponse {
            results: (!results.is_empty()).then(|| BatchResponse::of(results)),
            current_sequence: sequence(call, &user).await?,
        };
        Ok(Answered::written(body, answer.position))
    }
}

impl Operation for GroupDelete {
    const SUMMARY: &'static str = "Deletes friend groups; their friends stay friends";
    const FIELDS: &'static [Field] = &[FROM];
    type Request = GroupDeleteRequest;
    type Response = GroupDeleteResponse;

    async fn call(
        call: &Call<'_>,
        request: GroupDeleteRequest,
    ) -> Result<Answered<GroupDeleteResponse>, Failure> {
        let GroupDeleteRequest {
            from_account: user,
            group_name: Items(groups),
        } = request;
        call.there_must_be(&user)?;
        let command = DeleteFriendGroups {
            user: user.clone(),
            groups,
        };
        let answer = call.submit(command).await?;
        let body = GroupDeleteResponse {
            current_sequence: sequence(call, &user).await?,
        };
        Ok(Answered::written(body, answer.position))
    }
}
