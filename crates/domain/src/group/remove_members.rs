use hansard_events::group::{Leaving, MembersRemoved, NoticeKind, Role};
use hansard_types::{GroupId, Reason, Timestamp, UserId};

use super::notices::notice;
use super::rules::{check, check_rank, rules};
use super::{check_import, existing, imported_before};
use crate::{Context, Decided, Decision, View};

/// Removes members from a group. Who is no member is passed over.
#[derive(Debug, Clone)]
pub struct RemoveMembers {
    pub group_id: GroupId,
    pub accounts: Vec<UserId>,
    pub silent: bool,
    pub reason: Option<String>,
    /// The original time and key of an imported leave.
    pub imported: Option<(Timestamp, String)>,
}

impl RemoveMembers {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided {
        let now = context.now;
        check_import(context, self.imported.is_some())?;
        let group = existing(view, &self.group_id)?;
        let rules = rules(group.group_type);
        let acting = check(rules.removes_members, view, context, &self.group_id)?;
        if imported_before(view, &self.group_id, self.imported.as_ref())? {
            return Ok(Decision::nothing(()));
        }
        let mut accounts: Vec<UserId> = Vec::new();
        for user in &self.accounts {
            let Some(member) = view.member(&self.group_id, user)? else {
                continue;
            };
            let role = member.profile.role;
            if role == Role::Owner && !rules.owner_may_leave {
                return Err(Reason::OwnerStays.into());
            }
            check_rank(acting, role)?;
            if !accounts.contains(user) {
                accounts.push(user.clone());
            }
        }
        // As in `AddMembers`: an import is remembered even when nobody was there to go.
        if accounts.is_empty() && self.imported.is_none() {
            return Ok(Decision::nothing(()));
        }
        let told = self.imported.is_none() && !self.silent;
        let kind = told.then_some(NoticeKind::Removed);
        let event = MembersRemoved {
            notice: notice(view, context, (&self.group_id, &group), kind.as_slice())?,
            group_id: self.group_id.clone(),
            accounts,
            how: Leaving::Removed,
            removed_at: self.imported.as_ref().map_or(now, |(time, _)| *time),
            reason: self.reason.clone(),
            silent: self.silent,
            import_key: self.imported.as_ref().map(|(_, key)| key.clone()),
        };
        Ok(Decision::event(event, ()))
    }
}
