//! `group_open_http_svc/forbid_send_msg`: accounts may not speak in a group for some time. A mute
//! outlives leaving and coming back; it ends by itself.

use hansard_domain::group::MuteMembers;
use hansard_types::limits::GROUP_MUTES_PER_CALL_MAX;
use hansard_types::{GroupId, UserId};
use schemars::JsonSchema;
use serde::Deserialize;

use super::codes;
use super::profile::GROUP_ID;
use crate::endpoint::{Action, Call, Failure};
use crate::field::mute_for;
use crate::topic_id;
use crate::typed::{Field, Items, one_of};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
#[schemars(extend("anyOf" = one_of(&["MuteTime", "ShutUpTime"])))]
pub(crate) struct ForbidSendMsg {
    group_id: GroupId,
    #[serde(rename = "Members_Account")]
    members: Items<UserId, GROUP_MUTES_PER_CALL_MAX>,
    /// Seconds; 0: they may speak, 4294967295: for good.
    mute_time: Option<u32>,
    /// The older name of `MuteTime`.
    shut_up_time: Option<u32>,
    /// Absent or empty: the group itself.
    topic_id: Option<String>,
}

impl Action for ForbidSendMsg {
    const SUMMARY: &'static str = "Mutes accounts in a group, at most 500";
    const FIELDS: &'static [Field] = &[
        GROUP_ID,
        Field::of("Members_Account", codes::GROUP_PARAMETER)
            .too_many(codes::GROUP_TOO_MANY_ACCOUNTS),
    ];
    type Command = MuteMembers;

    fn command(self, call: &Call<'_>) -> Result<MuteMembers, Failure> {
        let topic = self.topic_id.as_deref();
        let topic_id = topic_id::of_request(call, &self.group_id, topic)?;
        let Some(seconds) = self.mute_time.or(self.shut_up_time) else {
            let info = "MuteTime says for how many seconds";
            return Err(Failure::refused(codes::GROUP_PARAMETER, info));
        };
        Ok(MuteMembers {
            topic_id,
            group_id: self.group_id,
            accounts: self.members.0,
            mute: mute_for(seconds),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::{TestApi, code, text};

    const PATH: &str = "group_open_http_svc/forbid_send_msg";

    fn mute(who: &[&str], seconds: u64) -> Value {
        json!({ "GroupId": "team", "Members_Account": who, "MuteTime": seconds })
    }

    async fn muted(api: &TestApi, path: &str) -> Value {
        let path = format!("group_open_http_svc/{path}");
        api.v4_ok(&path, json!({ "GroupId": "team" })).await
    }

    async fn sends(api: &TestApi, random: u32) -> u64 {
        let body = json!({ "GroupId": "team", "From_Account": "bob", "Random": random,
            "MsgBody": [text("hello")] });
        code(&api.v4("group_open_http_svc/send_group_msg", body).await)
    }

    #[tokio::test]
    async fn a_mute_outlives_leaving_and_coming_back() {
        let api = TestApi::start().await;
        api.create_group("team", &["bob"]).await;
        api.v4_ok(PATH, mute(&["bob"], 600)).await;
        let end = api.log_end();
        assert_eq!(sends(&api, 1).await, 10017);
        assert_eq!(api.log_end(), end);
        let out = json!({ "GroupId": "team", "MemberToDel_Account": ["bob"] });
        api.v4_ok("group_open_http_svc/delete_group_member", out)
            .await;
        let back = json!({ "GroupId": "team", "MemberList": [{ "Member_Account": "bob" }] });
        api.v4_ok("group_open_http_svc/add_group_member", back)
            .await;
        assert_eq!(sends(&api, 2).await, 10017);
        let list = muted(&api, "get_group_muted_account").await;
        let until = list["MutedAccountList"][0]["MutedUntil"].as_u64();
        assert_eq!(until, Some(1_794_000_600));
        let older = muted(&api, "get_group_shutted_uin").await;
        assert_eq!(older["ShuttedUinList"][0]["ShuttedUntil"].as_u64(), until);
        assert_eq!(older["GroupId"], "team");
        let mut lifted = mute(&["bob"], 0);
        lifted["ShutUpTime"] = lifted["MuteTime"].take();
        api.v4_ok(PATH, lifted).await;
        assert_eq!(sends(&api, 3).await, 0);
        let list = muted(&api, "get_group_muted_account").await;
        assert_eq!(list["MutedAccountList"], json!([]));
    }

    #[tokio::test]
    async fn a_mute_that_changes_nothing_adds_no_event() {
        let api = TestApi::start().await;
        api.create_group("team", &["bob"]).await;
        api.v4_ok(PATH, mute(&["bob", "bob", "carol"], u32::MAX.into()))
            .await;
        let end = api.log_end();
        api.v4_ok(PATH, mute(&["carol", "bob"], u32::MAX.into()))
            .await;
        assert_eq!(api.log_end(), end);
        let list = muted(&api, "get_group_muted_account").await;
        assert_eq!(
            list["MutedAccountList"][1]["MutedUntil"],
            u32::MAX,
            "{list}"
        );
    }

    #[tokio::test]
    async fn bad_requests_get_their_codes() {
        let api = TestApi::start().await;
        api.create_group("team", &["bob"]).await;
        let work = json!({ "Type": "Work", "Name": "w", "GroupId": "work" });
        api.v4_ok("group_open_http_svc/create_group", work).await;
        let with = |name: &str, value: Value| {
            let mut body = mute(&["bob"], 60);
            body[name] = value;
            body
        };
        let cases = [
            (with("GroupId", json!("none")), 10010),
            (with("GroupId", json!("work")), 10007),
            (with("MuteTime", json!(null)), 10004),
            (with("MuteTime", json!(4_294_967_296_u64)), 10004),
            (with("TopicId", json!("t")), 10004),
            (mute(&[], 60), 10004),
            (mute(&["alice"], 60), 10007),
            (mute(&["nobody"], 60), 10019),
            (mute(&vec!["bob"; 501], 60), 10005),
        ];
        api.refuses(PATH, cases).await;
        api.v4_ok(PATH, mute(&vec!["bob"; 500], 60)).await;
    }
}
