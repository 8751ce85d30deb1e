//! `group_open_http_svc/get_role_in_group`: what accounts are in a group.

use hansard_domain::group::rules::rules;
use hansard_types::limits::GROUP_ROLES_PER_CALL_MAX;
use hansard_types::{GroupId, Reason, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::codes;
use super::profile::{self, GROUP_ID};
use crate::endpoint::{Answered, Call, Failure, Operation};
use crate::typed::{Field, Items};

pub(crate) struct GetRoleInGroup;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetRoleInGroupRequest {
    group_id: GroupId,
    #[serde(rename = "User_Account")]
    users: Items<UserId, GROUP_ROLES_PER_CALL_MAX>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetRoleInGroupResponse {
    user_id_list: Vec<RoleOf>,
}

#[derive(Serialize, JsonSchema)]
struct RoleOf {
    #[serde(rename = "Member_Account")]
    member_account: UserId,
    /// `Owner`, `Admin`, `Member` or `NotMember`.
    #[serde(rename = "Role")]
    role: String,
}

impl Operation for GetRoleInGroup {
    const SUMMARY: &'static str = "Reads what accounts are in a group, at most 500";
    const FIELDS: &'static [Field] = &[
        GROUP_ID,
        Field::of("User_Account", codes::GROUP_PARAMETER).too_many(codes::GROUP_TOO_MANY_ACCOUNTS),
    ];
    type Request = GetRoleInGroupRequest;
    type Response = GetRoleInGroupResponse;

    async fn call(
        call: &Call<'_>,
        request: GetRoleInGroupRequest,
    ) -> Result<Answered<GetRoleInGroupResponse>, Failure> {
        let GetRoleInGroupRequest {
            group_id: id,
            users: Items(users),
        } = request;
        let user_id_list = call.read(|reads| {
            let group = profile::there_must_be(reads, &id)?;
            if !rules(group.group_type).has_roster {
                return Err(reads.refusal(Reason::GroupTypeForbids));
            }
            let mut roles = Vec::with_capacity(users.len());
            for user in users {
                let member = reads.groups_with(&id).member(&id, &user);
                let member = member.map_err(Failure::broken)?;
                let role = member.map(|member| member.profile.role.to_string());
                roles.push(RoleOf {
                    member_account: user,
                    role: role.unwrap_or_else(|| "NotMember".to_owned()),
                });
            }
            Ok(roles)
        });
        let user_id_list = user_id_list.await?;
        Ok(Answered::read(GetRoleInGroupResponse { user_id_list }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::TestApi;

    const PATH: &str = "group_open_http_svc/get_role_in_group";

    #[tokio::test]
    async fn everyone_asked_for_has_a_role_or_none() {
        let api = TestApi::start().await;
        api.create_group("team", &["bob"]).await;
        let body = json!({ "GroupId": "team", "User_Account": ["bob", "alice", "nobody"] });
        let answer = api.v4_ok(PATH, body).await;
        let expected = json!([{ "Member_Account": "bob", "Role": "Member" },
            { "Member_Account": "alice", "Role": "Owner" },
            { "Member_Account": "nobody", "Role": "NotMember" }]);
        assert_eq!(answer["UserIdList"], expected);
    }

    #[tokio::test]
    async fn bad_requests_get_their_codes() {
        let api = TestApi::start().await;
        api.create_group("team", &[]).await;
        let room = json!({ "Type": "AVChatRoom", "Name": "room", "GroupId": "room" });
        api.v4_ok("group_open_http_svc/create_group", room).await;
        let with =
            |id: &str, count: usize| json!({ "GroupId": id, "User_Account": vec!["bob"; count] });
        api.v4_ok(PATH, with("team", 500)).await;
        let cases = [
            (with("team", 501), 10005),
            (with("team", 0), 10004),
            (with("none", 1), 10010),
            (with("room", 1), 10007),
        ];
        api.refuses(PATH, cases).await;
    }
}
