//! `openim/sendmsg`: one account says something to another.
//!
//! Messages of a conversation with the same MsgSeq, MsgRandom and MsgTimeStamp are one message: a
//! retry gets the first answer and adds nothing. A caller that leaves MsgTimeStamp out is
//! recognised within the same second only.
//!
//! **Online only** (`OnlineOnlyFlag` 1, or `MsgLifeTime` 0): such a message reaches who is
//! connected and is not stored. There are no client connections yet, so nobody is online: the
//! request is checked and answered like any other, and nothing is kept.

use hansard_domain::message::{Content, SendC2c};
use hansard_domain::{Command, MessageKey, Reply};
use hansard_events::message::Element;
use hansard_types::limits::{MESSAGE_AHEAD_MS_MAX, MESSAGE_BYTES_MAX};
use hansard_types::{ConversationId, Reason, Seq, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::codes;
use crate::json::AnyObject;
use crate::v4::element::{self, ElementFault, MsgElement};
use crate::v4::endpoint::{Answered, Call, Failure, Operation, Reading};
use crate::v4::field::{self, SendControl};
use crate::v4::message_id::message_id;

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
    const FIELDS: &'static [(&'static str, u32)] = &[
        ("To_Account", codes::TO_ACCOUNT_INVALID),
        ("MsgRandom", codes::MSG_RANDOM_INVALID),
        ("MsgTimeStamp", codes::MSG_TIME_INVALID),
        ("MsgLifeTime", codes::MSG_LIFETIME_INVALID),
        ("MsgBody", codes::MSG_BODY_NOT_ARRAY),
        ("MsgBody[]", codes::MSG_BODY_INVALID),
        ("OfflinePushInfo", codes::PUSH_INFO_INVALID),
    ];
    type Request = SendMsgRequest;
    type Response = SendMsgResponse;

    async fn call(
        call: &Call<'_>,
        request: SendMsgRequest,
    ) -> Result<Answered<SendMsgResponse>, Failure> {
        let (command, online_only) = command(call, request)?;
        if online_only {
            let delivered = call.read(|reads| deliver_online(reads, &command));
            return delivered.await.map(Answered::read);
        }
        let conversation = ConversationId::c2c(&command.from, &command.to);
        let answer = call.submit(Command::SendC2c(command)).await?;
        let Reply::Sent {
            seq,
            sent_at,
            key: Some(key),
            duplicate: _,
        } = answer.reply
        else {
            return Err(Failure::Broken(
                "a message was not answered as sent".to_owned(),
            ));
        };
        let body = response(&conversation, seq, sent_at, key);
        Ok(Answered::written(body, answer.position))
    }
}

fn response(
    conversation: &ConversationId,
    seq: Seq,
    sent_at: Timestamp,
    key: MessageKey,
) -> SendMsgResponse {
    SendMsgResponse {
        msg_time: sent_at.seconds(),
        msg_key: key.to_string(),
        msg_id: message_id(conversation, seq, sent_at),
    }
}

/// The command, and whether the message is for those who are online only.
fn command(call: &Call<'_>, request: SendMsgRequest) -> Result<(SendC2c, bool), Failure> {
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
    let online_only = online_only_flag == Some(1) || msg_life_time == Some(0);
    let command = SendC2c {
        from,
        to,
        content,
        random,
        client_seq: msg_seq,
        time_seconds: msg_time_stamp,
        hidden_from_sender: sync_other_machine == Some(2),
    };
    Ok((command, online_only))
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

/// Checks what a stored message is checked for, and keeps nothing.
fn deliver_online(call: &Reading<'_>, command: &SendC2c) -> Result<SendMsgResponse, Failure> {
    let known = |user: &UserId| call.account(user);
    if command.content.size_bytes() > MESSAGE_BYTES_MAX {
        return Err(call.refusal(Reason::MessageTooLarge));
    }
    let Some(sender) = known(&command.from)? else {
        return Err(call.refusal(Reason::SenderUnknown));
    };
    if known(&command.to)?.is_none() {
        return Err(call.refusal(Reason::RecipientUnknown));
    }
    let now = call.log_now();
    if sender.c2c_muted_until > now {
        return Err(call.refusal(Reason::SenderMuted));
    }
    let blocked = call.directory().blocks(&command.to, &command.from);
    if blocked.map_err(Failure::broken)? {
        return Err(call.refusal(Reason::SenderBlocked));
    }
    let sent_at = command.time_seconds.map_or(now, Timestamp::from_seconds);
    if sent_at.0 > now.0.saturating_add(MESSAGE_AHEAD_MS_MAX) {
        return Err(call.refusal(Reason::MessageTimeInvalid));
    }
    let key = command.key(sent_at);
    let conversation = ConversationId::c2c(&command.from, &command.to);
    // Seq 0 is no stored message's.
    Ok(response(&conversation, Seq(0), sent_at, key))
}

#[cfg(test)]
mod tests;
