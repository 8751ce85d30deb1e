//! Groups and their members.

mod add_members;
mod answer_join_request;
mod appoint_admins;
mod ban_members;
mod change_attributes;
mod change_counters;
mod change_group_profile;
mod change_member;
mod change_owner;
mod change_topic;
mod create_group;
mod create_topic;
mod destroy_topics;
mod dissolve_group;
mod fields;
mod import_members;
mod join_group;
mod mark_members;
mod mute_members;
mod notices;
mod quit_group;
mod remove_members;
pub mod rules;

pub use add_members::{AddMembers, AddOutcome};
pub use answer_join_request::AnswerJoinRequest;
pub use appoint_admins::AppointAdmins;
pub use ban_members::{BanMembers, UnbanMembers};
pub use change_attributes::{AttributeChange, ChangeAttributes};
pub use change_counters::{ChangeCounters, CounterChange};
pub use change_group_profile::ChangeGroupProfile;
pub use change_member::ChangeMember;
pub use change_owner::ChangeOwner;
pub use change_topic::ChangeTopic;
pub use create_group::CreateGroup;
pub use create_topic::CreateTopic;
pub use destroy_topics::DestroyTopics;
pub use dissolve_group::DissolveGroup;
pub use fields::rank_of;
pub use import_members::{ImportMembers, MemberToImport};
pub use join_group::JoinGroup;
pub use mark_members::MarkMembers;
pub use mute_members::MuteMembers;
pub use quit_group::QuitGroup;
pub use remove_members::RemoveMembers;

use std::collections::BTreeMap;

use hansard_events::group::GroupType;
use hansard_types::{ConversationId, GroupId, Reason, Timestamp, TopicId, UserId};

use crate::view::{Group, Topic};
use crate::{Context, Halt, View};

/// A group that exists and is not dissolved.
pub(crate) fn existing(view: &dyn View, group_id: &GroupId) -> Result<Group, Halt> {
    let group = view.group(group_id)?.filter(|group| !group.dissolved);
    group.ok_or_else(|| Reason::GroupUnknown.into())
}

/// A group that exists, for whoever may make and change its topics.
fn where_topics_are_made(
    view: &dyn View,
    context: &Context<'_>,
    group_id: &GroupId,
) -> Result<Group, Halt> {
    let group = existing(view, group_id)?;
    let makes_topics = rules::rules(group.group_type).makes_topics;
    rules::check(makes_topics, view, context, group_id)?;
    Ok(group)
}

/// In whose name something is shown must be an account.
fn check_shown(view: &dyn View, shown_as: Option<&UserId>) -> Result<(), Halt> {
    if let Some(shown) = shown_as {
        view.account(shown)?.ok_or(Reason::AccountUnknown)?;
    }
    Ok(())
}

/// A topic that there is in a group.
pub(crate) fn topic_in(
    view: &dyn View,
    group_id: &GroupId,
    topic_id: &TopicId,
) -> Result<Topic, Halt> {
    let topic = view.topic(group_id, topic_id)?;
    topic.ok_or_else(|| Reason::TopicUnknown.into())
}

/// Where something is said in a group that exists: in a topic that there is, or in the group itself.
pub(crate) fn place_in(
    view: &dyn View,
    group_id: &GroupId,
    topic_id: Option<&TopicId>,
) -> Result<(Group, ConversationId), Halt> {
    let group = existing(view, group_id)?;
    if let Some(topic_id) = topic_id {
        topic_in(view, group_id, topic_id)?;
    }
    Ok((group, ConversationId::in_group(group_id, topic_id)))
}

fn imported_before(
    view: &dyn View,
    group_id: &GroupId,
    imported: Option<&(Timestamp, String)>,
) -> Result<bool, Halt> {
    let Some((_, key)) = imported else {
        return Ok(false);
    };
    Ok(view
        .imported(&ConversationId::Group(group_id.clone()), key)?
        .is_some())
}

/// Whether an account is kept out of a group now.
pub(crate) fn is_banned(
    view: &dyn View,
    group: &Group,
    context: &Context<'_>,
    group_id: &GroupId,
    user: &UserId,
) -> Result<bool, Halt> {
    Ok(group.bans_until > context.now && view.group_ban(group_id, user)? > context.now)
}

/// What makes `after` of `before`: the values that are new, and the keys that are gone.
fn difference<V: Clone + PartialEq>(
    before: &BTreeMap<String, V>,
    after: &BTreeMap<String, V>,
) -> (BTreeMap<String, V>, Vec<String>) {
    let is_new = |(key, value): &(&String, &V)| before.get(*key) != Some(*value);
    let new = after.iter().filter(is_new);
    let gone = before.keys().filter(|key| !after.contains_key(*key));
    let new = new.map(|(key, value)| (key.clone(), value.clone()));
    (new.collect(), gone.cloned().collect())
}

/// An account has no past to bring.
fn check_import(context: &Context<'_>, is_import: bool) -> Result<(), Reason> {
    if is_import && context.is_account() {
        return Err(Reason::NotPermitted);
    }
    Ok(())
}

/// The most members that a group of a type can be given room for, as the app has it.
fn members_max(view: &dyn View, group_type: GroupType) -> Result<u32, Halt> {
    let rules = rules::rules(group_type);
    let by_type = rules.members_max;
    if !rules.has_roster || group_type == GroupType::Community {
        return Ok(by_type);
    }
    let of_app = view.own_app()?.map_or(0, |app| app.group_limits.members);
    Ok(if of_app == 0 {
        by_type
    } else {
        by_type.min(of_app)
    })
}

/// Refuses more members than the group has room for.
fn check_room(group: &Group, more: usize) -> Result<(), Reason> {
    let more = u32::try_from(more).unwrap_or(u32::MAX);
    if group.member_count.saturating_add(more) > group.profile.max_members {
        return Err(Reason::GroupFull);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
