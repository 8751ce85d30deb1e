//! `group_open_http_svc/delete_group_member`: removes up to 500 members. Who is no member is
//! passed over.

use hansard_domain::group::RemoveMembers;
use hansard_types::limits::GROUP_MEMBERS_REMOVED_PER_CALL_MAX;
use hansard_types::{GroupId, UserId};
use schemars::JsonSchema;
use serde::Deserialize;

use super::codes;
use super::profile::GROUP_ID;
use crate::endpoint::{Action, Call, Failure};
use crate::typed::{Field, Items};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteGroupMember {
    group_id: GroupId,
    /// 1: nobody is told.
    silence: Option<u32>,
    reason: Option<String>,
    #[serde(rename = "MemberToDel_Account")]
    member_to_del_account: Items<UserId, GROUP_MEMBERS_REMOVED_PER_CALL_MAX>,
}

impl Action for DeleteGroupMember {
    const SUMMARY: &'static str = "Removes members from a group, at most 500";
    const FIELDS: &'static [Field] = &[
        GROUP_ID,
        Field::account("MemberToDel_Account", codes::GROUP_PARAMETER),
    ];
    type Command = RemoveMembers;

    fn command(self, _call: &Call<'_>) -> Result<RemoveMembers, Failure> {
        let Self {
            group_id,
            silence,
            reason,
            member_to_del_account,
        } = self;
        Ok(RemoveMembers {
            group_id,
            accounts: member_to_del_account.0,
            silent: silence == Some(1),
            reason: reason.filter(|text| !text.is_empty()),
            imported: None,
        })
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
