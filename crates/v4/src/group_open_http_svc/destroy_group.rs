//! `group_open_http_svc/destroy_group`: dissolves a group. Its id is not used again.

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
    async fn a_dissolved_group_is_gone_and_its_id_stays_taken() {
        let api = TestApi::start().await;
        api.create_group("team", &["bob"]).await;
        api.v4_ok(PATH, json!({ "GroupId": "team" })).await;
        api.refuses(PATH, [(json!({ "GroupId": "team" }), 10010)])
            .await;
        let send = json!({ "GroupId": "team", "From_Account": "bob", "Random": 1,
            "MsgBody": [text("hi")] });
        api.refuses("group_open_http_svc/send_group_msg", [(send, 10010)])
            .await;
        let create = json!({ "Type": "Public", "Name": "team", "GroupId": "team" });
        api.refuses("group_open_http_svc/create_group", [(create, 10021)])
            .await;
        let body = json!({ "Member_Account": "bob" });
        let joined = api
            .v4_ok("group_open_http_svc/get_joined_group_list", body)
            .await;
        assert_eq!(joined["TotalCount"], 0);
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
