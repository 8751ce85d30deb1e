//! `group_open_http_svc/modify_group_member_info`: changes what a member is, and what is kept of
//! it; an absent field stays as it is. One call that also mutes is two commands: the mute first.

use hansard_domain::group::{ChangeMember, MuteMembers};
use hansard_events::group::{MemberChange, ReceiveOption, Role};
use hansard_types::limits::NAME_CARD_BYTES_MAX;
use hansard_types::{GroupId, UserId};
use schemars::JsonSchema;
use serde::Deserialize;

use super::codes;
use super::member::GivenRole;
use super::profile::{Fields, GROUP_ID};
use crate::endpoint::{Answered, Call, Failure, Nothing, Operation};
use crate::field::mute_for;
use crate::typed::{Field, OrEmpty, Text};

pub(crate) struct ModifyGroupMemberInfo;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ModifyGroupMemberInfoRequest {
    group_id: GroupId,
    #[serde(rename = "Member_Account")]
    member_account: UserId,
    #[serde(default)]
    role: OrEmpty<GivenRole>,
    #[serde(default)]
    msg_flag: OrEmpty<ReceiveOption>,
    name_card: Option<Text<NAME_CARD_BYTES_MAX>>,
    /// Custom fields that the app declares; an empty value takes one away.
    #[serde(default)]
    app_member_defined_data: Fields,
    /// Seconds; 0: it may speak, 4294967295: for good.
    mute_time: Option<u32>,
    /// The older name of `MuteTime`.
    shut_up_time: Option<u32>,
}

impl Operation for ModifyGroupMemberInfo {
    const SUMMARY: &'static str = "Changes what a member of a group is";
    const FIELDS: &'static [Field] = &[
        GROUP_ID,
        Field::account("Member_Account", codes::GROUP_PARAMETER),
    ];
    type Request = ModifyGroupMemberInfoRequest;
    type Response = Nothing;

    async fn call(
        call: &Call<'_>,
        request: ModifyGroupMemberInfoRequest,
    ) -> Result<Answered<Nothing>, Failure> {
        let ModifyGroupMemberInfoRequest {
            group_id,
            member_account,
            role,
            msg_flag,
            name_card,
            app_member_defined_data,
            mute_time,
            shut_up_time,
        } = request;
        let command = ChangeMember {
            group_id: group_id.clone(),
            user_id: member_account.clone(),
            change: MemberChange {
                role: role.0.map(Role::from),
                name_card: name_card.map(|Text(text)| text),
                receive: msg_flag.0,
                fields: app_member_defined_data.into_map(),
            },
        };
        if let Some(seconds) = mute_time.or(shut_up_time) {
            let mute = MuteMembers {
                topic_id: None,
                group_id,
                accounts: vec![member_account],
                mute: mute_for(seconds),
            };
            call.submit(mute).await?;
        }
        let answer = call.submit(command).await?;
        Ok(Answered::written(Nothing {}, answer.position))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::TestApi;

    const PATH: &str = "group_open_http_svc/modify_group_member_info";

    fn with(who: &str, name: &str, value: Value) -> Value {
        let mut body = json!({ "GroupId": "team", "Member_Account": who });
        body[name] = value;
        body
    }

    async fn member(api: &TestApi, who: &str) -> Value {
        let body = json!({ "GroupId": "team", "Member_List_Account": [who] });
        let path = "group_open_http_svc/get_specified_group_member_info";
        api.v4_ok(path, body).await["MemberList"][0].clone()
    }

    #[tokio::test]
    async fn what_is_named_changes_and_again_adds_no_event() {
        let api = TestApi::start().await;
        api.create_group("team", &["bob"]).await;
        let body = json!({ "GroupId": "team", "Member_Account": "bob", "Role": "Admin",
            "MsgFlag": "Discard", "NameCard": "밥", "MuteTime": 4_294_967_295_u32 });
        api.v4_ok(PATH, body.clone()).await;
        let bob = member(&api, "bob").await;
        for (name, value) in [
            ("Role", json!("Admin")),
            ("MsgFlag", json!("Discard")),
            ("NameCard", json!("밥")),
            ("MuteUntil", json!(4_294_967_295_u32)),
        ] {
            assert_eq!(bob[name], value, "{name}");
        }
        let end = api.log_end();
        api.v4_ok(PATH, body).await;
        api.v4_ok(PATH, with("bob", "Role", json!(""))).await;
        assert_eq!(api.log_end(), end);
        api.v4_ok(PATH, with("bob", "ShutUpTime", json!(0))).await;
        api.v4_ok(PATH, with("bob", "NameCard", json!(""))).await;
        let bob = member(&api, "bob").await;
        assert_eq!(
            (&bob["MuteUntil"], &bob["NameCard"]),
            (&json!(0), &json!(""))
        );
    }

    #[tokio::test]
    async fn a_custom_field_is_read_as_clients_write_its_key() {
        let api = TestApi::start().await;
        let desk = json!({ "key": "Desk", "readers": "member", "writers": "member" });
        let declared = api
            .change_settings(json!({ "member_fields": [desk] }))
            .await;
        assert_eq!(declared.status, 200);
        api.create_group("team", &["bob"]).await;
        for (name, value) in [("key", "3F"), ("Key", "4F")] {
            let fields = json!([{ name: "Desk", "Value": value }]);
            api.v4_ok(PATH, with("bob", "AppMemberDefinedData", fields))
                .await;
            let expected = json!([{ "Key": "Desk", "Value": value }]);
            assert_eq!(member(&api, "bob").await["AppMemberDefinedData"], expected);
        }
    }

    #[tokio::test]
    async fn bad_requests_get_their_codes() {
        let api = TestApi::start().await;
        api.create_group("team", &["bob"]).await;
        let mut none = with("bob", "Role", json!("Admin"));
        none["GroupId"] = json!("none");
        let custom = json!([{ "Key": "Desk", "Value": "3F" }]);
        let cases = [
            (none, 10010),
            (with("carol", "NameCard", json!("c")), 10019),
            (with("alice", "Role", json!("Admin")), 10007),
            (with("bob", "Role", json!("Owner")), 10004),
            (with("bob", "MsgFlag", json!("Loud")), 10004),
            (with("bob", "NameCard", json!("n".repeat(51))), 10004),
            (with("bob", "AppMemberDefinedData", custom), 10004),
            (with("alice", "MuteTime", json!(60)), 10007),
        ];
        api.refuses(PATH, cases).await;
        let longest = json!("n".repeat(50));
        api.v4_ok(PATH, with("bob", "NameCard", longest)).await;
        let work = json!({ "Type": "Work", "Name": "w", "GroupId": "work",
            "MemberList": [{ "Member_Account": "bob" }] });
        api.v4_ok("group_open_http_svc/create_group", work).await;
        let admin = json!({ "GroupId": "work", "Member_Account": "bob", "Role": "Admin" });
        let mute = json!({ "GroupId": "work", "Member_Account": "bob", "MuteTime": 60 });
        api.refuses(PATH, [(admin, 10007), (mute, 10007)]).await;
    }
}
