//! `sns/group_add` and `sns/group_delete`: friend groups.

use hansard_domain::relation::{AddFriendGroups, DeleteFriendGroups};
use hansard_types::UserId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::endpoint::{Answered, Call, Failure, Fault, Operation};
use crate::sns::batch::{self, BatchResponse, ItemResult};

pub(crate) struct GroupAdd;
pub(crate) struct GroupDelete;

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct GroupAddRequest {
    /// Required.
    #[serde(rename = "From_Account")]
    from_account: Option<String>,
    /// Names of 1 to 30 bytes; an account has at most 32 groups.
    group_name: Vec<String>,
    /// Friends to put into all of them, at most 1000.
    #[serde(rename = "To_Account")]
    to_account: Vec<String>,
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

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct GroupDeleteRequest {
    /// Required.
    #[serde(rename = "From_Account")]
    from_account: Option<String>,
    group_name: Vec<String>,
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
    type Request = GroupAddRequest;
    type Response = GroupAddResponse;

    async fn call(
        call: &Call<'_>,
        request: GroupAddRequest,
    ) -> Result<Answered<GroupAddResponse>, Failure> {
        let GroupAddRequest {
            from_account,
            group_name,
            to_account,
        } = request;
        batch::bounded("GroupName", group_name.len())?;
        if !to_account.is_empty() {
            batch::bounded("To_Account", to_account.len())?;
        }
        let user = batch::from_account(call, from_account.as_deref())?;
        let parsed: Vec<_> = to_account
            .iter()
            .map(|text| batch::to_account(text))
            .collect();
        let friends = parsed.iter().filter_map(|user| user.clone().ok()).collect();
        let command = AddFriendGroups {
            user: user.clone(),
            groups: group_name,
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
    type Request = GroupDeleteRequest;
    type Response = GroupDeleteResponse;

    async fn call(
        call: &Call<'_>,
        request: GroupDeleteRequest,
    ) -> Result<Answered<GroupDeleteResponse>, Failure> {
        let GroupDeleteRequest {
            from_account,
            group_name,
        } = request;
        batch::bounded("GroupName", group_name.len())?;
        let user = batch::from_account(call, from_account.as_deref())?;
        let command = DeleteFriendGroups {
            user: user.clone(),
            groups: group_name,
        };
        let answer = call.submit(command).await?;
        let body = GroupDeleteResponse {
            current_sequence: sequence(call, &user).await?,
        };
        Ok(Answered::written(body, answer.position))
    }
}
