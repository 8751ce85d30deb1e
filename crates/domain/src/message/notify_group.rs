use hansard_types::{GroupId, Reason, TopicId, UserId, limits};

use crate::group::place_in;
use crate::group::rules::rules;
use crate::signal::GroupNotice;
use crate::{Context, Decided, Decision, Signal, View};

/// Tells the members of a group who are there something that nobody keeps. In groups without a
/// roster it is for everyone.
#[derive(Debug, Clone)]
pub struct NotifyGroup {
    pub group_id: GroupId,
    /// Absent: the group itself.
    pub topic_id: Option<TopicId>,
    pub content: String,
    /// Members that it is for; empty: all of them.
    pub to: Vec<UserId>,
}

impl NotifyGroup {
    pub(crate) fn decide(&self, view: &dyn View, _context: &Context<'_>) -> Decided {
        let (group, _) = place_in(view, &self.group_id, self.topic_id.as_ref())?;
        if self.content.len() > limits::MESSAGE_BYTES_MAX {
            return Err(Reason::MessageTooLarge.into());
        }
        if !self.to.is_empty() && !rules(group.group_type).has_roster {
            return Err(Reason::GroupTypeForbids.into());
        }
        let notice = GroupNotice {
            group_id: self.group_id.clone(),
            topic_id: self.topic_id.clone(),
            content: self.content.clone(),
            to: self.to.clone(),
        };
        Ok(Decision::signal(Signal::GroupNotice(notice), ()))
    }
}
