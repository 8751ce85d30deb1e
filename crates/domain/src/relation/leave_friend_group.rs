use hansard_events::relation::FriendGroupLeft;
use hansard_types::{Reason, UserId};

use super::checks::moved;
use crate::{Context, Decided, Decision, View};

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
