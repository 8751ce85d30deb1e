//! `group_open_http_svc/get_specified_group_member_info`: the members of a group that are named;
//! who is none is left out.

use hansard_types::limits::GROUP_MEMBERS_NAMED_MAX;
use hansard_types::{GroupId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::codes;
use super::member::Members;
use super::profile::{self, GROUP_ID};
use crate::endpoint::{Answered, Call, Failure, Operation};
use crate::typed::{Field, Items};

pub(crate) struct GetSpecifiedGroupMemberInfo;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetSpecifiedGroupMemberInfoRequest {
    group_id: GroupId,
    #[serde(rename = "Member_List_Account")]
    members: Items<UserId, GROUP_MEMBERS_NAMED_MAX>,
    /// Absent: every field.
    member_info_filter: Option<Vec<String>>,
    #[serde(rename = "AppDefinedDataFilter_GroupMember")]
    app_defined_data_filter: Option<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetSpecifiedGroupMemberInfoResponse {
    group_id: GroupId,
    /// In the order asked; each with `Member_Account` and the fields asked for.
    member_list: Vec<Value>,
}

impl Operation for GetSpecifiedGroupMemberInfo {
    const SUMMARY: &'static str = "Reads members of a group by their accounts, at most 50";
    const FIELDS: &'static [Field] = &[
        GROUP_ID,
        Field::of("Member_List_Account", codes::GROUP_PARAMETER)
            .too_many(codes::GROUP_TOO_MANY_ACCOUNTS),
    ];
    type Request = GetSpecifiedGroupMemberInfoRequest;
    type Response = GetSpecifiedGroupMemberInfoResponse;

    async fn call(
        call: &Call<'_>,
        request: GetSpecifiedGroupMemberInfoRequest,
    ) -> Result<Answered<GetSpecifiedGroupMemberInfoResponse>, Failure> {
        let GetSpecifiedGroupMemberInfoRequest {
            group_id: id,
            members: Items(members),
            member_info_filter: names,
            app_defined_data_filter: keys,
        } = request;
        let member_list = call.read(|reads| {
            let group = profile::there_must_be(reads, &id)?;
            let list = Members::new(reads, (&id, &group), names.as_ref(), keys.as_ref());
            let mut found = Vec::with_capacity(members.len());
            for user in &members {
                let member = reads.groups_with(&id).member(&id, user);
                if let Some(member) = member.map_err(Failure::broken)? {
                    found.push(list.one(user, &member)?);
                }
            }
            Ok(found)
        });
        let member_list = member_list.await?;
        Ok(Answered::read(GetSpecifiedGroupMemberInfoResponse {
            group_id: id,
            member_list,
        }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::TestApi;

    const PATH: &str = "group_open_http_svc/get_specified_group_member_info";

    #[tokio::test]
    async fn members_come_in_the_order_asked_and_strangers_do_not() {
        let api = TestApi::start().await;
        api.create_group("team", &["bob"]).await;
        let body = json!({ "GroupId": "team", "MemberInfoFilter": ["Role"],
            "Member_List_Account": ["bob", "carol", "nobody", "alice"] });
        let answer = api.v4_ok(PATH, body).await;
        let expected = json!([{ "Member_Account": "bob", "Role": "Member" },
            { "Member_Account": "alice", "Role": "Owner" }]);
        assert_eq!(answer["MemberList"], expected);
        assert_eq!(answer["GroupId"], "team");
    }

    #[tokio::test]
    async fn fifty_are_taken_and_one_more_is_refused() {
        let api = TestApi::start().await;
        api.create_group("team", &[]).await;
        let with = |count: usize| {
            json!({ "GroupId": "team",
            "Member_List_Account": vec!["bob"; count] })
        };
        api.v4_ok(PATH, with(50)).await;
        let mut unknown = with(1);
        unknown["GroupId"] = json!("none");
        let cases = [(with(51), 10005), (with(0), 10004), (unknown, 10010)];
        api.refuses(PATH, cases).await;
    }
}
