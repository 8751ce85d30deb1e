use hansard_events::group::{MembersMuted, NoticeKind, Role};
use hansard_types::{GroupId, Reason, Timestamp, UserId};

use super::existing;
use super::notices::notice;
use super::rules::{check, check_rank, rules};
use crate::account::MuteFor;
use crate::{Context, Decided, Decision, View};

/// For how long accounts may not speak in a group. Who is no member is muted for when it comes
/// (back); the owner never is.
#[derive(Debug, Clone)]
pub struct MuteMembers {
    pub group_id: GroupId,
    pub accounts: Vec<UserId>,
    pub mute: MuteFor,
}

impl MuteMembers {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided {
        let group = existing(view, &self.group_id)?;
        let mutes_members = rules(group.group_type).mutes_members;
        let acting = check(mutes_members, view, context, &self.group_id)?;
        let mut accounts: Vec<UserId> = Vec::with_capacity(self.accounts.len());
        let mut until = Timestamp(0);
        for user in &self.accounts {
            view.account(user)?.ok_or(Reason::AccountUnknown)?;
            let role = view.member(&self.group_id, user)?;
            let role = role.map(|member| member.profile.role);
            if role == Some(Role::Owner) {
                return Err(Reason::GroupRoleForbids.into());
            }
            if let Some(role) = role {
                check_rank(acting, role)?;
            }
            let before = view.group_mute(&self.group_id, user)?;
            let after = self.mute.new_end(before, context.now);
            if after != before && !accounts.contains(user) {
                accounts.push(user.clone());
                until = after;
            }
        }
        if accounts.is_empty() {
            return Ok(Decision::nothing(()));
        }
        let told = (&self.group_id, &group);
        let event = MembersMuted {
            notice: notice(view, context, told, &[NoticeKind::MemberMuted])?,
            group_id: self.group_id.clone(),
            accounts,
            until,
        };
        Ok(Decision::event(event, ()))
    }
}
