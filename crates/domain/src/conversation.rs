//! What readers do in a conversation.

use hansard_events::conversation::ConversationRead;
use hansard_types::{ConversationId, Reason, Seq, Timestamp, UserId};

use crate::{Context, Decided, Decision, Read, View};

/// How far a reader has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpTo {
    /// Everything there is.
    Last,
    /// Everything whose time is not after this one (one-to-one).
    Time(Timestamp),
    /// Everything up to a message; past the last one means the last one.
    Seq(Seq),
}

/// Marks a conversation read. The read position only moves forward.
#[derive(Debug, Clone)]
pub struct MarkRead {
    pub conversation: ConversationId,
    pub reader: UserId,
    pub up_to: UpTo,
}

impl MarkRead {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided<Read> {
        let now = context.now;
        view.account(&self.reader)?.ok_or(Reason::AccountUnknown)?;
        if let Some(peer) = self.conversation.peer_of(&self.reader) {
            view.account(peer)?.ok_or(Reason::RecipientUnknown)?;
        }
        let last = view.head(&self.conversation)?.last_seq;
        let up_to = match self.up_to {
            UpTo::Last => last,
            UpTo::Time(time) => view.last_seq_at(&self.conversation, time)?,
            UpTo::Seq(seq) => seq.min(last),
        };
        let before = view.read_position(&self.conversation, &self.reader)?;
        if up_to <= before {
            return Ok(Decision::nothing(Read { up_to: before }));
        }
        let event = ConversationRead {
            conversation: self.conversation.clone(),
            reader: self.reader.clone(),
            up_to,
            read_at: now,
        };
        Ok(Decision::event(event, Read { up_to }))
    }
}
