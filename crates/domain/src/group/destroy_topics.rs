use hansard_events::group::TopicsDestroyed;
use hansard_types::{GroupId, Reason, TopicId};

use super::where_topics_are_made;
use crate::{Context, Decided, Decision, View};

/// Destroys topics with all that was said in them; each is answered by itself.
#[derive(Debug, Clone)]
pub struct DestroyTopics {
    pub group_id: GroupId,
    pub topics: Vec<TopicId>,
}

impl DestroyTopics {
    pub(crate) fn decide(
        &self,
        view: &dyn View,
        context: &Context<'_>,
    ) -> Decided<Vec<(TopicId, Option<Reason>)>> {
        where_topics_are_made(view, context, &self.group_id)?;
        let mut results = Vec::with_capacity(self.topics.len());
        let mut topics: Vec<TopicId> = Vec::with_capacity(self.topics.len());
        for topic in &self.topics {
            let is_there = !topics.contains(topic) && view.topic(&self.group_id, topic)?.is_some();
            if is_there {
                topics.push(topic.clone());
            }
            results.push((topic.clone(), (!is_there).then_some(Reason::TopicUnknown)));
        }
        if topics.is_empty() {
            return Ok(Decision::nothing(results));
        }
        let event = TopicsDestroyed {
            group_id: self.group_id.clone(),
            topics,
        };
        Ok(Decision::event(event, results))
    }
}
