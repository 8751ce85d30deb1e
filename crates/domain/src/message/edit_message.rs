use hansard_events::message::{Element, MessageEdited};
use hansard_types::{ConversationId, Reason, Seq, UserId};

use super::Content;
use super::voice::check_editor;
use crate::group::place_in;
use crate::group::rules::rules;
use crate::view::MessageKey;
use crate::{Context, Decided, Decision, Halt, View};

/// What names a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    Seq(Seq),
    /// One-to-one.
    Key(MessageKey),
}

impl Which {
    /// The message's seq; of a key there must be one.
    pub(super) fn seq(self, view: &dyn View, conversation: &ConversationId) -> Result<Seq, Halt> {
        match self {
            Self::Seq(seq) => Ok(seq),
            Self::Key(key) => {
                let found = view.message_by_key(conversation, key)?;
                Ok(found.ok_or(Reason::MessageUnknown)?.seq)
            }
        }
    }
}

/// Makes a message say something else; an account does so with what it said itself, where it may
/// speak. What is absent stays; the same again changes nothing.
#[derive(Debug, Clone)]
pub struct EditMessage {
    pub conversation: ConversationId,
    pub which: Which,
    /// Whose it must be, if that is said.
    pub sender: Option<UserId>,
    pub elements: Option<Vec<Element>>,
    pub cloud_custom_data: Option<String>,
    pub by: UserId,
}

impl EditMessage {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided<()> {
        check_place(view, &self.conversation, self.sender.as_ref())?;
        check_editor(view, context, &self.conversation)?;
        let conversation = &self.conversation;
        let seq = self.which.seq(view, conversation)?;
        let message = view.message(conversation, seq)?;
        let message = message.ok_or(Reason::MessageUnknown)?;
        let is_whose = |one: &UserId| *one == message.sender;
        if !context.account().is_none_or(is_whose) || !self.sender.as_ref().is_none_or(is_whose) {
            return Err(Reason::MessageUnknown.into());
        }
        if message.is_notice {
            return Err(Reason::NoticeStays.into());
        }
        let said = view.content(conversation, seq)?;
        let said = said.ok_or(Reason::MessageAlreadyRecalled)?;
        let content = Content {
            elements: self.elements.clone().unwrap_or_else(|| said.0.clone()),
            cloud_custom_data: self.cloud_custom_data.clone().or_else(|| said.1.clone()),
            no_unread: false,
            no_last: false,
            extensible: false,
            offline_push: None,
        };
        content.check()?;
        let now = (content.elements, content.cloud_custom_data);
        if now == said {
            return Ok(Decision::nothing(()));
        }
        let event = MessageEdited {
            conversation: conversation.clone(),
            seq,
            sender: message.sender,
            sent_at: message.sent_at,
            elements: now.0,
            cloud_custom_data: now.1,
            edited_by: self.by.clone(),
        };
        Ok(Decision::event(event, ()))
    }
}

/// Refuses a conversation whose groups, topics or accounts there are not. `sender`: which of two is
/// called so.
pub(super) fn check_place(
    view: &dyn View,
    conversation: &ConversationId,
    sender: Option<&UserId>,
) -> Result<(), Halt> {
    let (group_id, topic_id) = match conversation {
        ConversationId::Group(group) => (group, None),
        ConversationId::Topic(group, topic) => (group, Some(topic)),
        ConversationId::C2c(one, other) => {
            let sender = sender.unwrap_or(one);
            let recipient = if sender == one { other } else { one };
            view.account(sender)?.ok_or(Reason::SenderUnknown)?;
            view.account(recipient)?.ok_or(Reason::RecipientUnknown)?;
            return Ok(());
        }
    };
    let (group, _) = place_in(view, group_id, topic_id)?;
    if !rules(group.group_type).recalls {
        return Err(Reason::GroupTypeForbids.into());
    }
    Ok(())
}
