use hansard_events::message::MessageRecalled;
use hansard_types::{GroupId, Reason, Seq, TopicId, UserId};

use super::recaller::Recaller;
use crate::group::place_in;
use crate::group::rules::rules;
use crate::{Context, Decided, Decision, View};

/// Recalls messages of a group; each is answered by itself. An account recalls what it said, within the
/// app's time, and the group's owner and administrators what those of a lower rank said.
#[derive(Debug, Clone)]
pub struct RecallGroup {
    pub group_id: GroupId,
    /// Absent: the group itself.
    pub topic_id: Option<TopicId>,
    pub seqs: Vec<Seq>,
    pub by: UserId,
    pub reason: Option<String>,
}

impl RecallGroup {
    pub(crate) fn decide(
        &self,
        view: &dyn View,
        context: &Context<'_>,
    ) -> Decided<Vec<(Seq, Option<Reason>)>> {
        let topic = self.topic_id.as_ref();
        let (group, conversation) = place_in(view, &self.group_id, topic)?;
        if !rules(group.group_type).recalls {
            return Err(Reason::GroupTypeForbids.into());
        }
        let recaller = Recaller::of(view, context, Some(&self.group_id))?;
        let mut results = Vec::with_capacity(self.seqs.len());
        let mut recalled: Vec<Seq> = Vec::new();
        for seq in &self.seqs {
            let refused = match view.message(&conversation, *seq)? {
                None => Some(Reason::MessageUnknown),
                Some(message) if message.is_notice => Some(Reason::NoticeStays),
                Some(message) if message.recalled || recalled.contains(seq) => {
                    Some(Reason::MessageAlreadyRecalled)
                }
                Some(message) => recaller.refuses(view, &message)?,
            };
            if refused.is_none() {
                recalled.push(*seq);
            }
            results.push((*seq, refused));
        }
        if recalled.is_empty() {
            return Ok(Decision::nothing(results));
        }
        recalled.sort_unstable();
        let event = MessageRecalled {
            conversation,
            seqs: recalled,
            recalled_by: self.by.clone(),
            reason: self.reason.clone(),
        };
        Ok(Decision::event(event, results))
    }
}
