use hansard_events::group::{MembersBanned, MembersUnbanned, NoticeKind, Role};
use hansard_types::{GroupId, Reason, Timestamp, UserId, limits};

use super::existing;
use super::notices::notice;
use super::rules::{check, check_rank, rules};
use crate::{Context, Decided, Decision, View};

/// Removes accounts from a group, members or not, and keeps them out for some time.
#[derive(Debug, Clone)]
pub struct BanMembers {
    pub group_id: GroupId,
    pub accounts: Vec<UserId>,
    pub seconds: u32,
    pub reason: String,
}

impl BanMembers {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided {
        let group = existing(view, &self.group_id)?;
        let bans_members = rules(group.group_type).bans_members;
        let acting = check(bans_members, view, context, &self.group_id)?;
        if self.reason.len() > limits::BAN_REASON_BYTES_MAX {
            return Err(Reason::BanReasonTooLong.into());
        }
        let ms = Timestamp::from_seconds(self.seconds.into()).0;
        let until = Timestamp(context.now.0.saturating_add(ms));
        let mut accounts: Vec<UserId> = Vec::with_capacity(self.accounts.len());
        let mut removes = None;
        for user in &self.accounts {
            view.account(user)?.ok_or(Reason::AccountUnknown)?;
            let member = view.member(&self.group_id, user)?;
            if let Some(role) = member.map(|member| member.profile.role) {
                removes = Some(NoticeKind::Removed);
                if role == Role::Owner {
                    return Err(Reason::OwnerStays.into());
                }
                check_rank(acting, role)?;
            }
            if !accounts.contains(user) {
                accounts.push(user.clone());
            }
        }
        if accounts.is_empty() || self.seconds == 0 {
            return Ok(Decision::nothing(()));
        }
        let told = (&self.group_id, &group);
        let event = MembersBanned {
            notice: notice(view, context, told, removes.as_slice())?,
            group_id: self.group_id.clone(),
            accounts,
            until,
            reason: self.reason.clone(),
        };
        Ok(Decision::event(event, ()))
    }
}

/// Lets accounts come into a group again; who is not banned may already.
#[derive(Debug, Clone)]
pub struct UnbanMembers {
    pub group_id: GroupId,
    pub accounts: Vec<UserId>,
}

impl UnbanMembers {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided {
        let group = existing(view, &self.group_id)?;
        let bans_members = rules(group.group_type).bans_members;
        check(bans_members, view, context, &self.group_id)?;
        let mut accounts: Vec<UserId> = Vec::with_capacity(self.accounts.len());
        for user in &self.accounts {
            let is_banned = view.group_ban(&self.group_id, user)? > context.now;
            if is_banned && !accounts.contains(user) {
                accounts.push(user.clone());
            }
        }
        if accounts.is_empty() {
            return Ok(Decision::nothing(()));
        }
        let event = MembersUnbanned {
            group_id: self.group_id.clone(),
            accounts,
        };
        Ok(Decision::event(event, ()))
    }
}
