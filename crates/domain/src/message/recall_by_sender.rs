use hansard_events::message::MessageRecalled;
use hansard_types::{GroupId, Seq, TopicId, UserId, limits};

use crate::group::place_in;
use crate::group::rules::rules;
use crate::{Context, Decided, Decision, View};

/// Recalls what an account said in a group, of its latest messages. In groups whose messages are
/// not recalled, nothing happens.
#[derive(Debug, Clone)]
pub struct RecallBySender {
    pub group_id: GroupId,
    /// Absent: the group itself.
    pub topic_id: Option<TopicId>,
    pub sender: UserId,
    pub by: UserId,
}

impl RecallBySender {
    pub(crate) fn decide(&self, view: &dyn View, _context: &Context<'_>) -> Decided {
        let topic = self.topic_id.as_ref();
        let (group, conversation) = place_in(view, &self.group_id, topic)?;
        if !rules(group.group_type).recalls {
            return Ok(Decision::nothing(()));
        }
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
