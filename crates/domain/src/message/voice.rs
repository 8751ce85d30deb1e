//! Who may speak where: the one place of the rule, for what is sent and for what is edited.

use hansard_events::group::Role;
use hansard_types::{ConversationId, GroupId, Reason, UserId};

use crate::group::{existing, topic_in};
use crate::view::{Group, Topic};
use crate::{Context, Halt, View};

/// Who speaks in a group, or in one of its topics.
pub(super) struct Voice<'a> {
    pub(super) from: &'a UserId,
    pub(super) group_id: &'a GroupId,
    pub(super) group: &'a Group,
    pub(super) topic: Option<&'a Topic>,
    /// It is a live room: who is in it need not be a member.
    pub(super) live: bool,
}

impl Voice<'_> {
    /// Who is muted in the group, or in the topic, may not speak; where all are, its administrators
    /// may. An account must be there.
    pub(super) fn check(&self, view: &dyn View, context: &Context<'_>) -> Result<(), Halt> {
        let (group_id, from, group, now) = (self.group_id, self.from, self.group, context.now);
        if group.mutes_until > now {
            let of_topic = self
                .topic
                .map(|topic| view.topic_mute(group_id, topic.made, from));
            let until = view.group_mute(group_id, from)?;
            if until.max(of_topic.transpose()?.unwrap_or_default()) > now {
                return Err(Reason::MutedInGroup.into());
            }
        }
        let of_topic = self.topic.is_some_and(|topic| topic.profile.mute_all);
        let mute_all = group.profile.mute_all || of_topic;
        if !context.is_account() && !mute_all {
            return Ok(());
        }
        let member = view.member(group_id, from)?;
        if context.is_account() && member.is_none() && !self.is_visitor(view, context)? {
            return Err(Reason::MemberUnknown.into());
        }
        if mute_all && member.is_none_or(|member| member.profile.role < Role::Admin) {
            return Err(Reason::GroupMuted.into());
        }
        Ok(())
    }

    fn is_visitor(&self, view: &dyn View, context: &Context<'_>) -> Result<bool, Halt> {
        let room = (self.group_id, self.group.made);
        Ok(self.live && view.is_visitor(room, self.from, context.now)?)
    }
}

/// An account that makes a message say something else speaks: where it may not speak it may not do
/// that either.
pub(super) fn check_editor(
    view: &dyn View,
    context: &Context<'_>,
    conversation: &ConversationId,
) -> Result<(), Halt> {
    let Some(from) = context.account() else {
        return Ok(());
    };
    let mutes = view.account(from)?.ok_or(Reason::SenderUnknown)?.mutes;
    let (group_id, topic) = match conversation {
        ConversationId::Group(group_id) => (group_id, None),
        ConversationId::Topic(group_id, topic) => {
            (group_id, Some(topic_in(view, group_id, topic)?))
        }
        ConversationId::C2c(..) => {
            let peer = conversation.peer_of(from).ok_or(Reason::MessageUnknown)?;
            if mutes.c2c > context.now {
                return Err(Reason::SenderMuted.into());
            }
            if view.blocks(peer, from)? {
                return Err(Reason::SenderBlocked.into());
            }
            return Ok(());
        }
    };
    if mutes.group > context.now {
        return Err(Reason::SenderMuted.into());
    }
    let group = existing(view, group_id)?;
    let voice = Voice {
        from,
        group_id,
        group: &group,
        topic: topic.as_ref(),
        live: false,
    };
    voice.check(view, context)
}
