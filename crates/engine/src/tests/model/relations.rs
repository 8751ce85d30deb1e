//! Who knows whom.

use std::collections::BTreeMap;

use hansard_domain::relation::{
    AddFriend, AddFriendGroups, AnswerRequest, ClearFriends, DeleteFriend, DeleteFriendGroups,
    ImportFriend, JoinFriendGroup, LeaveFriendGroup, RenameFriendGroup, UpdateFriend,
};
use hansard_events::account::ProfileValue;
use hansard_events::app::Party;
use hansard_events::relation::FriendDetails;
use hansard_types::{Actor, Reason, UserId, profile};

use super::apps::check_custom;
use super::rights::{is_account, party};
use super::{Answered, Expected, Model, Request};

fn pair(one: &UserId, other: &UserId) -> (UserId, UserId) {
    (one.clone(), other.clone())
}

impl Model {
    fn is_friend(&self, user: &UserId, other: &UserId) -> bool {
        self.friends.contains_key(&pair(user, other))
    }

    pub(super) fn blocks(&self, user: &UserId, other: &UserId) -> bool {
        self.blocks.contains(&pair(user, other))
    }

    fn two(&self, one: &UserId, other: &UserId) -> Result<(), Reason> {
        if one == other {
            return Err(Reason::RelationWithSelf);
        }
        self.known(one, Reason::AccountUnknown)?;
        self.known(other, Reason::AccountUnknown)?;
        Ok(())
    }

    fn no_block(&self, from: &UserId, to: &UserId) -> Result<(), Reason> {
        if self.blocks(from, to) {
            return Err(Reason::BlockedByYou);
        }
        if self.blocks(to, from) {
            return Err(Reason::BlockedByThem);
        }
        Ok(())
    }

    fn check_customs(&self, custom: &BTreeMap<String, String>, by: Party) -> Result<(), Reason> {
        let declared = &self.own_app().friend_fields;
        for (name, value) in custom {
            let value = ProfileValue::Text(value.clone());
            check_custom(declared, name, &value, by, Reason::RelationValueInvalid)?;
        }
        Ok(())
    }

    fn profile_text(&self, user: &UserId, tag: &str) -> &str {
        let value = self.accounts.get(user).and_then(|it| it.profile.get(tag));
        match value {
            Some(ProfileValue::Text(text)) => text,
            Some(ProfileValue::Number(_)) | None => "",
        }
    }

    fn note_groups(&mut self, user: &UserId, groups: &[String]) {
        if groups.is_empty() {
            return;
        }
        let known = self.friend_groups.entry(user.clone()).or_default();
        for group in groups {
            if !known.contains(group) {
                known.push(group.clone());
            }
        }
    }

    fn has_group(&self, user: &UserId, group: &String) -> bool {
        let known = self.friend_groups.get(user);
        known.is_some_and(|groups| groups.contains(group))
    }

    /// What is kept about a friend who is there already stays.
    fn put(&mut self, user: &UserId, other: &UserId, details: FriendDetails) {
        if !self.is_friend(user, other) {
            self.note_groups(user, &details.groups);
            self.friends.insert(pair(user, other), details);
        }
    }

    fn befriend(
        &mut self,
        (from, to): (&UserId, &UserId),
        details: &FriendDetails,
        both: bool,
        remark_of_to: &str,
    ) {
        self.put(from, to, details.clone());
        if both {
            let theirs = FriendDetails {
                source: details.source.clone(),
                remark: remark_of_to.to_owned(),
                ..FriendDetails::default()
            };
            self.put(to, from, theirs);
        }
        self.requests.remove(&pair(to, from));
        self.requests.remove(&pair(from, to));
    }

    pub(super) fn forget_relations(&mut self, user: &UserId) {
        let other = |(one, two): &(UserId, UserId)| one != user && two != user;
        self.friends.retain(|pair, _| other(pair));
        self.requests.retain(|pair, _| other(pair));
        self.blocks.retain(other);
        self.friend_groups.remove(user);
    }

    pub(super) fn add_friend(&mut self, actor: &Actor, command: &AddFriend) -> Expected {
        let AddFriend {
            from,
            to,
            details,
            both,
            forced,
        } = command;
        if *forced && is_account(actor) {
            return Err(Reason::NotPermitted);
        }
        self.check_customs(&details.custom, party(actor))?;
        self.two(from, to)?;
        if self.is_friend(from, to) && (!both || self.is_friend(to, from)) {
            return Err(Reason::AlreadyFriends);
        }
        self.no_block(from, to)?;
        let forbidden = self.profile_text(from, profile::ADMIN_FORBID_TYPE);
        if !forced && forbidden == "AdminForbid_Type_SendOut" {
            return Err(Reason::FriendRequestsForbidden);
        }
        match self.profile_text(to, profile::ALLOW_TYPE) {
            "AllowType_Type_DenyAny" if !forced => Err(Reason::FriendRequestsRefused),
            "AllowType_Type_NeedConfirm" if !forced => {
                let request = Request {
                    details: details.clone(),
                    both: *both,
                };
                self.requests.insert(pair(to, from), request);
                Ok(Answered::Requested)
            }
            _ => {
                self.befriend((from, to), details, *both, "");
                Ok(Answered::Done)
            }
        }
    }

    pub(super) fn import_friend(&mut self, command: &ImportFriend) -> Expected {
        let (from, to) = (&command.from, &command.to);
        self.check_customs(&command.details.custom, Party::Admin)?;
        self.two(from, to)?;
        if let Some(friend) = self.friends.get_mut(&pair(from, to)) {
            let FriendDetails {
                source: _,
                remark,
                wording: _,
                groups,
                custom,
            } = &command.details;
            change(friend, Some(remark), Some(groups), custom);
            self.note_groups(from, groups);
            return Ok(Answered::Done);
        }
        self.no_block(from, to)?;
        self.befriend((from, to), &command.details, false, "");
        Ok(Answered::Done)
    }

    pub(super) fn update_friend(&mut self, actor: &Actor, command: &UpdateFriend) -> Expected {
        let UpdateFriend {
            from,
            to,
            remark,
            groups,
            custom,
        } = command;
        self.check_customs(custom, party(actor))?;
        let friend = self.friends.get_mut(&pair(from, to));
        let friend = friend.ok_or(Reason::FriendUnknown)?;
        change(friend, remark.as_ref(), groups.as_ref(), custom);
        self.note_groups(from, groups.as_deref().unwrap_or_default());
        Ok(Answered::Done)
    }

    pub(super) fn delete_friend(&mut self, command: &DeleteFriend) -> Expected {
        let DeleteFriend { from, to, both } = command;
        self.two(from, to)?;
        let mut is_gone = self.friends.remove(&pair(from, to)).is_some();
        if *both {
            is_gone |= self.friends.remove(&pair(to, from)).is_some();
        }
        if is_gone {
            Ok(Answered::Done)
        } else {
            Err(Reason::FriendUnknown)
        }
    }

    pub(super) fn clear_friends(&mut self, command: &ClearFriends) -> Expected {
        let ClearFriends { user, both } = command;
        self.known(user, Reason::AccountUnknown)?;
        self.friends
            .retain(|(one, other), _| one != user && !(*both && other == user));
        Ok(Answered::Done)
    }

    pub(super) fn answer_request(&mut self, command: &AnswerRequest) -> Expected {
        let (by, from) = (&command.by, &command.from);
        let request = self.requests.remove(&pair(by, from));
        let Request { details, both } = request.ok_or(Reason::FriendRequestUnknown)?;
        if command.accept {
            self.befriend((from, by), &details, both, &command.remark);
        }
        Ok(Answered::Done)
    }

    pub(super) fn block(&mut self, user: &UserId, blocked: &UserId) -> Expected {
        self.two(user, blocked)?;
        if !self.blocks.insert(pair(user, blocked)) {
            return Err(Reason::AlreadyBlocked);
        }
        for pair in [pair(user, blocked), pair(blocked, user)] {
            self.friends.remove(&pair);
            self.requests.remove(&pair);
        }
        Ok(Answered::Done)
    }

    pub(super) fn unblock(&mut self, user: &UserId, blocked: &UserId) -> Expected {
        self.two(user, blocked)?;
        if self.blocks.remove(&pair(user, blocked)) {
            Ok(Answered::Done)
        } else {
            Err(Reason::NotBlocked)
        }
    }

    pub(super) fn add_friend_groups(&mut self, command: &AddFriendGroups) -> Expected {
        let AddFriendGroups {
            user,
            groups,
            friends,
        } = command;
        self.known(user, Reason::AccountUnknown)?;
        self.note_groups(user, groups);
        for friend in friends {
            let Some(details) = self.friends.get_mut(&pair(user, friend)) else {
                continue;
            };
            for group in groups {
                if !details.groups.contains(group) {
                    details.groups.push(group.clone());
                }
            }
        }
        Ok(self.each(user, friends))
    }

    pub(super) fn delete_friend_groups(&mut self, command: &DeleteFriendGroups) -> Expected {
        let DeleteFriendGroups { user, groups } = command;
        self.known(user, Reason::AccountUnknown)?;
        self.regroup(user, |of| of.retain(|group| !groups.contains(group)));
        Ok(Answered::Done)
    }

    pub(super) fn rename_friend_group(&mut self, command: &RenameFriendGroup) -> Expected {
        let RenameFriendGroup { user, group, name } = command;
        if !self.has_group(user, group) {
            return Err(Reason::FriendGroupUnknown);
        }
        if group != name && self.has_group(user, name) {
            return Err(Reason::FriendGroupTaken);
        }
        self.regroup(user, |of| {
            for one in of.iter_mut().filter(|one| *one == group) {
                one.clone_from(name);
            }
        });
        Ok(Answered::Done)
    }

    pub(super) fn join_friend_group(&mut self, command: &JoinFriendGroup) -> Expected {
        let JoinFriendGroup {
            user,
            group,
            friends,
        } = command;
        if !self.has_group(user, group) {
            return Err(Reason::FriendGroupUnknown);
        }
        for friend in friends {
            if let Some(details) = self.friends.get_mut(&pair(user, friend))
                && !details.groups.contains(group)
            {
                details.groups.push(group.clone());
            }
        }
        Ok(self.each(user, friends))
    }

    pub(super) fn leave_friend_group(&mut self, command: &LeaveFriendGroup) -> Expected {
        let LeaveFriendGroup {
            user,
            group,
            friends,
        } = command;
        if !self.has_group(user, group) {
            return Err(Reason::FriendGroupUnknown);
        }
        for friend in friends {
            if let Some(details) = self.friends.get_mut(&pair(user, friend)) {
                details.groups.retain(|one| one != group);
            }
        }
        Ok(self.each(user, friends))
    }

    /// Changes an account's list of friend groups, and that of each of its friends.
    fn regroup(&mut self, user: &UserId, change: impl Fn(&mut Vec<String>)) {
        if let Some(groups) = self.friend_groups.get_mut(user) {
            change(groups);
        }
        for ((one, _), details) in &mut self.friends {
            if one == user {
                change(&mut details.groups);
            }
        }
    }

    fn each(&self, user: &UserId, friends: &[UserId]) -> Answered {
        let outcome = |friend: &UserId| {
            let refused = (!self.is_friend(user, friend)).then_some(Reason::FriendUnknown);
            (friend.clone(), refused)
        };
        Answered::Relations(friends.iter().map(outcome).collect())
    }
}

fn change(
    friend: &mut FriendDetails,
    remark: Option<&String>,
    groups: Option<&Vec<String>>,
    custom: &BTreeMap<String, String>,
) {
    if let Some(remark) = remark {
        friend.remark.clone_from(remark);
    }
    if let Some(groups) = groups {
        friend.groups.clone_from(groups);
    }
    friend.custom.extend(custom.clone());
    friend.custom.retain(|_, value| !value.is_empty());
}
