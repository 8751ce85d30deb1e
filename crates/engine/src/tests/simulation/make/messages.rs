use hansard_domain::conversation::{ConfirmRead, MarkRead, UpTo};
use hansard_domain::group::{AppointAdmins, MarkMembers};
use hansard_domain::live::{EndVisits, EnterRoom, LeaveRoom};
use hansard_domain::message::{
    ChangeExtensions, Content, EditMessage, ExtensionChange, ImportMessage, NewExtension,
    RecallC2c, RecallGroup, SendC2c, SendGroup, Which,
};
use hansard_domain::{Command, MessageKey};
use hansard_types::{ConversationId, Seq, Timestamp, UserId, limits};

use rand::Rng;

use super::Maker;
use crate::testing::user;

/// What callers date: before every simulation's beginning.
const SENT_SECONDS: u64 = 1_790_000_000;
pub(super) const IMPORTED_SECONDS: u64 = 1_780_000_000;
/// Later than the clock allows.
const FAR_SECONDS: u64 = 1_900_000_000;

impl Maker {
    fn extend(&mut self) -> Command {
        let (conversation, _, which) = self.named();
        let change = if self.yes(0.1) {
            ExtensionChange::Clear
        } else {
            let one = |maker: &mut Self| NewExtension {
                key: maker.word(),
                value: maker.maybe(0.8, Self::word),
                number: maker.rng.random_range(0..3),
            };
            ExtensionChange::Set(vec![one(self), one(self)])
        };
        let by = match &conversation {
            ConversationId::C2c(one, _) => one.clone(),
            ConversationId::Group(_) | ConversationId::Topic(..) => self.user(),
        };
        Command::ChangeExtensions(ChangeExtensions {
            conversation,
            which,
            change,
            by,
        })
    }

    /// A message by its name, and at times whose it is.
    fn named(&mut self) -> (ConversationId, Option<UserId>, Which) {
        if self.yes(0.5) {
            let (group, topic) = (self.group(), self.topic_or_group());
            let group = ConversationId::in_group(&group, topic.as_ref());
            (group, None, Which::Seq(self.seq()))
        } else if let Some((from, to, key)) = self.keys.last().cloned() {
            (ConversationId::c2c(&from, &to), Some(from), Which::Key(key))
        } else {
            let (from, to) = (self.user(), self.user());
            (
                ConversationId::c2c(&from, &to),
                None,
                Which::Seq(self.seq()),
            )
        }
    }

    fn edit(&mut self) -> Command {
        let content = Content::text(&self.word());
        let (conversation, sender, which) = self.named();
        Command::EditMessage(EditMessage {
            conversation,
            which,
            sender,
            elements: Some(content.elements),
            cloud_custom_data: self.maybe(0.2, Self::word),
            by: self.user(),
        })
    }

    /// Comings and goings of live rooms.
    pub(super) fn visit(&mut self) -> Command {
        let (group_id, user) = (self.group(), self.user());
        match self.rng.random_range(0..10) {
            0 => Command::MarkMembers(MarkMembers {
                group_id,
                are_set: self.yes(0.7),
                members: vec![(user, vec![1000]), (self.user(), vec![1000, 1001])],
            }),
            1..5 => Command::EnterRoom(EnterRoom {
                group_id,
                user,
                // Longer than any simulation, or wrong.
                seconds: if self.yes(0.9) { 3600 } else { 3601 },
            }),
            5 => Command::LeaveRoom(LeaveRoom { group_id, user }),
            6..9 => Command::AppointAdmins(AppointAdmins {
                group_id,
                accounts: self.users(2),
                are_admins: self.yes(0.7),
            }),
            _ => EndVisits.into(),
        }
    }

    pub(super) fn message(&mut self) -> Command {
        match self.rng.random_range(0..100) {
            0..26 => self.send_c2c(),
            26..60 => Command::SendGroup(SendGroup {
                topic_id: self.topic_or_group(),
                group_id: self.group(),
                from: self.user(),
                content: self.content(),
                random: self.random(),
                priority: 2,
                mentions: Vec::new(),
                targets: Vec::new(),
                online_only: self.yes(0.1),
                wants_receipts: self.yes(0.2),
                live: self.yes(0.3),
                per_second: None,
            }),
            60..74 => self.import_message(),
            74..80 => self.recall_c2c(),
            80..84 => {
                let count = self.rng.random_range(1..4);
                Command::RecallGroup(RecallGroup {
                    topic_id: self.topic_or_group(),
                    group_id: self.group(),
                    seqs: (0..count).map(|_| self.seq()).collect(),
                    by: self.user(),
                    reason: None,
                })
            }
            84..86 => self.edit(),
            86..89 => self.extend(),
            89..92 => Command::ConfirmRead(ConfirmRead {
                conversation: self.group_or_pair(),
                reader: self.user(),
                seqs: (0..3).map(|_| self.seq()).collect(),
            }),
            _ => self.mark_read(),
        }
    }

    /// Mostly a new number, sometimes one used before, so that retries happen by themselves.
    fn random(&mut self) -> u32 {
        if self.next_random > 0 && self.yes(0.05) {
            return self.rng.random_range(1..=self.next_random);
        }
        self.next_random += 1;
        self.next_random
    }

    pub(super) fn seq(&mut self) -> Seq {
        Seq(self.rng.random_range(1..30))
    }

    fn content(&mut self) -> Content {
        let no_unread = self.yes(0.1);
        let text = if self.yes(0.005) {
            "x".repeat(limits::MESSAGE_BYTES_MAX + 1)
        } else {
            self.word()
        };
        Content {
            no_unread,
            no_last: self.yes(0.1),
            extensible: self.yes(0.7),
            offline_push: None,
            ..Content::text(&text)
        }
    }

    fn send_c2c(&mut self) -> Command {
        let (from, to, random) = (self.user(), self.user(), self.random());
        let time_seconds = if self.yes(0.02) {
            FAR_SECONDS
        } else {
            SENT_SECONDS + self.rng.random_range(0..2)
        };
        let command = SendC2c {
            from,
            to,
            content: self.content(),
            random,
            client_seq: self.maybe(0.7, |_| random),
            time_seconds: Some(time_seconds),
            hidden_from_sender: self.yes(0.1),
            online_only: self.yes(0.1),
            wants_receipts: self.yes(0.2),
        };
        let key = command.key(Timestamp::from_seconds(time_seconds));
        let (from, to) = (command.from.clone(), command.to.clone());
        self.keys.push((from, to, key));
        Command::SendC2c(command)
    }

    /// A few lines for each conversation: often the same again. Some share a key though they are
    /// not the same, as lines from elsewhere do.
    fn import_message(&mut self) -> Command {
        let (from, to) = (self.user(), self.user());
        let conversation = if self.yes(0.5) {
            ConversationId::c2c(&from, &to)
        } else {
            ConversationId::Group(self.group())
        };
        let has_key = conversation.group().is_some() || self.yes(0.8);
        let line = self.rng.random_range(0..24);
        let like = line % 16;
        let time_seconds = if self.yes(0.02) {
            FAR_SECONDS
        } else {
            IMPORTED_SECONDS + u64::from(like)
        };
        let key = MessageKey {
            client_seq: like,
            random: 1_000_000 + like,
            time_seconds,
        };
        self.keys.push((from.clone(), to, key));
        Command::ImportMessage(ImportMessage {
            conversation,
            from,
            content: self.content(),
            sent_at: Timestamp::from_seconds(time_seconds),
            // Now and then as what is sent: by its numbers.
            import_key: has_key.then(|| format!("line{line}")),
            random: key.random,
            client_seq: key.client_seq,
        })
    }

    fn recall_c2c(&mut self) -> Command {
        let unknown = MessageKey {
            client_seq: 0,
            random: 0,
            time_seconds: SENT_SECONDS,
        };
        let (from, to, key) = if self.keys.is_empty() || self.yes(0.1) {
            (self.user(), self.user(), unknown)
        } else {
            let newest = self.keys.len().saturating_sub(40);
            let index = self.rng.random_range(newest..self.keys.len());
            self.keys[index].clone()
        };
        // Sometimes not by whoever sent it.
        let (from, to) = if self.yes(0.1) {
            (to, from)
        } else {
            (from, to)
        };
        Command::RecallC2c(RecallC2c {
            from,
            to,
            which: Which::Key(key),
            by: user("administrator"),
        })
    }

    fn group_or_pair(&mut self) -> ConversationId {
        if self.yes(0.6) {
            return ConversationId::Group(self.group());
        }
        ConversationId::c2c(&self.user(), &self.user())
    }

    fn mark_read(&mut self) -> Command {
        let reader = self.user();
        let (conversation, is_dated) = if self.yes(0.5) {
            let (group, topic) = (self.group(), self.topic_or_group());
            (ConversationId::in_group(&group, topic.as_ref()), false)
        } else {
            (ConversationId::c2c(&reader, &self.user()), self.yes(0.3))
        };
        let seconds = self.of(&[IMPORTED_SECONDS + 8, SENT_SECONDS, SENT_SECONDS + 1]);
        let up_to = if is_dated {
            UpTo::Time(Timestamp::from_seconds(seconds))
        } else if self.yes(0.3) {
            UpTo::Seq(self.seq())
        } else {
            UpTo::Last
        };
        Command::MarkRead(MarkRead {
            conversation,
            reader,
            up_to,
        })
    }
}
