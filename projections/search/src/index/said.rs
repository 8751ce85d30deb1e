use hansard_events::message::{Element, MessageEdited, MessageSent};
use hansard_types::{ConversationId, Seq, Timestamp, UserId};

/// What is indexed of a message.
pub(super) struct Said<'a> {
    pub(super) conversation: &'a ConversationId,
    pub(super) seq: Seq,
    pub(super) sender: &'a UserId,
    pub(super) sent_at: Timestamp,
    pub(super) elements: &'a [Element],
}

impl<'a> Said<'a> {
    pub(super) fn of(sent: &'a MessageSent) -> Self {
        Self {
            conversation: &sent.conversation,
            seq: sent.seq,
            sender: &sent.sender,
            sent_at: sent.sent_at,
            elements: &sent.elements,
        }
    }

    pub(super) fn edited(edited: &'a MessageEdited) -> Self {
        Self {
            conversation: &edited.conversation,
            seq: edited.seq,
            sender: &edited.sender,
            sent_at: edited.sent_at,
            elements: &edited.elements,
        }
    }
}
