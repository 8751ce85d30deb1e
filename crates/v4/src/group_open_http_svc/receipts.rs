//! Receipts of messages that want them: `group_msg_receipt`, `get_group_msg_receipt` and
//! `get_group_msg_receipt_detail`.

use hansard_conversations::ReceiptRow;
use hansard_domain::conversation::ConfirmRead;
use hansard_domain::group::rules::rules;
use hansard_types::limits::{GROUP_RECEIPTS_PAGE_MAX, RECEIPTS_PER_CALL_MAX};
use hansard_types::{ConversationId, GroupId, Reason, Seq, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::codes;
use super::profile::{GROUP_ID, there_must_be};
use crate::endpoint::{Action, Answered, Call, Failure, Operation, Reading};
use crate::typed::{Field, Items};

/// `{"MsgSeq": 7}`, as the other lists of messages have it, or the number alone.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(untagged)]
enum MsgSeq {
    Number(u64),
    Object {
        #[serde(rename = "MsgSeq")]
        msg_seq: u64,
    },
}

impl From<MsgSeq> for Seq {
    fn from(seq: MsgSeq) -> Self {
        match seq {
            MsgSeq::Number(seq) | MsgSeq::Object { msg_seq: seq } => Self(seq),
        }
    }
}

type Seqs = Items<MsgSeq, RECEIPTS_PER_CALL_MAX>;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GroupMsgReceipt {
    group_id: GroupId,
    /// The member that has read them.
    #[serde(rename = "From_Account")]
    from_account: UserId,
    msg_seq_list: Seqs,
}

impl Action for GroupMsgReceipt {
    const SUMMARY: &'static str = "Confirms for a member that it has read messages, at most 50";
    const FIELDS: &'static [Field] = &[
        GROUP_ID,
        Field::account("From_Account", codes::GROUP_PARAMETER),
    ];
    type Command = ConfirmRead;

    fn command(self, _call: &Call<'_>) -> Result<ConfirmRead, Failure> {
        let Items(seqs) = self.msg_seq_list;
        Ok(ConfirmRead {
            conversation: ConversationId::Group(self.group_id),
            reader: self.from_account,
            seqs: seqs.into_iter().map(Seq::from).collect(),
        })
    }
}

/// A group whose messages can want receipts.
fn group(reads: &Reading<'_>, id: &GroupId) -> Result<ConversationId, Failure> {
    let group = there_must_be(reads, id)?;
    if !rules(group.group_type).has_receipts {
        return Err(reads.refusal(Reason::GroupTypeForbids));
    }
    Ok(ConversationId::Group(id.clone()))
}

fn receipt(
    reads: &Reading<'_>,
    conversation: &ConversationId,
    seq: Seq,
) -> Result<Option<ReceiptRow>, Failure> {
    let conversations = reads.conversations_with(conversation);
    let receipt = conversations.receipt(conversation, seq);
    receipt.map_err(Failure::broken)
}

pub(crate) struct GetGroupMsgReceipt;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetGroupMsgReceiptRequest {
    group_id: GroupId,
    msg_seq_list: Seqs,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetGroupMsgReceiptResponse {
    group_msg_receipt_list: Vec<ReceiptOf>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct ReceiptOf {
    msg_seq: u64,
    /// 10062: the message wants no receipts, or there is none.
    code: u32,
    read_num: u32,
    /// Of those that could read it when it was sent.
    unread_num: u32,
}

impl Operation for GetGroupMsgReceipt {
    const SUMMARY: &'static str = "Reads how many have confirmed messages, at most 50";
    const FIELDS: &'static [Field] = &[GROUP_ID];
    type Request = GetGroupMsgReceiptRequest;
    type Response = GetGroupMsgReceiptResponse;

    async fn call(
        call: &Call<'_>,
        request: GetGroupMsgReceiptRequest,
    ) -> Result<Answered<GetGroupMsgReceiptResponse>, Failure> {
        let GetGroupMsgReceiptRequest {
            group_id: id,
            msg_seq_list: Items(seqs),
        } = request;
        let list = call.read(|reads| {
            let conversation = group(reads, &id)?;
            let mut list = Vec::with_capacity(seqs.len());
            for seq in seqs.into_iter().map(Seq::from) {
                let found = receipt(reads, &conversation, seq)?;
                let ReceiptRow { readers, confirmed } = found.unwrap_or_default();
                list.push(ReceiptOf {
                    msg_seq: seq.0,
                    code: found.map_or(codes::NO_RECEIPT, |_| 0),
                    read_num: confirmed,
                    unread_num: readers.saturating_sub(confirmed),
                });
            }
            Ok(list)
        });
        let group_msg_receipt_list = list.await?;
        Ok(Answered::read(GetGroupMsgReceiptResponse {
            group_msg_receipt_list,
        }))
    }
}

pub(crate) struct GetGroupMsgReceiptDetail;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetGroupMsgReceiptDetailRequest {
    group_id: GroupId,
    msg_seq: u64,
    /// 0: who has read it; 1: who has not.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1))]
    filter: u8,
    /// Empty for the first page; `Cursor` of the page before.
    #[serde(default)]
    cursor: String,
    /// 1 to 200; absent: 100.
    #[schemars(range(min = 1, max = GROUP_RECEIPTS_PAGE_MAX))]
    count: Option<usize>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetGroupMsgReceiptDetailResponse {
    msg_seq: u64,
    /// Empty at the end.
    cursor: String,
    /// 1: nobody follows.
    is_finish: u8,
    /// The same, as the contract's table calls it.
    is_finished: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    read_list: Option<Vec<HasRead>>,
    /// Of those that are members now.
    #[serde(skip_serializing_if = "Option::is_none")]
    unread_list: Option<Vec<HasNotRead>>,
}

#[derive(Serialize, JsonSchema)]
struct HasRead {
    #[serde(rename = "Read_Account")]
    account: UserId,
}

#[derive(Serialize, JsonSchema)]
struct HasNotRead {
    #[serde(rename = "Unread_Account")]
    account: UserId,
}

impl Operation for GetGroupMsgReceiptDetail {
    const SUMMARY: &'static str = "Lists who has confirmed a message, or has not";
    const FIELDS: &'static [Field] = &[GROUP_ID];
    type Request = GetGroupMsgReceiptDetailRequest;
    type Response = GetGroupMsgReceiptDetailResponse;

    async fn call(
        call: &Call<'_>,
        request: GetGroupMsgReceiptDetailRequest,
    ) -> Result<Answered<GetGroupMsgReceiptDetailResponse>, Failure> {
        let GetGroupMsgReceiptDetailRequest {
            group_id: id,
            msg_seq,
            filter,
            cursor,
            count,
        } = request;
        let count = count.unwrap_or(100);
        if filter > 1 || !(1..=GROUP_RECEIPTS_PAGE_MAX).contains(&count) {
            return Err(call.parameter("Filter is 0 or 1, and Count 1 to 200"));
        }
        let after = match &*cursor {
            "" => None,
            cursor => Some(UserId::new(cursor).map_err(|_| call.parameter("Cursor is not ours"))?),
        };
        let page = call.read(|reads| {
            let conversation = group(reads, &id)?;
            let seq = Seq(msg_seq);
            if receipt(reads, &conversation, seq)?.is_none() {
                let info = "the message wants no receipts";
                return Err(Failure::refused(codes::NO_RECEIPT, info));
            }
            let (conversation, after) = (&conversation, after.as_ref());
            if filter == 0 {
                let conversations = reads.conversations_with(conversation);
                let confirmed = conversations.confirmed(conversation, seq, after, count + 1);
                return confirmed.map_err(Failure::broken);
            }
            unread(reads, &id, (conversation, seq), after, count + 1)
        });
        let mut page = page.await?;
        let more = page.len() > count;
        page.truncate(count);
        let last = page.last().filter(|_| more).map(UserId::to_string);
        let accounts = page.into_iter();
        let (read_list, unread_list) = if filter == 0 {
            let read = accounts.map(|account| HasRead { account }).collect();
            (Some(read), None)
        } else {
            let unread = accounts.map(|account| HasNotRead { account }).collect();
            (None, Some(unread))
        };
        Ok(Answered::read(GetGroupMsgReceiptDetailResponse {
            msg_seq,
            cursor: last.unwrap_or_default(),
            is_finish: u8::from(!more),
            is_finished: u8::from(!more),
            read_list,
            unread_list,
        }))
    }
}

/// Members that were there when a message was sent, without its sender, that have not confirmed it.
fn unread(
    reads: &Reading<'_>,
    id: &GroupId,
    (conversation, seq): (&ConversationId, Seq),
    after: Option<&UserId>,
    accounts_max: usize,
) -> Result<Vec<UserId>, Failure> {
    let conversations = reads.conversations_with(conversation);
    let groups = reads.groups_with(id);
    let message = conversations.message(conversation, seq);
    let Some(message) = message.map_err(Failure::broken)? else {
        return Ok(Vec::new());
    };
    let mut unread = Vec::new();
    let mut after = after.cloned();
    loop {
        let page = groups.page(id, after.as_ref(), (0, GROUP_RECEIPTS_PAGE_MAX), |_| true);
        let (members, last) = page.map_err(Failure::broken)?;
        for (user, member) in members {
            let is_reader = user != message.sender
                && member.joined_at <= message.sent_at
                && (message.targets.is_empty() || message.targets.contains(&user));
            if !is_reader {
                continue;
            }
            let confirmed = conversations.has_confirmed(conversation, seq, &user);
            if !confirmed.map_err(Failure::broken)? {
                unread.push(user);
            }
            if unread.len() == accounts_max {
                return Ok(unread);
            }
        }
        match last {
            Some(last) => after = Some(last),
            None => return Ok(unread),
        }
    }
}

#[cfg(test)]
mod tests;
