//! `openim_msg_ext_http_svc/get_key_values` and `/group_get_key_values`.

use hansard_conversations::ExtensionsRow;
use hansard_types::limits::EXTENSIONS_PAGE;
use hansard_types::{ConversationId, GroupId, Reason, Seq, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::set::Extension;
use super::{PARAMETER, between};
use crate::endpoint::{Answered, Call, Failure, Operation, Reading};
use crate::openim::MsgKey;
use crate::topic_id;
use crate::typed::{Field, OrEmpty};

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetKeyValuesResponse {
    /// 1: there is no more; else the next page begins with the last `Seq` and one.
    complete_flag: u8,
    /// The number of the last change; 0: there was none.
    latest_seq: u64,
    /// What has a number up to this one is gone.
    clear_seq: u64,
    /// By number.
    extension_list: Vec<Extension>,
}

fn page(row: ExtensionsRow, start: u64) -> GetKeyValuesResponse {
    let (latest_seq, clear_seq) = (row.latest, row.cleared_up_to);
    let since = row.since(start);
    let is_complete = since.len() <= EXTENSIONS_PAGE;
    let page = since.into_iter().take(EXTENSIONS_PAGE);
    GetKeyValuesResponse {
        complete_flag: u8::from(is_complete),
        latest_seq,
        clear_seq,
        extension_list: page
            .map(|(key, value, seq)| Extension { key, value, seq })
            .collect(),
    }
}

/// What is kept with a message that there is, and that takes it.
fn kept(
    reads: &Reading<'_>,
    conversation: &ConversationId,
    seq: Option<Seq>,
) -> Result<ExtensionsRow, Failure> {
    let unknown = || reads.refusal(Reason::MessageUnknown);
    let seq = seq.ok_or_else(unknown)?;
    let conversations = reads.conversations_with(conversation);
    let message = conversations.message(conversation, seq);
    let message = message.map_err(Failure::broken)?;
    let message = message.filter(|message| message.recall.is_none());
    if !message.ok_or_else(unknown)?.extensible {
        return Err(reads.refusal(Reason::ExtensionsOff));
    }
    conversations
        .extensions(conversation, seq)
        .map_err(Failure::broken)
}

pub(crate) struct GetKeyValues;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct GetKeyValuesRequest {
    /// One of the two; absent: the calling administrator.
    #[serde(rename = "From_Account", default)]
    from_account: OrEmpty<UserId>,
    #[serde(rename = "To_Account")]
    to_account: UserId,
    #[serde(rename = "MsgKey")]
    msg_key: MsgKey,
    /// From this number on.
    #[serde(rename = "StartSeq", default)]
    start_seq: u64,
}

impl Operation for GetKeyValues {
    const SUMMARY: &'static str = "Reads what is kept with a one-to-one message";
    const FIELDS: &'static [Field] = &[
        Field::account("From_Account", PARAMETER),
        Field::account("To_Account", PARAMETER),
    ];
    type Request = GetKeyValuesRequest;
    type Response = GetKeyValuesResponse;

    async fn call(
        call: &Call<'_>,
        request: GetKeyValuesRequest,
    ) -> Result<Answered<GetKeyValuesResponse>, Failure> {
        let conversation = between(call, request.from_account, &request.to_account);
        let key = request.msg_key.0;
        let row = call.read(|reads| {
            let found = reads.conversations_with(&conversation).seq_by_key(
                &conversation,
                key.client_seq,
                key.random,
                key.time_seconds,
            );
            kept(reads, &conversation, found.map_err(Failure::broken)?)
        });
        Ok(Answered::read(page(row.await?, request.start_seq)))
    }
}

pub(crate) struct GroupGetKeyValues;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GroupGetKeyValuesRequest {
    group_id: GroupId,
    /// Absent or empty: the group itself.
    topic_id: Option<String>,
    msg_seq: u64,
    /// From this number on.
    #[serde(default)]
    start_seq: u64,
}

impl Operation for GroupGetKeyValues {
    const SUMMARY: &'static str = "Reads what is kept with a message of a group";
    const FIELDS: &'static [Field] = &[Field::of("GroupId", PARAMETER)];
    type Request = GroupGetKeyValuesRequest;
    type Response = GetKeyValuesResponse;

    async fn call(
        call: &Call<'_>,
        request: GroupGetKeyValuesRequest,
    ) -> Result<Answered<GetKeyValuesResponse>, Failure> {
        let group = &request.group_id;
        let conversation = topic_id::place(call, group, request.topic_id.as_deref())?;
        let row = call.read(|reads| {
            let found = reads.groups_with(group).group(group);
            let found = found.map_err(Failure::broken)?;
            if found.is_none_or(|group| group.dissolved) {
                return Err(reads.refusal(Reason::GroupUnknown));
            }
            kept(reads, &conversation, Some(Seq(request.msg_seq)))
        });
        Ok(Answered::read(page(row.await?, request.start_seq)))
    }
}
