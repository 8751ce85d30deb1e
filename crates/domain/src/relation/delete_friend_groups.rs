use hansard_events::relation::FriendGroupsDeleted;
use hansard_types::{Reason, UserId};

use super::checks::distinct;
use crate::{Context, Decided, Decision, View};

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
