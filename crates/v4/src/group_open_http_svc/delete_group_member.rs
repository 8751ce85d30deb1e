//! `group_open_http_svc/delete_group_member`: removes up to 500 members. Who is no member is
//! passed over.

use hansard_domain::group::RemoveMembers;
use hansard_types::limits::GROUP_MEMBERS_REMOVED_PER_CALL_MAX;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{codes, profile};
use crate::endpoint::{Answered, Call, Failure, Nothing, Operation};
use crate::field;

pub(crate) struct DeleteGroupMember;

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct DeleteGroupMemberRequest {
    /// Required.
    group_id: Option<String>,
    /// 1: nobody is told.
    silence: Option<u32>,
    reason: Option<String>,
    /// At most 500. Required.
    #[serde(rename = "MemberToDel_Account")]
    member_to_del_account: Vec<String>,
}

impl Operation for DeleteGroupMember {
    const SUMMARY: &'static str = "Removes members from a group, at most 500";
    const FIELDS: &'static [(&'static str, u32)] = &[("GroupId", codes::GROUP_ID_INVALID)];
    type Request = DeleteGroupMemberRequest;
    type Response = Nothing;

    async fn call(
        call: &Call<'_>,
        request: DeleteGroupMemberRequest,
    ) -> Result<Answered<Nothing>, Failure> {
        let DeleteGroupMemberRequest {
            group_id,
            silence,
            reason,
            member_to_del_account,
        } = request;
        let group_id = profile::group(group_id.as_deref())?;
        let code = codes::GROUP_PARAMETER;
        let (count, count_max) = (
            member_to_del_account.len(),
            GROUP_MEMBERS_REMOVED_PER_CALL_MAX,
        );
        field::bounded("MemberToDel_Account", count, count_max, code)?;
        let mut accounts = Vec::with_capacity(count);
        for id in member_to_del_account {
            accounts.push(field::user(Some(&id), "MemberToDel_Account", code)?);
        }
        let silent = silence == Some(1);
        let reason = reason.filter(|text| !text.is_empty());
        let command = RemoveMembers {
            group_id,
            accounts,
            silent,
            reason,
            imported: None,
        };
        let answer = call.submit(command).await?;
        Ok(Answered::written(Nothing {}, answer.position))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::TestApi;

    const PATH: &str = "group_open_http_svc/delete_group_member";

    fn remove(group: Value, ids: Value) -> Value {
        json!({ "GroupId": group, "Reason": "spam", "MemberToDel_Account": ids })
    }

    #[tokio::test]
    async fn members_go_and_strangers_are_passed_over() {
        let api = TestApi::start().await;
        api.create_group("team", &["bob"]).await;
        api.v4_ok(PATH, remove(json!("team"), json!(["bob", "carol"])))
            .await;
        let end = api.log_end();
        api.v4_ok(PATH, remove(json!("team"), json!(["bob"]))).await;
        assert_eq!(api.log_end(), end, "removing who is gone adds no event");
        let info = json!({ "GroupIdList": ["team"] });
        let info = api.v4_ok("group_open_http_svc/get_group_info", info).await;
        assert_eq!(info["GroupInfo"][0]["MemberNum"], 1);
    }

    #[tokio::test]
    async fn bad_requests_get_their_codes() {
        let api = TestApi::start().await;
        api.create_group("team", &[]).await;
        let room = json!({ "Type": "AVChatRoom", "Name": "room", "GroupId": "room" });
        api.v4_ok("group_open_http_svc/create_group", room).await;
        let cases = [
            (remove(json!("none"), json!(["bob"])), 10010),
            (remove(json!("room"), json!(["bob"])), 10004),
            (remove(json!("team"), json!(["alice"])), 10007),
            (remove(json!("team"), json!([])), 10004),
            (remove(json!("team"), json!([""])), 10004),
            (remove(json!("team"), json!([7])), 60015),
            (remove(json!("team"), json!(vec!["bob"; 501])), 10004),
            (remove(json!(null), json!(["bob"])), 10004),
        ];
        api.refuses(PATH, cases).await;
        api.v4_ok(PATH, remove(json!("team"), json!(vec!["bob"; 500])))
            .await;
    }
}
