use hansard_events::group::{TopicChange, TopicChanged};
use hansard_types::{GroupId, Reason, TopicId, UserId};

use super::{check_shown, topic_in, where_topics_are_made};
use crate::{Context, Decided, Decision, View};

/// Changes fields of a topic.
#[derive(Debug, Clone)]
pub struct ChangeTopic {
    pub group_id: GroupId,
    pub topic_id: TopicId,
    pub change: TopicChange,
    /// In whose name, if not the actor's: an account.
    pub shown_as: Option<UserId>,
}

impl ChangeTopic {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided {
        where_topics_are_made(view, context, &self.group_id)?;
        let topic = topic_in(view, &self.group_id, &self.topic_id)?;
        check_shown(view, self.shown_as.as_ref())?;
        let change = topic.profile.diff(self.change.clone());
        let mut after = topic.profile;
        after.apply(&change);
        if after.has_bad_text() {
            return Err(Reason::TopicTextInvalid.into());
        }
        if change.is_empty() {
            return Ok(Decision::nothing(()));
        }
        let event = TopicChanged {
            group_id: self.group_id.clone(),
            topic_id: self.topic_id.clone(),
            change,
            shown_as: self.shown_as.clone(),
        };
        Ok(Decision::event(event, ()))
    }
}
