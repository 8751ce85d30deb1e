//! `group_open_http_svc/send_group_msg`: says something in a group, in the name of any account.
//!
//! The same sender, `Random` and content within five minutes are one message: a retry gets the
//! first answer and adds nothing.
//!
//! **Online only** (`OnlineOnlyFlag` above 0): such a message takes no seq and is not stored. There
//! are no client connections yet, so nobody is online: the request is decided and answered with
//! `MsgSeq` 0, and nothing is kept.
//!
//! **To some members only** (`To_Account`): they and the sender find it, it is unread to nobody,
//! and the group's history, which administrators read, has it.

use hansard_domain::message::{Content, SendGroup};
use hansard_domain::{GroupSend, SentMessage};
use hansard_events::message::Mention;
use hansard_types::limits::{GROUP_MENTIONS_MAX, GROUP_TARGETS_MAX};
use hansard_types::{ConversationId, GroupId, Seq, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::codes;
use super::profile::GROUP_ID;
use crate::element::{self, MsgBody};
use crate::endpoint::{Answered, Call, Failure, Operation};
use crate::field::SendControl;
use crate::message_id::message_id;
use crate::push::OfflinePushInfo;
use crate::topic_id;
use crate::typed::{Field, List, OrEmpty, one_of};

pub(crate) struct SendGroupMsg;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SendGroupMsgRequest {
    group_id: GroupId,
    /// Any account, a member or not; absent: the calling administrator.
    #[serde(rename = "From_Account", default)]
    from_account: OrEmpty<UserId>,
    random: u32,
    /// Absent: `Normal`.
    #[serde(default)]
    msg_priority: OrEmpty<Priority>,
    msg_body: MsgBody,
    /// Above 0: not stored, only for members who are online.
    online_only_flag: Option<u32>,
    /// `NoUnread`, `NoLastMsg`; others have no effect yet.
    #[serde(default)]
    send_msg_control: Vec<String>,
    /// No callbacks are made yet.
    #[serde(default)]
    #[expect(dead_code, reason = "taken and not used yet")]
    forbid_callback_control: Vec<String>,
    cloud_custom_data: Option<String>,
    #[serde(default)]
    group_at_info: List<GroupAt, GROUP_MENTIONS_MAX>,
    /// Who besides the sender may read it; absent or empty: whoever may read the group.
    #[serde(rename = "To_Account", default)]
    to_account: List<UserId, GROUP_TARGETS_MAX>,
    /// 1: whoever reads it is to confirm that (`group_msg_receipt`).
    need_read_receipt: Option<u32>,
    /// 1: clients may keep keys and values with it (`group_set_key_values`).
    support_message_extension: Option<u32>,
    /// Absent or empty: the group itself.
    topic_id: Option<String>,
    /// How it is shown to who is not there; kept with the message.
    offline_push_info: Option<OfflinePushInfo>,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
enum Priority {
    High,
    Normal,
    Low,
    Lowest,
}

/// Everyone, or the account that is named.
#[derive(Deserialize, JsonSchema)]
#[schemars(extend("anyOf" = [
    { "required": ["GroupAtAllFlag"], "properties": { "GroupAtAllFlag": { "const": 1 } } },
    { "anyOf": one_of(&["GroupAt_Account"]) },
]))]
struct GroupAt {
    /// 1: everyone.
    #[serde(rename = "GroupAtAllFlag")]
    all: Option<u32>,
    #[serde(rename = "GroupAt_Account", default)]
    account: OrEmpty<UserId>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SendGroupMsgResponse {
    /// Unix seconds.
    msg_time: u64,
    msg_seq: u64,
    msg_id: String,
    /// Nobody gets it: the group was spoken in more often than the app lets it (settings:
    /// `group_limits`). `MsgSeq` is 0 then.
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_drop_reason: Option<&'static str>,
}

impl Operation for SendGroupMsg {
    const SUMMARY: &'static str = "Sends a message to a group";
    const FIELDS: &'static [Field] = &[
        GROUP_ID,
        Field::of("GroupAtInfo", codes::GROUP_PARAMETER).too_many(codes::GROUP_TOO_MANY_MENTIONS),
        Field::of("To_Account", codes::GROUP_PARAMETER).too_many(codes::GROUP_TOO_MANY_ACCOUNTS),
        Field::account("GroupAtInfo[].GroupAt_Account", codes::GROUP_PARAMETER),
    ];
    type Request = SendGroupMsgRequest;
    type Response = SendGroupMsgResponse;

    async fn call(
        call: &Call<'_>,
        request: SendGroupMsgRequest,
    ) -> Result<Answered<SendGroupMsgResponse>, Failure> {
        let command = command(call, request)?;
        let topic = command.topic_id.as_ref();
        let conversation = ConversationId::in_group(&command.group_id, topic);
        let answer = call.submit(command).await?;
        let (seq, sent_at, dropped) = match answer.reply {
            GroupSend::Sent(SentMessage { seq, sent_at, .. }) => (seq, sent_at, None),
            GroupSend::Dropped { at } => (Seq(0), at, Some("MsgFreqCtrl")),
        };
        let response = SendGroupMsgResponse {
            msg_time: sent_at.seconds(),
            msg_seq: seq.0,
            msg_id: message_id(&conversation, seq, sent_at),
            msg_drop_reason: dropped,
        };
        Ok(Answered::written(response, answer.position))
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
        need_read_receipt,
        support_message_extension,
        topic_id,
        offline_push_info,
    } = request;
    let topic_id = topic_id::of_request(call, &group_id, topic_id.as_deref())?;
    let priority = match msg_priority.0 {
        Some(Priority::High) => 1,
        None | Some(Priority::Normal) => 2,
        Some(Priority::Low) => 3,
        Some(Priority::Lowest) => 4,
    };
    let control = SendControl::of(&send_msg_control);
    let elements = element::read(msg_body).map_err(|reason| call.refusal(reason))?;
    let content = Content {
        elements,
        cloud_custom_data,
        no_unread: control.no_unread,
        no_last: control.no_last,
        extensible: support_message_extension == Some(1),
        offline_push: OfflinePushInfo::kept(offline_push_info, codes::GROUP_PARAMETER)?,
    };
    let mentions = mentions(call, group_at_info.0)?;
    Ok(SendGroup {
        topic_id,
        group_id,
        from: from_account.0.unwrap_or_else(|| call.caller.user.clone()),
        content,
        random,
        priority,
        mentions,
        targets: to_account.0,
        online_only: online_only_flag.is_some_and(|flag| flag > 0),
        wants_receipts: need_read_receipt.is_some_and(|flag| flag > 0),
        live: false,
        per_second: None,
    })
}

fn mentions(call: &Call<'_>, list: Vec<GroupAt>) -> Result<Vec<Mention>, Failure> {
    let mut mentions = Vec::with_capacity(list.len());
    for GroupAt { all, account } in list {
        if all == Some(1) {
            mentions.push(Mention::All);
        } else {
            let missing = || call.parameter("GroupAt_Account is missing");
            let user_id = account.0.ok_or_else(missing)?;
            mentions.push(Mention::Account { user_id });
        }
    }
    Ok(mentions)
}

#[cfg(test)]
mod tests;
