//! `openim/admin_set_msg_read`: marks a one-to-one conversation read.

use hansard_domain::conversation::{MarkRead, UpTo};
use hansard_types::{ConversationId, Timestamp, UserId};
use schemars::JsonSchema;
use serde::Deserialize;

use super::codes;
use crate::endpoint::{Action, Call, Failure};
use crate::typed::Field;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct AdminSetMsgRead {
    /// Who has read.
    #[serde(rename = "Report_Account")]
    report_account: UserId,
    #[serde(rename = "Peer_Account")]
    peer_account: UserId,
    /// Unix seconds; everything up to then is read. Absent: everything.
    #[serde(rename = "MsgReadTime")]
    msg_read_time: Option<u64>,
}

impl Action for AdminSetMsgRead {
    const SUMMARY: &'static str = "Marks a one-to-one conversation read";
    const FIELDS: &'static [Field] = &[
        Field::account("Report_Account", codes::FROM_ACCOUNT_INVALID),
        Field::account("Peer_Account", codes::TO_ACCOUNT_INVALID),
    ];
    type Command = MarkRead;

    fn command(self, _call: &Call<'_>) -> Result<MarkRead, Failure> {
        let Self {
            report_account: reader,
            peer_account: peer,
            msg_read_time,
        } = self;
        let up_to = msg_read_time.map_or(UpTo::Last, |seconds| {
            // The whole second.
            UpTo::Time(Timestamp(
                Timestamp::from_seconds(seconds).0.saturating_add(999),
            ))
        });
        Ok(MarkRead {
            conversation: ConversationId::c2c(&reader, &peer),
            reader,
            up_to,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::{TestApi, text};

    const PATH: &str = "openim/admin_set_msg_read";

    async fn unread(api: &TestApi) -> Value {
        let body = json!({ "To_Account": "bob" });
        api.v4_ok("openim/get_c2c_unread_msg_num", body).await["AllC2CUnreadMsgNum"].clone()
    }

    #[tokio::test]
    async fn reading_up_to_a_time_and_then_everything() {
        let api = TestApi::start().await;
        for number in 1..=3 {
            let body = json!({
                "From_Account": "alice", "To_Account": "bob", "MsgRandom": number,
                "MsgTimeStamp": 1_793_000_000 + number, "MsgBody": [text("hi")],
            });
            api.v4_ok("openim/sendmsg", body).await;
        }
        assert_eq!(unread(&api).await, 3);
        let mut body = json!({
            "Report_Account": "bob", "Peer_Account": "alice", "MsgReadTime": 1_793_000_002,
        });
        api.v4_ok(PATH, body.clone()).await;
        assert_eq!(unread(&api).await, 1);
        body["MsgReadTime"] = json!(null);
        api.v4_ok(PATH, body.clone()).await;
        assert_eq!(unread(&api).await, 0);
        let end = api.log_end();
        api.v4_ok(PATH, body).await;
        assert_eq!(api.log_end(), end, "reading what is read adds no event");
    }

    #[tokio::test]
    async fn bad_requests_get_their_codes() {
        let api = TestApi::start().await;
        let body =
            |reader: Value, peer: Value| json!({ "Report_Account": reader, "Peer_Account": peer });
        let cases = [
            (body(json!("nobody"), json!("bob")), 90008),
            (body(json!(null), json!("bob")), 90008),
            (body(json!("alice"), json!("nobody")), 90003),
            (body(json!("alice"), json!("")), 90003),
            (body(json!(7), json!("bob")), 60015),
            (
                json!({ "Report_Account": "a", "Peer_Account": "b", "MsgReadTime": "now" }),
                90001,
            ),
        ];
        api.refuses(PATH, cases).await;
    }
}
