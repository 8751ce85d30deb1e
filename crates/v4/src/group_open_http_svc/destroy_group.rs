//! `group_open_http_svc/destroy_group`: dissolves a group. Its id is not used again.

use hansard_domain::group::DissolveGroup;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{codes, profile};
use crate::endpoint::{Answered, Call, Failure, Nothing, Operation};

pub(crate) struct DestroyGroup;

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct DestroyGroupRequest {
    /// Required.
    group_id: Option<String>,
}

impl Operation for DestroyGroup {
    const SUMMARY: &'static str = "Dissolves a group";
    const FIELDS: &'static [(&'static str, u32)] = &[("GroupId", codes::GROUP_ID_INVALID)];
    type Request = DestroyGroupRequest;
    type Response = Nothing;

    async fn call(
        call: &Call<'_>,
        request: DestroyGroupRequest,
    ) -> Result<Answered<Nothing>, Failure> {
        let group_id = profile::group(request.group_id.as_deref())?;
        let answer = call
            .submit(DissolveGroup { group_id })
            .await?;
        Ok(Answered::written(Nothing {}, answer.position))
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
