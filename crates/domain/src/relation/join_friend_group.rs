use hansard_events::relation::FriendGroupsAdded;
use hansard_types::{Reason, UserId};

use super::checks::moved;
use crate::{Context, Decided, Decision, View};

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
