//! `openim/modify_c2c_msg` and `openim/modify_group_msg`: a message says something else from now on,
//! under its key or seq. That cannot be taken back.

use hansard_domain::message::{EditMessage, Which};
use hansard_events::message::Element;
use hansard_types::{ConversationId, GroupId, Seq, UserId};
use schemars::JsonSchema;
use serde::Deserialize;

use super::body::{MSG_BODY, MSG_BODY_ITEM, MSG_TYPE};
use super::codes;
use super::key::MsgKey;
use crate::element::{self, MsgBody};
use crate::endpoint::{Action, Call, Failure};
use crate::topic_id;
use crate::typed::Field;

#[derive(Deserialize, JsonSchema)]
#[schemars(extend("anyOf" = [{ "required": ["MsgBody"] }, { "required": ["CloudCustomData"] }]))]
pub(crate) struct ModifyC2cMsg {
    /// Who sent it.
    #[serde(rename = "From_Account")]
    from_account: UserId,
    #[serde(rename = "To_Account")]
    to_account: UserId,
    #[serde(rename = "MsgKey")]
    msg_key: MsgKey,
    /// Absent: as it is.
    #[serde(rename = "MsgBody")]
    msg_body: Option<MsgBody>,
    /// Absent: as it is.
    #[serde(rename = "CloudCustomData")]
    cloud_custom_data: Option<String>,
}

impl Action for ModifyC2cMsg {
    const SUMMARY: &'static str = "Changes what a one-to-one message says";
    const FIELDS: &'static [Field] = &[
        Field::account("From_Account", codes::FROM_ACCOUNT_INVALID),
        Field::account("To_Account", codes::TO_ACCOUNT_INVALID),
        Field::of("MsgKey", codes::MSG_KEY_INVALID),
        MSG_BODY,
        MSG_BODY_ITEM,
        MSG_TYPE,
    ];
    type Command = EditMessage;

    fn command(self, call: &Call<'_>) -> Result<EditMessage, Failure> {
        let Self {
            from_account,
            to_account,
            msg_key: MsgKey(key),
            msg_body,
            cloud_custom_data,
        } = self;
        Ok(EditMessage {
            conversation: ConversationId::c2c(&from_account, &to_account),
            which: Which::Key(key),
            sender: Some(from_account),
            elements: elements(call, msg_body, cloud_custom_data.is_some())?,
            cloud_custom_data,
            by: call.caller.user.clone(),
        })
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
#[schemars(extend("anyOf" = [{ "required": ["MsgBody"] }, { "required": ["CloudCustomData"] }]))]
pub(crate) struct ModifyGroupMsg {
    group_id: GroupId,
    msg_seq: u64,
    /// Absent: as it is.
    msg_body: Option<MsgBody>,
    /// Absent: as it is.
    cloud_custom_data: Option<String>,
    /// Absent or empty: the group itself.
    topic_id: Option<String>,
}

impl Action for ModifyGroupMsg {
    const SUMMARY: &'static str = "Changes what a message of a group says";
    const FIELDS: &'static [Field] = &[
        Field::of("GroupId", codes::GROUP_ID_INVALID),
        MSG_BODY,
        MSG_BODY_ITEM,
        MSG_TYPE,
    ];
    type Command = EditMessage;

    fn command(self, call: &Call<'_>) -> Result<EditMessage, Failure> {
        let Self {
            group_id,
            msg_seq,
            msg_body,
            cloud_custom_data,
            topic_id,
        } = self;
        Ok(EditMessage {
            conversation: topic_id::place(call, &group_id, topic_id.as_deref())?,
            which: Which::Seq(Seq(msg_seq)),
            sender: None,
            elements: elements(call, msg_body, cloud_custom_data.is_some())?,
            cloud_custom_data,
            by: call.caller.user.clone(),
        })
    }
}

/// What it is to say; `None`: as it is, which is of use only when something else changes.
fn elements(
    call: &Call<'_>,
    body: Option<MsgBody>,
    has_other: bool,
) -> Result<Option<Vec<Element>>, Failure> {
    match body {
        Some(body) => {
            let read = element::read(body).map_err(|reason| call.refusal(reason));
            read.map(Some)
        }
        None if has_other => Ok(None),
        None => Err(call.parameter("MsgBody or CloudCustomData is wanted")),
    }
}

#[cfg(test)]
mod tests;
