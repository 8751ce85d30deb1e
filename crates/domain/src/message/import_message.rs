use hansard_events::message::MessageSent;
use hansard_types::{ConversationId, Reason, Timestamp, UserId};

use super::{Content, check_time, plain, sent};
use crate::group::existing;
use crate::group::rules::rules;
use crate::view::{MessageKey, Sent};
use crate::{Context, Decided, Decision, Halt, SentMessage, View};

/// Takes a message over from elsewhere with its original time. Importing it again, whenever that
/// is, adds nothing. A sender who is not in the group joins with the message.
#[derive(Debug, Clone)]
pub struct ImportMessage {
    pub conversation: ConversationId,
    pub from: UserId,
    pub content: Content,
    pub sent_at: Timestamp,
    /// What makes it recognisable: the same for the same source line, and for no other. Absent, of
    /// two only: its numbers and its time do, as of a message that is sent.
    pub import_key: Option<String>,
    /// Derived from the key; for one-to-one messages they make its `MsgKey`.
    pub random: u32,
    pub client_seq: u32,
}

impl ImportMessage {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided<SentMessage> {
        let now = context.now;
        if let Some(first) = self.first(view)? {
            return Ok(Decision::nothing(sent(first, true)));
        }
        self.content.check()?;
        check_time(self.sent_at, now)?;
        view.account(&self.from)?.ok_or(Reason::SenderUnknown)?;
        let sender_joins = match &self.conversation {
            ConversationId::C2c(one, other) => {
                let peer = if *one == self.from { other } else { one };
                view.account(peer)?.ok_or(Reason::RecipientUnknown)?;
                false
            }
            // Its line does not say how the topic came to be: backends import into topics.
            ConversationId::Topic(..) => return Err(Reason::GroupTypeForbids.into()),
            // A group's messages have no numbers of their own to know one by.
            ConversationId::Group(_) if self.import_key.is_none() => {
                return Err(Reason::GroupTypeForbids.into());
            }
            ConversationId::Group(group_id) => {
                let group = existing(view, group_id)?;
                if !rules(group.group_type).is_imported {
                    return Err(Reason::GroupTypeForbids.into());
                }
                let joins = view.member(group_id, &self.from)?.is_none();
                if joins && group.member_count >= group.profile.max_members {
                    return Err(Reason::GroupFull.into());
                }
                joins
            }
        };
        let is_c2c = matches!(self.conversation, ConversationId::C2c(..));
        let seq = view.head(&self.conversation)?.last_seq.next();
        let event = MessageSent {
            seq,
            sent_at: self.sent_at,
            client_seq: is_c2c.then_some(self.client_seq),
            sender_joins,
            import_key: self.import_key.clone(),
            ..plain(
                self.conversation.clone(),
                &self.from,
                &self.content,
                self.random,
            )
        };
        let first = Sent {
            seq,
            sent_at: self.sent_at,
        };
        Ok(Decision::event(event, sent(first, false)))
    }

    /// The message that this one is.
    fn first(&self, view: &dyn View) -> Result<Option<Sent>, Halt> {
        if let Some(import_key) = &self.import_key {
            let seq = view.imported(&self.conversation, import_key)?;
            let sent_at = self.sent_at;
            return Ok(seq.map(|seq| Sent { seq, sent_at }));
        }
        let key = MessageKey {
            client_seq: self.client_seq,
            random: self.random,
            time_seconds: self.sent_at.seconds(),
        };
        Ok(view.message_by_key(&self.conversation, key)?)
    }
}
