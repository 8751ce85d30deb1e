//! What changes a group's history as a whole: `clear_group_msg`, `delete_group_msg_by_sender`, and
//! `set_unread_msg_num`.

use hansard_domain::conversation::{ClearGroup, SetUnread};
use hansard_domain::message::RecallBySender;
use hansard_types::{GroupId, Seq, UserId};
use schemars::JsonSchema;
use serde::Deserialize;

use super::codes;
use super::profile::GROUP_ID;
use crate::endpoint::{Action, Call, Failure};
use crate::topic_id;
use crate::typed::Field;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ClearGroupMsg {
    group_id: GroupId,
    /// The last message that goes; 0 or absent: all of them.
    #[serde(default)]
    msg_seq: u64,
}

impl Action for ClearGroupMsg {
    const SUMMARY: &'static str = "Clears what was said in a group, for everyone";
    const FIELDS: &'static [Field] = &[GROUP_ID];
    type Command = ClearGroup;

    fn command(self, _call: &Call<'_>) -> Result<ClearGroup, Failure> {
        Ok(ClearGroup {
            group_id: self.group_id,
            up_to: (self.msg_seq > 0).then_some(Seq(self.msg_seq)),
        })
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteGroupMsgBySender {
    group_id: GroupId,
    #[serde(rename = "Sender_Account")]
    sender_account: UserId,
    /// Absent or empty: the group itself.
    topic_id: Option<String>,
}

impl Action for DeleteGroupMsgBySender {
    const SUMMARY: &'static str = "Recalls what an account said, of a group's latest 1000 messages";
    const FIELDS: &'static [Field] = &[
        GROUP_ID,
        Field::account("Sender_Account", codes::GROUP_PARAMETER),
    ];
    type Command = RecallBySender;

    fn command(self, call: &Call<'_>) -> Result<RecallBySender, Failure> {
        let topic = self.topic_id.as_deref();
        let topic_id = topic_id::of_request(call, &self.group_id, topic)?;
        Ok(RecallBySender {
            topic_id,
            group_id: self.group_id,
            sender: self.sender_account,
            by: call.caller.user.clone(),
        })
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SetUnreadMsgNum {
    group_id: GroupId,
    #[serde(rename = "Member_Account")]
    member_account: UserId,
    /// At most as many as there are.
    unread_msg_num: u32,
}

impl Action for SetUnreadMsgNum {
    const SUMMARY: &'static str = "Sets how many messages of a group a member has not read";
    const FIELDS: &'static [Field] = &[
        GROUP_ID,
        Field::account("Member_Account", codes::GROUP_PARAMETER),
    ];
    type Command = SetUnread;

    fn command(self, _call: &Call<'_>) -> Result<SetUnread, Failure> {
        Ok(SetUnread {
            group_id: self.group_id,
            reader: self.member_account,
            unread: self.unread_msg_num.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::{TestApi, text};

    const CLEAR: &str = "group_open_http_svc/clear_group_msg";
    const BY_SENDER: &str = "group_open_http_svc/delete_group_msg_by_sender";
    const UNREAD: &str = "group_open_http_svc/set_unread_msg_num";
    const PAGE: &str = "group_open_http_svc/group_msg_get_simple";

    async fn team(messages: u32) -> TestApi {
        let api = TestApi::start().await;
        api.create_group("team", &["bob"]).await;
        for random in 1..=messages {
            say(&api, if random % 2 == 0 { "alice" } else { "bob" }, random).await;
        }
        api
    }

    async fn say(api: &TestApi, who: &str, random: u32) {
        let body = json!({ "GroupId": "team", "From_Account": who, "Random": random,
            "MsgBody": [text("말")] });
        api.v4_ok("group_open_http_svc/send_group_msg", body).await;
    }

    async fn seqs(api: &TestApi) -> (Vec<u64>, Value) {
        let page = api
            .v4_ok(PAGE, json!({ "GroupId": "team", "ReqMsgNumber": 20 }))
            .await;
        let list = page["RspMsgList"].as_array().expect("a list");
        let seqs = list.iter().filter_map(|row| row["MsgSeq"].as_u64());
        (seqs.collect(), page["IsFinished"].clone())
    }

    async fn bob(api: &TestApi) -> Value {
        let body = json!({ "GroupId": "team", "Member_List_Account": ["bob"] });
        let path = "group_open_http_svc/get_specified_group_member_info";
        api.v4_ok(path, body).await["MemberList"][0].clone()
    }

    #[tokio::test]
    async fn what_is_cleared_is_gone_and_seqs_go_on() {
        let api = team(6).await;
        api.v4_ok(CLEAR, json!({ "GroupId": "team", "MsgSeq": 4 }))
            .await;
        assert_eq!(seqs(&api).await, (vec![6, 5], json!(1)));
        let end = api.log_end();
        api.v4_ok(CLEAR, json!({ "GroupId": "team", "MsgSeq": 3 }))
            .await;
        assert_eq!(api.log_end(), end, "it is gone already");
        api.v4_ok(CLEAR, json!({ "GroupId": "team" })).await;
        assert_eq!(seqs(&api).await, (Vec::new(), json!(1)));
        say(&api, "bob", 1).await;
        assert_eq!(
            seqs(&api).await,
            (vec![7], json!(1)),
            "said anew, not a retry"
        );
        let recall = json!({ "GroupId": "team", "MsgSeqList": [{ "MsgSeq": 2 }] });
        let recalled = api
            .v4_ok("group_open_http_svc/group_msg_recall", recall)
            .await;
        assert_eq!(recalled["RecallRetList"][0]["RetCode"], 10030);
    }

    #[tokio::test]
    async fn what_one_account_said_is_recalled() {
        let api = team(5).await;
        let body = json!({ "GroupId": "team", "Sender_Account": "bob" });
        api.v4_ok(BY_SENDER, body.clone()).await;
        assert_eq!(seqs(&api).await.0, [4, 2]);
        let end = api.log_end();
        api.v4_ok(BY_SENDER, body).await;
        let room = json!({ "Type": "AVChatRoom", "Name": "room", "GroupId": "room" });
        api.v4_ok("group_open_http_svc/create_group", room).await;
        let room_end = api.log_end();
        let body = json!({ "GroupId": "room", "Sender_Account": "bob" });
        api.v4_ok(BY_SENDER, body).await;
        assert_ne!(end, room_end);
        assert_eq!(api.log_end(), room_end, "nothing to recall, and no error");
    }

    #[tokio::test]
    async fn unread_is_set_by_where_the_member_has_read() {
        let api = team(6).await;
        let set = |unread: u64| {
            json!({ "GroupId": "team", "Member_Account": "bob",
            "UnreadMsgNum": unread })
        };
        // Of the six, alice said 2, 4 and 6.
        for (unread, read) in [(1, 5), (3, 1), (100, 0), (0, 6)] {
            api.v4_ok(UNREAD, set(unread)).await;
            assert_eq!(bob(&api).await["MsgSeq"], read, "{unread}");
            let end = api.log_end();
            api.v4_ok(UNREAD, set(unread.min(3))).await;
            assert_eq!(api.log_end(), end, "{unread} again");
        }
    }

    #[tokio::test]
    async fn bad_requests_get_their_codes() {
        let api = team(1).await;
        let room = json!({ "Type": "AVChatRoom", "Name": "room", "GroupId": "room" });
        api.v4_ok("group_open_http_svc/create_group", room).await;
        let clear = [
            (json!({ "GroupId": "none" }), 10010),
            (json!({ "GroupId": "room" }), 10007),
            (json!({ "GroupId": "team", "MsgSeq": "1" }), 10004),
        ];
        api.refuses(CLEAR, clear).await;
        let by_sender = [
            (json!({ "GroupId": "none", "Sender_Account": "bob" }), 10010),
            (json!({ "GroupId": "team" }), 10004),
            (
                json!({ "GroupId": "team", "Sender_Account": "bob", "TopicId": "t" }),
                10004,
            ),
        ];
        api.refuses(BY_SENDER, by_sender).await;
        let unread = [
            (json!({ "GroupId": "team", "Member_Account": "bob" }), 10004),
            (
                json!({ "GroupId": "team", "Member_Account": "carol", "UnreadMsgNum": 1 }),
                10019,
            ),
            (
                json!({ "GroupId": "none", "Member_Account": "bob", "UnreadMsgNum": 1 }),
                10010,
            ),
        ];
        api.refuses(UNREAD, unread).await;
    }
}
