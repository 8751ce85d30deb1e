use hansard_events::group::{TopicCreated, TopicProfile};
use hansard_types::{GroupId, Reason, Timestamp, TopicId, UserId, limits};

use super::{check_import, check_shown, where_topics_are_made};
use crate::{Context, Decided, Decision, View};

/// Makes a topic of a community.
#[derive(Debug, Clone)]
pub struct CreateTopic {
    pub group_id: GroupId,
    /// Chosen by the caller, or random.
    pub topic_id: TopicId,
    pub profile: TopicProfile,
    /// In whose name, if not the actor's: an account.
    pub shown_as: Option<UserId>,
    /// The original time of an imported topic; absent: now.
    pub created_at: Option<Timestamp>,
}

impl CreateTopic {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided<TopicId> {
        check_import(context, self.created_at.is_some())?;
        let group = where_topics_are_made(view, context, &self.group_id)?;
        if !group.profile.supports_topics {
            return Err(Reason::TopicsOff.into());
        }
        if self.profile.has_bad_text() {
            return Err(Reason::TopicTextInvalid.into());
        }
        check_shown(view, self.shown_as.as_ref())?;
        let created_at = self.created_at.unwrap_or(context.now);
        if created_at > context.now || created_at < group.created_at {
            return Err(Reason::GroupTimeInvalid.into());
        }
        if view.topic(&self.group_id, &self.topic_id)?.is_some() {
            return Err(Reason::TopicIdTaken.into());
        }
        if group.topics >= limits::TOPICS_MAX {
            return Err(Reason::TopicsFull.into());
        }
        let event = TopicCreated {
            group_id: self.group_id.clone(),
            topic_id: self.topic_id.clone(),
            profile: self.profile.clone(),
            created_at,
            shown_as: self.shown_as.clone(),
        };
        Ok(Decision::event(event, self.topic_id.clone()))
    }
}
