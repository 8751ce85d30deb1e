use hansard_events::relation::Unfriended;
use hansard_types::{Reason, UserId};

use super::checks::check_pair;
use crate::{Context, Decided, Decision, Halt, View};

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
