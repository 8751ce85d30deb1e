//! `group_open_http_svc/add_group_member`: adds up to 300 accounts to a group.

use hansard_domain::group::{AddMembers, AddOutcome};
use hansard_types::limits::GROUP_MEMBERS_ADDED_PER_CALL_MAX;
use hansard_types::{GroupId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::codes;
use super::profile::GROUP_ID;
use crate::endpoint::{Answered, Call, Failure, Operation};
use crate::typed::{Field, Items};

pub(crate) struct AddGroupMember;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AddGroupMemberRequest {
    group_id: GroupId,
    /// 1: nobody is told.
    silence: Option<u32>,
    member_list: Items<MemberToAdd, GROUP_MEMBERS_ADDED_PER_CALL_MAX>,
}

#[derive(Deserialize, JsonSchema)]
struct MemberToAdd {
    #[serde(rename = "Member_Account")]
    member_account: UserId,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AddGroupMemberResponse {
    member_list: Vec<AddedMember>,
}

#[derive(Serialize, JsonSchema)]
struct AddedMember {
    #[serde(rename = "Member_Account")]
    member_account: String,
    /// 0 there is no such account, 1 added, 2 was a member before.
    #[serde(rename = "Result")]
    result: u8,
}

impl Operation for AddGroupMember {
    const SUMMARY: &'static str = "Adds members to a group, at most 300";
    const FIELDS: &'static [Field] = &[
        GROUP_ID,
        Field::of("MemberList", codes::GROUP_PARAMETER).too_many(codes::GROUP_TOO_MANY_ACCOUNTS),
        Field::account("MemberList[].Member_Account", codes::GROUP_PARAMETER),
    ];
    type Request = AddGroupMemberRequest;
    type Response = AddGroupMemberResponse;

    async fn call(
        call: &Call<'_>,
        request: AddGroupMemberRequest,
    ) -> Result<Answered<AddGroupMemberResponse>, Failure> {
        let AddGroupMemberRequest {
            group_id,
            silence,
            member_list,
        } = request;
        let accounts = member_list.0.into_iter().map(|item| item.member_account);
        let silent = silence == Some(1);
        let command = AddMembers {
            group_id,
            accounts: accounts.collect(),
            silent,
            imported: None,
        };
        let answer = call.submit(command).await?;
        let row = |(user, outcome): (UserId, AddOutcome)| AddedMember {
            member_account: user.as_str().to_owned(),
            result: match outcome {
                AddOutcome::Waiting => 3,
                AddOutcome::Unknown | AddOutcome::Banned => 0,
                AddOutcome::Added => 1,
                AddOutcome::AlreadyMember => 2,
            },
        };
        let member_list = answer.reply.into_iter().map(row).collect();
        Ok(Answered::written(
            AddGroupMemberResponse { member_list },
            answer.position,
        ))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::TestApi;

    const PATH: &str = "group_open_http_svc/add_group_member";

    fn add(ids: &[&str]) -> Value {
        let members: Vec<Value> = ids
            .iter()
            .map(|id| json!({ "Member_Account": id }))
            .collect();
        json!({ "GroupId": "team", "Silence": 1, "MemberList": members })
    }

    #[tokio::test]
    async fn each_account_has_a_result_and_again_adds_no_event() {
        let api = TestApi::start().await;
        api.create_group("team", &["bob"]).await;
        let answer = api.v4_ok(PATH, add(&["carol", "bob", "nobody"])).await;
        let expected = json!([
            { "Member_Account": "carol", "Result": 1 },
            { "Member_Account": "bob", "Result": 2 },
            { "Member_Account": "nobody", "Result": 0 },
        ]);
        assert_eq!(answer["MemberList"], expected);
        let end = api.log_end();
        let again = api.v4_ok(PATH, add(&["carol"])).await;
        assert_eq!(again["MemberList"][0]["Result"], 2);
        assert_eq!(api.log_end(), end);
    }

    #[tokio::test]
    async fn bad_requests_get_their_codes() {
        let api = TestApi::start().await;
        api.create_group("team", &[]).await;
        let room = json!({ "Type": "AVChatRoom", "Name": "room", "GroupId": "room" });
        api.v4_ok("group_open_http_svc/create_group", room).await;
        let small = json!({ "GroupId": "team", "MaxMemberNum": 1 });
        let with = |group: Value, list: Value| json!({ "GroupId": group, "MemberList": list });
        let bob = json!([{ "Member_Account": "bob" }]);
        let cases = [
            (with(json!("none"), bob.clone()), 10010),
            (with(json!("room"), bob.clone()), 10007),
            (with(json!(null), bob.clone()), 10004),
            (with(json!(7), bob.clone()), 10015),
            (with(json!("team"), json!([])), 10004),
            (with(json!("team"), json!([{}])), 10004),
            (with(json!("team"), json!([{ "Member_Account": 7 }])), 60015),
            (add(&vec!["bob"; 301]), 10005),
            (add(&["nobody"]), 10019),
        ];
        api.refuses(PATH, cases).await;
        api.v4_ok("group_open_http_svc/modify_group_base_info", small)
            .await;
        api.refuses(PATH, [(add(&["bob"]), 10014)]).await;
    }
}
