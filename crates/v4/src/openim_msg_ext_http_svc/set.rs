//! `openim_msg_ext_http_svc/set_key_values` and `/group_set_key_values`.
//!
//! A deleted key keeps its number, with an empty value, so that who reads from a number on learns of
//! it; it counts among the 300 until all are cleared. `Seq` is not looked at: an administrator of the
//! app calls.

use hansard_domain::message::{
    ChangeExtensions, ExtensionChange, ExtensionOutcome, NewExtension, Which,
};
use hansard_types::limits::EXTENSIONS_PER_CALL_MAX;
use hansard_types::{ConversationId, GroupId, Seq, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PARAMETER, between};
use crate::endpoint::{Answered, Call, Failure, Operation};
use crate::openim::MsgKey;
use crate::topic_id;
use crate::typed::{Field, List, OrEmpty};

/// What is done with which keys.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Changes {
    /// 1 sets keys, 2 deletes them, 3 clears all of them.
    #[schemars(range(min = 1, max = 3))]
    operate_type: u8,
    /// With 1 and 2.
    #[serde(default)]
    extension_list: List<Item, EXTENSIONS_PER_CALL_MAX>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Item {
    /// 1 to 100 bytes.
    key: String,
    /// 1 to 1000 bytes; to delete a key it may be absent.
    value: Option<String>,
    #[serde(default, rename = "Seq")]
    #[expect(dead_code, reason = "an administrator's is not looked at")]
    seq: u64,
}

impl Changes {
    fn read(self, call: &Call<'_>) -> Result<ExtensionChange, Failure> {
        let items = self.extension_list.0;
        let deletes = match self.operate_type {
            1 => false,
            2 => true,
            3 => return Ok(ExtensionChange::Clear),
            _ => return Err(call.parameter("OperateType is 1, 2 or 3")),
        };
        if items.is_empty() {
            return Err(call.parameter("ExtensionList names keys"));
        }
        let one = |item: Item| NewExtension {
            key: item.key,
            value: (!deletes).then(|| item.value.unwrap_or_default()),
            number: 0,
        };
        Ok(ExtensionChange::Set(items.into_iter().map(one).collect()))
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SetKeyValuesResponse {
    extension_list: Vec<Changed>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Changed {
    error_code: u32,
    extension: Extension,
}

/// A key, what it says, and the number of its last change.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Extension {
    pub(super) key: String,
    /// Empty: it was deleted.
    pub(super) value: String,
    pub(super) seq: u64,
}

async fn change(
    call: &Call<'_>,
    conversation: ConversationId,
    which: Which,
    changes: Changes,
) -> Result<Answered<SetKeyValuesResponse>, Failure> {
    let command = ChangeExtensions {
        conversation,
        which,
        change: changes.read(call)?,
        by: call.caller.user.clone(),
    };
    let answer = call.submit(command).await?;
    let row = |outcome: ExtensionOutcome| Changed {
        error_code: outcome.refused.map_or(0, |reason| call.fault(reason).code),
        extension: Extension {
            key: outcome.now.key,
            value: outcome.now.value,
            seq: outcome.now.number,
        },
    };
    Ok(Answered::written(
        SetKeyValuesResponse {
            extension_list: answer.reply.into_iter().map(row).collect(),
        },
        answer.position,
    ))
}

pub(crate) struct SetKeyValues;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct SetKeyValuesRequest {
    /// One of the two; absent: the calling administrator.
    #[serde(rename = "From_Account", default)]
    from_account: OrEmpty<UserId>,
    #[serde(rename = "To_Account")]
    to_account: UserId,
    #[serde(rename = "MsgKey")]
    msg_key: MsgKey,
    #[serde(flatten)]
    changes: Changes,
}

impl Operation for SetKeyValues {
    const SUMMARY: &'static str = "Changes what is kept with a one-to-one message";
    const FIELDS: &'static [Field] = &[
        Field::account("From_Account", PARAMETER),
        Field::account("To_Account", PARAMETER),
    ];
    type Request = SetKeyValuesRequest;
    type Response = SetKeyValuesResponse;

    async fn call(
        call: &Call<'_>,
        request: SetKeyValuesRequest,
    ) -> Result<Answered<SetKeyValuesResponse>, Failure> {
        let conversation = between(call, request.from_account, &request.to_account);
        let which = Which::Key(request.msg_key.0);
        change(call, conversation, which, request.changes).await
    }
}

pub(crate) struct GroupSetKeyValues;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GroupSetKeyValuesRequest {
    group_id: GroupId,
    /// Absent or empty: the group itself.
    topic_id: Option<String>,
    msg_seq: u64,
    #[serde(flatten)]
    changes: Changes,
}

impl Operation for GroupSetKeyValues {
    const SUMMARY: &'static str = "Changes what is kept with a message of a group";
    const FIELDS: &'static [Field] = &[Field::of("GroupId", PARAMETER)];
    type Request = GroupSetKeyValuesRequest;
    type Response = SetKeyValuesResponse;

    async fn call(
        call: &Call<'_>,
        request: GroupSetKeyValuesRequest,
    ) -> Result<Answered<SetKeyValuesResponse>, Failure> {
        let group = &request.group_id;
        let conversation = topic_id::place(call, group, request.topic_id.as_deref())?;
        let which = Which::Seq(Seq(request.msg_seq));
        change(call, conversation, which, request.changes).await
    }
}
