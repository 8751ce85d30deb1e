//! `openim/sendmsg`: one account says something to another.
//!
//! Messages of a conversation with the same MsgSeq, MsgRandom and MsgTimeStamp are one message: a
//! retry gets the first answer and adds nothing. A caller that leaves MsgTimeStamp out is
//! recognised within the same second only.
//!
//! **Online only** (`OnlineOnlyFlag` 1, or `MsgLifeTime` 0): such a message reaches who is
//! connected and is not stored. There are no client connections yet, so nobody is online: the
//! request is decided and answered like any other, and nothing is kept.

use hansard_domain::SentC2c;
use hansard_domain::message::{Content, SendC2c};
use hansard_types::{ConversationId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::{MSG_BODY, MSG_BODY_ITEM, MSG_TYPE};
use super::codes;
use crate::element::{self, MsgBody};
use crate::endpoint::{Answered, Call, Failure, Operation};
use crate::field::SendControl;
use crate::message_id::message_id;
use crate::push::OfflinePushInfo;
use crate::typed::{Field, OrEmpty};

pub(crate) struct SendMsg;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SendMsgRequest {
    /// The sender; absent: the calling administrator.
    #[serde(rename = "From_Account", default)]
    from_account: OrEmpty<UserId>,
    #[serde(rename = "To_Account")]
    to_account: UserId,
    /// 2 keeps the message out of the sender's own history.
    sync_other_machine: Option<u32>,
    /// Seconds; 0 means online only, more than 7 days count as 7 days.
    msg_life_time: Option<u64>,
    /// 1: not stored, only for receivers who are online.
    online_only_flag: Option<u32>,
    /// Absent: drawn from what is said, so that a retry within the second is recognised.
    msg_seq: Option<u32>,
    msg_random: u32,
    /// Unix seconds; absent: now.
    msg_time_stamp: Option<u64>,
    /// `NoUnread`, `NoLastMsg`; others have no effect yet.
    #[serde(default)]
    send_msg_control: Vec<String>,
    /// No callbacks are made yet.
    #[serde(default)]
    #[expect(dead_code, reason = "taken and not used yet")]
    forbid_callback_control: Vec<String>,
    msg_body: MsgBody,
    cloud_custom_data: Option<String>,
    /// 1: clients may keep keys and values with it (`set_key_values`).
    support_message_extension: Option<u32>,
    /// 1: a receipt is wanted (`c2c_msg_read_receipt`), and `IsPeerRead` says whether it came.
    is_need_read_receipt: Option<u32>,
    /// How it is shown to who is not there; kept with the message.
    offline_push_info: Option<OfflinePushInfo>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SendMsgResponse {
    /// Unix seconds.
    msg_time: u64,
    /// `<MsgSeq>_<MsgRandom>_<MsgTimeStamp>`.
    msg_key: String,
    msg_id: String,
}

impl Operation for SendMsg {
    const SUMMARY: &'static str = "Sends a message from one account to another";
    const FIELDS: &'static [Field] = &[
        Field::account("From_Account", codes::FROM_ACCOUNT_INVALID),
        Field::of("To_Account", codes::TO_ACCOUNT_INVALID),
        Field::of("MsgRandom", codes::MSG_RANDOM_INVALID),
        Field::of("MsgTimeStamp", codes::MSG_TIME_INVALID),
        Field::of("MsgLifeTime", codes::MSG_LIFETIME_INVALID),
        MSG_BODY,
        MSG_BODY_ITEM,
        MSG_TYPE,
        Field::of("OfflinePushInfo", codes::PUSH_INFO_INVALID),
    ];
    type Request = SendMsgRequest;
    type Response = SendMsgResponse;

    async fn call(
        call: &Call<'_>,
        request: SendMsgRequest,
    ) -> Result<Answered<SendMsgResponse>, Failure> {
        let command = command(call, request)?;
        let conversation = ConversationId::c2c(&command.from, &command.to);
        let answer = call.submit(command).await?;
        let body = response(&conversation, answer.reply);
        Ok(Answered::written(body, answer.position))
    }
}

fn response(conversation: &ConversationId, sent: SentC2c) -> SendMsgResponse {
    SendMsgResponse {
        msg_time: sent.sent_at.seconds(),
        msg_key: sent.key.to_string(),
        msg_id: message_id(conversation, sent.seq, sent.sent_at),
    }
}

fn command(call: &Call<'_>, request: SendMsgRequest) -> Result<SendC2c, Failure> {
    let SendMsgRequest {
        from_account,
        to_account: to,
        sync_other_machine,
        msg_life_time,
        online_only_flag,
        msg_seq,
        msg_random: random,
        msg_time_stamp,
        send_msg_control,
        forbid_callback_control: _,
        msg_body,
        cloud_custom_data,
        support_message_extension,
        is_need_read_receipt,
        offline_push_info,
    } = request;
    let control = SendControl::of(&send_msg_control);
    let elements = element::read(msg_body).map_err(|reason| call.refusal(reason))?;
    let content = Content {
        elements,
        cloud_custom_data,
        no_unread: control.no_unread,
        no_last: control.no_last,
        extensible: support_message_extension == Some(1),
        offline_push: OfflinePushInfo::kept(offline_push_info, codes::PUSH_INFO_INVALID)?,
    };
    Ok(SendC2c {
        from: from_account.0.unwrap_or_else(|| call.caller.user.clone()),
        to,
        content,
        random,
        client_seq: msg_seq,
        time_seconds: msg_time_stamp,
        hidden_from_sender: sync_other_machine == Some(2),
        online_only: online_only_flag == Some(1) || msg_life_time == Some(0),
        wants_receipts: is_need_read_receipt == Some(1),
    })
}

#[cfg(test)]
mod tests;
