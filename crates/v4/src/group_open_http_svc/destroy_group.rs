//! `group_open_http_svc/destroy_group`: dissolves a group. Its id is free then.

use hansard_domain::group::DissolveGroup;
use hansard_types::GroupId;
use schemars::JsonSchema;
use serde::Deserialize;

use super::profile::GROUP_ID;
use crate::endpoint::{Action, Call, Failure};
use crate::typed::Field;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DestroyGroup {
    group_id: GroupId,
}

impl Action for DestroyGroup {
    const SUMMARY: &'static str = "Dissolves a group";
    const FIELDS: &'static [Field] = &[GROUP_ID];
    type Command = DissolveGroup;

    fn command(self, _call: &Call<'_>) -> Result<DissolveGroup, Failure> {
        let Self { group_id } = self;
        Ok(DissolveGroup { group_id })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::{TestApi, text};

    const PATH: &str = "group_open_http_svc/destroy_group";

    #[tokio::test]
    async fn a_dissolved_group_is_gone() {
        let api = TestApi::start().await;
        api.create_group("team", &["bob"]).await;
        api.v4_ok(PATH, json!({ "GroupId": "team" })).await;
        api.refuses(PATH, [(json!({ "GroupId": "team" }), 10010)])
            .await;
        let send = json!({ "GroupId": "team", "From_Account": "bob", "Random": 1,
            "MsgBody": [text("hi")] });
        api.refuses("group_open_http_svc/send_group_msg", [(send, 10010)])
            .await;
        let body = json!({ "Member_Account": "bob" });
        let joined = api
            .v4_ok("group_open_http_svc/get_joined_group_list", body)
            .await;
        assert_eq!(joined["TotalCount"], 0);
    }

    #[tokio::test]
    async fn a_group_that_has_the_id_later_shows_nothing_of_the_first() {
        let api = TestApi::start().await;
        api.create_group("team", &["bob", "carol"]).await;
        let mut message = json!({ "GroupId": "team", "From_Account": "bob", "Random": 1,
            "MsgBody": [text("회의는 세 시")] });
        let send = "group_open_http_svc/send_group_msg";
        let old = api.v4_ok(send, message.clone()).await;
        api.v4_ok(PATH, json!({ "GroupId": "team" })).await;
        api.create_group("team", &["carol"]).await;

        let history = json!({ "GroupId": "team", "ReqMsgNumber": 20, "WithRecalledMsg": 1 });
        let get = "group_open_http_svc/group_msg_get_simple";
        let page = api.v4_ok(get, history.clone()).await;
        assert_eq!(page["RspMsgList"], json!([]));
        let info = json!({ "GroupIdList": ["team"] });
        let info = api.v4_ok("group_open_http_svc/get_group_info", info).await;
        let info = &info["GroupInfo"][0];
        assert_eq!(
            (&info["MemberNum"], &info["NextMsgSeq"]),
            (&json!(2), &json!(1))
        );
        let joined = "group_open_http_svc/get_joined_group_list";
        let of_bob = api.v4_ok(joined, json!({ "Member_Account": "bob" })).await;
        assert_eq!(of_bob["TotalCount"], 0);

        // The same words with the same number are another message here.
        let new = api.v4_ok(send, message.clone()).await;
        assert_eq!((&new["MsgSeq"], &old["MsgSeq"]), (&json!(1), &json!(1)));
        assert_eq!(api.v4_ok(send, message.clone()).await, new);
        message["MsgBody"] = json!([text("네 시")]);
        api.v4_ok(send, message).await;
        let page = api.v4_ok(get, history).await;
        let said = |at: usize| page["RspMsgList"][at]["MsgBody"][0]["MsgContent"]["Text"].clone();
        assert_eq!((said(0), said(1)), (json!("네 시"), json!("회의는 세 시")));
        assert_eq!(page["RspMsgList"].as_array().map(Vec::len), Some(2));
    }

    #[tokio::test]
    async fn bad_requests_get_their_codes() {
        let api = TestApi::start().await;
        let cases = [
            (json!({}), 10004),
            (json!({ "GroupId": "" }), 10015),
            (json!({ "GroupId": "g".repeat(49) }), 10015),
            (json!({ "GroupId": 7 }), 10015),
            (json!({ "GroupId": "none" }), 10010),
        ];
        api.refuses(PATH, cases).await;
    }
}
