//! Topics of communities.

use hansard_domain::group::{ChangeTopic, CreateTopic, DestroyTopics};
use hansard_events::group::{GroupType, Role, TopicProfile};
use hansard_types::{Actor, ConversationId, GroupId, Reason, TopicId, UserId};

use super::members::at_least;
use super::{Answered, Expected, Group, Model, Talk, TopicHere};

impl Model {
    /// Where something is said in a group: in a topic that there is, or in the group.
    pub(super) fn place(
        &mut self,
        group_id: &GroupId,
        topic: Option<&TopicId>,
    ) -> Result<ConversationId, Reason> {
        let group = self.existing(group_id)?;
        let Some(topic) = topic else {
            return Ok(ConversationId::Group(group_id.clone()));
        };
        if !group.topics.contains_key(topic) {
            return Err(Reason::TopicUnknown);
        }
        Ok(ConversationId::Topic(group_id.clone(), topic.clone()))
    }

    /// A community, for who may make topics in it.
    fn with_topics(&mut self, actor: &Actor, group_id: &GroupId) -> Result<&mut Group, Reason> {
        let group = self.existing(group_id)?;
        if group.group_type != GroupType::Community {
            return Err(Reason::GroupTypeForbids);
        }
        at_least(group, actor, Role::Admin)?;
        Ok(group)
    }

    pub(super) fn create_topic(&mut self, actor: &Actor, command: &CreateTopic) -> Expected {
        let group = self.with_topics(actor, &command.group_id)?;
        if !group.supports_topics {
            return Err(Reason::TopicsOff);
        }
        if group.topics.contains_key(&command.topic_id) {
            return Err(Reason::TopicIdTaken);
        }
        let topic = TopicHere {
            profile: command.profile.clone(),
            ..TopicHere::default()
        };
        group.topics.insert(command.topic_id.clone(), topic);
        Ok(Answered::Topic(command.topic_id.clone()))
    }

    pub(super) fn change_topic(&mut self, actor: &Actor, command: &ChangeTopic) -> Expected {
        let group = self.with_topics(actor, &command.group_id)?;
        let topic = group.topics.get_mut(&command.topic_id);
        let TopicProfile { name, mute_all, .. } = &mut topic.ok_or(Reason::TopicUnknown)?.profile;
        if let Some(new) = &command.change.name {
            name.clone_from(new);
        }
        *mute_all = command.change.mute_all.unwrap_or(*mute_all);
        Ok(Answered::Done)
    }

    pub(super) fn destroy_topics(&mut self, actor: &Actor, command: &DestroyTopics) -> Expected {
        let group = self.with_topics(actor, &command.group_id)?;
        let mut results = Vec::new();
        for topic in &command.topics {
            let is_gone = group.topics.remove(topic).is_none();
            results.push((topic.clone(), is_gone.then_some(Reason::TopicUnknown)));
        }
        self.topics_are_gone(&command.group_id, |topic| command.topics.contains(topic));
        Ok(Answered::Topics(results))
    }

    /// Whatever has their ids next begins with nothing.
    pub(super) fn topics_are_gone(&mut self, group_id: &GroupId, which: impl Fn(&TopicId) -> bool) {
        for (conversation, talk) in &mut self.talks {
            if let ConversationId::Topic(group, topic) = conversation
                && group == group_id
                && which(topic)
            {
                *talk = Talk::default();
            }
        }
    }

    /// What was said in a group's topics before someone joined it is not unread.
    pub(super) fn joined_topics(&mut self, group_id: &GroupId, user: &UserId) {
        for (conversation, talk) in &mut self.talks {
            if matches!(conversation, ConversationId::Topic(group, _) if group == group_id) {
                let end = talk.said.len() as u64;
                let everyone = talk.everyone;
                let floor = talk.floors.entry(user.clone()).or_insert(everyone);
                *floor = (*floor).max(end);
            }
        }
    }
}
