//! `group_open_http_svc/get_group_member_info`: the members of a group, page by page.
//!
//! Pages go by `Next`, which the last one leaves empty; `Offset`, which the contract has for all
//! types but Communities, is taken for every type, and costs what it passes over.

use hansard_events::group::Role;
use hansard_types::limits::{GROUP_MEMBERS_MAX, GROUP_MEMBERS_PAGE};
use hansard_types::{GroupId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::member::{Members, RoleName};
use super::profile::{self, GROUP_ID};
use crate::endpoint::{Answered, Call, Failure, Operation};
use crate::field;
use crate::typed::{AtMost, Field, OrEmpty};

/// Members of one answer.
const LIMIT_MAX: usize = GROUP_MEMBERS_MAX as usize;

pub(crate) struct GetGroupMemberInfo;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetGroupMemberInfoRequest {
    group_id: GroupId,
    /// 100 when it is 0 or absent.
    #[serde(default)]
    limit: AtMost<LIMIT_MAX>,
    #[serde(default)]
    offset: AtMost<100_000>,
    /// What the page before ended with; `""` or absent: the first page.
    #[serde(default)]
    next: OrEmpty<UserId>,
    /// Absent: every field.
    member_info_filter: Option<Vec<String>>,
    /// Absent or empty: whatever the role.
    member_role_filter: Option<Vec<RoleName>>,
    #[serde(rename = "AppDefinedDataFilter_GroupMember")]
    app_defined_data_filter: Option<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetGroupMemberInfoResponse {
    /// Of the group, whatever the page and the filters.
    member_num: u32,
    /// By id; each with `Member_Account` and the fields asked for.
    member_list: Vec<Value>,
    /// Empty: there are no more.
    next: String,
}

impl Operation for GetGroupMemberInfo {
    const SUMMARY: &'static str = "Lists the members of a group";
    const FIELDS: &'static [Field] = &[GROUP_ID];
    type Request = GetGroupMemberInfoRequest;
    type Response = GetGroupMemberInfoResponse;

    async fn call(
        call: &Call<'_>,
        request: GetGroupMemberInfoRequest,
    ) -> Result<Answered<GetGroupMemberInfoResponse>, Failure> {
        let GetGroupMemberInfoRequest {
            group_id: id,
            limit,
            offset,
            next,
            member_info_filter: names,
            member_role_filter: roles,
            app_defined_data_filter: keys,
        } = request;
        let limit = field::limit(limit.0, GROUP_MEMBERS_PAGE);
        let roles: Vec<Role> = roles.into_iter().flatten().map(Role::from).collect();
        let answer = call.read(|reads| {
            let group = profile::there_must_be(reads, &id)?;
            let wanted = |role| roles.is_empty() || roles.contains(&role);
            let page =
                reads
                    .groups_with(&id)
                    .page(&id, next.0.as_ref(), (offset.0, limit), |member| {
                        wanted(member.profile.role)
                    });
            let (members, last) = page.map_err(Failure::broken)?;
            let list = Members::new(reads, (&id, &group), names.as_ref(), keys.as_ref());
            let member_list = members.iter().map(|(user, row)| list.one(user, row));
            Ok(GetGroupMemberInfoResponse {
                member_num: group.member_count,
                member_list: member_list.collect::<Result<_, _>>()?,
                next: last
                    .map(|user| user.as_str().to_owned())
                    .unwrap_or_default(),
            })
        });
        answer.await.map(Answered::read)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::{TestApi, text};

    const PATH: &str = "group_open_http_svc/get_group_member_info";

    fn ids(answer: &Value) -> Vec<&str> {
        let list = answer["MemberList"].as_array().expect("a list");
        let id = |row: &Value| row["Member_Account"].as_str().map(str::len);
        assert!(list.iter().all(|row| id(row).is_some()), "{answer}");
        list.iter()
            .filter_map(|row| row["Member_Account"].as_str())
            .collect()
    }

    #[tokio::test]
    async fn members_come_in_pages_whichever_way_they_are_asked_for() {
        let api = TestApi::start().await;
        api.create_group("team", &["bob", "carol"]).await;
        let all = api.v4_ok(PATH, json!({ "GroupId": "team" })).await;
        assert_eq!(ids(&all), ["alice", "bob", "carol"]);
        assert_eq!((&all["MemberNum"], &all["Next"]), (&json!(3), &json!("")));
        let body = json!({ "GroupId": "team", "Limit": 2, "Offset": 1 });
        let page = api.v4_ok(PATH, body).await;
        assert_eq!(ids(&page), ["bob", "carol"]);
        let (mut next, mut found) = (String::new(), Vec::new());
        loop {
            let body = json!({ "GroupId": "team", "Limit": 1, "Next": next });
            let page = api.v4_ok(PATH, body).await;
            found.extend(ids(&page).into_iter().map(str::to_owned));
            next = page["Next"].as_str().expect("a text").to_owned();
            assert_eq!(page["MemberNum"], 3);
            if next.is_empty() {
                break;
            }
        }
        assert_eq!(found, ["alice", "bob", "carol"]);
    }

    #[tokio::test]
    async fn filters_name_fields_and_roles() {
        let api = TestApi::start().await;
        api.create_group("team", &["bob"]).await;
        let sent = json!({ "GroupId": "team", "From_Account": "bob", "Random": 1,
            "MsgBody": [text("hi")] });
        api.v4_ok("group_open_http_svc/send_group_msg", sent).await;
        let body = json!({ "GroupId": "team", "MemberRoleFilter": ["Member"],
            "MemberInfoFilter": ["Role", "MsgFlag", "LastSendMsgTime", "MuteUntil", "Unknown"] });
        let answer = api.v4_ok(PATH, body).await;
        let expected = json!([{ "Member_Account": "bob", "Role": "Member",
            "MsgFlag": "AcceptAndNotify", "LastSendMsgTime": 1_794_000_000, "MuteUntil": 0 }]);
        assert_eq!(answer["MemberList"], expected);
        assert_eq!(answer["MemberNum"], 2);
        let body = json!({ "GroupId": "team", "MemberRoleFilter": ["Admin"] });
        assert!(ids(&api.v4_ok(PATH, body).await).is_empty());
        let all = api.v4_ok(
            PATH,
            json!({ "GroupId": "team", "Limit": 0, "Offset": 0, "Next": "",
            "MemberInfoFilter": null, "MemberRoleFilter": [] }),
        );
        let all = all.await;
        for name in [
            "Role",
            "JoinTime",
            "MsgSeq",
            "MsgFlag",
            "LastSendMsgTime",
            "ShutUpUntil",
            "NameCard",
            "AppMemberDefinedData",
        ] {
            assert_ne!(all["MemberList"][0][name], Value::Null, "{name}");
        }
    }

    #[tokio::test]
    async fn bad_requests_get_their_codes() {
        let api = TestApi::start().await;
        api.create_group("team", &[]).await;
        let with = |name: &str, value: Value| {
            let mut body = json!({ "GroupId": "team" });
            body[name] = value;
            body
        };
        let cases = [
            (with("GroupId", json!("none")), 10010),
            (with("GroupId", json!(null)), 10004),
            (with("Limit", json!(6001)), 10004),
            (with("Limit", json!(-1)), 10004),
            (with("MemberRoleFilter", json!(["Boss"])), 10004),
            (with("MemberInfoFilter", json!("Role")), 10004),
        ];
        api.refuses(PATH, cases).await;
        api.v4_ok(PATH, with("Limit", json!(6000))).await;
    }
}
