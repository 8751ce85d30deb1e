//! What members do, and what is done to them.

use hansard_domain::account::MuteFor;
use hansard_domain::group::{
    AddOutcome, AnswerJoinRequest, ChangeMember, ChangeOwner, JoinGroup, MuteMembers, QuitGroup,
};
use hansard_events::group::{GroupType, JoinOption, Role};
use hansard_types::{Actor, ConversationId, GroupId, Reason, UserId};

use super::rights::account;
use super::{Answered, Expected, Group, Membership, Model};

/// The role of an account that acts for itself; an administrator of the app has the highest.
pub(super) fn acting(group: &Group, actor: &Actor) -> Option<Role> {
    match account(actor) {
        Some(user) => group.members.get(user).map(|one| one.role),
        None => Some(Role::Owner),
    }
}

/// Refuses whose role is below another; an administrator of the app is never.
pub(super) fn at_least(group: &Group, actor: &Actor, least: Role) -> Result<(), Reason> {
    if acting(group, actor) < Some(least) {
        return Err(Reason::GroupRoleForbids);
    }
    Ok(())
}

/// Refuses an account that acts on one that is not below it.
pub(super) fn above(group: &Group, actor: &Actor, on: Role) -> Result<(), Reason> {
    if account(actor).is_some() && acting(group, actor) <= Some(on) {
        return Err(Reason::GroupRoleForbids);
    }
    Ok(())
}

impl Model {
    pub(super) fn quit_group(&mut self, command: &QuitGroup) -> Expected {
        let group = self.ordinary(&command.group_id)?;
        let role = group.members.get(&command.user).map(|one| one.role);
        if role == Some(Role::Owner) && group.group_type != GroupType::Work {
            return Err(Reason::OwnerStays);
        }
        super::groups::leave(group, &command.user);
        Ok(Answered::Done)
    }

    pub(super) fn join_group(&mut self, command: &JoinGroup) -> Expected {
        let JoinGroup {
            group_id,
            user,
            reason,
        } = command;
        self.known(user, Reason::AccountUnknown)?;
        let group = self.ordinary(group_id)?;
        let option = match group.group_type {
            GroupType::Work => return Err(Reason::GroupTypeForbids),
            GroupType::Community => JoinOption::FreeAccess,
            GroupType::Public | GroupType::Meeting | GroupType::AvChatRoom => {
                group.apply_join_option
            }
        };
        if group.members.contains_key(user) {
            return Ok(Answered::Member(AddOutcome::AlreadyMember));
        }
        if group.banned.contains(user) {
            return Err(Reason::MemberBanned);
        }
        match option {
            JoinOption::Disabled => Err(Reason::JoinRequestsRefused),
            JoinOption::NeedPermission => {
                let waits = group.waiting.get(user);
                let is_same = waits.is_some_and(|(before, _)| before == reason);
                if !is_same {
                    group.waiting.insert(user.clone(), (reason.clone(), None));
                }
                Ok(Answered::Member(AddOutcome::Waiting))
            }
            JoinOption::FreeAccess => {
                self.let_in(group_id, user)?;
                Ok(Answered::Member(AddOutcome::Added))
            }
        }
    }

    pub(super) fn answer_join_request(
        &mut self,
        actor: &Actor,
        command: &AnswerJoinRequest,
    ) -> Expected {
        let AnswerJoinRequest {
            group_id,
            user,
            accept,
            reason: _,
        } = command;
        let group = self.existing(group_id)?;
        at_least(group, actor, Role::Admin)?;
        if !group.waiting.contains_key(user) {
            return Err(Reason::JoinRequestUnknown);
        }
        if *accept && group.banned.contains(user) {
            return Err(Reason::MemberBanned);
        }
        if *accept {
            self.let_in(group_id, user)?;
        } else {
            group.waiting.remove(user);
        }
        Ok(Answered::Done)
    }

    fn let_in(&mut self, group_id: &GroupId, user: &UserId) -> Result<(), Reason> {
        let group = self.existing(group_id)?;
        let room = usize::try_from(group.max_members).expect("a number of 64 bits");
        if group.members.len() >= room {
            return Err(Reason::GroupFull);
        }
        group.waiting.remove(user);
        let member = Membership::new(Role::Member);
        group.members.insert(user.clone(), member);
        let last = self.last(&ConversationId::Group(group_id.clone()));
        self.joined(group_id, user, last);
        Ok(())
    }

    pub(super) fn change_member(&mut self, actor: &Actor, command: &ChangeMember) -> Expected {
        let ChangeMember {
            group_id,
            user_id,
            change,
        } = command;
        let group = self.existing(group_id)?;
        let Some(member) = group.members.get(user_id).cloned() else {
            return Err(Reason::MemberUnknown);
        };
        let is_own = account(actor) == Some(user_id);
        if let Some(role) = change.role {
            if matches!(group.group_type, GroupType::Work | GroupType::AvChatRoom) {
                return Err(Reason::GroupTypeForbids);
            }
            at_least(group, actor, Role::Owner)?;
            if member.role == Role::Owner || role == Role::Owner {
                return Err(Reason::OwnerStays);
            }
        }
        if change.name_card.is_some() && !is_own {
            at_least(group, actor, Role::Admin)?;
            above(group, actor, member.role)?;
        }
        if change.receive.is_some() && !is_own && account(actor).is_some() {
            return Err(Reason::GroupRoleForbids);
        }
        let member = Membership {
            role: change.role.unwrap_or(member.role),
            name_card: change.name_card.clone().unwrap_or(member.name_card),
            receive: change.receive.or(member.receive),
        };
        group.members.insert(user_id.clone(), member);
        Ok(Answered::Done)
    }

    pub(super) fn mute_members(&mut self, actor: &Actor, command: &MuteMembers) -> Expected {
        let group = self.existing(&command.group_id)?;
        if group.group_type == GroupType::Work {
            return Err(Reason::GroupTypeForbids);
        }
        at_least(group, actor, Role::Admin)?;
        let mut group = group.clone();
        self.place(&command.group_id, command.topic_id.as_ref())?;
        for user in &command.accounts {
            self.known(user, Reason::AccountUnknown)?;
            match group.members.get(user).map(|one| one.role) {
                Some(Role::Owner) => return Err(Reason::GroupRoleForbids),
                Some(role) => above(&group, actor, role)?,
                None => {}
            }
            let topic = command.topic_id.as_ref();
            let muted = match topic.and_then(|topic| group.topics.get_mut(topic)) {
                Some(topic) => &mut topic.muted,
                None => &mut group.muted,
            };
            match command.mute {
                MuteFor::Seconds(0) => muted.remove(user),
                MuteFor::Seconds(_) | MuteFor::Good => muted.insert(user.clone()),
            };
        }
        self.groups.insert(command.group_id.clone(), group);
        Ok(Answered::Done)
    }

    pub(super) fn change_owner(&mut self, actor: &Actor, command: &ChangeOwner) -> Expected {
        let group = self.existing(&command.group_id)?;
        if group.group_type == GroupType::AvChatRoom {
            return Err(Reason::GroupTypeForbids);
        }
        at_least(group, actor, Role::Owner)?;
        if !group.members.contains_key(&command.owner) {
            return Err(Reason::MemberUnknown);
        }
        let former = group.owner.replace(command.owner.clone());
        for (user, role) in [
            (former.as_ref(), Role::Member),
            (Some(&command.owner), Role::Owner),
        ] {
            if let Some(member) = user.and_then(|user| group.members.get_mut(user)) {
                member.role = role;
            }
        }
        Ok(Answered::Done)
    }
}
