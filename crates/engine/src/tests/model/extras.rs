//! What stands beside groups, what is brought from elsewhere, and what changes a group's history
//! as a whole.

use std::collections::BTreeMap;

use hansard_domain::conversation::{ClearGroup, SetUnread};
use hansard_domain::group::{
    AddOutcome, AttributeChange, BanMembers, ChangeAttributes, ChangeCounters, CounterChange,
    ImportMembers, MarkMembers, UnbanMembers,
};
use hansard_domain::message::{ImportGroupMessages, MessageToImport, NotifyGroup, RecallBySender};
use hansard_events::group::{GroupType, Role};
use hansard_types::{Actor, ConversationId, GroupId, Reason, Seq, Timestamp, UserId};

use super::members::{above, at_least};
use super::messages::check;
use super::{Answered, Expected, Group, Heard, Kept, Membership, Model, Said};

fn of_group(group_id: &GroupId) -> ConversationId {
    ConversationId::Group(group_id.clone())
}

impl Model {
    fn bannable(&mut self, group_id: &GroupId, actor: &Actor) -> Result<Group, Reason> {
        let group = self.existing(group_id)?;
        let least = match group.group_type {
            GroupType::Community => return Err(Reason::GroupTypeForbids),
            GroupType::Work => Role::Owner,
            GroupType::Public | GroupType::Meeting | GroupType::AvChatRoom => Role::Admin,
        };
        at_least(group, actor, least)?;
        Ok(group.clone())
    }

    pub(super) fn ban_members(&mut self, actor: &Actor, command: &BanMembers) -> Expected {
        let before = self.bannable(&command.group_id, actor)?;
        let mut group = before.clone();
        for user in &command.accounts {
            self.known(user, Reason::AccountUnknown)?;
            match before.members.get(user).map(|one| one.role) {
                Some(Role::Owner) => return Err(Reason::OwnerStays),
                Some(role) => above(&before, actor, role)?,
                None => {}
            }
            super::groups::leave(&mut group, user);
            group.waiting.remove(user);
            group.banned.insert(user.clone());
        }
        self.groups.insert(command.group_id.clone(), group);
        Ok(Answered::Done)
    }

    pub(super) fn unban_members(&mut self, actor: &Actor, command: &UnbanMembers) -> Expected {
        let mut group = self.bannable(&command.group_id, actor)?;
        group.banned.retain(|user| !command.accounts.contains(user));
        self.groups.insert(command.group_id.clone(), group);
        Ok(Answered::Done)
    }

    pub(super) fn mark_members(&mut self, command: &MarkMembers) -> Expected {
        if self.existing(&command.group_id)?.group_type != GroupType::AvChatRoom {
            return Err(Reason::GroupTypeForbids);
        }
        let users = command.members.iter().map(|(user, _)| user);
        for user in users {
            self.known(user, Reason::AccountUnknown)?;
        }
        let group = self.existing(&command.group_id)?;
        for (user, marks) in &command.members {
            for mark in marks {
                let marked = group.marks.entry(*mark).or_default();
                if command.are_set {
                    marked.insert(user.clone());
                } else {
                    marked.remove(user);
                }
            }
        }
        group.marks.retain(|_, marked| !marked.is_empty());
        Ok(Answered::Done)
    }

    pub(super) fn change_attributes(&mut self, command: &ChangeAttributes) -> Expected {
        let group = self.existing(&command.group_id)?;
        if group.group_type != GroupType::AvChatRoom {
            return Err(Reason::GroupTypeForbids);
        }
        match &command.change {
            AttributeChange::Set(values) => group.attributes.extend(values.clone()),
            AttributeChange::Reset(values) => group.attributes.clone_from(values),
            AttributeChange::Remove(keys) => {
                if !keys.iter().all(|key| group.attributes.contains_key(key)) {
                    return Err(Reason::AttributeUnknown);
                }
                group.attributes.retain(|key, _| !keys.contains(key));
            }
            AttributeChange::Clear => group.attributes.clear(),
        }
        Ok(Answered::Done)
    }

    pub(super) fn change_counters(&mut self, command: &ChangeCounters) -> Expected {
        let group = self.existing(&command.group_id)?;
        if group.group_type == GroupType::Community {
            return Err(Reason::GroupTypeForbids);
        }
        let counters: &mut BTreeMap<String, i64> = &mut group.counters;
        match &command.change {
            CounterChange::Set(values) => counters.extend(values.clone()),
            CounterChange::Add(values) => {
                for (key, more) in values {
                    *counters.entry(key.clone()).or_default() += more;
                }
            }
            CounterChange::Remove(keys) => counters.retain(|key, _| !keys.contains(key)),
        }
        Ok(Answered::Counters(counters.clone()))
    }

    /// Up to where a user must have read for so many to be unread.
    fn before_unread(&self, conversation: &ConversationId, user: &UserId, wanted: u64) -> u64 {
        let Some(talk) = self.talks.get(conversation) else {
            return 0;
        };
        let (mut at, mut found) = (talk.said.len(), 0);
        let gone = usize::try_from(talk.gone).expect("small");
        while at > gone && found < wanted {
            let said = &talk.said[at - 1];
            found += u64::from(said.sender != *user && said.counted && !said.recalled);
            at -= 1;
        }
        at as u64
    }

    pub(super) fn import_members(&mut self, command: &ImportMembers) -> Expected {
        let mut group = self.ordinary(&command.group_id)?.clone();
        let (mut outcomes, mut added) = (Vec::new(), Vec::new());
        for member in &command.members {
            let user = &member.user_id;
            let is_early = |time: &Timestamp| group.created_at.is_none_or(|made| *time < made);
            if member.joined_at.as_ref().is_some_and(is_early) {
                return Err(Reason::GroupTimeInvalid);
            }
            let outcome = if !self.accounts.contains_key(user) {
                AddOutcome::Unknown
            } else if group.members.contains_key(user) {
                AddOutcome::AlreadyMember
            } else {
                group
                    .members
                    .insert(user.clone(), Membership::new(member.role));
                group.waiting.remove(user);
                added.push((user.clone(), member.unread));
                AddOutcome::Added
            };
            outcomes.push((user.clone(), outcome));
        }
        let room = usize::try_from(group.max_members).expect("a number of 64 bits");
        if group.members.len() > room {
            return Err(Reason::GroupFull);
        }
        self.groups.insert(command.group_id.clone(), group);
        for (user, unread) in added {
            self.unread_is(&of_group(&command.group_id), &user, unread);
            self.joined_topics(&command.group_id, &user);
        }
        Ok(Answered::Members(outcomes))
    }

    fn unread_is(&mut self, conversation: &ConversationId, user: &UserId, unread: u64) {
        let read = self.before_unread(conversation, user, unread);
        let talk = self.talks.entry(conversation.clone()).or_default();
        talk.read.insert(user.clone(), read);
        talk.floors.insert(user.clone(), read);
    }

    pub(super) fn set_unread(&mut self, command: &SetUnread) -> Expected {
        let group = self.existing(&command.group_id)?;
        if matches!(group.group_type, GroupType::Meeting | GroupType::AvChatRoom) {
            return Ok(Answered::Done);
        }
        if !group.members.contains_key(&command.reader) {
            return Err(Reason::MemberUnknown);
        }
        let conversation = of_group(&command.group_id);
        if self.unread(&conversation, &command.reader) != command.unread {
            self.unread_is(&conversation, &command.reader, command.unread);
        }
        Ok(Answered::Done)
    }

    pub(super) fn clear_group(&mut self, command: &ClearGroup) -> Expected {
        if self.existing(&command.group_id)?.group_type == GroupType::AvChatRoom {
            return Err(Reason::GroupTypeForbids);
        }
        let conversation = of_group(&command.group_id);
        let last = self.last(&conversation);
        let up_to = command.up_to.map_or(last, |seq| seq.0.min(last));
        let talk = self.talks.entry(conversation).or_default();
        talk.gone = talk.gone.max(up_to);
        Ok(Answered::Done)
    }

    pub(super) fn notify_group(&mut self, command: &NotifyGroup) -> Expected {
        self.place(&command.group_id, command.topic_id.as_ref())?;
        let is_room = self.existing(&command.group_id)?.group_type == GroupType::AvChatRoom;
        if is_room && !command.to.is_empty() {
            return Err(Reason::GroupTypeForbids);
        }
        self.heard.push(Heard::notice(&command.group_id));
        Ok(Answered::Done)
    }

    pub(super) fn recall_by_sender(&mut self, command: &RecallBySender) -> Expected {
        let place = self.place(&command.group_id, command.topic_id.as_ref())?;
        if self.existing(&command.group_id)?.group_type == GroupType::AvChatRoom {
            return Ok(Answered::Done);
        }
        let talk = self.talks.entry(place).or_default();
        let gone = usize::try_from(talk.gone).expect("small");
        for said in talk.said.iter_mut().skip(gone) {
            said.recalled |= said.sender == command.sender && !said.is_notice;
        }
        Ok(Answered::Done)
    }

    pub(super) fn import_group_messages(&mut self, command: &ImportGroupMessages) -> Expected {
        let conversation = self.place(&command.group_id, command.topic_id.as_ref())?;
        let created_at = self.ordinary(&command.group_id)?.created_at;
        let mut results = Vec::new();
        for message in &command.messages {
            results.push(self.import_one(&conversation, created_at, message));
        }
        Ok(Answered::Recalled(results))
    }

    fn import_one(
        &mut self,
        conversation: &ConversationId,
        created_at: Option<Timestamp>,
        message: &MessageToImport,
    ) -> (Seq, Option<Reason>) {
        let talk = self.talks.entry(conversation.clone()).or_default();
        if let Some(seq) = talk.imported.get(&message.import_key) {
            return (Seq(*seq), None);
        }
        // What is said live has a time after everything that is imported.
        let mut said = talk.said.iter().rev().filter(|said| !said.is_notice);
        let last_at = said.next().map(|said| said.sent_at);
        let is_late = |last: Option<Timestamp>| last.is_none_or(|last| message.sent_at <= last);
        let is_early = created_at.is_none_or(|made| message.sent_at < made);
        let refused = if !self.accounts.contains_key(&message.from) {
            Some(Reason::SenderUnknown)
        } else if is_early || last_at.is_some_and(is_late) {
            Some(Reason::MessageTimeInvalid)
        } else {
            check(&message.content).err()
        };
        if refused.is_some() {
            return (Seq(0), refused);
        }
        let talk = self.talks.entry(conversation.clone()).or_default();
        talk.said.push(Said {
            sender: message.from.clone(),
            random: message.random,
            elements: message.content.elements.clone(),
            key: None,
            numbered_by_us: false,
            sent_at: Some(message.sent_at),
            counted: !message.content.no_unread,
            imported: true,
            recalled: false,
            is_notice: false,
            kept: message.content.extensible.then(Kept::default),
        });
        let seq = talk.said.len() as u64;
        talk.imported.insert(message.import_key.clone(), seq);
        talk.everyone = seq;
        for floor in talk.floors.values_mut() {
            *floor = seq;
        }
        (Seq(seq), None)
    }
}
