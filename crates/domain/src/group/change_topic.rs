use hansard_events::group::{TopicChange, TopicChanged};
use hansard_types::{GroupId, Reason, TopicId, UserId};

use super::rules::{check, rules};
use super::{existing, topic_in};
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
        let group = existing(view, &self.group_id)?;
        let makes_topics = rules(group.group_type).makes_topics;
        check(makes_topics, view, context, &self.group_id)?;
        let topic = topic_in(view, &self.group_id, &self.topic_id)?;
        if let Some(shown) = &self.shown_as {
            view.account(shown)?.ok_or(Reason::AccountUnknown)?;
        }
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
