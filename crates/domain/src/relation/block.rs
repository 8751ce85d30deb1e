use hansard_events::relation::{Blocked, Unblocked};
use hansard_types::{Reason, UserId, limits};

use super::checks::check_pair;
use crate::{Context, Decided, Decision, View};

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
