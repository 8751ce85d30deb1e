use hansard_events::message::MessageRecalled;
use hansard_types::{ConversationId, Reason, Seq, UserId};

use super::Which;
use super::recaller::Recaller;
use crate::{Context, Decided, Decision, View};

/// Recalls a one-to-one message: its sender within the app's time, administrators at any time.
#[derive(Debug, Clone)]
pub struct RecallC2c {
    pub from: UserId,
    pub to: UserId,
    pub which: Which,
    pub by: UserId,
}

impl RecallC2c {
    pub(crate) fn decide(
        &self,
        view: &dyn View,
        context: &Context<'_>,
    ) -> Decided<Vec<(Seq, Option<Reason>)>> {
        view.account(&self.from)?.ok_or(Reason::SenderUnknown)?;
        view.account(&self.to)?.ok_or(Reason::RecipientUnknown)?;
        let conversation = ConversationId::c2c(&self.from, &self.to);
        let seq = self.which.seq(view, &conversation)?;
        let message = view.message(&conversation, seq)?;
        let message = message.ok_or(Reason::MessageUnknown)?;
        if message.sender != self.from {
            return Err(Reason::MessageUnknown.into());
        }
        if message.recalled {
            return Err(Reason::MessageAlreadyRecalled.into());
        }
        Recaller::of(view, context, None)?.check(view, &message)?;
        let event = MessageRecalled {
            conversation,
            seqs: vec![seq],
            recalled_by: self.by.clone(),
            reason: None,
        };
        Ok(Decision::event(event, vec![(seq, None)]))
    }
}
