use std::num::NonZeroU32;

use hansard_events::message::{Mention, MessageSent};
use hansard_types::{ConversationId, GroupId, Reason, Timestamp, TopicId, UserId};

use super::voice::Voice;
use super::{Content, delivered, next_seq, plain, sent};
use crate::group::rules::{TypeRules, rules};
use crate::group::{existing, topic_in};
use crate::view::{Group, Sent};
use crate::{Context, Decided, Decision, GroupSend, Halt, View};

/// Sends a message to a group. What the server API sends may be in the name of any account: only
/// one that sends itself must be a member. A retry is the same sender, random number and content
/// within minutes.
#[derive(Debug, Clone)]
pub struct SendGroup {
    pub group_id: GroupId,
    /// Absent: the group itself.
    pub topic_id: Option<TopicId>,
    pub from: UserId,
    pub content: Content,
    pub random: u32,
    /// 1 high, 2 normal, 3 low, 4 lowest.
    pub priority: u8,
    pub mentions: Vec<Mention>,
    /// Who besides the sender may read it; empty: whoever may read the group.
    pub targets: Vec<UserId>,
    /// For those who are there, and not stored.
    pub online_only: bool,
    /// Whoever reads it is to confirm that.
    pub wants_receipts: bool,
    /// The group is a live room: this is decided in the live partition. The desk knows.
    pub live: bool,
    /// How many messages the app lets the group have in a second; absent: any number. The desk knows.
    pub per_second: Option<NonZeroU32>,
}

impl SendGroup {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided<GroupSend> {
        let now = context.now;
        self.content.check()?;
        let group = existing(view, &self.group_id)?;
        let rules = rules(group.group_type);
        if self.live == rules.has_roster {
            // A group of another type has the id now.
            return Err(Reason::GroupTypeForbids.into());
        }
        let sender = view.account(&self.from)?.ok_or(Reason::SenderUnknown)?;
        let topic = self.topic_id.as_ref();
        let conversation = ConversationId::in_group(&self.group_id, topic);
        let topic = topic.map(|topic| topic_in(view, &self.group_id, topic));
        let topic = topic.transpose()?;
        if let Some(first) = self.first(view, &conversation, &group, now)? {
            return Ok(Decision::nothing(GroupSend::Sent(sent(first, true))));
        }
        if sender.mutes.group > now {
            return Err(Reason::SenderMuted.into());
        }
        let voice = Voice {
            from: &self.from,
            group_id: &self.group_id,
            group: &group,
            topic: topic.as_ref(),
            live: self.live,
        };
        voice.check(view, context)?;
        self.check_targets(view, rules)?;
        if self.wants_receipts && !rules.has_receipts {
            return Err(Reason::GroupTypeForbids.into());
        }
        if self.wants_receipts && self.online_only {
            return Err(Reason::ReceiptsNeedStored.into());
        }
        let receipts_of = self
            .wants_receipts
            .then(|| self.readers(view, &group))
            .transpose()?;
        if let Some(most) = self.per_second
            && !view.admits(&self.group_id, self.priority, most.get(), now)
        {
            return Ok(Decision::nothing(GroupSend::Dropped { at: now }));
        }
        let seq = if self.live && !self.online_only {
            view.next_sequence()
        } else {
            next_seq(view, &conversation, self.online_only)?
        };
        let message = MessageSent {
            seq,
            sent_at: now,
            priority: Some(self.priority),
            mentions: self.mentions.clone(),
            targets: self.targets.clone(),
            receipts_of,
            room: self.room(&group),
            // What some see only is unread to nobody.
            no_unread: self.content.no_unread || !self.targets.is_empty(),
            ..plain(conversation, &self.from, &self.content, self.random)
        };
        let reply = GroupSend::Sent(sent(Sent { seq, sent_at: now }, false));
        Ok(delivered(message, self.online_only, reply))
    }
}

impl SendGroup {
    /// How many can read it besides its sender.
    fn readers(&self, view: &dyn View, group: &Group) -> Result<u32, Halt> {
        if self.targets.is_empty() {
            let is_member = view.member(&self.group_id, &self.from)?.is_some();
            return Ok(group.member_count.saturating_sub(u32::from(is_member)));
        }
        let mut readers = 0;
        for target in &self.targets {
            let reads = *target != self.from && view.member(&self.group_id, target)?.is_some();
            readers += u32::from(reads);
        }
        Ok(readers)
    }

    fn room(&self, group: &Group) -> Option<u64> {
        self.live.then_some(group.made)
    }

    fn check_targets(&self, view: &dyn View, rules: &TypeRules) -> Result<(), Halt> {
        if self.targets.is_empty() {
            return Ok(());
        }
        if !rules.takes_targets {
            return Err(Reason::GroupTypeForbids.into());
        }
        for target in &self.targets {
            view.account(target)?.ok_or(Reason::AccountUnknown)?;
        }
        Ok(())
    }

    /// The message that this one says again.
    fn first(
        &self,
        view: &dyn View,
        conversation: &ConversationId,
        group: &Group,
        now: Timestamp,
    ) -> Result<Option<Sent>, Halt> {
        let content = self.content.digest().to(&self.targets);
        let content = content.in_room(self.room(group));
        let recent = view.recent_message(conversation, &self.from, self.random, content, now)?;
        let Some(recent) = recent else {
            return Ok(None);
        };
        // What was said in a dissolved group is not said in the one that has its id now: of a live
        // room its digest says so.
        if self.live {
            return Ok(Some(recent));
        }
        let stored = view.message(conversation, recent.seq)?;
        let is_there = stored
            .is_some_and(|stored| stored.sender == self.from && stored.sent_at == recent.sent_at);
        Ok(is_there.then_some(recent))
    }
}
