//! Topics of communities. What is said in them stands with the conversations.

use hansard_events::group::{TopicChanged, TopicCreated, TopicProfile, TopicsDestroyed};
use hansard_store::key::Parts;
use hansard_store::{Access, Direction, Error, KeyRange, Overlay, Result, Table, row};
use hansard_types::{GroupId, LogId, Timestamp, TopicId};
use serde::{Deserialize, Serialize};

use crate::apply::change;
use crate::reader::Reader;
use crate::{GroupRow, roster_prefix};

/// By the group's roster: a group that has the id later has topics of its own.
pub(crate) static TOPIC: Table = Table {
    name: "groups.group_topic",
    kind: 0x0213,
    access: Access::Point,
};

/// A topic of a community.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicRow {
    /// Which of those that had the id: the log's sequence of its making.
    pub made: u64,
    pub profile: TopicProfile,
    pub created_at: Timestamp,
}

fn topic_key(log: LogId, group: &GroupId, roster: u64, topic: &TopicId) -> Vec<u8> {
    let key = roster_prefix(log, group, roster);
    key.text(topic.as_str()).bytes()
}

pub(crate) fn created(
    log: LogId,
    event: &TopicCreated,
    at: u64,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let TopicCreated {
        group_id,
        topic_id,
        profile,
        created_at,
        shown_as: _,
    } = event;
    change(log, group_id, state, |group, state| {
        let topic = TopicRow {
            made: at,
            profile: profile.clone(),
            created_at: *created_at,
        };
        let key = topic_key(log, group_id, group.roster, topic_id);
        state.put(&TOPIC, key, row::encode(&TOPIC, &topic)?);
        group.topics += 1;
        Ok(())
    })
}

pub(crate) fn changed(log: LogId, event: &TopicChanged, state: &mut Overlay<'_>) -> Result<()> {
    let TopicChanged {
        group_id,
        topic_id,
        change,
        shown_as: _,
    } = event;
    let reader = Reader::new(state, log);
    let Some(roster) = reader.roster(group_id)? else {
        return Ok(());
    };
    let Some(mut topic) = reader.stored_topic(group_id, roster, topic_id)? else {
        return Ok(());
    };
    topic.profile.apply(change);
    let key = topic_key(log, group_id, roster, topic_id);
    state.put(&TOPIC, key, row::encode(&TOPIC, &topic)?);
    Ok(())
}

pub(crate) fn destroyed(
    log: LogId,
    event: &TopicsDestroyed,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let TopicsDestroyed { group_id, topics } = event;
    change(log, group_id, state, |group, state| {
        for topic in topics {
            let stored = Reader::new(state, log).stored_topic(group_id, group.roster, topic)?;
            if stored.is_some() {
                state.delete(&TOPIC, topic_key(log, group_id, group.roster, topic));
                group.topics = group.topics.saturating_sub(1);
            }
        }
        Ok(())
    })
}

/// All of them go with their group, as one range.
pub(crate) fn forget(
    log: LogId,
    group_id: &GroupId,
    group: &mut GroupRow,
    state: &mut Overlay<'_>,
) {
    if std::mem::take(&mut group.topics) > 0 {
        state.delete_prefix(&TOPIC, &roster_prefix(log, group_id, group.roster).bytes());
    }
}

impl Reader<'_> {
    pub(crate) fn stored_topic(
        &self,
        group: &GroupId,
        roster: u64,
        topic: &TopicId,
    ) -> Result<Option<TopicRow>> {
        let key = topic_key(self.log, group, roster, topic);
        let bytes = self.store.get(&TOPIC, &key)?;
        bytes.map(|bytes| row::decode(&TOPIC, &bytes)).transpose()
    }

    /// A topic that there is.
    ///
    /// # Errors
    /// Here and below: when the store fails.
    pub fn topic(&self, group: &GroupId, topic: &TopicId) -> Result<Option<TopicRow>> {
        match self.roster(group)? {
            Some(roster) => self.stored_topic(group, roster, topic),
            None => Ok(None),
        }
    }

    /// The topics of a group, by id, from behind `after` on: at most `topics_max`.
    pub fn topics(
        &self,
        group: &GroupId,
        after: Option<&TopicId>,
        topics_max: usize,
    ) -> Result<Vec<(TopicId, TopicRow)>> {
        let Some(roster) = self.roster(group)? else {
            return Ok(Vec::new());
        };
        let prefix = roster_prefix(self.log, group, roster).bytes();
        let mut range = KeyRange::prefix(&prefix);
        if let Some(after) = after {
            range.lower = topic_key(self.log, group, roster, after);
            range.lower.push(0);
        }
        let up = Direction::Ascending;
        self.store
            .rows(&TOPIC, &range, up, topics_max, |key, value| {
                let id = key.get(prefix.len()..).and_then(|id| Parts::of(id).text());
                let id = id.and_then(|text| TopicId::new(text).ok());
                let id = id.ok_or_else(|| Error::key(&TOPIC))?;
                Ok(Some((id, row::decode(&TOPIC, value)?)))
            })
    }
}
