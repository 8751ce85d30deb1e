use hansard_events::group::{NoticeKind, OwnerChanged, Role};
use hansard_types::{GroupId, Reason, UserId};

use super::notices::notice;
use super::rules::{check, rules};
use super::{check_shown, existing};
use crate::{Context, Decided, Decision, View};

/// Makes a member the owner of its group.
#[derive(Debug, Clone)]
pub struct ChangeOwner {
    pub group_id: GroupId,
    pub owner: UserId,
    /// In whose name, if not the actor's.
    pub shown_as: Option<UserId>,
}

impl ChangeOwner {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided {
        let group = existing(view, &self.group_id)?;
        check_shown(view, self.shown_as.as_ref())?;
        let changes_owner = rules(group.group_type).changes_owner;
        check(changes_owner, view, context, &self.group_id)?;
        let member = view.member(&self.group_id, &self.owner)?;
        let member = member.ok_or(Reason::MemberUnknown)?;
        if member.profile.role == Role::Owner {
            return Ok(Decision::nothing(()));
        }
        let told = (&self.group_id, &group);
        let event = OwnerChanged {
            notice: notice(view, context, told, &[NoticeKind::Owner])?,
            group_id: self.group_id.clone(),
            owner: self.owner.clone(),
            shown_as: self.shown_as.clone(),
        };
        Ok(Decision::event(event, ()))
    }
}
