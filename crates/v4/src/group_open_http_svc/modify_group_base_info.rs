//! `group_open_http_svc/modify_group_base_info`: changes fields of a group's profile; an absent
//! one stays as it is.

use hansard_domain::group::ChangeGroupProfile;
use hansard_events::group::{GroupProfileChange, JoinOption};
use hansard_types::{GroupId, UserId};
use schemars::JsonSchema;
use serde::Deserialize;

use super::profile::{
    ApplyJoinOption, FaceUrl, Fields, Flag, GROUP_ID, GroupName, Introduction, InviteJoinOption,
    Notification, Switch,
};
use crate::endpoint::{Action, Call, Failure};
use crate::typed::{Field, Name, OrEmpty, Text};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ModifyGroupBaseInfo {
    group_id: GroupId,
    name: Option<GroupName>,
    introduction: Option<Introduction>,
    notification: Option<Notification>,
    face_url: Option<FaceUrl>,
    /// 0: it stays as it is.
    #[serde(default)]
    max_member_num: u32,
    #[serde(default)]
    apply_join_option: OrEmpty<ApplyJoinOption>,
    #[serde(default)]
    invite_join_option: OrEmpty<InviteJoinOption>,
    #[serde(default)]
    mute_all_member: OrEmpty<Switch>,
    /// The older name of `MuteAllMember`.
    #[serde(default)]
    shut_up_all_member: OrEmpty<Switch>,
    /// Custom fields that the app declares; an empty value takes one away.
    #[serde(default)]
    app_defined_data: Fields,
    /// Whether members read what was said before they joined.
    #[serde(default)]
    history_msg_before_join: OrEmpty<Switch>,
    /// 1: `DefaultPermission` holds, for clients.
    enable_permission: Option<Flag>,
    default_permission: Option<u64>,
    /// 1: there can be topics; 0 while there are none: no longer.
    support_topic: Option<Flag>,
    /// In whose name.
    #[serde(rename = "From_Account", default)]
    from_account: OrEmpty<UserId>,
}

impl Action for ModifyGroupBaseInfo {
    const SUMMARY: &'static str = "Changes a group's profile";
    const FIELDS: &'static [Field] = &[GROUP_ID];
    type Command = ChangeGroupProfile;

    fn command(self, _call: &Call<'_>) -> Result<ChangeGroupProfile, Failure> {
        let Self {
            group_id,
            name,
            introduction,
            notification,
            face_url,
            max_member_num,
            apply_join_option,
            invite_join_option,
            mute_all_member,
            shut_up_all_member,
            app_defined_data,
            history_msg_before_join: history,
            enable_permission,
            default_permission,
            support_topic,
            from_account,
        } = self;
        let mute_all = mute_all_member.0.or(shut_up_all_member.0);
        let change = GroupProfileChange {
            name: name.map(|Name(name)| name),
            introduction: introduction.map(|Text(text)| text),
            notification: notification.map(|Text(text)| text),
            face_url: face_url.map(|Text(text)| text),
            max_members: (max_member_num > 0).then_some(max_member_num),
            apply_join_option: apply_join_option.0.map(JoinOption::from),
            invite_join_option: invite_join_option.0.map(JoinOption::from),
            mute_all: mute_all.map(Switch::is_on),
            history_before_join: history.0.map(Switch::is_on),
            enable_permission: enable_permission.map(|Flag(is_set)| is_set),
            default_permission,
            supports_topics: support_topic.map(|Flag(is_set)| is_set),
            fields: app_defined_data.into_map(),
        };
        Ok(ChangeGroupProfile {
            group_id,
            change,
            shown_as: from_account.0,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::TestApi;

    const PATH: &str = "group_open_http_svc/modify_group_base_info";

    #[tokio::test]
    async fn what_is_named_changes_and_again_adds_no_event() {
        let api = TestApi::start().await;
        api.create_group("team", &[]).await;
        let body = json!({
            "GroupId": "team", "Name": "새 이름", "Introduction": "i", "Notification": "n",
            "FaceUrl": "f", "MaxMemberNum": 10, "ApplyJoinOption": "DisableApply",
            "InviteJoinOption": "FreeAccess", "MuteAllMember": "On",
        });
        api.v4_ok(PATH, body.clone()).await;
        let end = api.log_end();
        api.v4_ok(PATH, body.clone()).await;
        assert_eq!(api.log_end(), end);
        let info = json!({ "GroupIdList": ["team"] });
        let info = api.v4_ok("group_open_http_svc/get_group_info", info).await;
        for (name, value) in body.as_object().expect("an object") {
            assert_eq!(&info["GroupInfo"][0][name], value, "{name}");
        }
        api.v4_ok(PATH, json!({ "GroupId": "team", "ShutUpAllMember": "Off" }))
            .await;
        let info = json!({ "GroupIdList": ["team"] });
        let info = api.v4_ok("group_open_http_svc/get_group_info", info).await;
        assert_eq!(
            info["GroupInfo"][0]["MuteAllMember"], "Off",
            "by its older name"
        );
        let end = api.log_end();
        let unset = json!({ "GroupId": "team", "MaxMemberNum": 0, "ApplyJoinOption": "",
            "InviteJoinOption": null, "MuteAllMember": "", "AppDefinedData": [] });
        api.v4_ok(PATH, unset).await;
        assert_eq!(api.log_end(), end, "nothing was said");
    }

    #[tokio::test]
    async fn bad_requests_get_their_codes() {
        let api = TestApi::start().await;
        api.create_group("team", &["bob"]).await;
        let with = |name: &str, value: Value| {
            let mut body = json!({ "GroupId": "team" });
            body[name] = value;
            body
        };
        let cases = [
            (with("GroupId", json!("none")), 10010),
            (with("GroupId", json!(null)), 10004),
            (with("GroupId", json!("")), 10015),
            (with("Name", json!("")), 10004),
            (with("Name", json!("n".repeat(101))), 10004),
            (with("Introduction", json!("n".repeat(401))), 10004),
            (with("Notification", json!("n".repeat(401))), 10004),
            (with("FaceUrl", json!("n".repeat(501))), 10004),
            (with("MaxMemberNum", json!(1)), 10014),
            (with("MuteAllMember", json!("on")), 10004),
            (with("MuteAllMember", json!(true)), 10004),
            (with("ApplyJoinOption", json!("No")), 10004),
            (
                with("AppDefinedData", json!([{ "Key": "k", "Value": "v" }])),
                10004,
            ),
            (with("HistoryMsgBeforeJoin", json!("on")), 10004),
            (with("EnablePermission", json!(2)), 10004),
            (with("DefaultPermission", json!(-1)), 10004),
            (with("From_Account", json!("no such account")), 10019),
        ];
        api.refuses(PATH, cases).await;
    }
}
