use hansard_domain::Command;
use hansard_domain::group::{ChangeTopic, CreateTopic, DestroyTopics};
use hansard_events::group::{TopicChange, TopicProfile};

use rand::Rng;

use super::Maker;

impl Maker {
    pub(super) fn topic(&mut self) -> Command {
        let (group_id, topic_id) = (self.group(), self.topic_id());
        match self.rng.random_range(0..10) {
            0..5 => Command::CreateTopic(CreateTopic {
                group_id,
                topic_id,
                profile: TopicProfile {
                    name: self.word(),
                    mute_all: self.yes(0.1),
                    ..TopicProfile::default()
                },
                shown_as: None,
                created_at: None,
            }),
            5..8 => Command::ChangeTopic(ChangeTopic {
                group_id,
                topic_id,
                change: TopicChange {
                    name: self.maybe(0.5, Self::word),
                    mute_all: self.maybe(0.5, |maker| maker.yes(0.3)),
                    ..TopicChange::default()
                },
                shown_as: None,
            }),
            _ => Command::DestroyTopics(DestroyTopics {
                group_id,
                topics: vec![topic_id, self.topic_id()],
            }),
        }
    }
}
