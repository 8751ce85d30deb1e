//! `sns/friend_delete` and `sns/friend_delete_all`.

use hansard_domain::relation::{ClearFriends, DeleteFriend};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::endpoint::{Answered, Call, Failure, Nothing, Operation};
use crate::sns::batch::{self, BatchResponse};

pub(crate) struct FriendDelete;
pub(crate) struct FriendDeleteAll;

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct FriendDeleteRequest {
    /// Required.
    #[serde(rename = "From_Account")]
    from_account: Option<String>,
    /// 1 to 1000.
    #[serde(rename = "To_Account")]
    to_account: Vec<String>,
    /// `Delete_Type_Single` (when absent) or `Delete_Type_Both`.
    delete_type: Option<String>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct FriendDeleteAllRequest {
    /// Required.
    #[serde(rename = "From_Account")]
    from_account: Option<String>,
    /// `Delete_Type_Single` (when absent) or `Delete_Type_Both`; `CheckResult_Type_…` are older
    /// words for the same.
    delete_type: Option<String>,
}

fn is_both(call: &Call<'_>, delete_type: Option<&str>) -> Result<bool, Failure> {
    match delete_type {
        None | Some("" | "Delete_Type_Single" | "CheckResult_Type_Single") => Ok(false),
        Some("Delete_Type_Both" | "CheckResult_Type_Both") => Ok(true),
        Some(_) => Err(call.parameter("DeleteType is Delete_Type_Single or Delete_Type_Both")),
    }
}

impl Operation for FriendDelete {
    const SUMMARY: &'static str = "Takes friends off an account's list, at most 1000";
    type Request = FriendDeleteRequest;
    type Response = BatchResponse;

    async fn call(
        call: &Call<'_>,
        request: FriendDeleteRequest,
    ) -> Result<Answered<BatchResponse>, Failure> {
        let FriendDeleteRequest {
            from_account,
            to_account,
            delete_type,
        } = request;
        let both = is_both(call, delete_type.as_deref())?;
        batch::bounded("To_Account", to_account.len())?;
        let from = batch::from_account(call, from_account.as_deref())?;
        let command = |to| {
            let from = from.clone();
            DeleteFriend { from, to, both }
        };
        batch::run_for_each(call, to_account, command).await
    }
}

impl Operation for FriendDeleteAll {
    const SUMMARY: &'static str = "Empties an account's friend list";
    type Request = FriendDeleteAllRequest;
    type Response = Nothing;

    async fn call(
        call: &Call<'_>,
        request: FriendDeleteAllRequest,
    ) -> Result<Answered<Nothing>, Failure> {
        let FriendDeleteAllRequest {
            from_account,
            delete_type,
        } = request;
        let both = is_both(call, delete_type.as_deref())?;
        let user = batch::from_account(call, from_account.as_deref())?;
        let command = ClearFriends { user, both };
        let answer = call.submit(command).await?;
        Ok(Answered::written(Nothing {}, answer.position))
    }
}
