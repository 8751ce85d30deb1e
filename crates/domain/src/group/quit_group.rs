use hansard_events::group::{Leaving, MembersRemoved, NoticeKind, Role};
use hansard_types::{GroupId, Reason, UserId};

use super::existing;
use super::notices::notice;
use super::rules::rules;
use crate::{Context, Decided, Decision, View};

/// A member leaves its group. Who is none has left already.
#[derive(Debug, Clone)]
pub struct QuitGroup {
    pub group_id: GroupId,
    pub user: UserId,
}

impl QuitGroup {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided {
        let group = existing(view, &self.group_id)?;
        let rules = rules(group.group_type);
        if !rules.has_roster {
            return Err(Reason::GroupTypeForbids.into());
        }
        let Some(member) = view.member(&self.group_id, &self.user)? else {
            return Ok(Decision::nothing(()));
        };
        if member.profile.role == Role::Owner && !rules.owner_may_leave {
            return Err(Reason::OwnerStays.into());
        }
        let told = (&self.group_id, &group);
        let event = MembersRemoved {
            notice: notice(view, context, told, &[NoticeKind::Left])?,
            group_id: self.group_id.clone(),
            accounts: vec![self.user.clone()],
            how: Leaving::Quit,
            removed_at: context.now,
            reason: None,
            silent: false,
            import_key: None,
        };
        Ok(Decision::event(event, ()))
    }
}
