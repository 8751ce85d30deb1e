//! `group_open_http_svc/get_group_muted_account`, and `get_group_shutted_uin` as it was called:
//! who may not speak in a group. Both answer under the names of both.

use hansard_types::limits::GROUP_MUTES_LISTED_MAX;
use hansard_types::{GroupId, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::member::mute_seconds;
use super::profile::{self, GROUP_ID};
use crate::endpoint::{Answered, Call, Failure, Operation};
use crate::topic_id;
use crate::typed::Field;

pub(crate) struct GetGroupMutedAccount;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetGroupMutedAccountRequest {
    group_id: GroupId,
    /// Absent or empty: the group itself.
    topic_id: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetGroupMutedAccountResponse {
    group_id: GroupId,
    /// By id, of the first 10000 mutes that are noted.
    muted_account_list: Vec<Muted>,
    shutted_uin_list: Vec<Shutted>,
}

#[derive(Serialize, JsonSchema)]
struct Muted {
    #[serde(rename = "Member_Account")]
    member_account: UserId,
    /// Unix seconds; 4294967295: for good.
    #[serde(rename = "MutedUntil")]
    muted_until: u64,
}

#[derive(Serialize, JsonSchema)]
struct Shutted {
    #[serde(rename = "Member_Account")]
    member_account: UserId,
    #[serde(rename = "ShuttedUntil")]
    shutted_until: u64,
}

impl Operation for GetGroupMutedAccount {
    const SUMMARY: &'static str = "Lists who may not speak in a group";
    const FIELDS: &'static [Field] = &[GROUP_ID];
    type Request = GetGroupMutedAccountRequest;
    type Response = GetGroupMutedAccountResponse;

    async fn call(
        call: &Call<'_>,
        request: GetGroupMutedAccountRequest,
    ) -> Result<Answered<GetGroupMutedAccountResponse>, Failure> {
        let GetGroupMutedAccountRequest { group_id, topic_id } = request;
        let topic_id = topic_id::of_request(call, &group_id, topic_id.as_deref())?;
        let now = call.log_now();
        let muted: Vec<(UserId, Timestamp)> = call
            .read(|reads| {
                profile::there_must_be(reads, &group_id)?;
                let topic = topic_id.as_ref();
                let topic = topic.map(|id| profile::topic_must_be(reads, &group_id, id));
                let made = topic.transpose()?.map(|topic| topic.made);
                let groups = reads.groups_with(&group_id);
                let muted = groups.muted(&group_id, made, now, GROUP_MUTES_LISTED_MAX);
                muted.map_err(Failure::broken)
            })
            .await?;
        let rows = muted.iter().map(|(user, until)| Muted {
            member_account: user.clone(),
            muted_until: mute_seconds(*until, now),
        });
        let older = muted.iter().map(|(user, until)| Shutted {
            member_account: user.clone(),
            shutted_until: mute_seconds(*until, now),
        });
        Ok(Answered::read(GetGroupMutedAccountResponse {
            muted_account_list: rows.collect(),
            shutted_uin_list: older.collect(),
            group_id,
        }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::TestApi;

    #[tokio::test]
    async fn bad_requests_get_their_codes() {
        let api = TestApi::start().await;
        api.create_group("team", &[]).await;
        let cases = [
            (json!({ "GroupId": "none" }), 10010),
            (json!({}), 10004),
            (json!({ "GroupId": "team", "TopicId": "t" }), 10004),
        ];
        api.refuses("group_open_http_svc/get_group_muted_account", cases)
            .await;
    }
}
