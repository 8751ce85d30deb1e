//! `group_open_http_svc/modify_group_base_info`: changes fields of a group's profile; an absent
//! one stays as it is. What is not there yet (custom fields, permissions, the history from before
//! a member joined) is refused.

use hansard_desk::json::AnyObject;
use hansard_domain::group::ChangeGroupProfile;
use hansard_events::group::GroupProfileChange;
use schemars::JsonSchema;
use serde::Deserialize;

use super::codes;
use super::profile::{self, Texts};
use crate::endpoint::{Answered, Call, Failure, Nothing, Operation};
use crate::field;
use crate::typed::Field;

pub(crate) struct ModifyGroupBaseInfo;

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct ModifyGroupBaseInfoRequest {
    /// Required.
    group_id: Option<String>,
    /// At most 30 bytes.
    name: Option<String>,
    /// At most 240 bytes.
    introduction: Option<String>,
    /// At most 300 bytes.
    notification: Option<String>,
    /// At most 100 bytes.
    face_url: Option<String>,
    /// 0: it stays as it is.
    max_member_num: u32,
    /// `FreeAccess`, `NeedPermission` or `DisableApply`.
    apply_join_option: Option<String>,
    /// `FreeAccess`, `NeedPermission` or `DisableInvite`.
    invite_join_option: Option<String>,
    /// `On` or `Off`.
    mute_all_member: Option<String>,
    /// The older name of `MuteAllMember`.
    shut_up_all_member: Option<String>,
    /// Not there yet: refused unless empty.
    app_defined_data: Vec<AnyObject>,
    /// Not there yet: refused unless empty.
    history_msg_before_join: Option<String>,
    /// Not there yet: refused unless 0.
    enable_permission: u32,
    /// Not there yet: refused unless 0.
    default_permission: u64,
}

impl Operation for ModifyGroupBaseInfo {
    const SUMMARY: &'static str = "Changes a group's profile";
    const FIELDS: &'static [Field] = &[Field::of("GroupId", codes::GROUP_ID_INVALID)];
    type Request = ModifyGroupBaseInfoRequest;
    type Response = Nothing;

    async fn call(
        call: &Call<'_>,
        request: ModifyGroupBaseInfoRequest,
    ) -> Result<Answered<Nothing>, Failure> {
        let ModifyGroupBaseInfoRequest {
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
            history_msg_before_join,
            enable_permission,
            default_permission,
        } = request;
        profile::not_kept("AppDefinedData", !app_defined_data.is_empty())?;
        profile::not_kept("EnablePermission", enable_permission != 0)?;
        profile::not_kept("DefaultPermission", default_permission != 0)?;
        let history = field::filled(history_msg_before_join.as_deref());
        profile::not_kept("HistoryMsgBeforeJoin", history.is_some())?;
        let group_id = profile::group(group_id.as_deref())?;
        let texts = Texts {
            name,
            introduction,
            notification,
            face_url,
        };
        texts.check()?;
        let mute_all = match field::either(mute_all_member.as_ref(), shut_up_all_member.as_ref()) {
            None => None,
            Some("On") => Some(true),
            Some("Off") => Some(false),
            Some(_) => return Err(profile::refused("MuteAllMember must be On or Off")),
        };
        let apply = field::filled(apply_join_option.as_deref())
            .map(profile::apply_option)
            .transpose()?;
        let invite = field::filled(invite_join_option.as_deref())
            .map(profile::invite_option)
            .transpose()?;
        let change = GroupProfileChange {
            name: texts.name,
            introduction: texts.introduction,
            notification: texts.notification,
            face_url: texts.face_url,
            max_members: (max_member_num > 0).then_some(max_member_num),
            apply_join_option: apply,
            invite_join_option: invite,
            mute_all,
        };
        let answer = call.submit(ChangeGroupProfile { group_id, change }).await?;
        Ok(Answered::written(Nothing {}, answer.position))
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
