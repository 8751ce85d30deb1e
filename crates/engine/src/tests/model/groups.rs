//! Groups and who is brought into them.

use std::collections::{BTreeMap, BTreeSet};

use hansard_domain::group::{
    AddMembers, AddOutcome, ChangeGroupProfile, CreateGroup, RemoveMembers,
};
use hansard_events::group::{FirstMember, GroupProfileChange, GroupType, JoinOption, Role};
use hansard_types::{Actor, ConversationId, GroupId, Reason, Timestamp, UserId, limits};

use super::members::{above, acting, at_least};
use super::rights::account;
use super::{Answered, Expected, Group, Membership, Model, Talk};

/// How many members a type allows, and how outsiders and guests come in.
fn defaults(group_type: GroupType) -> (u32, JoinOption, JoinOption) {
    use JoinOption::{Disabled, FreeAccess, NeedPermission};
    let ordinary = limits::GROUP_MEMBERS_MAX;
    match group_type {
        GroupType::Work => (ordinary, Disabled, FreeAccess),
        GroupType::Public => (ordinary, NeedPermission, Disabled),
        GroupType::Meeting => (ordinary, FreeAccess, Disabled),
        GroupType::AvChatRoom => (u32::MAX, FreeAccess, Disabled),
        GroupType::Community => (limits::COMMUNITY_MEMBERS_MAX, FreeAccess, FreeAccess),
    }
}

fn is_over(members: usize, members_max: u32) -> bool {
    members > usize::try_from(members_max).expect("a number of 64 bits")
}

impl Model {
    pub(super) fn existing(&mut self, group_id: &GroupId) -> Result<&mut Group, Reason> {
        let group = self.groups.get_mut(group_id);
        let group = group.filter(|group| !group.dissolved);
        group.ok_or(Reason::GroupUnknown)
    }

    /// A group whose members others add and remove.
    pub(super) fn ordinary(&mut self, group_id: &GroupId) -> Result<&mut Group, Reason> {
        let group = self.existing(group_id)?;
        if group.group_type == GroupType::AvChatRoom {
            return Err(Reason::GroupTypeForbids);
        }
        Ok(group)
    }

    pub(super) fn leave_all_groups(&mut self, user: &UserId) {
        for group in self.groups.values_mut() {
            leave(group, user);
            group.muted.remove(user);
            for topic in group.topics.values_mut() {
                topic.muted.remove(user);
            }
            group.banned.remove(user);
            group.waiting.remove(user);
            unmark(&mut group.marks, user);
        }
    }

    pub(super) fn create_group(&mut self, actor: &Actor, command: &CreateGroup) -> Expected {
        if account(actor).is_some() && command.created_at.is_some() {
            return Err(Reason::NotPermitted);
        }
        let taken = self.groups.get(&command.group_id);
        if let Some(taken) = taken.filter(|group| !group.dissolved) {
            let same = taken.owner.is_some() && taken.owner == command.owner;
            return Err(if same {
                Reason::GroupIdTakenBySameOwner
            } else {
                Reason::GroupIdTaken
            });
        }
        if command.group_type == GroupType::AvChatRoom && !command.members.is_empty() {
            return Err(Reason::GroupTypeForbids);
        }
        let is_community = command.group_type == GroupType::Community;
        if command.profile.supports_topics == Some(true) && !is_community {
            return Err(Reason::GroupTypeForbids);
        }
        let has_admins = command.members.iter().any(|one| one.role == Role::Admin);
        if command.group_type == GroupType::Work && has_admins {
            return Err(Reason::GroupTypeForbids);
        }
        let (members_max, apply, invite) = defaults(command.group_type);
        let profile = &command.profile;
        let mut group = Group {
            group_type: command.group_type,
            name: profile.name.clone().unwrap_or_default(),
            owner: command.owner.clone(),
            introduction: profile.introduction.clone().unwrap_or_default(),
            notification: profile.notification.clone().unwrap_or_default(),
            face_url: profile.face_url.clone().unwrap_or_default(),
            max_members: profile.max_members.unwrap_or(members_max).min(members_max),
            apply_join_option: profile.apply_join_option.unwrap_or(apply),
            invite_join_option: profile.invite_join_option.unwrap_or(invite),
            mute_all: profile.mute_all.unwrap_or(false),
            supports_topics: profile.supports_topics.unwrap_or(false),
            topics: BTreeMap::new(),
            dissolved: false,
            members: command
                .owner
                .iter()
                .map(|owner| (owner.clone(), Membership::new(Role::Owner)))
                .collect(),
            muted: BTreeSet::new(),
            banned: BTreeSet::new(),
            marks: BTreeMap::new(),
            attributes: BTreeMap::new(),
            counters: BTreeMap::new(),
            created_at: command.created_at,
            waiting: BTreeMap::new(),
        };
        for FirstMember { user_id, role, .. } in &command.members {
            let members = &mut group.members;
            members
                .entry(user_id.clone())
                .or_insert(Membership::new(*role));
        }
        for user in group.members.keys() {
            self.known(user, Reason::AccountUnknown)?;
        }
        if is_over(group.members.len(), group.max_members) {
            return Err(Reason::GroupFull);
        }
        self.groups.insert(command.group_id.clone(), group);
        self.made(&command.group_id);
        Ok(Answered::Group(command.group_id.clone()))
    }

    fn was_imported(&self, group_id: &GroupId, imported: Option<&(Timestamp, String)>) -> bool {
        let talk = self.talks.get(&ConversationId::Group(group_id.clone()));
        let known = |(_, key): &(Timestamp, String)| {
            talk.is_some_and(|talk| talk.imported.contains_key(key))
        };
        imported.is_some_and(known)
    }

    fn remember_import(&mut self, group_id: &GroupId, imported: Option<&(Timestamp, String)>) {
        if let Some((_, key)) = imported {
            let conversation = ConversationId::Group(group_id.clone());
            let talk = self.talks.entry(conversation).or_default();
            talk.imported.insert(key.clone(), 0);
        }
    }

    pub(super) fn add_members(&mut self, actor: &Actor, command: &AddMembers) -> Expected {
        let (group_id, imported) = (&command.group_id, command.imported.as_ref());
        if account(actor).is_some() && imported.is_some() {
            return Err(Reason::NotPermitted);
        }
        let mut group = self.ordinary(group_id)?.clone();
        let waits = waits(&group, actor)?;
        if self.was_imported(group_id, imported) {
            return Ok(Answered::Members(Vec::new()));
        }
        let before = group.clone();
        let (mut outcomes, mut added) = (Vec::new(), Vec::new());
        for user in &command.accounts {
            let outcome = if !self.accounts.contains_key(user) {
                AddOutcome::Unknown
            } else if group.members.contains_key(user) {
                AddOutcome::AlreadyMember
            } else if group.banned.contains(user) {
                AddOutcome::Banned
            } else {
                group
                    .members
                    .insert(user.clone(), Membership::new(Role::Member));
                group.waiting.remove(user);
                added.push(user.clone());
                if waits {
                    AddOutcome::Waiting
                } else {
                    AddOutcome::Added
                }
            };
            outcomes.push((user.clone(), outcome));
        }
        let is_known = |(_, one): &(UserId, AddOutcome)| *one != AddOutcome::Unknown;
        if !outcomes.iter().any(is_known) {
            return Err(Reason::AccountUnknown);
        }
        if waits {
            group = before;
            for user in added {
                let invited = (String::new(), account(actor).cloned());
                group.waiting.insert(user, invited);
            }
            self.groups.insert(group_id.clone(), group);
            return Ok(Answered::Members(outcomes));
        }
        if is_over(group.members.len(), group.max_members) {
            return Err(Reason::GroupFull);
        }
        self.groups.insert(group_id.clone(), group);
        let last = self.last(&ConversationId::Group(group_id.clone()));
        for user in added {
            self.joined(group_id, &user, last);
        }
        self.remember_import(group_id, imported);
        Ok(Answered::Members(outcomes))
    }

    /// What was said before is not unread.
    pub(super) fn joined(&mut self, group_id: &GroupId, user: &UserId, after: u64) {
        let conversation = ConversationId::Group(group_id.clone());
        let talk = self.talks.entry(conversation).or_default();
        let everyone = talk.everyone;
        let floor = talk.floors.entry(user.clone()).or_insert(everyone);
        *floor = after.max(*floor);
        self.joined_topics(group_id, user);
    }

    pub(super) fn remove_members(&mut self, actor: &Actor, command: &RemoveMembers) -> Expected {
        let (group_id, imported) = (&command.group_id, command.imported.as_ref());
        if account(actor).is_some() && imported.is_some() {
            return Err(Reason::NotPermitted);
        }
        let mut group = self.ordinary(group_id)?.clone();
        let is_work = group.group_type == GroupType::Work;
        at_least(
            &group,
            actor,
            if is_work { Role::Owner } else { Role::Admin },
        )?;
        if self.was_imported(group_id, imported) {
            return Ok(Answered::Done);
        }
        let before = group.clone();
        for user in &command.accounts {
            let Some(role) = before.members.get(user).map(|one| one.role) else {
                continue;
            };
            if role == Role::Owner && !is_work {
                return Err(Reason::OwnerStays);
            }
            above(&before, actor, role)?;
            leave(&mut group, user);
        }
        self.groups.insert(group_id.clone(), group);
        self.remember_import(group_id, imported);
        Ok(Answered::Done)
    }

    pub(super) fn change_group_profile(
        &mut self,
        actor: &Actor,
        command: &ChangeGroupProfile,
    ) -> Expected {
        let ChangeGroupProfile {
            group_id,
            change,
            shown_as: _,
        } = command;
        let GroupProfileChange {
            name,
            introduction,
            notification,
            face_url,
            max_members,
            apply_join_option,
            invite_join_option,
            mute_all,
            history_before_join,
            supports_topics,
            ..
        } = change;
        let group = self.existing(group_id)?;
        let is_settings = max_members.is_some()
            || apply_join_option.is_some()
            || invite_join_option.is_some()
            || mute_all.is_some()
            || supports_topics.is_some()
            || history_before_join.is_some();
        let is_texts = name.is_some()
            || introduction.is_some()
            || notification.is_some()
            || face_url.is_some();
        let least = match group.group_type {
            GroupType::Work if is_settings => Role::Owner,
            GroupType::Work => Role::Member,
            GroupType::Public | GroupType::Community => Role::Admin,
            GroupType::Meeting | GroupType::AvChatRoom => Role::Owner,
        };
        if is_settings || is_texts {
            at_least(group, actor, least)?;
        }
        match supports_topics {
            Some(_) if group.group_type != GroupType::Community => {
                return Err(Reason::GroupTypeForbids);
            }
            Some(false) if !group.topics.is_empty() => return Err(Reason::TopicsRemain),
            Some(_) | None => {}
        }
        if max_members.is_some_and(|max| is_over(group.members.len(), max)) {
            return Err(Reason::GroupFull);
        }
        let (members_max, ..) = defaults(group.group_type);
        set(&mut group.supports_topics, supports_topics.as_ref());
        set(&mut group.name, name.as_ref());
        set(&mut group.introduction, introduction.as_ref());
        set(&mut group.notification, notification.as_ref());
        set(&mut group.face_url, face_url.as_ref());
        let max_members = max_members.map(|max| max.min(members_max));
        set(&mut group.max_members, max_members.as_ref());
        set(&mut group.apply_join_option, apply_join_option.as_ref());
        set(&mut group.invite_join_option, invite_join_option.as_ref());
        set(&mut group.mute_all, mute_all.as_ref());
        Ok(Answered::Done)
    }

    pub(super) fn dissolve_group(&mut self, actor: &Actor, group_id: &GroupId) -> Expected {
        let group = self.existing(group_id)?;
        if group.group_type == GroupType::Work && account(actor).is_some() {
            return Err(Reason::GroupRoleForbids);
        }
        at_least(group, actor, Role::Owner)?;
        group.dissolved = true;
        group.members.clear();
        group.muted.clear();
        group.banned.clear();
        group.attributes.clear();
        group.marks.clear();
        group.counters.clear();
        group.waiting.clear();
        group.topics.clear();
        self.topics_are_gone(group_id, |_| true);
        // Whoever has its id next begins with nothing.
        let conversation = ConversationId::Group(group_id.clone());
        self.talks.insert(conversation, Talk::default());
        Ok(Answered::Done)
    }
}

/// A mark that nobody has is none.
fn unmark(marks: &mut BTreeMap<u32, BTreeSet<UserId>>, user: &UserId) {
    for marked in marks.values_mut() {
        marked.remove(user);
    }
    marks.retain(|_, marked| !marked.is_empty());
}

fn set<T: Clone>(old: &mut T, new: Option<&T>) {
    if let Some(new) = new {
        old.clone_from(new);
    }
}

pub(super) fn leave(group: &mut Group, user: &UserId) {
    let member = group.members.remove(user);
    if member.is_some_and(|member| member.role == Role::Owner) {
        group.owner = None;
    }
}

/// Whether those whom the actor brings wait, or are not taken at all.
fn waits(group: &Group, actor: &Actor) -> Result<bool, Reason> {
    if account(actor).is_none() {
        return Ok(false);
    }
    at_least(group, actor, Role::Member)?;
    match group.invite_join_option {
        JoinOption::Disabled => Err(Reason::InvitationsRefused),
        JoinOption::FreeAccess => Ok(false),
        JoinOption::NeedPermission => Ok(acting(group, actor) < Some(Role::Admin)),
    }
}
