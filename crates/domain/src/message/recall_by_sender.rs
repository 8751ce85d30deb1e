use hansard_events::message::MessageRecalled;
use hansard_types::{ConversationId, GroupId, Seq, UserId, limits};

use crate::group::existing;
use crate::group::rules::rules;
use crate::{Context, Decided, Decision, View};

/// Recalls what an account said in a group, of its latest messages. In groups whose messages are
/// not recalled, nothing happens.
#[derive(Debug, Clone)]
pub struct RecallBySender {
    pub group_id: GroupId,
    pub sender: UserId,
    pub by: UserId,
}

impl RecallBySender {
    pub(crate) fn decide(&self, view: &dyn View, _context: &Context<'_>) -> Decided {
        let group = existing(view, &self.group_id)?;
        if !rules(group.group_type).recalls {
            return Ok(Decision::nothing(()));
        }
        let conversation = ConversationId::Group(self.group_id.clone());
        let latest = limits::RECALL_BY_SENDER_LATEST;
        let said = view.said_by(&conversation, &self.sender, latest)?;
        let mut seqs: Vec<Seq> = Vec::with_capacity(said.len());
        for seq in said {
            let message = view.message(&conversation, seq)?;
            if message.is_some_and(|message| !message.recalled) {
                seqs.push(seq);
            }
        }
        if seqs.is_empty() {
            return Ok(Decision::nothing(()));
        }
        seqs.sort_unstable();
        let event = MessageRecalled {
            conversation,
            seqs,
            recalled_by: self.by.clone(),
            reason: None,
        };
        Ok(Decision::event(event, ()))
    }
}
