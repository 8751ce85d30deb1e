//! `group_open_avchatroom_http_svc/modify_user_info`: marks of accounts in a live room, which
//! `get_members` lists by. The contract's own marks below 1000 are not there yet, and refused.

use hansard_domain::group::MarkMembers;
use hansard_types::limits::{MARKED_PER_CALL_MAX, MARKS_MAX};
use hansard_types::{GroupId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::codes;
use super::profile::GROUP_ID;
use crate::endpoint::{Answered, Call, Failure, Operation};
use crate::typed::{Field, Items};

pub(crate) struct ModifyUserInfo;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ModifyUserInfoRequest {
    group_id: GroupId,
    /// 1 gives the marks, 2 takes them back.
    #[schemars(range(min = 1, max = 2))]
    command_type: u8,
    member_list: Items<Marked, MARKED_PER_CALL_MAX>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Marked {
    #[serde(rename = "Member_Account")]
    account: UserId,
    /// 1000 or more each.
    #[serde(rename = "Marks")]
    #[schemars(length(max = MARKS_MAX))]
    marks: Vec<u32>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ModifyUserInfoResponse {
    command_type: u8,
    member_list: Vec<Marked>,
}

impl Operation for ModifyUserInfo {
    const SUMMARY: &'static str = "Marks accounts in a live room, or takes marks back";
    const FIELDS: &'static [Field] = &[
        GROUP_ID,
        Field::of("MemberList", codes::GROUP_PARAMETER).too_many(codes::GROUP_TOO_MANY_ACCOUNTS),
        Field::account("MemberList[].Member_Account", codes::GROUP_PARAMETER),
    ];
    type Request = ModifyUserInfoRequest;
    type Response = ModifyUserInfoResponse;

    async fn call(
        call: &Call<'_>,
        request: ModifyUserInfoRequest,
    ) -> Result<Answered<ModifyUserInfoResponse>, Failure> {
        let ModifyUserInfoRequest {
            group_id,
            command_type,
            member_list: Items(member_list),
        } = request;
        let are_set = match command_type {
            1 => true,
            2 => false,
            _ => return Err(call.parameter("CommandType is 1 or 2")),
        };
        if member_list.iter().any(|one| one.marks.len() > MARKS_MAX) {
            return Err(call.parameter("Marks holds at most 10"));
        }
        let members = member_list.iter();
        let command = MarkMembers {
            group_id,
            are_set,
            members: members
                .map(|one| (one.account.clone(), one.marks.clone()))
                .collect(),
        };
        let answer = call.submit(command).await?;
        Ok(Answered::written(
            ModifyUserInfoResponse {
                command_type,
                member_list,
            },
            answer.position,
        ))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::TestApi;

    const PATH: &str = "group_open_avchatroom_http_svc/modify_user_info";
    const LIST: &str = "group_open_avchatroom_http_svc/get_members";

    fn marks(command: u8, who: &str, marks: &[u32]) -> Value {
        json!({ "GroupId": "show", "CommandType": command,
            "MemberList": [{ "Member_Account": who, "Marks": marks }] })
    }

    async fn marked(api: &TestApi, mark: u32) -> Value {
        let body = json!({ "GroupId": "show", "Mark": [mark] });
        let page = api.v4_ok(LIST, body).await;
        let list = page["MemberList"].as_array().expect("a list");
        list.iter()
            .map(|one| one["Member_Account"].clone())
            .collect()
    }

    #[tokio::test]
    async fn members_are_listed_by_their_marks() {
        let api = TestApi::start().await;
        api.create_room("show").await;
        for who in ["alice", "bob"] {
            let body = json!({ "group_id": "show" });
            let (status, _) = api.own(who, "POST", "groups/enter", Some(&body)).await;
            assert_eq!(status, 200);
        }
        let answer = api.v4_ok(PATH, marks(1, "bob", &[1000, 1001])).await;
        assert_eq!(answer["MemberList"][0]["Marks"], json!([1000, 1001]));
        let end = api.log_end();
        api.v4_ok(PATH, marks(1, "bob", &[1000])).await;
        assert_eq!(api.log_end(), end, "nothing is new");
        api.v4_ok(PATH, marks(1, "carol", &[1000])).await;
        assert_eq!(
            marked(&api, 1000).await,
            json!(["bob"]),
            "carol is not there"
        );
        api.v4_ok(PATH, marks(2, "bob", &[1000])).await;
        assert_eq!(marked(&api, 1000).await, json!([]));
        assert_eq!(marked(&api, 1001).await, json!(["bob"]));
        let delete = json!({ "DeleteItem": [{ "UserID": "bob" }] });
        api.v4_ok("im_open_login_svc/account_delete", delete).await;
        let import = json!({ "UserID": "bob" });
        api.v4_ok("im_open_login_svc/account_import", import).await;
        assert_eq!(marked(&api, 1001).await, json!([]), "another bob");
    }

    #[tokio::test]
    async fn bad_requests_get_their_codes() {
        let api = TestApi::start().await;
        api.create_room("show").await;
        api.create_group("team", &[]).await;
        let mut of_team = marks(1, "bob", &[1000]);
        of_team["GroupId"] = json!("team");
        let many: Vec<Value> = vec![json!({ "Member_Account": "bob", "Marks": [1000] }); 501];
        let many = json!({ "GroupId": "show", "CommandType": 1, "MemberList": many });
        let eleven: Vec<u32> = (1000..1011).collect();
        let cases = [
            (marks(3, "bob", &[1000]), 10004),
            (marks(1, "bob", &[500]), 10004),
            (marks(1, "bob", &[999]), 10004),
            (marks(1, "bob", &eleven), 10004),
            (marks(1, "nobody", &[1000]), 10019),
            (of_team, 10007),
            (many, 10005),
        ];
        api.refuses(PATH, cases).await;
        api.v4_ok(PATH, marks(1, "bob", &eleven[..10])).await;
        api.refuses(PATH, [(marks(1, "alice", &[2000]), 10004)])
            .await;
    }
}
