use hansard_events::group::{JoinRefused, Joining, MembersAdded, NoticeKind};
use hansard_types::{GroupId, Reason, UserId, limits};

use super::notices::notice;
use super::rules::{Who, check};
use super::{check_room, existing, is_banned};
use crate::{Context, Decided, Decision, View};

/// Accepts or refuses who waits to join a group: one who asked, or one whom a member invited.
#[derive(Debug, Clone)]
pub struct AnswerJoinRequest {
    pub group_id: GroupId,
    pub user: UserId,
    pub accept: bool,
    /// For who is refused.
    pub reason: String,
}

impl AnswerJoinRequest {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided {
        let group = existing(view, &self.group_id)?;
        check(Who::Admins, view, context, &self.group_id)?;
        if self.reason.len() > limits::JOIN_REASON_BYTES_MAX {
            return Err(Reason::JoinReasonTooLong.into());
        }
        let request = view.join_request(&self.group_id, &self.user)?;
        let request = request.ok_or(Reason::JoinRequestUnknown)?;
        if !self.accept {
            let event = JoinRefused {
                group_id: self.group_id.clone(),
                user_id: self.user.clone(),
                reason: self.reason.clone(),
            };
            return Ok(Decision::event(event, ()));
        }
        view.account(&self.user)?.ok_or(Reason::AccountUnknown)?;
        if is_banned(view, &group, context, &self.group_id, &self.user)? {
            return Err(Reason::MemberBanned.into());
        }
        check_room(&group, 1)?;
        let (how, kind) = match request.invited_by {
            None => (Joining::Applied, NoticeKind::Joined),
            Some(_) => (Joining::Invited, NoticeKind::Invited),
        };
        let notice = notice(view, context, (&self.group_id, &group), &[kind])?;
        let (group_id, accounts) = (self.group_id.clone(), vec![self.user.clone()]);
        let event = MembersAdded::live(group_id, accounts, how, context.now, notice);
        Ok(Decision::event(event, ()))
    }
}
