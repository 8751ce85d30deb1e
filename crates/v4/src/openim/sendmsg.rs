//! `openim/sendmsg`: one account says something to another.
//!
//! Messages of a conversation with the same MsgSeq, MsgRandom and MsgTimeStamp are one message: a
//! retry gets the first answer and adds nothing. A caller that leaves MsgTimeStamp out is
//! recognised within the same second only.
//!
//! **Online only** (`OnlineOnlyFlag` 1, or `MsgLifeTime` 0): such a message reaches who is
//! connected and is not stored. There are no client connections yet, so nobody is online: the
//! request is decided and answered like any other, and nothing is kept.

use hansard_desk::json::AnyObject;
use hansard_domain::SentC2c;
use hansard_domain::message::{Content, SendC2c};
use hansard_events::message::Element;
use hansard_types::ConversationId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::codes;
use crate::element::{self, ElementFault, MsgElement};
use crate::endpoint::{Answered, Call, Failure, Operation};
use crate::field::{self, SendControl};
use crate::message_id::message_id;
use crate::typed::Field;

pub(crate) struct SendMsg;

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct SendMsgRequest {
    /// The sender; absent: the calling administrator.
    #[serde(rename = "From_Account")]
    from_account: Option<String>,
    /// Required.
    #[serde(rename = "To_Account")]
    to_account: Option<String>,
    /// 2 keeps the message out of the sender's own history.
    sync_other_machine: Option<u32>,
    /// Seconds; 0 means online only, more than 7 days count as 7 days.
    msg_life_time: Option<u64>,
    /// 1: not stored, only for receivers who are online.
    online_only_flag: Option<u32>,
    /// Absent: drawn from what is said, so that a retry within the second is recognised.
    msg_seq: Option<u32>,
    /// Required.
    msg_random: Option<u32>,
    /// Unix seconds; absent: now.
    msg_time_stamp: Option<u64>,
    /// `NoUnread`, `NoLastMsg`; others have no effect yet.
    send_msg_control: Option<Vec<String>>,
    /// No callbacks are made yet.
    forbid_callback_control: Option<Vec<String>>,
    /// Required.
    msg_body: Option<Vec<MsgElement>>,
    cloud_custom_data: Option<String>,
    /// Taken and not used yet: there is no offline push.
    offline_push_info: Option<AnyObject>,
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
        Field::of("To_Account", codes::TO_ACCOUNT_INVALID),
        Field::of("MsgRandom", codes::MSG_RANDOM_INVALID),
        Field::of("MsgTimeStamp", codes::MSG_TIME_INVALID),
        Field::of("MsgLifeTime", codes::MSG_LIFETIME_INVALID),
        Field::of("MsgBody", codes::MSG_BODY_NOT_ARRAY),
        Field::of("MsgBody[]", codes::MSG_BODY_INVALID),
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
        to_account,
        sync_other_machine,
        msg_life_time,
        online_only_flag,
        msg_seq,
        msg_random,
        msg_time_stamp,
        send_msg_control,
        forbid_callback_control: _,
        msg_body,
        cloud_custom_data,
        offline_push_info: _,
    } = request;
    let from_code = codes::FROM_ACCOUNT_INVALID;
    let from = field::user_or_caller(call, from_account.as_deref(), "From_Account", from_code)?;
    let to = field::user(
        to_account.as_deref(),
        "To_Account",
        codes::TO_ACCOUNT_INVALID,
    )?;
    let random = msg_random.ok_or(Failure::refused(
        codes::MSG_RANDOM_INVALID,
        "MsgRandom is missing",
    ))?;
    let control = SendControl::of(send_msg_control.as_ref());
    let content = Content {
        elements: elements(msg_body)?,
        cloud_custom_data,
        no_unread: control.no_unread,
        no_last: control.no_last,
    };
    Ok(SendC2c {
        from,
        to,
        content,
        random,
        client_seq: msg_seq,
        time_seconds: msg_time_stamp,
        hidden_from_sender: sync_other_machine == Some(2),
        online_only: online_only_flag == Some(1) || msg_life_time == Some(0),
    })
}

fn elements(body: Option<Vec<MsgElement>>) -> Result<Vec<Element>, Failure> {
    element::read(body).map_err(|fault| {
        let code = match fault {
            ElementFault::TypeUnknown | ElementFault::CustomTwice => codes::MSG_ELEMENT_INVALID,
            ElementFault::Missing
            | ElementFault::Empty
            | ElementFault::TooMany
            | ElementFault::TypeMissing
            | ElementFault::ContentMissing => codes::MSG_BODY_INVALID,
        };
        Failure::refused(code, fault.to_string())
    })
}

#[cfg(test)]
mod tests;
