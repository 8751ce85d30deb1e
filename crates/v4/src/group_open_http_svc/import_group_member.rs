//! `group_open_http_svc/import_group_member`: brings members into a group as they were elsewhere.
//! Nobody is told.

use hansard_domain::group::{AddOutcome, ImportMembers, MemberToImport};
use hansard_events::group::Role;
use hansard_types::limits::MEMBERS_IMPORTED_PER_CALL_MAX;
use hansard_types::{GroupId, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::codes;
use super::member::GivenRole;
use super::profile::GROUP_ID;
use crate::endpoint::{Answered, Call, Failure, Operation};
use crate::typed::{Field, Items, OrEmpty};

pub(crate) struct ImportGroupMember;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ImportGroupMemberRequest {
    group_id: GroupId,
    member_list: Items<Imported, MEMBERS_IMPORTED_PER_CALL_MAX>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Imported {
    #[serde(rename = "Member_Account")]
    member_account: UserId,
    /// Absent: an ordinary member.
    #[serde(default)]
    role: OrEmpty<GivenRole>,
    /// Unix seconds, between the group's making and now; 0 or absent: now.
    #[serde(default)]
    join_time: u32,
    #[serde(default)]
    unread_msg_num: u32,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ImportGroupMemberResponse {
    member_list: Vec<Outcome>,
}

#[derive(Serialize, JsonSchema)]
struct Outcome {
    #[serde(rename = "Member_Account")]
    member_account: UserId,
    /// 0 no such account, 1 imported, 2 a member already.
    #[serde(rename = "Result")]
    result: u8,
}

impl Operation for ImportGroupMember {
    const SUMMARY: &'static str = "Brings members into a group as they were elsewhere, at most 300";
    const FIELDS: &'static [Field] = &[
        GROUP_ID,
        Field::of("MemberList", codes::GROUP_PARAMETER).too_many(codes::GROUP_TOO_MANY_ACCOUNTS),
        Field::account("MemberList[].Member_Account", codes::GROUP_PARAMETER),
    ];
    type Request = ImportGroupMemberRequest;
    type Response = ImportGroupMemberResponse;

    async fn call(
        call: &Call<'_>,
        request: ImportGroupMemberRequest,
    ) -> Result<Answered<ImportGroupMemberResponse>, Failure> {
        let member = |one: Imported| MemberToImport {
            user_id: one.member_account,
            role: one.role.0.map_or(Role::Member, Role::from),
            joined_at: (one.join_time > 0).then(|| Timestamp::from_seconds(one.join_time.into())),
            unread: one.unread_msg_num.into(),
        };
        let command = ImportMembers {
            group_id: request.group_id,
            members: request.member_list.0.into_iter().map(member).collect(),
        };
        let answer = call.submit(command).await?;
        let outcome = |(member_account, outcome): (UserId, AddOutcome)| Outcome {
            member_account,
            result: match outcome {
                AddOutcome::Unknown | AddOutcome::Banned | AddOutcome::Waiting => 0,
                AddOutcome::Added => 1,
                AddOutcome::AlreadyMember => 2,
            },
        };
        let member_list = answer.reply.into_iter().map(outcome).collect();
        Ok(Answered::written(
            ImportGroupMemberResponse { member_list },
            answer.position,
        ))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::TestApi;

    const PATH: &str = "group_open_http_svc/import_group_member";
    const CREATED: u64 = 1_700_000_000;

    async fn old() -> TestApi {
        let api = TestApi::start().await;
        let group = json!({ "Type": "Public", "Name": "old", "GroupId": "old",
            "CreateTime": CREATED });
        api.v4_ok("group_open_http_svc/import_group", group).await;
        api
    }

    fn member(more: Value) -> Value {
        let mut member = json!({ "Member_Account": "bob", "Role": "Admin",
            "JoinTime": CREATED + 60 });
        for (name, value) in more.as_object().expect("an object") {
            member[name] = value.clone();
        }
        json!({ "GroupId": "old", "MemberList": [member] })
    }

    #[tokio::test]
    async fn members_keep_their_role_and_time_and_again_adds_no_event() {
        let api = old().await;
        let mut body = member(json!({}));
        let list = body["MemberList"].as_array_mut().expect("a list");
        list.push(json!({ "Member_Account": "nobody" }));
        let answer = api.v4_ok(PATH, body.clone()).await;
        let expected = json!([{ "Member_Account": "bob", "Result": 1 },
            { "Member_Account": "nobody", "Result": 0 }]);
        assert_eq!(answer["MemberList"], expected);
        let end = api.log_end();
        let again = api.v4_ok(PATH, body).await;
        assert_eq!(
            (&again["MemberList"][0]["Result"], api.log_end()),
            (&json!(2), end)
        );
        let info = json!({ "GroupIdList": ["old"] });
        let info = api.v4_ok("group_open_http_svc/get_group_info", info).await;
        let bob = &info["GroupInfo"][0]["MemberList"][0];
        assert_eq!(
            (&bob["Role"], &bob["JoinTime"]),
            (&json!("Admin"), &json!(CREATED + 60))
        );
    }

    #[tokio::test]
    async fn bad_requests_get_their_codes() {
        let api = old().await;
        let cases = [
            (member(json!({ "JoinTime": CREATED - 1 })), 10004),
            (member(json!({ "JoinTime": 1_794_000_001 })), 10004),
            (member(json!({ "Role": "Owner" })), 10004),
            (member(json!({ "Member_Account": 7 })), 60015),
            (
                json!({ "GroupId": "none", "MemberList": [{ "Member_Account": "bob" }] }),
                10010,
            ),
            (json!({ "GroupId": "old", "MemberList": [] }), 10004),
            (
                json!({ "GroupId": "old",
                    "MemberList": vec![json!({ "Member_Account": "bob" }); 301] }),
                10005,
            ),
        ];
        api.refuses(PATH, cases).await;
        let most = json!({ "GroupId": "old",
            "MemberList": vec![json!({ "Member_Account": "bob" }); 300] });
        api.v4_ok(PATH, most).await;
    }
}
