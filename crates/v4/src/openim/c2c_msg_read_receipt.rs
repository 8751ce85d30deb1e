//! `openim/c2c_msg_read_receipt`: confirms for a receiver that it has read messages which want that.

use hansard_domain::conversation::ConfirmRead;
use hansard_types::limits::RECEIPTS_PER_CALL_MAX;
use hansard_types::{ConversationId, Reason, Seq, UserId};
use schemars::JsonSchema;
use serde::Deserialize;

use super::codes;
use super::key::MsgKey;
use crate::endpoint::{Answered, Call, Failure, Nothing, Operation, Reading};
use crate::typed::{Field, Items};

pub(crate) struct C2cMsgReadReceipt;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct C2cMsgReadReceiptRequest {
    /// Who has read them.
    #[serde(rename = "Operator_Account")]
    operator_account: UserId,
    #[serde(rename = "Peer_Account")]
    peer_account: UserId,
    /// At most 50; those that want no receipt are passed over.
    #[serde(rename = "C2CMsgInfo")]
    messages: Items<MsgInfo, RECEIPTS_PER_CALL_MAX>,
}

#[derive(Deserialize, JsonSchema)]
struct MsgInfo {
    /// The peer.
    #[serde(rename = "From_Account")]
    from_account: Option<UserId>,
    /// Who has read it.
    #[serde(rename = "To_Account")]
    to_account: Option<UserId>,
    #[serde(rename = "MsgKey")]
    msg_key: MsgKey,
}

impl Operation for C2cMsgReadReceipt {
    const SUMMARY: &'static str = "Confirms for an account that it has read messages, at most 50";
    const FIELDS: &'static [Field] = &[
        Field::account("Operator_Account", codes::FROM_ACCOUNT_INVALID),
        Field::account("Peer_Account", codes::TO_ACCOUNT_INVALID),
        Field::of("C2CMsgInfo[].MsgKey", codes::MSG_KEY_INVALID),
    ];
    type Request = C2cMsgReadReceiptRequest;
    type Response = Nothing;

    async fn call(
        call: &Call<'_>,
        request: C2cMsgReadReceiptRequest,
    ) -> Result<Answered<Nothing>, Failure> {
        let C2cMsgReadReceiptRequest {
            operator_account: reader,
            peer_account: peer,
            messages: Items(messages),
        } = request;
        if call.account(&reader)?.is_none() {
            return Err(call.refusal(Reason::AccountUnknown));
        }
        if call.account(&peer)?.is_none() {
            return Err(call.refusal(Reason::RecipientUnknown));
        }
        for message in &messages {
            let is = |one: &Option<UserId>, other| one.as_ref().is_none_or(|one| one == other);
            if !is(&message.from_account, &peer) || !is(&message.to_account, &reader) {
                let info = "C2CMsgInfo is of messages from Peer_Account to Operator_Account";
                return Err(call.parameter(info));
            }
        }
        let conversation = ConversationId::c2c(&reader, &peer);
        let seqs = call
            .read(|reads| seqs(reads, &conversation, &messages))
            .await?;
        let command = ConfirmRead {
            conversation,
            reader,
            seqs,
        };
        let answer = call.submit(command).await?;
        Ok(Answered::written(Nothing {}, answer.position))
    }
}

fn seqs(
    reads: &Reading<'_>,
    conversation: &ConversationId,
    messages: &[MsgInfo],
) -> Result<Vec<Seq>, Failure> {
    let conversations = reads.conversations_with(conversation);
    let seq = |message: &MsgInfo| {
        let MsgKey(key) = &message.msg_key;
        let seq =
            conversations.seq_by_key(conversation, key.client_seq, key.random, key.time_seconds);
        let unknown = || reads.refusal(Reason::MessageUnknown);
        seq.map_err(Failure::broken)?.ok_or_else(unknown)
    };
    messages.iter().map(seq).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::{TestApi, text};

    const PATH: &str = "openim/c2c_msg_read_receipt";

    async fn send(api: &TestApi, random: u32, wants: u32) -> Value {
        let body = json!({ "From_Account": "alice", "To_Account": "bob", "MsgRandom": random,
            "IsNeedReadReceipt": wants, "MsgBody": [text("읽었어?")] });
        api.v4_ok("openim/sendmsg", body).await["MsgKey"].clone()
    }

    fn receipt(keys: &[&Value]) -> Value {
        let infos: Vec<Value> = keys
            .iter()
            .map(|key| json!({ "From_Account": "alice", "To_Account": "bob", "MsgKey": key }))
            .collect();
        json!({ "Operator_Account": "bob", "Peer_Account": "alice", "C2CMsgInfo": infos })
    }

    async fn are_read(api: &TestApi) -> Vec<Value> {
        let ask = json!({ "Operator_Account": "alice", "Peer_Account": "bob", "MaxCnt": 100,
            "MinTime": 0, "MaxTime": 4_000_000_000_u64 });
        let page = api.v4_ok("openim/admin_getroammsg", ask).await;
        let list = page["MsgList"].as_array().expect("a list");
        list.iter().map(|one| one["IsPeerRead"].clone()).collect()
    }

    #[tokio::test]
    async fn what_wants_a_receipt_is_read_once_that_has_come() {
        let api = TestApi::start().await;
        let wanted = send(&api, 1, 1).await;
        let plain = send(&api, 2, 0).await;
        let read = json!({ "Report_Account": "bob", "Peer_Account": "alice" });
        api.v4_ok("openim/admin_set_msg_read", read).await;
        let mut before = are_read(&api).await;
        before.sort_by_key(Value::to_string);
        assert_eq!(before, [0, 1], "the plain one is read");
        api.v4_ok(PATH, receipt(&[&wanted, &plain])).await;
        assert_eq!(are_read(&api).await, [1, 1]);
        let end = api.log_end();
        api.v4_ok(PATH, receipt(&[&wanted, &plain])).await;
        assert_eq!(api.log_end(), end, "again adds nothing");
    }

    #[tokio::test]
    async fn bad_requests_get_their_codes() {
        let api = TestApi::start().await;
        let key = send(&api, 1, 1).await;
        let with = |name: &str, value: Value| {
            let mut body = receipt(&[&key]);
            body[name] = value;
            body
        };
        let of = |info: Value| with("C2CMsgInfo", json!([info]));
        api.refuses(
            PATH,
            [
                (with("Operator_Account", json!("nobody")), 90008),
                (with("Peer_Account", json!("nobody")), 90003),
                (with("C2CMsgInfo", json!([])), 90001),
                (
                    with("C2CMsgInfo", json!(vec![json!({ "MsgKey": key }); 51])),
                    90001,
                ),
                (of(json!({ "MsgKey": "x" })), 90054),
                (of(json!({ "MsgKey": "1_2_3" })), 20022),
                (of(json!({ "MsgKey": key, "From_Account": "bob" })), 90001),
            ],
        )
        .await;
    }
}
