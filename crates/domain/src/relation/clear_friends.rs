use hansard_events::relation::FriendsCleared;
use hansard_types::{Reason, UserId};

use crate::{Context, Decided, Decision, View};

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
