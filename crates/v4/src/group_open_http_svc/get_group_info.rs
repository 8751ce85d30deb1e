//! `group_open_http_svc/get_group_info`: profiles and members of up to 50 groups. The code of
//! each group counts, not the one of the answer.

use hansard_groups::GroupRow;
use hansard_types::limits::{GROUP_MEMBERS_MAX, GROUPS_PER_INFO_CALL_MAX};
use hansard_types::{GroupId, Reason};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::codes;
use super::member::Members;
use super::profile::{self, ResponseFilter};
use crate::endpoint::{Answered, Call, Failure, Operation, Reading};
use crate::typed::Items;

/// Members of all groups of one answer: about what 1 MB of answer holds.
const MEMBERS_PER_ANSWER_MAX: usize = 8000;

pub(crate) struct GetGroupInfo;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetGroupInfoRequest {
    group_id_list: Items<String, GROUPS_PER_INFO_CALL_MAX>,
    /// Absent: every field, and the members. Members come back only when `MemberInfoFilter` names
    /// a field.
    response_filter: Option<ResponseFilter>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetGroupInfoResponse {
    /// In the order asked; each with `GroupId`, `ErrorCode`, `ErrorInfo` and, when that is 0, the
    /// fields asked for.
    group_info: Vec<Map<String, Value>>,
}

impl Operation for GetGroupInfo {
    const SUMMARY: &'static str = "Reads profiles and members of groups, at most 50";
    type Request = GetGroupInfoRequest;
    type Response = GetGroupInfoResponse;

    async fn call(
        call: &Call<'_>,
        request: GetGroupInfoRequest,
    ) -> Result<Answered<GetGroupInfoResponse>, Failure> {
        let GetGroupInfoRequest {
            group_id_list: Items(group_id_list),
            response_filter,
        } = request;
        let group_info = call.read(|reads| {
            let mut members_left = MEMBERS_PER_ANSWER_MAX;
            let mut group_info = Vec::with_capacity(group_id_list.len());
            for text in group_id_list {
                let filter = response_filter.as_ref();
                group_info.push(one(reads, text, filter, &mut members_left)?);
            }
            Ok(group_info)
        });
        let group_info = group_info.await?;
        Ok(Answered::read(GetGroupInfoResponse { group_info }))
    }
}

fn one(
    call: &Reading<'_>,
    text: String,
    filter: Option<&ResponseFilter>,
    members_left: &mut usize,
) -> Result<Map<String, Value>, Failure> {
    let mut info = Map::new();
    let error = match GroupId::new(&text) {
        Err(error) => Some((codes::GROUP_ID_INVALID, error.to_string())),
        Ok(id) => match profile::existing(call, &id)? {
            None => {
                let reason = Reason::GroupUnknown.text();
                Some((codes::GROUP_UNKNOWN, reason.to_owned()))
            }
            Some(group) => {
                info = fields(call, &id, &group, filter, members_left)?;
                None
            }
        },
    };
    let (code, reason) = error.unwrap_or_default();
    info.insert("GroupId".to_owned(), Value::String(text));
    info.insert("ErrorCode".to_owned(), json!(code));
    info.insert("ErrorInfo".to_owned(), Value::String(reason));
    Ok(info)
}

fn fields(
    call: &Reading<'_>,
    id: &GroupId,
    group: &GroupRow,
    filter: Option<&ResponseFilter>,
    members_left: &mut usize,
) -> Result<Map<String, Value>, Failure> {
    let base = profile::base_fields(call.app(), group, &profile::head(call, id)?);
    let base_filter = filter.and_then(|filter| filter.group_base_info_filter.as_ref());
    let mut fields = profile::filtered(base, base_filter);
    if let Some(filter) = filter {
        fields.remove("AppDefinedData");
        if let Some(keys) = &filter.group_keys {
            let custom = profile::listed(&group.profile.fields, Some(keys));
            fields.insert("AppDefinedData".to_owned(), custom);
        }
    }
    let member_filter = filter.and_then(|filter| filter.member_info_filter.as_ref());
    if filter.is_none() || member_filter.is_some_and(|names| !names.is_empty()) {
        let keys = filter.and_then(|filter| filter.member_keys.as_ref());
        let list = Members::new(call, (id, group), member_filter, keys);
        let list = members(call, id, &list, members_left)?;
        fields.insert("MemberList".to_owned(), Value::Array(list));
    }
    Ok(fields)
}

fn members(
    call: &Reading<'_>,
    id: &GroupId,
    list: &Members<'_>,
    members_left: &mut usize,
) -> Result<Vec<Value>, Failure> {
    let per_group_max = usize::try_from(GROUP_MEMBERS_MAX).unwrap_or(usize::MAX);
    let members_max = per_group_max.min(*members_left + 1);
    let members = call
        .groups_with(id)
        .members(id, members_max)
        .map_err(Failure::broken)?;
    if members.len() > *members_left {
        let info = "the answer would be larger than 1 MB: ask for fewer groups";
        return Err(Failure::refused(codes::ANSWER_TOO_LARGE, info));
    }
    *members_left -= members.len();
    let members = members.iter().map(|(user, member)| list.one(user, member));
    members.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::{TestApi, text};

    const PATH: &str = "group_open_http_svc/get_group_info";

    #[tokio::test]
    async fn without_a_filter_everything_comes_back() {
        let api = TestApi::start().await;
        api.create_group("team", &["bob"]).await;
        let body = json!({ "GroupId": "team", "From_Account": "bob", "Random": 1,
            "MsgBody": [text("hi")] });
        api.v4_ok("group_open_http_svc/send_group_msg", body).await;
        let answer = api.v4_ok(PATH, json!({ "GroupIdList": ["team"] })).await;
        let info = &answer["GroupInfo"][0];
        let expected = [
            ("GroupId", json!("team")),
            ("ErrorCode", json!(0)),
            ("Type", json!("Public")),
            ("Name", json!("team")),
            ("Owner_Account", json!("alice")),
            ("MemberNum", json!(2)),
            ("NextMsgSeq", json!(2)),
            ("ApplyJoinOption", json!("NeedPermission")),
            ("InviteJoinOption", json!("DisableInvite")),
            ("MuteAllMember", json!("Off")),
            ("ShutUpAllMember", json!("Off")),
        ];
        for (name, value) in expected {
            assert_eq!(info[name], value, "{name}");
        }
        assert_eq!(info["MemberList"][0]["Member_Account"], "alice");
        assert_eq!(info["MemberList"][0]["Role"], "Owner");
        assert_eq!(info["MemberList"][1]["Role"], "Member");
        assert_eq!(info["LastMsgTime"], 1_794_000_000);
    }

    #[tokio::test]
    async fn a_filter_names_what_comes_back() {
        let api = TestApi::start().await;
        api.create_group("team", &[]).await;
        let body = json!({ "GroupIdList": ["team"], "ResponseFilter": {
            "GroupBaseInfoFilter": ["Name", "Unknown"], "MemberInfoFilter": ["Role"],
        } });
        let answer = api.v4_ok(PATH, body).await;
        let expected = json!({
            "GroupId": "team", "ErrorCode": 0, "ErrorInfo": "", "Name": "team",
            "MemberList": [{ "Member_Account": "alice", "Role": "Owner" }],
        });
        assert_eq!(answer["GroupInfo"][0], expected);
        let body = json!({ "GroupIdList": ["team"], "ResponseFilter": {
            "GroupBaseInfoFilter": ["Type"] } });
        let answer = api.v4_ok(PATH, body).await;
        assert_eq!(answer["GroupInfo"][0]["MemberList"], Value::Null);
    }

    #[tokio::test]
    async fn each_group_has_a_code_of_its_own() {
        let api = TestApi::start().await;
        api.create_group("team", &[]).await;
        let body = json!({ "GroupIdList": ["team", "none", "", "g".repeat(49)] });
        let answer = api.v4_ok(PATH, body).await;
        let codes: Vec<&Value> = (0..4)
            .map(|index| &answer["GroupInfo"][index]["ErrorCode"])
            .collect();
        assert_eq!(
            codes,
            [&json!(0), &json!(10010), &json!(10015), &json!(10015)]
        );
    }

    #[tokio::test]
    async fn fifty_are_taken_and_one_more_is_refused() {
        let api = TestApi::start().await;
        api.v4_ok(PATH, json!({ "GroupIdList": vec!["none"; 50] }))
            .await;
        let cases = [
            (json!({ "GroupIdList": vec!["none"; 51] }), 10004),
            (json!({ "GroupIdList": [] }), 10004),
            (json!({}), 10004),
            (json!({ "GroupIdList": "team" }), 10004),
            (json!({ "GroupIdList": [7] }), 10004),
            (json!([]), 10011),
        ];
        api.refuses(PATH, cases).await;
    }
}
