//! What several verbs look at.

use std::collections::BTreeMap;

use hansard_events::account::ProfileValue;
use hansard_events::app::Party;
use hansard_events::relation::FriendDetails;
use hansard_types::{Reason, UserId, limits};

use crate::profile::check_custom;
use crate::{Halt, View};

pub(super) const SOURCE_PREFIX: &str = "AddSource_Type_";

/// Per account: done, or why not.
type Outcomes = Vec<(UserId, Option<Reason>)>;

/// Of some accounts, the friends who are in a friend group (`inside`) or are not, and what is said
/// of each account.
pub(super) fn moved(
    view: &dyn View,
    user: &UserId,
    group: &String,
    accounts: &[UserId],
    inside: bool,
) -> Result<(Vec<UserId>, Outcomes), Halt> {
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
pub(super) fn distinct<T: PartialEq>(items: Vec<T>) -> Vec<T> {
    let mut seen = Vec::with_capacity(items.len());
    for item in items {
        if !seen.contains(&item) {
            seen.push(item);
        }
    }
    seen
}

pub(super) fn check_pair(view: &dyn View, one: &UserId, other: &UserId) -> Result<(), Halt> {
    if one == other {
        return Err(Reason::RelationWithSelf.into());
    }
    view.account(one)?.ok_or(Reason::AccountUnknown)?;
    view.account(other)?.ok_or(Reason::AccountUnknown)?;
    Ok(())
}

pub(super) fn check_blocks(view: &dyn View, from: &UserId, to: &UserId) -> Result<(), Halt> {
    if view.blocks(from, to)? {
        return Err(Reason::BlockedByYou.into());
    }
    if view.blocks(to, from)? {
        return Err(Reason::BlockedByThem.into());
    }
    Ok(())
}

/// Whether `user` can take `other` on its list, in these groups; `full` when not.
pub(super) fn check_room(
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

pub(super) fn check_new_groups(
    view: &dyn View,
    user: &UserId,
    groups: &[String],
) -> Result<(), Halt> {
    let known = view.lists(user)?.groups;
    let new = groups.iter().filter(|group| !known.contains(group)).count();
    if known.len() + new > limits::FRIEND_GROUPS_MAX {
        return Err(Reason::FriendGroupsFull.into());
    }
    Ok(())
}

pub(super) fn check_text(text: &str, bytes_max: usize) -> Result<(), Reason> {
    if text.len() > bytes_max {
        return Err(Reason::RelationValueInvalid);
    }
    Ok(())
}

pub(super) fn check_groups(groups: &[String]) -> Result<(), Reason> {
    let lengths = 1..=limits::FRIEND_GROUP_NAME_BYTES_MAX;
    if groups.iter().all(|group| lengths.contains(&group.len())) {
        Ok(())
    } else {
        Err(Reason::RelationValueInvalid)
    }
}

pub(super) fn check_customs(
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

pub(super) fn check_details(
    view: &dyn View,
    details: &FriendDetails,
    by: Party,
) -> Result<(), Halt> {
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
