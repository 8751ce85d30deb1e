//! Topics of a community: each a conversation of its own, with the group's members.

use hansard_types::{GroupId, Timestamp, TopicId, UserId, limits};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{group_bucket, sample_group, sample_user};
use crate::Sample;

/// What members read of a topic. The one list of these fields, as [`super::GroupProfile`] is of a
/// group's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TopicProfile {
    pub name: String,
    pub introduction: String,
    pub notification: String,
    pub face_url: String,
    /// What the app keeps with it.
    pub custom: String,
    /// Members may not speak in it.
    pub mute_all: bool,
}

impl TopicProfile {
    /// Takes the new values over.
    pub fn apply(&mut self, change: &TopicChange) {
        let TopicChange {
            name,
            introduction,
            notification,
            face_url,
            custom,
            mute_all,
        } = change;
        let texts = [
            (&mut self.name, name),
            (&mut self.introduction, introduction),
            (&mut self.notification, notification),
            (&mut self.face_url, face_url),
            (&mut self.custom, custom),
        ];
        for (field, new) in texts {
            if let Some(new) = new {
                field.clone_from(new);
            }
        }
        self.mute_all = mute_all.unwrap_or(self.mute_all);
    }

    /// What of a change is one: its fields that are not so already.
    #[must_use]
    pub fn diff(&self, wanted: TopicChange) -> TopicChange {
        let other = |wanted: Option<String>, now: &String| wanted.filter(|wanted| wanted != now);
        let TopicChange {
            name,
            introduction,
            notification,
            face_url,
            custom,
            mute_all,
        } = wanted;
        TopicChange {
            name: other(name, &self.name),
            introduction: other(introduction, &self.introduction),
            notification: other(notification, &self.notification),
            face_url: other(face_url, &self.face_url),
            custom: other(custom, &self.custom),
            mute_all: mute_all.filter(|wanted| *wanted != self.mute_all),
        }
    }

    /// Whether a text is longer than it may be, or the name is empty.
    #[must_use]
    pub fn has_bad_text(&self) -> bool {
        let texts = [
            (&self.name, limits::TOPIC_NAME_BYTES_MAX),
            (&self.introduction, limits::TOPIC_INTRODUCTION_BYTES_MAX),
            (&self.notification, limits::TOPIC_NOTIFICATION_BYTES_MAX),
            (&self.face_url, limits::TOPIC_FACE_URL_BYTES_MAX),
            (&self.custom, limits::TOPIC_CUSTOM_BYTES_MAX),
        ];
        self.name.is_empty() || texts.iter().any(|(text, max)| text.len() > *max)
    }
}

/// Fields of a [`TopicProfile`]: a present one is the new value, an absent one does not change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TopicChange {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introduction: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub face_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mute_all: Option<bool>,
}

impl TopicChange {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// `group.topic_created`: a conversation whose seqs begin at 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TopicCreated {
    pub group_id: GroupId,
    pub topic_id: TopicId,
    #[serde(flatten)]
    pub profile: TopicProfile,
    /// When, Unix milliseconds; the original time of an imported topic.
    pub created_at: Timestamp,
    /// In whose name, if not the actor's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_as: Option<UserId>,
}

/// `group.topic_changed`: exactly the fields that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TopicChanged {
    pub group_id: GroupId,
    pub topic_id: TopicId,
    #[serde(flatten)]
    pub change: TopicChange,
    /// In whose name, if not the actor's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_as: Option<UserId>,
}

/// `group.topics_destroyed`: they are gone with all that was said in them. When a group is
/// dissolved, so are its topics, without this event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TopicsDestroyed {
    pub group_id: GroupId,
    /// Only topics that there were.
    pub topics: Vec<TopicId>,
}

/// `group.topic_members_muted`: as [`super::MembersMuted`], of one topic alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TopicMembersMuted {
    pub group_id: GroupId,
    pub topic_id: TopicId,
    /// Only accounts for which that is new.
    pub accounts: Vec<UserId>,
    /// Unix milliseconds; 0 lifts the mute, 18446744073709551615 (2^64 - 1) is for good.
    pub until: Timestamp,
}

fn sample_topic() -> TopicId {
    TopicId::new("news").expect("a valid id")
}

impl Sample for TopicCreated {
    fn sample() -> Self {
        Self {
            group_id: sample_group(),
            topic_id: sample_topic(),
            profile: TopicProfile {
                name: "소식 新闻".to_owned(),
                introduction: "what is new".to_owned(),
                notification: "read the rules".to_owned(),
                face_url: "https://example.org/news.png".to_owned(),
                custom: "{\"order\":1}".to_owned(),
                mute_all: true,
            },
            created_at: Timestamp(1_794_000_000_000),
            shown_as: Some(sample_user("alice")),
        }
    }

    fn bucket_key(&self) -> String {
        group_bucket(&self.group_id)
    }
}

impl Sample for TopicChanged {
    fn sample() -> Self {
        Self {
            group_id: sample_group(),
            topic_id: sample_topic(),
            change: TopicChange {
                name: Some("old news".to_owned()),
                introduction: Some("what was new".to_owned()),
                notification: Some("read them again".to_owned()),
                face_url: Some("https://example.org/old.png".to_owned()),
                custom: Some("{\"order\":2}".to_owned()),
                mute_all: Some(false),
            },
            shown_as: Some(sample_user("alice")),
        }
    }

    fn bucket_key(&self) -> String {
        group_bucket(&self.group_id)
    }
}

impl Sample for TopicsDestroyed {
    fn sample() -> Self {
        Self {
            group_id: sample_group(),
            topics: vec![sample_topic()],
        }
    }

    fn bucket_key(&self) -> String {
        group_bucket(&self.group_id)
    }
}

impl Sample for TopicMembersMuted {
    fn sample() -> Self {
        Self {
            group_id: sample_group(),
            topic_id: sample_topic(),
            accounts: vec![sample_user("bob"), sample_user("carol")],
            until: Timestamp(1_794_000_600_000),
        }
    }

    fn bucket_key(&self) -> String {
        group_bucket(&self.group_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_that_takes_its_difference_over_is_what_was_wanted() {
        let before = TopicCreated::sample().profile;
        let wanted = TopicChanged::sample().change;
        assert_eq!(before.diff(wanted.clone()), wanted, "every field differs");
        let mut after = before.clone();
        after.apply(&wanted);
        assert!(after.diff(wanted).is_empty());
        after.apply(&TopicChange::default());
        assert_ne!(after, before);
    }
}
