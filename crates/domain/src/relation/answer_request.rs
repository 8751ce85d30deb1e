use hansard_events::relation::{Befriended, Befriending, RequestRefused};
use hansard_types::{Reason, UserId, limits};

use super::checks::{check_room, check_text};
use crate::{Context, Decided, Decision, View};

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
