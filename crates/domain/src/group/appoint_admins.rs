use hansard_events::group::{Role, RoomAdminsChanged};
use hansard_types::{GroupId, Reason, UserId, limits};

use super::existing;
use super::rules::{check, rules};
use crate::{Context, Decided, Decision, View};

/// Makes accounts administrators of a live room, there or not, or takes it back. The owner is passed
/// over.
#[derive(Debug, Clone)]
pub struct AppointAdmins {
    pub group_id: GroupId,
    pub accounts: Vec<UserId>,
    /// Else they are no longer.
    pub are_admins: bool,
}

impl AppointAdmins {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided {
        let group = existing(view, &self.group_id)?;
        let appoints = rules(group.group_type).appoints_admins;
        check(appoints, view, context, &self.group_id)?;
        let mut accounts: Vec<UserId> = Vec::new();
        for user in &self.accounts {
            view.account(user)?.ok_or(Reason::AccountUnknown)?;
            let member = view.member(&self.group_id, user)?;
            let role = member.map(|member| member.profile.role);
            let changes =
                role != Some(Role::Owner) && (role == Some(Role::Admin)) != self.are_admins;
            if changes && !accounts.contains(user) {
                accounts.push(user.clone());
            }
        }
        if accounts.is_empty() {
            return Ok(Decision::nothing(()));
        }
        let others = group
            .member_count
            .saturating_sub(u32::from(group.owner.is_some()));
        let wanted = usize::try_from(others).unwrap_or(usize::MAX) + accounts.len();
        if self.are_admins && wanted > limits::ROOM_ADMINS_MAX {
            return Err(Reason::GroupFull.into());
        }
        let event = RoomAdminsChanged {
            group_id: self.group_id.clone(),
            accounts,
            are_admins: self.are_admins,
            changed_at: context.now,
        };
        Ok(Decision::event(event, ()))
    }
}
