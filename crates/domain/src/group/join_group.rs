use hansard_events::group::{JoinOption, JoinRequested, Joining, MembersAdded, NoticeKind};
use hansard_types::{GroupId, Reason, UserId, limits};

use super::notices::notice;
use super::rules::rules;
use super::{AddOutcome, check_room, existing, is_banned};
use crate::{Context, Decided, Decision, View};

/// An account joins a group, or asks to, as the group has it.
#[derive(Debug, Clone)]
pub struct JoinGroup {
    pub group_id: GroupId,
    pub user: UserId,
    /// Why, for who reviews it.
    pub reason: String,
}

impl JoinGroup {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided<AddOutcome> {
        view.account(&self.user)?.ok_or(Reason::AccountUnknown)?;
        let group = existing(view, &self.group_id)?;
        let rules = rules(group.group_type);
        if self.reason.len() > limits::JOIN_REASON_BYTES_MAX {
            return Err(Reason::JoinReasonTooLong.into());
        }
        if !rules.takes_requests || !rules.has_roster {
            return Err(Reason::GroupTypeForbids.into());
        }
        if view.member(&self.group_id, &self.user)?.is_some() {
            return Ok(Decision::nothing(AddOutcome::AlreadyMember));
        }
        if is_banned(view, &group, context, &self.group_id, &self.user)? {
            return Err(Reason::MemberBanned.into());
        }
        let option = if rules.chooses_apply_option {
            group.profile.apply_join_option
        } else {
            rules.apply_join_option
        };
        match option {
            JoinOption::Disabled => Err(Reason::JoinRequestsRefused.into()),
            JoinOption::FreeAccess => {
                check_room(&group, 1)?;
                let told = (&self.group_id, &group);
                let notice = notice(view, context, told, &[NoticeKind::Joined])?;
                let (group_id, accounts) = (self.group_id.clone(), vec![self.user.clone()]);
                let (how, now) = (Joining::Applied, context.now);
                let joins = MembersAdded::live(group_id, accounts, how, now, notice);
                Ok(Decision::event(joins, AddOutcome::Added))
            }
            JoinOption::NeedPermission => {
                let waits = view.join_request(&self.group_id, &self.user)?;
                if waits.is_some_and(|waits| waits.reason == self.reason) {
                    return Ok(Decision::nothing(AddOutcome::Waiting));
                }
                if group.join_requests >= limits::JOIN_REQUESTS_MAX {
                    return Err(Reason::JoinRequestsFull.into());
                }
                Ok(Decision::event(self.asks(), AddOutcome::Waiting))
            }
        }
    }

    fn asks(&self) -> JoinRequested {
        JoinRequested {
            group_id: self.group_id.clone(),
            accounts: vec![self.user.clone()],
            invited_by: None,
            reason: self.reason.clone(),
        }
    }
}
