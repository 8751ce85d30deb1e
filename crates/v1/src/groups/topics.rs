//! Topics of communities: what an account sees of them, and what it does with them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use hansard_desk::{Caller, Desk, Query};
use hansard_domain::group::{ChangeTopic, CreateTopic, DestroyTopics};
use hansard_events::group::{TopicChange, TopicProfile};
use hansard_groups::TopicRow;
use hansard_types::limits::TOPICS_PER_CALL_MAX;
use hansard_types::{ConversationId, GroupId, Reason, Seq, Timestamp, TopicId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reads::{Sight, cut, group_id, look};
use crate::access::{Own, refused};
use crate::act::{Act, bounded};
use crate::asked::count;
use crate::{Problem, Shared};

#[derive(Serialize, JsonSchema)]
pub(super) struct Topics {
    /// By id.
    topics: Vec<OneTopic>,
    /// `null` on the last page.
    next: Option<TopicId>,
}

#[derive(Serialize, JsonSchema)]
struct OneTopic {
    topic_id: TopicId,
    #[serde(flatten)]
    profile: TopicProfile,
    /// Unix milliseconds.
    created_at: Timestamp,
    /// 0 before the first message.
    last_seq: Seq,
    /// Unix milliseconds; 0 before the first message.
    last_sent_at: Timestamp,
    /// What the caller has not read.
    unread: u64,
}

impl Sight<'_> {
    fn topic(
        &self,
        group: &GroupId,
        (topic_id, row): (TopicId, TopicRow),
    ) -> Result<OneTopic, Problem> {
        let conversation = ConversationId::in_group(group, Some(&topic_id));
        let conversations = self.reads.conversations_with(&conversation);
        let last = conversations.last(&conversation);
        let (last_seq, last_sent_at) = last.map_err(Problem::broken)?;
        let unread = conversations.unread(&conversation, &self.caller.user);
        let TopicRow {
            made: _,
            profile,
            created_at,
        } = row;
        Ok(OneTopic {
            topic_id,
            profile,
            created_at,
            last_seq,
            last_sent_at,
            unread: unread.map_err(Problem::broken)?,
        })
    }
}

/// The topics of a group, by id, for its members.
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Own(caller): Own,
    uri: Uri,
) -> Response {
    let ask = |query: &Query<'_>| {
        let after = query.filled("cursor");
        let after = after.map(|text| TopicId::new(&text)).transpose();
        let after = after.map_err(|error| Problem::invalid(error.to_string()))?;
        let limit = count(query, "limit", TOPICS_PER_CALL_MAX, TOPICS_PER_CALL_MAX)?;
        Ok((group_id(query)?, after, limit))
    };
    look(
        "topics",
        &shared,
        &caller,
        &uri,
        ask,
        |sight, (id, after, limit)| {
            let (_, own) = sight.existing(&id)?;
            own.ok_or_else(|| refused(Reason::MemberUnknown))?;
            let groups = sight.reads.groups_with(&id);
            let rows = groups.topics(&id, after.as_ref(), limit + 1);
            let mut rows = rows.map_err(Problem::broken)?;
            let next = cut(&mut rows, limit).map(|(topic, _)| topic.clone());
            let topics = rows.into_iter().map(|row| sight.topic(&id, row));
            Ok(Topics {
                topics: topics.collect::<Result<_, _>>()?,
                next,
            })
        },
    )
    .await
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct TopicCreation {
    group_id: GroupId,
    /// Absent: random.
    topic_id: Option<TopicId>,
    name: String,
    /// Besides the name.
    #[serde(default)]
    profile: TopicChange,
}

impl Act for TopicCreation {
    const NAME: &'static str = "create_topic";
    const SUMMARY: &'static str = "Makes a topic of a community";
    type Command = CreateTopic;

    fn command(self, _: &Caller, desk: &Desk) -> Result<CreateTopic, Problem> {
        let mut profile = TopicProfile::default();
        profile.apply(&TopicChange {
            name: Some(self.name),
            ..self.profile
        });
        Ok(CreateTopic {
            group_id: self.group_id,
            topic_id: self.topic_id.unwrap_or_else(|| desk.topic_id()),
            profile,
            shown_as: None,
            created_at: None,
        })
    }
}

/// What is named changes.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct TopicEdit {
    group_id: GroupId,
    topic_id: TopicId,
    profile: TopicChange,
}

impl Act for TopicEdit {
    const NAME: &'static str = "change_topic";
    const SUMMARY: &'static str = "Changes what a topic is called and says of itself";
    type Command = ChangeTopic;

    fn command(self, _: &Caller, _: &Desk) -> Result<ChangeTopic, Problem> {
        Ok(ChangeTopic {
            group_id: self.group_id,
            topic_id: self.topic_id,
            change: self.profile,
            shown_as: None,
        })
    }
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct TopicRemoval {
    group_id: GroupId,
    #[schemars(length(min = 1, max = TOPICS_PER_CALL_MAX))]
    topics: Vec<TopicId>,
}

impl Act for TopicRemoval {
    const NAME: &'static str = "destroy_topics";
    const SUMMARY: &'static str = "Destroys topics with all that was said in them";
    type Command = DestroyTopics;

    fn command(self, _: &Caller, _: &Desk) -> Result<DestroyTopics, Problem> {
        bounded("topics", &self.topics, TOPICS_PER_CALL_MAX)?;
        Ok(DestroyTopics {
            group_id: self.group_id,
            topics: self.topics,
        })
    }
}
