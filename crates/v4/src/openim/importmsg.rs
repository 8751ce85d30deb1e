//! `openim/importmsg`: takes a one-to-one message over from elsewhere, with the time that it had.
//!
//! A message that has its three numbers is this one: importing it again adds nothing, nor does
//! importing what was sent here.

use hansard_domain::message::{Content, ImportMessage};
use hansard_types::{ConversationId, Timestamp, UserId};
use schemars::JsonSchema;
use serde::Deserialize;

use super::batchsendmsg::drawn;
use super::body::{MSG_BODY, MSG_BODY_ITEM, MSG_TYPE};
use super::codes;
use crate::element::{self, MsgBody};
use crate::endpoint::{Action, Call, Failure};
use crate::typed::Field;

/// What was said before the move: not unread.
const HISTORY: u32 = 2;
/// What is said while both systems run, as older documents and newer ones number it: unread.
const LIVE: [u32; 2] = [1, 5];

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ImportMsg {
    /// 2: history, which is not unread; 1 or 5: what is said while the move goes on, which is.
    #[schemars(extend("enum" = [1, 2, 5]))]
    sync_from_old_system: u32,
    #[serde(rename = "From_Account")]
    from_account: UserId,
    #[serde(rename = "To_Account")]
    to_account: UserId,
    /// Absent: drawn from what is said.
    msg_seq: Option<u32>,
    msg_random: u32,
    /// Unix seconds.
    msg_time_stamp: u64,
    msg_body: MsgBody,
    cloud_custom_data: Option<String>,
}

impl Action for ImportMsg {
    const SUMMARY: &'static str = "Takes a one-to-one message over from elsewhere";
    const FIELDS: &'static [Field] = &[
        Field::of("SyncFromOldSystem", codes::SYNC_MODE_INVALID),
        Field::account("From_Account", codes::FROM_ACCOUNT_INVALID),
        Field::of("To_Account", codes::TO_ACCOUNT_INVALID),
        Field::of("MsgRandom", codes::MSG_RANDOM_INVALID),
        Field::of("MsgTimeStamp", codes::MSG_TIME_INVALID),
        MSG_BODY,
        MSG_BODY_ITEM,
        MSG_TYPE,
    ];
    type Command = ImportMessage;

    fn command(self, call: &Call<'_>) -> Result<ImportMessage, Failure> {
        let Self {
            sync_from_old_system: mode,
            from_account: from,
            to_account: to,
            msg_seq,
            msg_random: random,
            msg_time_stamp,
            msg_body,
            cloud_custom_data,
        } = self;
        if mode != HISTORY && !LIVE.contains(&mode) {
            let info = "SyncFromOldSystem is 2 for history, 1 or 5 for live messages";
            return Err(Failure::refused(codes::SYNC_MODE_INVALID, info));
        }
        let content = Content {
            elements: element::read(msg_body).map_err(|reason| call.refusal(reason))?,
            cloud_custom_data,
            no_unread: mode == HISTORY,
            no_last: false,
            extensible: false,
            offline_push: None,
        };
        let client_seq = msg_seq.unwrap_or_else(|| drawn(&content, &from));
        let sent_at = Timestamp::from_seconds(msg_time_stamp);
        Ok(ImportMessage {
            conversation: ConversationId::c2c(&from, &to),
            from,
            content,
            sent_at,
            import_key: None,
            random,
            client_seq,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::{TestApi, text};

    const PATH: &str = "openim/importmsg";
    const LAST_YEAR: u64 = 1_760_000_000;

    fn import(mode: u32, seq: u32) -> Value {
        json!({ "SyncFromOldSystem": mode, "From_Account": "alice", "To_Account": "bob",
            "MsgSeq": seq, "MsgRandom": 7, "MsgTimeStamp": LAST_YEAR, "MsgBody": [text("예전")] })
    }

    async fn seen(api: &TestApi) -> (u64, u64) {
        let ask = json!({ "Operator_Account": "bob", "Peer_Account": "alice", "MaxCnt": 100,
            "MinTime": 0, "MaxTime": 4_000_000_000_u64 });
        let page = api.v4_ok("openim/admin_getroammsg", ask).await;
        let ask = json!({ "To_Account": "bob" });
        let unread = api.v4_ok("openim/get_c2c_unread_msg_num", ask).await;
        let number = |value: &Value| value.as_u64().expect("a number");
        (
            number(&page["MsgCnt"]),
            number(&unread["AllC2CUnreadMsgNum"]),
        )
    }

    #[tokio::test]
    async fn history_is_not_unread_and_live_messages_are() {
        let api = TestApi::start().await;
        for (mode, seq, expected) in [(2, 1, (1, 0)), (1, 2, (2, 1)), (5, 3, (3, 2))] {
            api.v4_ok(PATH, import(mode, seq)).await;
            assert_eq!(seen(&api).await, expected, "mode {mode}");
        }
    }

    #[tokio::test]
    async fn the_same_numbers_are_the_same_message_however_it_came() {
        let api = TestApi::start().await;
        api.v4_ok(PATH, import(2, 1)).await;
        let end = api.log_end();
        let mut swapped = import(1, 1);
        swapped["From_Account"] = json!("bob");
        swapped["To_Account"] = json!("alice");
        for again in [import(2, 1), import(5, 1), swapped] {
            api.v4_ok(PATH, again).await;
        }
        assert_eq!(api.log_end(), end);
        let send = json!({ "From_Account": "alice", "To_Account": "bob", "MsgSeq": 9,
            "MsgRandom": 7, "MsgTimeStamp": LAST_YEAR, "MsgBody": [text("x")] });
        api.v4_ok("openim/sendmsg", send).await;
        let end = api.log_end();
        api.v4_ok(PATH, import(2, 9)).await;
        assert_eq!(api.log_end(), end);
        // A number that is not given is drawn: a retry draws it again.
        let mut drawn = import(2, 1);
        drawn["MsgSeq"] = json!(null);
        api.v4_ok(PATH, drawn.clone()).await;
        let end = api.log_end();
        api.v4_ok(PATH, drawn).await;
        assert_eq!(api.log_end(), end);
    }

    #[tokio::test]
    async fn bad_requests_get_their_codes() {
        let api = TestApi::start().await;
        let with = |name: &str, value: Value| {
            let mut body = import(2, 1);
            body[name] = value;
            body
        };
        api.refuses(
            PATH,
            [
                (with("SyncFromOldSystem", json!(null)), 90030),
                (with("SyncFromOldSystem", json!("2")), 90030),
                (with("SyncFromOldSystem", json!(3)), 90030),
                (with("From_Account", json!(null)), 90008),
                (with("From_Account", json!("nobody")), 90008),
                (with("To_Account", json!(null)), 90003),
                (with("To_Account", json!("nobody")), 90012),
                (with("MsgRandom", json!("x")), 90005),
                (with("MsgTimeStamp", json!(null)), 90006),
                (with("MsgTimeStamp", json!(4_000_000_000_u64)), 90006),
                (with("MsgBody", json!({})), 90007),
            ],
        )
        .await;
    }
}
