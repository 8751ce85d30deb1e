//! Who knows whom: friends, requests, blocks, friend groups (reference: section 8).
//!
//! A change between two accounts is one decision and one event. Invariants:
//! * nobody is a friend of someone who blocks them or whom they block, and no request waits
//!   between the two;
//! * a friend is in friend groups that exist, and every list keeps its limit.

use std::collections::BTreeMap;

use hansard_events::account::ProfileValue;
use hansard_events::app::Party;
use hansard_events::relation::{
    Befriended, Befriending, Blocked, FriendChanged, FriendDetails, FriendGroupLeft,
    FriendGroupRenamed, FriendGroupsAdded, FriendGroupsDeleted, FriendRequested, FriendsCleared,
    RequestRefused, Unblocked, Unfriended,
};
use hansard_types::profile::{ADMIN_FORBID_TYPE, ALLOW_TYPE};
use hansard_types::{Reason, Timestamp, UserId, limits};

use crate::profile::check_custom;
use crate::{Context, Decided, Decision, Friendship, Halt, View};

const SOURCE_PREFIX: &str = "AddSource_Type_";

/// Adds a friend, or asks to. Who it is added to decides how it is answered.
#[derive(Debug, Clone)]
pub struct AddFriend {
    pub from: UserId,
    pub to: UserId,
    pub details: FriendDetails,
    /// Each on the other's list; else only `to` on that of `from`.
    pub both: bool,
    /// An administrator's word: nobody is asked. An account cannot give it.
    pub forced: bool,
}

impl AddFriend {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided<Friendship> {
        let now = context.now;
        if self.forced && context.is_account() {
            return Err(Reason::NotPermitted.into());
        }
        check_details(view, &self.details, context.party())?;
        check_pair(view, &self.from, &self.to)?;
        let has = |user, other| Ok::<_, Halt>(view.friend(user, other)?.is_some());
        if has(&self.from, &self.to)? && (!self.both || has(&self.to, &self.from)?) {
            return Err(Reason::AlreadyFriends.into());
        }
        check_blocks(view, &self.from, &self.to)?;
        check_room(
            view,
            &self.from,
            &self.to,
            &self.details.groups,
            Reason::FriendListFull,
        )?;
        if !self.forced && self.must_ask(view)? {
            return self.ask(view, now);
        }
        if self.both {
            check_room(view, &self.to, &self.from, &[], Reason::TheirFriendListFull)?;
        }
        let event = Befriended {
            from: self.from.clone(),
            to: self.to.clone(),
            details: self.details.clone(),
            both: self.both,
            how: if self.forced {
                Befriending::Forced
            } else {
                Befriending::Open
            },
            remark_of_to: String::new(),
            befriended_at: now,
        };
        Ok(Decision::event(event, Friendship::Made))
    }

    /// Whether `to` wants to be asked; an error when it, or the app, wants no requests at all.
    fn must_ask(&self, view: &dyn View) -> Result<bool, Halt> {
        let text = |user: &UserId, tag: &str| {
            let value = view.profile(user)?.remove(tag);
            Ok::<_, Halt>(match value {
                Some(ProfileValue::Text(text)) => text,
                Some(ProfileValue::Number(_)) | None => String::new(),
            })
        };
        if text(&self.from, ADMIN_FORBID_TYPE)? == "AdminForbid_Type_SendOut" {
            return Err(Reason::FriendRequestsForbidden.into());
        }
        match text(&self.to, ALLOW_TYPE)?.as_str() {
            "AllowType_Type_DenyAny" => Err(Reason::FriendRequestsRefused.into()),
            "AllowType_Type_NeedConfirm" => Ok(true),
            // The contract names no default; who has said nothing takes anyone.
            _ => Ok(false),
        }
    }

    fn ask(&self, view: &dyn View, now: Timestamp) -> Decided<Friendship> {
        let before = view.request(&self.to, &self.from)?;
        match before {
            Some(request) if request.details == self.details && request.both == self.both => {
                return Ok(Decision::nothing(Friendship::Requested));
            }
            Some(_) => {}
            None if view.lists(&self.to)?.requests >= limits::FRIEND_REQUESTS_MAX => {
                return Err(Reason::FriendRequestsFull.into());
            }
            None => {}
        }
        let event = FriendRequested {
            from: self.from.clone(),
            to: self.to.clone(),
            details: self.details.clone(),
            both: self.both,
            requested_at: now,
        };
        Ok(Decision::event(event, Friendship::Requested))
    }
}

/// Answers a request.
#[derive(Debug, Clone)]
pub struct AnswerRequest {
    /// Who was asked.
    pub by: UserId,
    /// Who asked.
    pub from: UserId,
    pub accept: bool,
    /// What `by` calls its new friend, if each is on the other's list then.
    pub remark: String,
}

impl AnswerRequest {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided {
        let now = context.now;
        check_text(&self.remark, limits::FRIEND_REMARK_BYTES_MAX)?;
        let request = view.request(&self.by, &self.from)?;
        let request = request.ok_or(Reason::FriendRequestUnknown)?;
        if !self.accept {
            let event = RequestRefused {
                from: self.from.clone(),
                by: self.by.clone(),
            };
            return Ok(Decision::event(event, ()));
        }
        let groups = &request.details.groups;
        check_room(
            view,
            &self.from,
            &self.by,
            groups,
            Reason::TheirFriendListFull,
        )?;
        if request.both {
            check_room(view, &self.by, &self.from, &[], Reason::FriendListFull)?;
        }
        let event = Befriended {
            from: self.from.clone(),
            to: self.by.clone(),
            details: request.details,
            both: request.both,
            how: Befriending::Accepted,
            remark_of_to: self.remark.clone(),
            befriended_at: now,
        };
        Ok(Decision::event(event, ()))
    }
}

/// Takes a friend over from elsewhere, one-way. A friend who is there gets the details given.
#[derive(Debug, Clone)]
pub struct ImportFriend {
    pub from: UserId,
    pub to: UserId,
    pub details: FriendDetails,
    /// Absent: now.
    pub added_at: Option<Timestamp>,
}

impl ImportFriend {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided {
        let now = context.now;
        check_details(view, &self.details, context.party())?;
        check_pair(view, &self.from, &self.to)?;
        if view.friend(&self.from, &self.to)?.is_some() {
            let FriendDetails {
                source: _,
                remark,
                wording: _,
                groups,
                custom,
            } = self.details.clone();
            let update = UpdateFriend {
                from: self.from.clone(),
                to: self.to.clone(),
                remark: Some(remark),
                groups: Some(groups),
                custom,
            };
            return update.decide(view, context);
        }
        check_blocks(view, &self.from, &self.to)?;
        check_room(
            view,
            &self.from,
            &self.to,
            &self.details.groups,
            Reason::FriendListFull,
        )?;
        let event = Befriended {
            from: self.from.clone(),
            to: self.to.clone(),
            details: self.details.clone(),
            both: false,
            how: Befriending::Imported,
            remark_of_to: String::new(),
            befriended_at: self.added_at.unwrap_or(now),
        };
        Ok(Decision::event(event, ()))
    }
}

/// Changes what an account keeps about a friend: an absent field stays as it is.
#[derive(Debug, Clone)]
pub struct UpdateFriend {
    pub from: UserId,
    pub to: UserId,
    pub remark: Option<String>,
    /// The whole new list; groups that do not exist are made.
    pub groups: Option<Vec<String>>,
    /// By name; an empty value removes the field.
    pub custom: BTreeMap<String, String>,
}

impl UpdateFriend {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided {
        check_text(
            self.remark.as_deref().unwrap_or_default(),
            limits::FRIEND_REMARK_BYTES_MAX,
        )?;
        let groups = self.groups.clone().map(distinct);
        check_groups(groups.as_deref().unwrap_or_default())?;
        check_customs(view, &self.custom, context.party())?;
        let before = view.friend(&self.from, &self.to)?;
        let before = before.ok_or(Reason::FriendUnknown)?;
        check_new_groups(view, &self.from, groups.as_deref().unwrap_or_default())?;
        let mut custom = self.custom.clone();
        custom.retain(|name, value| {
            before.custom.get(name).map_or("", String::as_str) != value.as_str()
        });
        let event = FriendChanged {
            from: self.from.clone(),
            to: self.to.clone(),
            remark: self.remark.clone().filter(|new| *new != before.remark),
            groups: groups.filter(|new| *new != before.groups),
            custom,
        };
        if event.remark.is_none() && event.groups.is_none() && event.custom.is_empty() {
            return Ok(Decision::nothing(()));
        }
        Ok(Decision::event(event, ()))
    }
}

/// Takes `to` off the friend list of `from`, and `from` off that of `to` if `both`.
#[derive(Debug, Clone)]
pub struct DeleteFriend {
    pub from: UserId,
    pub to: UserId,
    pub both: bool,
}

impl DeleteFriend {
    pub(crate) fn decide(&self, view: &dyn View, _context: &Context<'_>) -> Decided {
        check_pair(view, &self.from, &self.to)?;
        let has = |user, other| Ok::<_, Halt>(view.friend(user, other)?.is_some());
        let there = has(&self.from, &self.to)? || (self.both && has(&self.to, &self.from)?);
        if !there {
            return Err(Reason::FriendUnknown.into());
        }
        let event = Unfriended {
            from: self.from.clone(),
            to: self.to.clone(),
            both: self.both,
        };
        Ok(Decision::event(event, ()))
    }
}

/// Empties an account's friend list and, if `both`, takes it off every other one.
#[derive(Debug, Clone)]
pub struct ClearFriends {
    pub user: UserId,
    pub both: bool,
}

impl ClearFriends {
    pub(crate) fn decide(&self, view: &dyn View, _context: &Context<'_>) -> Decided {
        view.account(&self.user)?.ok_or(Reason::AccountUnknown)?;
        let lists = view.lists(&self.user)?;
        if lists.friends == 0 && !(self.both && lists.friend_of > 0) {
            return Ok(Decision::nothing(()));
        }
        let event = FriendsCleared {
            user: self.user.clone(),
            both: self.both,
        };
        Ok(Decision::event(event, ()))
    }
}

/// Blocks an account.
#[derive(Debug, Clone)]
pub struct Block {
    pub user: UserId,
    pub blocked: UserId,
}

impl Block {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided {
        let now = context.now;
        check_pair(view, &self.user, &self.blocked)?;
        if view.blocks(&self.user, &self.blocked)? {
            return Err(Reason::AlreadyBlocked.into());
        }
        if view.lists(&self.user)?.blocked >= limits::BLOCKED_MAX {
            return Err(Reason::BlockListFull.into());
        }
        let event = Blocked {
            user: self.user.clone(),
            blocked: self.blocked.clone(),
            blocked_at: now,
        };
        Ok(Decision::event(event, ()))
    }
}

/// Blocks an account no longer.
#[derive(Debug, Clone)]
pub struct Unblock {
    pub user: UserId,
    pub blocked: UserId,
}

impl Unblock {
    pub(crate) fn decide(&self, view: &dyn View, _context: &Context<'_>) -> Decided {
        check_pair(view, &self.user, &self.blocked)?;
        if !view.blocks(&self.user, &self.blocked)? {
            return Err(Reason::NotBlocked.into());
        }
        let event = Unblocked {
            user: self.user.clone(),
            blocked: self.blocked.clone(),
        };
        Ok(Decision::event(event, ()))
    }
}

/// Makes friend groups that do not exist, and puts friends into all of them.
#[derive(Debug, Clone)]
pub struct AddFriendGroups {
    pub user: UserId,
    pub groups: Vec<String>,
    pub friends: Vec<UserId>,
}

impl AddFriendGroups {
    pub(crate) fn decide(&self, view: &dyn View, _context: &Context<'_>) -> Decided<Vec<(UserId, Option<Reason>)>> {
        view.account(&self.user)?.ok_or(Reason::AccountUnknown)?;
        let groups = distinct(self.groups.clone());
        check_groups(&groups)?;
        check_new_groups(view, &self.user, &groups)?;
        let (mut friends, mut outcomes) = (Vec::new(), Vec::new());
        for friend in distinct(self.friends.clone()) {
            let outcome = match view.friend(&self.user, &friend)? {
                None => Some(Reason::FriendUnknown),
                Some(details) => {
                    if groups.iter().any(|group| !details.groups.contains(group)) {
                        friends.push(friend.clone());
                    }
                    None
                }
            };
            outcomes.push((friend, outcome));
        }
                let known = view.lists(&self.user)?.groups;
        if friends.is_empty() && groups.iter().all(|group| known.contains(group)) {
            return Ok(Decision::nothing(outcomes));
        }
        let event = FriendGroupsAdded {
            user: self.user.clone(),
            groups,
            friends,
        };
        Ok(Decision::event(event, outcomes))
    }
}

/// Deletes friend groups; their friends stay friends. One that does not exist is gone already.
#[derive(Debug, Clone)]
pub struct DeleteFriendGroups {
    pub user: UserId,
    pub groups: Vec<String>,
}

impl DeleteFriendGroups {
    pub(crate) fn decide(&self, view: &dyn View, _context: &Context<'_>) -> Decided {
        view.account(&self.user)?.ok_or(Reason::AccountUnknown)?;
        let known = view.lists(&self.user)?.groups;
        let mut groups = distinct(self.groups.clone());
        groups.retain(|group| known.contains(group));
        if groups.is_empty() {
            return Ok(Decision::nothing(()));
        }
        let event = FriendGroupsDeleted {
            user: self.user.clone(),
            groups,
        };
        Ok(Decision::event(event, ()))
    }
}

/// Gives a friend group another name.
#[derive(Debug, Clone)]
pub struct RenameFriendGroup {
    pub user: UserId,
    pub group: String,
    pub name: String,
}

impl RenameFriendGroup {
    pub(crate) fn decide(&self, view: &dyn View, _context: &Context<'_>) -> Decided {
        check_groups(std::slice::from_ref(&self.name))?;
        let known = view.lists(&self.user)?.groups;
        if !known.contains(&self.group) {
            return Err(Reason::FriendGroupUnknown.into());
        }
        if self.name == self.group {
            return Ok(Decision::nothing(()));
        }
        if known.contains(&self.name) {
            return Err(Reason::FriendGroupTaken.into());
        }
        let event = FriendGroupRenamed {
            user: self.user.clone(),
            group: self.group.clone(),
            name: self.name.clone(),
        };
        Ok(Decision::event(event, ()))
    }
}

/// Puts friends into a friend group that exists.
#[derive(Debug, Clone)]
pub struct JoinFriendGroup {
    pub user: UserId,
    pub group: String,
    pub friends: Vec<UserId>,
}

impl JoinFriendGroup {
    pub(crate) fn decide(
        &self,
        view: &dyn View,
        _context: &Context<'_>,
    ) -> Decided<Vec<(UserId, Option<Reason>)>> {
        let (friends, outcomes) = moved(view, &self.user, &self.group, &self.friends, false)?;
        if friends.is_empty() {
            return Ok(Decision::nothing(outcomes));
        }
        let event = FriendGroupsAdded {
            user: self.user.clone(),
            groups: vec![self.group.clone()],
            friends,
        };
        Ok(Decision::event(event, outcomes))
    }
}

/// Takes friends out of a friend group.
#[derive(Debug, Clone)]
pub struct LeaveFriendGroup {
    pub user: UserId,
    pub group: String,
    pub friends: Vec<UserId>,
}

impl LeaveFriendGroup {
    pub(crate) fn decide(
        &self,
        view: &dyn View,
        _context: &Context<'_>,
    ) -> Decided<Vec<(UserId, Option<Reason>)>> {
        let (friends, outcomes) = moved(view, &self.user, &self.group, &self.friends, true)?;
        if friends.is_empty() {
            return Ok(Decision::nothing(outcomes));
        }
        let event = FriendGroupLeft {
            user: self.user.clone(),
            group: self.group.clone(),
            friends,
        };
        Ok(Decision::event(event, outcomes))
    }
}

/// Of some accounts, the friends who are in a friend group (`inside`) or are not, and what is said
/// of each account.
fn moved(
    view: &dyn View,
    user: &UserId,
    group: &String,
    accounts: &[UserId],
    inside: bool,
) -> Result<(Vec<UserId>, Vec<(UserId, Option<Reason>)>), Halt> {
    if !view.lists(user)?.groups.contains(group) {
        return Err(Reason::FriendGroupUnknown.into());
    }
    let (mut friends, mut outcomes) = (Vec::new(), Vec::new());
    for friend in distinct(accounts.to_vec()) {
        let outcome = match view.friend(user, &friend)? {
            None => Some(Reason::FriendUnknown),
            Some(details) => {
                if details.groups.contains(group) == inside {
                    friends.push(friend.clone());
                }
                None
            }
        };
        outcomes.push((friend, outcome));
    }
    Ok((friends, outcomes))
}

/// Each once, in the order given.
fn distinct<T: PartialEq>(items: Vec<T>) -> Vec<T> {
    let mut seen = Vec::with_capacity(items.len());
    for item in items {
        if !seen.contains(&item) {
            seen.push(item);
        }
    }
    seen
}

fn check_pair(view: &dyn View, one: &UserId, other: &UserId) -> Result<(), Halt> {
    if one == other {
        return Err(Reason::RelationWithSelf.into());
    }
    view.account(one)?.ok_or(Reason::AccountUnknown)?;
    view.account(other)?.ok_or(Reason::AccountUnknown)?;
    Ok(())
}

fn check_blocks(view: &dyn View, from: &UserId, to: &UserId) -> Result<(), Halt> {
    if view.blocks(from, to)? {
        return Err(Reason::BlockedByYou.into());
    }
    if view.blocks(to, from)? {
        return Err(Reason::BlockedByThem.into());
    }
    Ok(())
}

/// Whether `user` can take `other` on its list, in these groups; `full` when not.
fn check_room(
    view: &dyn View,
    user: &UserId,
    other: &UserId,
    groups: &[String],
    full: Reason,
) -> Result<(), Halt> {
    if view.friend(user, other)?.is_some() {
        return Ok(());
    }
    if view.lists(user)?.friends >= limits::FRIENDS_MAX {
        return Err(full.into());
    }
    check_new_groups(view, user, groups)
}

fn check_new_groups(view: &dyn View, user: &UserId, groups: &[String]) -> Result<(), Halt> {
    let known = view.lists(user)?.groups;
    let new = groups.iter().filter(|group| !known.contains(group)).count();
    if known.len() + new > limits::FRIEND_GROUPS_MAX {
        return Err(Reason::FriendGroupsFull.into());
    }
    Ok(())
}

fn check_text(text: &str, bytes_max: usize) -> Result<(), Reason> {
    if text.len() > bytes_max {
        return Err(Reason::RelationValueInvalid);
    }
    Ok(())
}

fn check_groups(groups: &[String]) -> Result<(), Reason> {
    let lengths = 1..=limits::FRIEND_GROUP_NAME_BYTES_MAX;
    if groups.iter().all(|group| lengths.contains(&group.len())) {
        Ok(())
    } else {
        Err(Reason::RelationValueInvalid)
    }
}

fn check_customs(
    view: &dyn View,
    custom: &BTreeMap<String, String>,
    by: Party,
) -> Result<(), Halt> {
    for (name, value) in custom {
        let field = view.friend_field(name)?;
        let field = field.ok_or(Reason::RelationValueInvalid)?;
        check_custom(&field, &ProfileValue::Text(value.clone()), by)?;
    }
    Ok(())
}

fn check_details(view: &dyn View, details: &FriendDetails, by: Party) -> Result<(), Halt> {
    let FriendDetails {
        source,
        remark,
        wording,
        groups,
        custom,
    } = details;
    let letters = source.strip_prefix(SOURCE_PREFIX).unwrap_or_default();
    let lengths = 1..=limits::FRIEND_SOURCE_LETTERS_MAX;
    if !lengths.contains(&letters.len()) || !letters.bytes().all(|byte| byte.is_ascii_alphabetic())
    {
        return Err(Reason::RelationValueInvalid.into());
    }
    check_text(remark, limits::FRIEND_REMARK_BYTES_MAX)?;
    check_text(wording, limits::FRIEND_WORDING_BYTES_MAX)?;
    check_groups(groups)?;
    check_customs(view, custom, by)
}

#[cfg(test)]
mod tests;
