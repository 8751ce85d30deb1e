//! `group_open_http_svc/modify_group_base_info`: changes fields of a group's profile; an absent
//! one stays as it is. What is not there yet (custom fields, permissions, the history from before
//! a member joined) is refused.

use hansard_desk::json::AnyObject;
use hansard_domain::group::ChangeGroupProfile;
use hansard_events::group::{GroupProfileChange, JoinOption};
use hansard_types::GroupId;
use schemars::JsonSchema;
use serde::Deserialize;

use super::profile::{
    self, ApplyJoinOption, FaceUrl, GROUP_ID, GroupName, Introduction, InviteJoinOption,
    Notification,
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
    /// Not there yet: refused unless empty.
    #[serde(default)]
    #[schemars(length(max = 0))]
    app_defined_data: Vec<AnyObject>,
    /// Not there yet: refused unless empty.
    #[schemars(length(max = 0))]
    history_msg_before_join: Option<String>,
    /// Not there yet: refused unless 0.
    #[serde(default)]
    #[schemars(range(max = 0))]
    enable_permission: u32,
    /// Not there yet: refused unless 0.
    #[serde(default)]
    #[schemars(range(max = 0))]
    default_permission: u64,
}

#[derive(Clone, Copy, PartialEq, Deserialize, JsonSchema)]
enum Switch {
    On,
    Off,
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
        } = self;
        profile::not_kept("AppDefinedData", !app_defined_data.is_empty())?;
        profile::not_kept("EnablePermission", enable_permission != 0)?;
        profile::not_kept("DefaultPermission", default_permission != 0)?;
        let is_set = history.is_some_and(|text| !text.is_empty());
        profile::not_kept("HistoryMsgBeforeJoin", is_set)?;
        let mute_all = mute_all_member.0.or(shut_up_all_member.0);
        let change = GroupProfileChange {
            name: name.map(|Name(name)| name),
            introduction: introduction.map(|Text(text)| text),
            notification: notification.map(|Text(text)| text),
            face_url: face_url.map(|Text(text)| text),
            max_members: (max_member_num > 0).then_some(max_member_num),
            apply_join_option: apply_join_option.0.map(JoinOption::from),
            invite_join_option: invite_join_option.0.map(JoinOption::from),
            mute_all: mute_all.map(|switch| switch == Switch::On),
        };
        Ok(ChangeGroupProfile { group_id, change })
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
            (with("Name", json!("n".repeat(31))), 10004),
            (with("Introduction", json!("n".repeat(241))), 10004),
            (with("Notification", json!("n".repeat(301))), 10004),
            (with("FaceUrl", json!("n".repeat(101))), 10004),
            (with("MaxMemberNum", json!(1)), 10014),
            (with("MuteAllMember", json!("on")), 10004),
            (with("MuteAllMember", json!(true)), 10004),
            (with("ApplyJoinOption", json!("No")), 10004),
            (
                with("AppDefinedData", json!([{ "Key": "k", "Value": "v" }])),
                10004,
            ),
            (with("HistoryMsgBeforeJoin", json!("On")), 10004),
            (with("EnablePermission", json!(1)), 10004),
            (with("DefaultPermission", json!(1)), 10004),
        ];
        api.refuses(PATH, cases).await;
    }
}
