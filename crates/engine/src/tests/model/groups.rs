//! Groups and their members.

use hansard_domain::group::{
    AddMembers, AddOutcome, ChangeGroupProfile, CreateGroup, RemoveMembers,
};
use hansard_events::group::{FirstMember, GroupProfileChange, GroupType, JoinOption, Role};
use hansard_types::{ConversationId, GroupId, Reason, Timestamp, UserId, limits};

use super::{Answered, Expected, Group, Model, Talk};

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
    fn ordinary(&mut self, group_id: &GroupId) -> Result<&mut Group, Reason> {
        let group = self.existing(group_id)?;
        if group.group_type == GroupType::AvChatRoom {
            return Err(Reason::GroupTypeForbids);
        }
        Ok(group)
    }

    pub(super) fn leave_all_groups(&mut self, user: &UserId) {
        for group in self.groups.values_mut() {
            leave(group, user);
        }
    }

    pub(super) fn create_group(&mut self, command: &CreateGroup) -> Expected {
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
            dissolved: false,
            members: command
                .owner
                .iter()
                .map(|owner| (owner.clone(), Role::Owner))
                .collect(),
        };
        for FirstMember { user_id, role } in &command.members {
            group.members.entry(user_id.clone()).or_insert(*role);
        }
        for user in group.members.keys() {
            self.known(user, Reason::AccountUnknown)?;
        }
        if is_over(group.members.len(), group.max_members) {
            return Err(Reason::GroupFull);
        }
        self.groups.insert(command.group_id.clone(), group);
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

    pub(super) fn add_members(&mut self, command: &AddMembers) -> Expected {
        let (group_id, imported) = (&command.group_id, command.imported.as_ref());
        let mut group = self.ordinary(group_id)?.clone();
        if self.was_imported(group_id, imported) {
            return Ok(Answered::Members(Vec::new()));
        }
        let (mut outcomes, mut added) = (Vec::new(), Vec::new());
        for user in &command.accounts {
            let outcome = if !self.accounts.contains_key(user) {
                AddOutcome::Unknown
            } else if group.members.contains_key(user) {
                AddOutcome::AlreadyMember
            } else {
                group.members.insert(user.clone(), Role::Member);
                added.push(user.clone());
                AddOutcome::Added
            };
            outcomes.push((user.clone(), outcome));
        }
        let is_known = |(_, one): &(UserId, AddOutcome)| *one != AddOutcome::Unknown;
        if !outcomes.iter().any(is_known) {
            return Err(Reason::AccountUnknown);
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
        talk.joined_at.insert(user.clone(), after);
    }

    pub(super) fn remove_members(&mut self, command: &RemoveMembers) -> Expected {
        let (group_id, imported) = (&command.group_id, command.imported.as_ref());
        let mut group = self.ordinary(group_id)?.clone();
        if self.was_imported(group_id, imported) {
            return Ok(Answered::Done);
        }
        for user in &command.accounts {
            let is_owner = group.members.get(user) == Some(&Role::Owner);
            if is_owner && group.group_type != GroupType::Work {
                return Err(Reason::OwnerStays);
            }
            leave(&mut group, user);
        }
        self.groups.insert(group_id.clone(), group);
        self.remember_import(group_id, imported);
        Ok(Answered::Done)
    }

    pub(super) fn change_group_profile(&mut self, command: &ChangeGroupProfile) -> Expected {
        let ChangeGroupProfile { group_id, change } = command;
        let GroupProfileChange {
            name,
            introduction,
            notification,
            face_url,
            max_members,
            apply_join_option,
            invite_join_option,
            mute_all,
        } = change;
        let group = self.existing(group_id)?;
        if max_members.is_some_and(|max| is_over(group.members.len(), max)) {
            return Err(Reason::GroupFull);
        }
        let (members_max, ..) = defaults(group.group_type);
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

    pub(super) fn dissolve_group(&mut self, group_id: &GroupId) -> Expected {
        let group = self.existing(group_id)?;
        group.dissolved = true;
        group.members.clear();
        // Whoever has its id next begins with nothing.
        let conversation = ConversationId::Group(group_id.clone());
        self.talks.insert(conversation, Talk::default());
        Ok(Answered::Done)
    }
}

fn set<T: Clone>(old: &mut T, new: Option<&T>) {
    if let Some(new) = new {
        old.clone_from(new);
    }
}

fn leave(group: &mut Group, user: &UserId) {
    if group.members.remove(user) == Some(Role::Owner) {
        group.owner = None;
    }
}
