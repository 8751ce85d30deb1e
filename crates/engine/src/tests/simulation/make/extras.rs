use std::collections::BTreeMap;

use hansard_domain::Command;
use hansard_domain::conversation::{ClearGroup, SetUnread};
use hansard_domain::group::{
    AttributeChange, BanMembers, ChangeAttributes, ChangeCounters, CounterChange, ImportMembers,
    MemberToImport, UnbanMembers,
};
use hansard_domain::message::{
    Content, ImportGroupMessages, MessageToImport, NotifyGroup, RecallBySender,
};
use hansard_events::group::Role;
use hansard_types::Timestamp;

use rand::Rng;

use super::Maker;
use super::messages::IMPORTED_SECONDS;
use crate::testing::user;

impl Maker {
    /// What stands beside groups, and what changes their history as a whole.
    pub(super) fn extra(&mut self) -> Command {
        let group_id = self.group();
        match self.rng.random_range(0..100) {
            0..12 => Command::BanMembers(BanMembers {
                group_id,
                accounts: self.users(2),
                // Longer than any simulation.
                seconds: 1_000_000,
                reason: self.word(),
            }),
            12..22 => Command::UnbanMembers(UnbanMembers {
                group_id,
                accounts: self.users(3),
            }),
            22..36 => self.attributes(),
            36..46 => self.counters(),
            46..57 => self.import_members(),
            57..68 => self.import_group_messages(),
            68..71 => Command::NotifyGroup(NotifyGroup {
                topic_id: self.topic_or_group(),
                group_id,
                content: self.word(),
                to: self.maybe(0.3, |maker| maker.users(2)).unwrap_or_default(),
            }),
            71..76 => Command::RecallBySender(RecallBySender {
                topic_id: self.topic_or_group(),
                group_id,
                sender: self.user(),
                by: user("administrator"),
            }),
            76..88 => Command::SetUnread(SetUnread {
                group_id,
                reader: self.user(),
                unread: self.rng.random_range(0..6),
            }),
            _ => Command::ClearGroup(ClearGroup {
                group_id,
                up_to: self.maybe(0.8, Self::seq),
            }),
        }
    }

    fn attributes(&mut self) -> Command {
        let (key, value) = (self.word(), self.word());
        let one = BTreeMap::from([(key.clone(), value)]);
        let change = match self.rng.random_range(0..4) {
            0 => AttributeChange::Reset(one),
            1 => AttributeChange::Remove(vec![key]),
            2 => AttributeChange::Clear,
            _ => AttributeChange::Set(one),
        };
        Command::ChangeAttributes(ChangeAttributes {
            group_id: self.group(),
            change,
        })
    }

    fn counters(&mut self) -> Command {
        let key = self.word();
        let one = BTreeMap::from([(key.clone(), self.rng.random_range(-2..3))]);
        let change = match self.rng.random_range(0..4) {
            0 => CounterChange::Set(one),
            1 => CounterChange::Remove(vec![key]),
            _ => CounterChange::Add(one),
        };
        Command::ChangeCounters(ChangeCounters {
            group_id: self.group(),
            change,
        })
    }

    fn import_members(&mut self) -> Command {
        let users = self.users(2);
        let members = users.into_iter().map(|user_id| MemberToImport {
            user_id,
            role: self.of(&[Role::Member, Role::Admin]),
            joined_at: self.maybe(0.5, |_| Timestamp::from_seconds(IMPORTED_SECONDS)),
            unread: self.rng.random_range(0..4),
        });
        let members = members.collect();
        Command::ImportMembers(ImportMembers {
            group_id: self.group(),
            members,
        })
    }

    /// Lines of a few seconds: often the same again, and not always in order.
    fn import_group_messages(&mut self) -> Command {
        let count = self.rng.random_range(1..4);
        let messages = (0..count).map(|_| {
            let line = self.rng.random_range(0..40);
            MessageToImport {
                from: self.user(),
                sent_at: Timestamp::from_seconds(IMPORTED_SECONDS + line),
                random: 1,
                content: Content::text("once"),
                import_key: format!("past{line}"),
            }
        });
        let messages = messages.collect();
        Command::ImportGroupMessages(ImportGroupMessages {
            topic_id: self.topic_or_group(),
            group_id: self.group(),
            messages,
        })
    }
}
