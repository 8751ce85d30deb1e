//! `group_open_http_svc/get_joined_group_list`: the groups that an account is a member of.

use hansard_domain::group::rules::rules;
use hansard_events::group::GroupType;
use hansard_groups::Membership;
use hansard_types::UserId;
use hansard_types::limits::{JOINED_GROUPS_PAGE_MAX, JOINED_GROUPS_READ_MAX};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::member::Members;
use super::profile::{self, ResponseFilter, TypeName};
use crate::endpoint::{Answered, Call, Failure, Operation, Reading};
use crate::field;
use crate::typed::{AtMost, OrEmpty};

pub(crate) struct GetJoinedGroupList;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetJoinedGroupListRequest {
    #[serde(rename = "Member_Account")]
    member_account: UserId,
    /// 1: with rooms of type `AVChatRoom`.
    with_huge_groups: Option<u32>,
    /// 1: with groups of type `Private` in which nothing was said yet.
    with_no_active_groups: Option<u32>,
    /// 5000, too, when it is 0 or absent.
    #[serde(default)]
    limit: AtMost<JOINED_GROUPS_PAGE_MAX>,
    offset: Option<u32>,
    #[serde(default)]
    group_type: OrEmpty<TypeName>,
    /// Absent: ids only.
    response_filter: Option<ResponseFilter>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetJoinedGroupListResponse {
    /// Whatever the page.
    total_count: usize,
    /// By id; each with `GroupId`, the fields asked for, and `SelfInfo` if asked for.
    group_id_list: Vec<Map<String, Value>>,
}

impl Operation for GetJoinedGroupList {
    const SUMMARY: &'static str = "Lists the groups that an account is a member of";
    type Request = GetJoinedGroupListRequest;
    type Response = GetJoinedGroupListResponse;

    async fn call(
        call: &Call<'_>,
        request: GetJoinedGroupListRequest,
    ) -> Result<Answered<GetJoinedGroupListResponse>, Failure> {
        let user = request.member_account;
        let limit = field::limit(request.limit.0, JOINED_GROUPS_PAGE_MAX);
        let offset = usize::try_from(request.offset.unwrap_or(0)).unwrap_or(usize::MAX);
        let wanted = request.group_type.0.map(GroupType::from);
        call.there_must_be(&user)?;
        let with_huge = request.with_huge_groups == Some(1);
        let with_inactive = request.with_no_active_groups == Some(1);
        let answer = call.read(|reads| {
            let joined = reads.everywhere().joined(&user, JOINED_GROUPS_READ_MAX);
            let mut joined = joined.map_err(Failure::broken)?;
            joined.retain(|one| {
                let group_type = one.group.group_type;
                wanted.is_none_or(|wanted| wanted == group_type)
                    && (with_huge || group_type != GroupType::AvChatRoom)
            });
            if !with_inactive {
                joined = active(reads, joined)?;
            }
            let total_count = joined.len();
            let filter = request.response_filter.as_ref();
            let mut group_id_list = Vec::new();
            for one in joined.into_iter().skip(offset).take(limit) {
                group_id_list.push(fields(reads, &user, &one, filter)?);
            }
            Ok(GetJoinedGroupListResponse {
                total_count,
                group_id_list,
            })
        });
        answer.await.map(Answered::read)
    }
}

/// Without the Work groups that no message has activated.
fn active(call: &Reading<'_>, joined: Vec<Membership>) -> Result<Vec<Membership>, Failure> {
    let mut active = Vec::with_capacity(joined.len());
    for one in joined {
        let waits = rules(one.group.group_type).waits_for_a_message;
        if !waits || profile::head(call, &one.group_id)?.last_sent_at.0 > 0 {
            active.push(one);
        }
    }
    Ok(active)
}

fn fields(
    call: &Reading<'_>,
    user: &UserId,
    one: &Membership,
    filter: Option<&ResponseFilter>,
) -> Result<Map<String, Value>, Failure> {
    let Membership {
        group_id,
        group,
        member,
    } = one;
    let mut fields = Map::new();
    if let Some(names) = filter.and_then(|filter| filter.group_base_info_filter.as_ref()) {
        let base = profile::base_fields(call.app(), group, &profile::head(call, group_id)?);
        fields = profile::filtered(base, Some(names));
    }
    fields.insert("GroupId".to_owned(), json!(group_id));
    if let Some(names) = filter.and_then(|filter| filter.self_info_filter.as_ref()) {
        let keys = filter.and_then(|filter| filter.member_keys.as_ref());
        let own = Members::new(call, (group_id, group), Some(names), keys);
        let own = own.fields(user, member)?;
        fields.insert("SelfInfo".to_owned(), Value::Object(own));
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::{TestApi, text};

    const PATH: &str = "group_open_http_svc/get_joined_group_list";

    fn ids(answer: &Value) -> Vec<&str> {
        let list = answer["GroupIdList"].as_array().expect("a list");
        list.iter()
            .filter_map(|row| row["GroupId"].as_str())
            .collect()
    }

    async fn three_groups() -> TestApi {
        let api = TestApi::start().await;
        api.create_group("a", &["bob"]).await;
        api.create_group("b", &["bob"]).await;
        let work = json!({ "Type": "Private", "Name": "work", "GroupId": "work",
            "MemberList": [{ "Member_Account": "bob" }] });
        api.v4_ok("group_open_http_svc/create_group", work).await;
        api
    }

    #[tokio::test]
    async fn groups_are_listed_in_pages_and_by_type() {
        let api = three_groups().await;
        let all = api.v4_ok(PATH, json!({ "Member_Account": "bob" })).await;
        assert_eq!((ids(&all), &all["TotalCount"]), (vec!["a", "b"], &json!(2)));
        assert_eq!(all["GroupIdList"][0], json!({ "GroupId": "a" }), "ids only");
        let body = json!({ "Member_Account": "bob", "Limit": 1, "Offset": 1 });
        let page = api.v4_ok(PATH, body).await;
        assert_eq!((ids(&page), &page["TotalCount"]), (vec!["b"], &json!(2)));
        let unset = json!({ "Member_Account": "bob", "Limit": 0, "Offset": 0, "GroupType": "" });
        assert_eq!(ids(&api.v4_ok(PATH, unset).await), ["a", "b"]);
        let body = json!({
            "Member_Account": "bob", "GroupType": "Private", "WithNoActiveGroups": 1,
        });
        assert_eq!(ids(&api.v4_ok(PATH, body).await), ["work"]);
        let body = json!({ "GroupId": "work", "From_Account": "bob", "Random": 1,
            "MsgBody": [text("hi")] });
        api.v4_ok("group_open_http_svc/send_group_msg", body).await;
        let all = api.v4_ok(PATH, json!({ "Member_Account": "bob" })).await;
        assert_eq!(ids(&all), ["a", "b", "work"], "a message activated it");
    }

    #[tokio::test]
    async fn filters_name_what_comes_back() {
        let api = three_groups().await;
        let body = json!({ "Member_Account": "bob", "Limit": 1, "ResponseFilter": {
            "GroupBaseInfoFilter": ["Type", "Name"], "SelfInfoFilter": ["Role", "MsgSeq"],
        } });
        let answer = api.v4_ok(PATH, body).await;
        let expected = json!({
            "GroupId": "a", "Type": "Public", "Name": "a",
            "SelfInfo": { "Role": "Member", "MsgSeq": 0 },
        });
        assert_eq!(answer["GroupIdList"][0], expected);
    }

    #[tokio::test]
    async fn bad_requests_get_their_codes() {
        let api = TestApi::start().await;
        let cases = [
            (json!({}), 10004),
            (json!({ "Member_Account": "" }), 10004),
            (json!({ "Member_Account": 7 }), 60015),
            (json!({ "Member_Account": "nobody" }), 10019),
            (json!({ "Member_Account": "bob", "Limit": 5001 }), 10004),
            (json!({ "Member_Account": "bob", "Offset": -1 }), 10004),
            (
                json!({ "Member_Account": "bob", "GroupType": "None" }),
                10004,
            ),
        ];
        api.refuses(PATH, cases).await;
        api.v4_ok(PATH, json!({ "Member_Account": "bob", "Limit": 5000 }))
            .await;
    }
}
