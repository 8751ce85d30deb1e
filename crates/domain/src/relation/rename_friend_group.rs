use hansard_events::relation::FriendGroupRenamed;
use hansard_types::{Reason, UserId};

use super::checks::check_groups;
use crate::{Context, Decided, Decision, View};

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
