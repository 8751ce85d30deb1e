//! `openim/batchsendmsg`: one account says the same to many, each by itself.
//!
//! All of them have one `MsgKey`: one time, one number and one random. An account that does not
//! exist is told in `ErrorList`; the others get the message.

use hansard_domain::message::{Content, SendC2c};
use hansard_domain::{MessageKey, SentC2c};
use hansard_types::limits::BATCH_RECIPIENTS_MAX;
use hansard_types::{ConversationId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::{MSG_BODY, MSG_BODY_ITEM, MSG_TYPE};
use super::codes;
use crate::element::{self, MsgBody};
use crate::endpoint::{Answered, Call, Failure, Fault, Operation};
use crate::field::SendControl;
use crate::message_id::message_id;
use crate::push::OfflinePushInfo;
use crate::typed::{Field, Items, OrEmpty};

pub(crate) struct BatchSendMsg;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BatchSendMsgRequest {
    /// The sender; absent: the calling administrator.
    #[serde(rename = "From_Account", default)]
    from_account: OrEmpty<UserId>,
    /// The receivers, at most 500.
    #[serde(rename = "To_Account")]
    to_account: Items<String, BATCH_RECIPIENTS_MAX>,
    /// 2 keeps the messages out of the sender's own history.
    sync_other_machine: Option<u32>,
    /// Seconds; 0 means online only, more than 7 days count as 7 days.
    msg_life_time: Option<u64>,
    /// Absent: drawn from what is said, so that a retry within the second is recognised.
    msg_seq: Option<u32>,
    msg_random: u32,
    /// `NoUnread`, `NoLastMsg`; others have no effect yet.
    #[serde(default)]
    send_msg_control: Vec<String>,
    msg_body: MsgBody,
    cloud_custom_data: Option<String>,
    /// 1: receipts are wanted.
    is_need_read_receipt: Option<u32>,
    /// How it is shown to who is not there; kept with the message.
    offline_push_info: Option<OfflinePushInfo>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BatchSendMsgResponse {
    /// Unix seconds.
    msg_time: u64,
    /// Of all of them.
    msg_key: String,
    msg_id: String,
    /// Who did not get it. The status is `SomeError` when there are any.
    error_list: Vec<NotSent>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct NotSent {
    #[serde(rename = "To_Account")]
    to_account: String,
    error_code: u32,
}

impl Operation for BatchSendMsg {
    const SUMMARY: &'static str = "Sends one message to many accounts, at most 500";
    const FIELDS: &'static [Field] = &[
        Field::account("From_Account", codes::FROM_ACCOUNT_INVALID),
        Field::of("To_Account", codes::TO_ACCOUNT_INVALID).too_many(codes::TOO_MANY_TO_ACCOUNTS),
        Field::of("MsgRandom", codes::MSG_RANDOM_INVALID),
        Field::of("MsgLifeTime", codes::MSG_LIFETIME_INVALID),
        MSG_BODY,
        MSG_BODY_ITEM,
        MSG_TYPE,
        Field::of("OfflinePushInfo", codes::PUSH_INFO_INVALID),
    ];
    type Request = BatchSendMsgRequest;
    type Response = BatchSendMsgResponse;

    async fn call(
        call: &Call<'_>,
        request: BatchSendMsgRequest,
    ) -> Result<Answered<BatchSendMsgResponse>, Failure> {
        let (from, receivers, commands) = commands(call, request)?;
        let outcomes = call.submit_each(commands).await?;
        let mut first: Option<(SentC2c, String)> = None;
        let (mut error_list, mut last_fault) = (Vec::new(), None);
        for (to_account, reply) in receivers.into_iter().zip(outcomes.replies) {
            match reply {
                Ok(sent) => {
                    first.get_or_insert((sent, to_account));
                }
                Err(fault) => {
                    error_list.push(NotSent {
                        to_account,
                        error_code: fault.code,
                    });
                    last_fault = Some(fault);
                }
            }
        }
        let Some((sent, to)) = first else {
            return Err(nobody(last_fault));
        };
        let to = UserId::new(&to).map_err(Failure::broken)?;
        let conversation = ConversationId::c2c(&from, &to);
        let partly = !error_list.is_empty();
        let body = BatchSendMsgResponse {
            msg_time: sent.sent_at.seconds(),
            msg_key: sent.key.to_string(),
            msg_id: message_id(&conversation, sent.seq, sent.sent_at),
            error_list,
        };
        Ok(Answered {
            body,
            position: outcomes.position,
            partly,
        })
    }
}

/// Why nobody got it: that no receiver exists is the call's own failure.
fn nobody(fault: Option<Fault>) -> Failure {
    match fault {
        Some(Fault { code, info }) if code != codes::ACCOUNT_UNKNOWN => {
            Failure::Refused { code, info }
        }
        Some(_) | None => Failure::refused(
            codes::TO_ACCOUNT_UNKNOWN,
            "none of To_Account exists; import them first",
        ),
    }
}

type Commands = (UserId, Vec<String>, Vec<Result<SendC2c, Fault>>);

fn commands(call: &Call<'_>, request: BatchSendMsgRequest) -> Result<Commands, Failure> {
    let BatchSendMsgRequest {
        from_account,
        to_account: Items(receivers),
        sync_other_machine,
        msg_life_time,
        msg_seq,
        msg_random: random,
        send_msg_control,
        msg_body,
        cloud_custom_data,
        is_need_read_receipt,
        offline_push_info,
    } = request;
    let from = from_account.0.unwrap_or_else(|| call.caller.user.clone());
    let control = SendControl::of(&send_msg_control);
    let content = Content {
        elements: element::read(msg_body).map_err(|reason| call.refusal(reason))?,
        cloud_custom_data,
        no_unread: control.no_unread,
        no_last: control.no_last,
        extensible: false,
        offline_push: OfflinePushInfo::kept(offline_push_info, codes::PUSH_INFO_INVALID)?,
    };
    let key = MessageKey {
        client_seq: msg_seq.unwrap_or_else(|| drawn(&content, &from)),
        random,
        time_seconds: call.log_now().seconds(),
    };
    let one = |to: &String| {
        let unknown = |_| Fault::new(codes::ACCOUNT_UNKNOWN, "there is no such account");
        Ok(SendC2c {
            from: from.clone(),
            to: UserId::new(to).map_err(unknown)?,
            content: content.clone(),
            random,
            client_seq: Some(key.client_seq),
            time_seconds: Some(key.time_seconds),
            hidden_from_sender: sync_other_machine == Some(2),
            online_only: msg_life_time == Some(0),
            wants_receipts: is_need_read_receipt == Some(1),
        })
    };
    let commands = receivers.iter().map(one).collect();
    Ok((from, receivers, commands))
}

/// A number for the message when its sender gives none: of what is said and of who says it.
pub(super) fn drawn(content: &Content, from: &UserId) -> u32 {
    content.digest().to(std::slice::from_ref(from)).number()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::{TestApi, code, text};

    const PATH: &str = "openim/batchsendmsg";

    fn to(receivers: &[&str], random: u32) -> Value {
        json!({ "From_Account": "alice", "To_Account": receivers, "MsgRandom": random,
            "MsgBody": [text("안녕")] })
    }

    async fn last(api: &TestApi, of: &str) -> Value {
        let ask = json!({ "Operator_Account": of, "Peer_Account": "alice", "MaxCnt": 100,
            "MinTime": 0, "MaxTime": 4_000_000_000_u64 });
        let page = api.v4_ok("openim/admin_getroammsg", ask).await;
        page["MsgList"].clone()
    }

    #[tokio::test]
    async fn each_receiver_gets_the_message_under_one_key_and_a_retry_adds_nothing() {
        let api = TestApi::start().await;
        let mut body = to(&["bob", "carol"], 7);
        body["MsgSeq"] = json!(3);
        let sent = api.v4_ok(PATH, body.clone()).await;
        assert_eq!(sent["ErrorList"], json!([]));
        for receiver in ["bob", "carol"] {
            let messages = last(&api, receiver).await;
            assert_eq!(messages.as_array().map(Vec::len), Some(1), "{receiver}");
            assert_eq!(messages[0]["MsgKey"], sent["MsgKey"]);
        }
    }

    #[tokio::test]
    async fn who_does_not_exist_is_told_and_the_others_get_it() {
        let api = TestApi::start().await;
        let answer = api.v4(PATH, to(&["nobody", "bob", "not valid"], 7)).await;
        assert_eq!(
            (code(&answer), &answer["ActionStatus"]),
            (0, &json!("SomeError"))
        );
        let errors = json!([
            { "To_Account": "nobody", "ErrorCode": 70107 },
            { "To_Account": "not valid", "ErrorCode": 70107 },
        ]);
        assert_eq!(answer["ErrorList"], errors);
        assert_eq!(last(&api, "bob").await.as_array().map(Vec::len), Some(1));
    }

    #[tokio::test]
    async fn bad_requests_get_their_codes() {
        let api = TestApi::start().await;
        let many: Vec<String> = (0..501).map(|at| format!("user{at}")).collect();
        let with = |name: &str, value: Value| {
            let mut body = to(&["bob"], 1);
            body[name] = value;
            body
        };
        api.refuses(
            PATH,
            [
                (with("To_Account", json!(null)), 90003),
                (with("To_Account", json!("bob")), 90003),
                (with("To_Account", json!([])), 90003),
                (with("To_Account", json!(many)), 90011),
                (with("To_Account", json!(["nobody"])), 90012),
                (with("From_Account", json!("nobody")), 90008),
                (with("MsgRandom", json!(null)), 90005),
                (with("MsgBody", json!("x")), 90007),
                (with("MsgBody", json!([])), 90002),
                (with("OfflinePushInfo", json!("x")), 90043),
            ],
        )
        .await;
    }
}
