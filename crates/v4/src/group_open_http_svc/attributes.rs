//! Attributes of live rooms: `group_open_attr_http_svc/get_group_attr`, which `group_open_http_svc`
//! has too, and `modify_group_attr`, `set_group_attr`, `clear_group_attr`.

use std::collections::BTreeMap;

use hansard_domain::group::rules::rules;
use hansard_domain::group::{AttributeChange, ChangeAttributes};
use hansard_types::limits::ATTRIBUTES_MAX;
use hansard_types::{GroupId, Reason};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::codes;
use super::profile::{self, GROUP_ID};
use crate::endpoint::{Action, Answered, Call, Failure, Operation};
use crate::typed::{Field, Items, List};

const ATTRIBUTES: Field =
    Field::of("GroupAttr", codes::GROUP_PARAMETER).too_many(codes::ATTRIBUTES_TOO_MANY);

#[derive(Serialize, Deserialize, JsonSchema)]
struct Attribute {
    key: String,
    value: String,
}

fn values(list: Vec<Attribute>) -> BTreeMap<String, String> {
    let pairs = list.into_iter();
    pairs.map(|one| (one.key, one.value)).collect()
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ModifyGroupAttr {
    group_id: GroupId,
    group_attr: Items<Attribute, ATTRIBUTES_MAX>,
}

impl Action for ModifyGroupAttr {
    const SUMMARY: &'static str = "Adds attributes to a group, or gives them new values";
    const FIELDS: &'static [Field] = &[GROUP_ID, ATTRIBUTES];
    type Command = ChangeAttributes;

    fn command(self, _call: &Call<'_>) -> Result<ChangeAttributes, Failure> {
        Ok(ChangeAttributes {
            group_id: self.group_id,
            change: AttributeChange::Set(values(self.group_attr.0)),
        })
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SetGroupAttr {
    group_id: GroupId,
    #[serde(default)]
    group_attr: List<Attribute, ATTRIBUTES_MAX>,
}

impl Action for SetGroupAttr {
    const SUMMARY: &'static str = "Gives a group these attributes and no others";
    const FIELDS: &'static [Field] = &[GROUP_ID, ATTRIBUTES];
    type Command = ChangeAttributes;

    fn command(self, _call: &Call<'_>) -> Result<ChangeAttributes, Failure> {
        Ok(ChangeAttributes {
            group_id: self.group_id,
            change: AttributeChange::Reset(values(self.group_attr.0)),
        })
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteGroupAttr {
    group_id: GroupId,
    group_attr: Items<AttributeKey, ATTRIBUTES_MAX>,
}

#[derive(Deserialize, JsonSchema)]
struct AttributeKey {
    key: String,
}

impl Action for DeleteGroupAttr {
    const SUMMARY: &'static str = "Takes attributes of a group away";
    const FIELDS: &'static [Field] = &[GROUP_ID, ATTRIBUTES];
    type Command = ChangeAttributes;

    fn command(self, _call: &Call<'_>) -> Result<ChangeAttributes, Failure> {
        let keys = self.group_attr.0.into_iter().map(|one| one.key);
        Ok(ChangeAttributes {
            group_id: self.group_id,
            change: AttributeChange::Remove(keys.collect()),
        })
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ClearGroupAttr {
    group_id: GroupId,
}

impl Action for ClearGroupAttr {
    const SUMMARY: &'static str = "Takes all attributes of a group away";
    const FIELDS: &'static [Field] = &[GROUP_ID];
    type Command = ChangeAttributes;

    fn command(self, _call: &Call<'_>) -> Result<ChangeAttributes, Failure> {
        Ok(ChangeAttributes {
            group_id: self.group_id,
            change: AttributeChange::Clear,
        })
    }
}

pub(crate) struct GetGroupAttr;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetGroupAttrRequest {
    group_id: GroupId,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetGroupAttrResponse {
    /// By key.
    group_attr_ary: Vec<Attribute>,
}

impl Operation for GetGroupAttr {
    const SUMMARY: &'static str = "Reads a group's attributes";
    const FIELDS: &'static [Field] = &[GROUP_ID];
    type Request = GetGroupAttrRequest;
    type Response = GetGroupAttrResponse;

    async fn call(
        call: &Call<'_>,
        request: GetGroupAttrRequest,
    ) -> Result<Answered<GetGroupAttrResponse>, Failure> {
        let id = request.group_id;
        let attributes = call.read(|reads| {
            let group = profile::there_must_be(reads, &id)?;
            if !rules(group.group_type).has_attributes {
                return Err(reads.refusal(Reason::GroupTypeForbids));
            }
            let attributes = reads.groups_with(&id).attributes(&id);
            attributes.map_err(Failure::broken)
        });
        let values = attributes.await?.values.into_iter();
        let group_attr_ary = values
            .map(|(key, value)| Attribute { key, value })
            .collect();
        Ok(Answered::read(GetGroupAttrResponse { group_attr_ary }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::TestApi;

    async fn room() -> TestApi {
        let api = TestApi::start().await;
        let room = json!({ "Type": "AVChatRoom", "Name": "room", "GroupId": "room" });
        api.v4_ok("group_open_http_svc/create_group", room).await;
        api
    }

    fn body(pairs: &[(&str, &str)]) -> Value {
        let pair = |(key, value): &(&str, &str)| json!({ "key": key, "value": value });
        let pairs: Vec<Value> = pairs.iter().map(pair).collect();
        json!({ "GroupId": "room", "GroupAttr": pairs })
    }

    async fn ok(api: &TestApi, command: &str, body: Value) {
        api.v4_ok(&format!("group_open_http_svc/{command}"), body)
            .await;
    }

    async fn attributes(api: &TestApi, service: &str) -> Value {
        let path = format!("{service}/get_group_attr");
        let answer = api.v4_ok(&path, json!({ "GroupId": "room" })).await;
        answer["GroupAttrAry"].clone()
    }

    #[tokio::test]
    async fn attributes_are_set_changed_and_taken_away_and_read_under_both_services() {
        let api = room().await;
        ok(
            &api,
            "modify_group_attr",
            body(&[("mood", "조용"), ("stage", "1")]),
        )
        .await;
        let end = api.log_end();
        ok(&api, "modify_group_attr", body(&[("stage", "1")])).await;
        assert_eq!(api.log_end(), end, "it is so already");
        let expected =
            json!([{ "key": "mood", "value": "조용" }, { "key": "stage", "value": "1" }]);
        for service in ["group_open_attr_http_svc", "group_open_http_svc"] {
            assert_eq!(attributes(&api, service).await, expected, "{service}");
        }
        ok(&api, "set_group_attr", body(&[("stage", "2")])).await;
        let expected = json!([{ "key": "stage", "value": "2" }]);
        assert_eq!(attributes(&api, "group_open_attr_http_svc").await, expected);
        let delete = json!({ "GroupId": "room", "GroupAttr": [{ "key": "stage" }] });
        ok(&api, "delete_group_attr", delete.clone()).await;
        api.refuses("group_open_http_svc/delete_group_attr", [(delete, 10050)])
            .await;
        ok(&api, "modify_group_attr", body(&[("a", "b")])).await;
        ok(&api, "clear_group_attr", json!({ "GroupId": "room" })).await;
        assert_eq!(
            attributes(&api, "group_open_attr_http_svc").await,
            json!([])
        );
    }

    #[tokio::test]
    async fn five_changes_in_a_second_are_taken_and_one_more_is_refused() {
        let api = room().await;
        for value in ["1", "2", "3", "4", "5"] {
            ok(&api, "modify_group_attr", body(&[("stage", value)])).await;
        }
        let path = "group_open_http_svc/modify_group_attr";
        api.refuses(path, [(body(&[("stage", "6")]), 10049)]).await;
    }

    #[tokio::test]
    async fn bad_requests_get_their_codes() {
        let api = room().await;
        api.create_group("team", &[]).await;
        let with = |id: &str| json!({ "GroupId": id, "GroupAttr": [{ "key": "a", "value": "b" }] });
        let long_key = "k".repeat(33);
        let long_value = "v".repeat(4001);
        let names: Vec<String> = (0..17).map(|at| format!("k{at}")).collect();
        let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "v")).collect();
        let big = "v".repeat(4000);
        let large: Vec<(&str, &str)> = names[..5].iter().map(|one| (one.as_str(), &*big)).collect();
        let cases = [
            (with("none"), 10010),
            (with("team"), 10007),
            (body(&[]), 10004),
            (body(&[(&long_key, "v")]), 10045),
            (body(&[("k", &long_value)]), 10046),
            (body(&many), 10047),
            (body(&large), 10048),
        ];
        api.refuses("group_open_http_svc/modify_group_attr", cases)
            .await;
        let read = [(json!({ "GroupId": "team" }), 10007), (json!({}), 10004)];
        api.refuses("group_open_attr_http_svc/get_group_attr", read)
            .await;
    }
}
