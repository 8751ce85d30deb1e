//! `openim/admin_getroammsg`: the history of two accounts as one of them sees it.
//!
//! Pages go from the newest to the oldest; inside a page messages ascend. While `Complete` is 0,
//! ask again with `MaxTime` = `LastMsgTime` and `LastMsgKey` = `LastMsgKey`.

use std::num::NonZeroU32;

use hansard_conversations::{MessageRow, Reader, ReaderRow};
use hansard_domain::MessageKey;
use hansard_events::message::decode_elements;
use hansard_types::limits::{C2C_HISTORY_PAGE_BYTES_MAX, C2C_HISTORY_PAGE_MAX};
use hansard_types::{ConversationId, Reason, Seq, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::codes;
use super::key::MsgKey;
use crate::element::{self, MsgElement};
use crate::endpoint::{Answered, Call, Failure, Operation, Reading};
use crate::typed::{Field, OrEmpty, one_of};

/// Messages looked at for one page, whoever may see them.
const LOOKED_AT_MAX: usize = 1000;

pub(crate) struct AdminGetRoamMsg;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
#[schemars(extend("allOf" = [
    { "anyOf": one_of(&["Operator_Account", "From_Account"]) },
    { "anyOf": one_of(&["Peer_Account", "To_Account"]) },
]))]
pub(crate) struct AdminGetRoamMsgRequest {
    /// Whose view it is.
    #[serde(rename = "Operator_Account", default)]
    operator_account: OrEmpty<UserId>,
    /// The older name of `Operator_Account`.
    #[serde(rename = "From_Account", default)]
    from_account: OrEmpty<UserId>,
    #[serde(rename = "Peer_Account", default)]
    peer_account: OrEmpty<UserId>,
    /// The older name of `Peer_Account`.
    #[serde(rename = "To_Account", default)]
    to_account: OrEmpty<UserId>,
    /// Messages on the page; more than 100 count as 100.
    max_cnt: NonZeroU32,
    /// Unix seconds, included.
    min_time: u64,
    /// Unix seconds, included.
    max_time: u64,
    /// `LastMsgKey` of the page before.
    #[serde(default)]
    last_msg_key: OrEmpty<MsgKey>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AdminGetRoamMsgResponse {
    /// 1 on the last page, else 0.
    complete: u8,
    msg_cnt: usize,
    /// Unix seconds; where the next page begins.
    last_msg_time: u64,
    last_msg_key: String,
    /// In ascending order of time.
    msg_list: Vec<RoamMsg>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct RoamMsg {
    #[serde(rename = "From_Account")]
    from_account: String,
    #[serde(rename = "To_Account")]
    to_account: String,
    msg_seq: u32,
    msg_random: u32,
    msg_time_stamp: u64,
    msg_client_time: u64,
    /// 0, or 8 when recalled; the body is then empty.
    msg_flag_bits: u8,
    /// 1 once the receiver has read it; of a message that wants a receipt, once that has come.
    is_peer_read: u8,
    msg_key: String,
    msg_body: Vec<MsgElement>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cloud_custom_data: Option<String>,
}

impl Operation for AdminGetRoamMsg {
    const SUMMARY: &'static str = "Reads the history of two accounts as one of them sees it";
    const FIELDS: &'static [Field] = &[
        Field::account("Operator_Account", codes::FROM_ACCOUNT_INVALID),
        Field::account("From_Account", codes::FROM_ACCOUNT_INVALID),
        Field::account("Peer_Account", codes::TO_ACCOUNT_INVALID),
        Field::account("To_Account", codes::TO_ACCOUNT_INVALID),
        Field::of("LastMsgKey", codes::MSG_KEY_INVALID),
    ];
    type Request = AdminGetRoamMsgRequest;
    type Response = AdminGetRoamMsgResponse;

    async fn call(
        call: &Call<'_>,
        request: AdminGetRoamMsgRequest,
    ) -> Result<Answered<AdminGetRoamMsgResponse>, Failure> {
        let page = call.read(|reads| View::of(reads, request)?.page());
        page.await.map(Answered::read)
    }
}

/// What is asked for, and by whom.
struct View<'a> {
    conversations: Reader<'a>,
    conversation: ConversationId,
    operator: UserId,
    peer: UserId,
    messages_max: usize,
    min: Timestamp,
    max: Timestamp,
    /// Strictly before this message.
    before: Option<(Timestamp, Seq)>,
}

impl<'a> View<'a> {
    fn of(call: &Reading<'a>, request: AdminGetRoamMsgRequest) -> Result<Self, Failure> {
        let AdminGetRoamMsgRequest {
            operator_account,
            from_account,
            peer_account,
            to_account,
            max_cnt,
            min_time,
            max_time,
            last_msg_key,
        } = request;
        let missing = |code, name| Failure::refused(code, format!("{name} is missing"));
        let operator = operator_account.0.or(from_account.0);
        let operator =
            operator.ok_or_else(|| missing(codes::FROM_ACCOUNT_INVALID, "Operator_Account"))?;
        let peer = peer_account.0.or(to_account.0);
        let peer = peer.ok_or_else(|| missing(codes::TO_ACCOUNT_INVALID, "Peer_Account"))?;
        let known = |user: &UserId| call.account(user);
        if known(&operator)?.is_none() {
            return Err(call.refusal(Reason::SenderUnknown));
        }
        if known(&peer)?.is_none() {
            return Err(call.refusal(Reason::RecipientUnknown));
        }
        let conversation = ConversationId::c2c(&operator, &peer);
        let mut view = Self {
            conversations: call.conversations_with(&conversation),
            conversation,
            operator,
            peer,
            messages_max: usize::try_from(max_cnt.get())
                .unwrap_or(usize::MAX)
                .min(C2C_HISTORY_PAGE_MAX),
            min: Timestamp::from_seconds(min_time),
            max: Timestamp(Timestamp::from_seconds(max_time).0.saturating_add(999)),
            before: None,
        };
        if let Some(MsgKey(key)) = last_msg_key.0 {
            view.before = Some(view.place_of(key)?);
        }
        Ok(view)
    }

    fn place_of(&self, key: MessageKey) -> Result<(Timestamp, Seq), Failure> {
        let unknown = || {
            Failure::refused(
                codes::MSG_KEY_INVALID,
                "LastMsgKey names no message of the two",
            )
        };
        let MessageKey {
            client_seq,
            random,
            time_seconds,
        } = key;
        let seq = self
            .conversations
            .seq_by_key(&self.conversation, client_seq, random, time_seconds)
            .map_err(Failure::broken)?
            .ok_or_else(unknown)?;
        let message = self.conversations.message(&self.conversation, seq);
        let message = message.map_err(Failure::broken)?.ok_or_else(unknown)?;
        Ok((message.sent_at, seq))
    }

    fn page(&self) -> Result<AdminGetRoamMsgResponse, Failure> {
        let (min, max) = (self.min, self.max);
        // One more than is looked at, to know whether there is more.
        let places = self
            .conversations
            .times_down(&self.conversation, min, max, self.before, LOOKED_AT_MAX + 1)
            .map_err(Failure::broken)?;
        let read_by_operator = self.reader(&self.operator)?.read_seq;
        let clear_seq = self
            .conversations
            .clear_seq(&self.conversation, &self.operator)
            .map_err(Failure::broken)?;
        let read_by_peer = self.reader(&self.peer)?.read_seq;
        let mut page = AdminGetRoamMsgResponse {
            complete: u8::from(places.len() <= LOOKED_AT_MAX),
            msg_cnt: 0,
            last_msg_time: 0,
            last_msg_key: String::new(),
            msg_list: Vec::new(),
        };
        let mut bytes = 0;
        for (_, seq) in places.into_iter().take(LOOKED_AT_MAX) {
            let found = self.conversations.message(&self.conversation, seq);
            let Some(row) = found.map_err(Failure::broken)? else {
                continue;
            };
            let key = key_of(&row);
            // What was said to an earlier account of the operator's name is not the operator's.
            if row.is_shown_to(&self.operator) && seq > clear_seq {
                let reader = if row.sender == self.operator {
                    read_by_peer
                } else {
                    read_by_operator
                };
                let is_read = if row.wants_receipts {
                    self.is_confirmed(seq)?
                } else {
                    reader >= seq
                };
                let message = self.message((seq, row), &key, is_read)?;
                bytes += serde_json::to_vec(&message).map_err(Failure::broken)?.len();
                let is_full = page.msg_list.len() >= self.messages_max
                    || (bytes > C2C_HISTORY_PAGE_BYTES_MAX && !page.msg_list.is_empty());
                if is_full {
                    page.complete = 0;
                    break;
                }
                page.msg_list.push(message);
            }
            page.last_msg_time = key.time_seconds;
            page.last_msg_key = key.to_string();
        }
        page.msg_list.reverse();
        page.msg_cnt = page.msg_list.len();
        Ok(page)
    }

    /// What wants a receipt is read once that has come.
    fn is_confirmed(&self, seq: Seq) -> Result<bool, Failure> {
        let receipt = self.conversations.receipt(&self.conversation, seq);
        let receipt = receipt.map_err(Failure::broken)?;
        Ok(receipt.is_some_and(|receipt| receipt.confirmed > 0))
    }

    fn reader(&self, user: &UserId) -> Result<ReaderRow, Failure> {
        let reader = self.conversations.reader(&self.conversation, user);
        reader.map_err(Failure::broken)
    }

    fn message(
        &self,
        (seq, row): (Seq, MessageRow),
        key: &MessageKey,
        read: bool,
    ) -> Result<RoamMsg, Failure> {
        let receiver = if row.sender == self.operator {
            &self.peer
        } else {
            &self.operator
        };
        let msg_body = match &row.recall {
            Some(_) => Vec::new(),
            None => {
                let elements = decode_elements(&row.elements).map_err(Failure::broken)?;
                element::write(elements, &self.conversation, seq)
            }
        };
        Ok(RoamMsg {
            from_account: row.sender.as_str().to_owned(),
            to_account: receiver.as_str().to_owned(),
            msg_seq: key.client_seq,
            msg_random: key.random,
            msg_time_stamp: key.time_seconds,
            msg_client_time: key.time_seconds,
            msg_flag_bits: if row.recall.is_some() { 8 } else { 0 },
            is_peer_read: u8::from(read),
            msg_key: key.to_string(),
            msg_body,
            cloud_custom_data: row.cloud_custom_data,
        })
    }
}

fn key_of(row: &MessageRow) -> MessageKey {
    MessageKey {
        client_seq: row.client_seq.unwrap_or_default(),
        random: row.random,
        time_seconds: row.sent_at.seconds(),
    }
}

#[cfg(test)]
mod tests;
