use hansard_events::message::MessageRecalled;
use hansard_types::{ConversationId, Reason, Seq, UserId};

use crate::view::MessageKey;
use crate::{Context, Decided, Decision, View};

/// Recalls a one-to-one message by its key. Administrators may at any time.
#[derive(Debug, Clone)]
pub struct RecallC2c {
    pub from: UserId,
    pub to: UserId,
    pub key: MessageKey,
    pub by: UserId,
}

impl RecallC2c {
    pub(crate) fn decide(
        &self,
        view: &dyn View,
        _context: &Context<'_>,
    ) -> Decided<Vec<(Seq, Option<Reason>)>> {
        view.account(&self.from)?.ok_or(Reason::SenderUnknown)?;
        view.account(&self.to)?.ok_or(Reason::RecipientUnknown)?;
        let conversation = ConversationId::c2c(&self.from, &self.to);
        let found = view
            .message_by_key(&conversation, self.key)?
            .ok_or(Reason::MessageUnknown)?;
        let message = view
            .message(&conversation, found.seq)?
            .ok_or(Reason::MessageUnknown)?;
        if message.sender != self.from {
            return Err(Reason::MessageUnknown.into());
        }
        if message.recalled {
            return Err(Reason::MessageAlreadyRecalled.into());
        }
        let event = MessageRecalled {
            conversation,
            seqs: vec![found.seq],
            recalled_by: self.by.clone(),
            reason: None,
        };
        Ok(Decision::event(event, vec![(found.seq, None)]))
    }
}
