//! `group_open_http_svc/send_group_msg`: says something in a group, in the name of any account.
//!
//! The same sender, `Random` and content within five minutes are one message: a retry gets the
//! first answer and adds nothing.
//!
//! **Online only** (`OnlineOnlyFlag` above 0): such a message takes no seq and is not stored. There
//! are no client connections yet, so nobody is online: the request is decided and answered with
//! `MsgSeq` 0, and nothing is kept.
//!
//! Messages to some members only (`To_Account`) are not there yet and refused: saying it to all
//! would be worse.

use hansard_desk::json::AnyObject;
use hansard_domain::SentMessage;
use hansard_domain::message::{Content, SendGroup};
use hansard_events::message::Mention;
use hansard_types::limits::GROUP_MENTIONS_MAX;
use hansard_types::{ConversationId, Seq, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{codes, profile};
use crate::element::{self, MsgElement};
use crate::endpoint::{Answered, Call, Failure, Operation};
use crate::field::{self, SendControl};
use crate::message_id::message_id;
use crate::typed::Field;

pub(crate) struct SendGroupMsg;

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct SendGroupMsgRequest {
    /// Required.
    group_id: Option<String>,
    /// Any account, a member or not; absent: the calling administrator.
    #[serde(rename = "From_Account")]
    from_account: Option<String>,
    /// Required.
    random: Option<u32>,
    /// `High`, `Normal` (the default), `Low` or `Lowest`.
    msg_priority: Option<String>,
    /// Required.
    msg_body: Option<Vec<MsgElement>>,
    /// Above 0: not stored, only for members who are online.
    online_only_flag: Option<u32>,
    /// `NoUnread`, `NoLastMsg`.
    send_msg_control: Option<Vec<String>>,
    /// No callbacks are made yet.
    forbid_callback_control: Option<Vec<String>>,
    cloud_custom_data: Option<String>,
    /// At most 30.
    group_at_info: Option<Vec<GroupAt>>,
    /// Not there yet: refused unless empty.
    #[serde(rename = "To_Account")]
    to_account: Option<Vec<String>>,
    /// Not there yet: refused unless empty.
    topic_id: Option<String>,
    /// Taken and not used yet: there is no offline push.
    offline_push_info: Option<AnyObject>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
struct GroupAt {
    /// 1: everyone.
    #[serde(rename = "GroupAtAllFlag")]
    all: Option<u32>,
    #[serde(rename = "GroupAt_Account")]
    account: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SendGroupMsgResponse {
    /// Unix seconds.
    msg_time: u64,
    msg_seq: u64,
    msg_id: String,
}

impl Operation for SendGroupMsg {
    const SUMMARY: &'static str = "Sends a message to a group";
    const FIELDS: &'static [Field] = &[Field::of("GroupId", codes::GROUP_ID_INVALID)];
    type Request = SendGroupMsgRequest;
    type Response = SendGroupMsgResponse;

    async fn call(
        call: &Call<'_>,
        request: SendGroupMsgRequest,
    ) -> Result<Answered<SendGroupMsgResponse>, Failure> {
        let command = command(call, request)?;
        let conversation = ConversationId::Group(command.group_id.clone());
        let answer = call.submit(command).await?;
        let SentMessage { seq, sent_at, .. } = answer.reply;
        Ok(Answered::written(
            response(&conversation, seq, sent_at),
            answer.position,
        ))
    }
}

fn response(conversation: &ConversationId, seq: Seq, sent_at: Timestamp) -> SendGroupMsgResponse {
    SendGroupMsgResponse {
        msg_time: sent_at.seconds(),
        msg_seq: seq.0,
        msg_id: message_id(conversation, seq, sent_at),
    }
}

fn command(call: &Call<'_>, request: SendGroupMsgRequest) -> Result<SendGroup, Failure> {
    let SendGroupMsgRequest {
        group_id,
        from_account,
        random,
        msg_priority,
        msg_body,
        online_only_flag,
        send_msg_control,
        forbid_callback_control: _,
        cloud_custom_data,
        group_at_info,
        to_account,
        topic_id,
        offline_push_info: _,
    } = request;
    profile::no_topic(topic_id.as_deref())?;
    if to_account.is_some_and(|some| !some.is_empty()) {
        let info = "messages to some members only are not there yet";
        return Err(Failure::refused(codes::GROUP_FORBIDDEN, info));
    }
    let group_id = profile::group(group_id.as_deref())?;
    let code = codes::GROUP_PARAMETER;
    let from = field::user_or_caller(call, from_account.as_deref(), "From_Account", code)?;
    let random = random.ok_or_else(|| call.parameter("Random is missing"))?;
    let priority = match msg_priority.as_deref() {
        Some("High") => 1,
        None | Some("" | "Normal") => 2,
        Some("Low") => 3,
        Some("Lowest") => 4,
        Some(_) => return Err(call.parameter("MsgPriority must be High, Normal, Low or Lowest")),
    };
    let control = SendControl::of(send_msg_control.as_ref());
    let elements = element::read(msg_body).map_err(|fault| call.parameter(fault.to_string()))?;
    let content = Content {
        elements,
        cloud_custom_data,
        no_unread: control.no_unread,
        no_last: control.no_last,
    };
    let mentions = mentions(group_at_info.unwrap_or_default())?;
    Ok(SendGroup {
        group_id,
        from,
        content,
        random,
        priority,
        mentions,
        online_only: online_only_flag.is_some_and(|flag| flag > 0),
    })
}

fn mentions(list: Vec<GroupAt>) -> Result<Vec<Mention>, Failure> {
    if list.len() > GROUP_MENTIONS_MAX {
        let info = "GroupAtInfo holds at most 30";
        return Err(Failure::refused(codes::GROUP_TOO_MANY_MENTIONS, info));
    }
    let mut mentions = Vec::with_capacity(list.len());
    for GroupAt { all, account } in list {
        if all == Some(1) {
            mentions.push(Mention::All);
        } else {
            let code = codes::GROUP_PARAMETER;
            let user_id = field::user(account.as_deref(), "GroupAt_Account", code)?;
            mentions.push(Mention::Account { user_id });
        }
    }
    Ok(mentions)
}

#[cfg(test)]
mod tests;
