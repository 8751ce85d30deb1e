use hansard_events::group::{JoinOption, JoinRequested, Joining, MembersAdded, NoticeKind};
use hansard_types::{GroupId, Reason, Timestamp, UserId, limits};

use super::notices::notice;
use super::rules::{Who, check, rules};
use super::{check_import, check_room, existing, imported_before, is_banned};
use crate::view::Group;
use crate::{Context, Decided, Decision, Halt, View};

/// What became of one account that should be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddOutcome {
    Added,
    AlreadyMember,
    /// Somebody who may must let it in.
    Waiting,
    /// It is kept out for some time.
    Banned,
    /// There is no such account.
    Unknown,
}

/// Adds accounts to a group: a backend as it likes, a member as the group lets it invite.
#[derive(Debug, Clone)]
pub struct AddMembers {
    pub group_id: GroupId,
    pub accounts: Vec<UserId>,
    pub silent: bool,
    /// The original time and key of an imported join.
    pub imported: Option<(Timestamp, String)>,
}

impl AddMembers {
    pub(crate) fn decide(
        &self,
        view: &dyn View,
        context: &Context<'_>,
    ) -> Decided<Vec<(UserId, AddOutcome)>> {
        let now = context.now;
        check_import(context, self.imported.is_some())?;
        let group = existing(view, &self.group_id)?;
        let admission = self.admission(view, context, &group)?;
        if imported_before(view, &self.group_id, self.imported.as_ref())? {
            return Ok(Decision::nothing(Vec::new()));
        }
        let mut outcomes: Vec<(UserId, AddOutcome)> = Vec::with_capacity(self.accounts.len());
        let mut accounts: Vec<UserId> = Vec::new();
        for user in &self.accounts {
            let outcome = if view.account(user)?.is_none() {
                AddOutcome::Unknown
            } else if accounts.contains(user) || view.member(&self.group_id, user)?.is_some() {
                AddOutcome::AlreadyMember
            } else if is_banned(view, &group, context, &self.group_id, user)? {
                AddOutcome::Banned
            } else {
                accounts.push(user.clone());
                AddOutcome::Added
            };
            outcomes.push((user.clone(), outcome));
        }
        if !outcomes.is_empty() && outcomes.iter().all(|(_, one)| *one == AddOutcome::Unknown) {
            return Err(Reason::AccountUnknown.into());
        }
        if let (Admission::Waits { by }, false) = (&admission, accounts.is_empty()) {
            return self.asks(&group, accounts, by, outcomes);
        }
        check_room(&group, accounts.len())?;
        // An import is remembered even when everybody was there already: seen again after they
        // left, the same line would bring them back.
        if accounts.is_empty() && self.imported.is_none() {
            return Ok(Decision::nothing(outcomes));
        }
        let told = self.imported.is_none() && !self.silent;
        let kind = told.then_some(NoticeKind::Invited);
        let event = MembersAdded {
            notice: notice(view, context, (&self.group_id, &group), kind.as_slice())?,
            group_id: self.group_id.clone(),
            accounts,
            how: Joining::Invited,
            joined_at: self.imported.as_ref().map_or(now, |(time, _)| *time),
            silent: self.silent,
            import_key: self.imported.as_ref().map(|(_, key)| key.clone()),
        };
        Ok(Decision::event(event, outcomes))
    }

    /// What becomes of those whom the actor brings.
    fn admission(
        &self,
        view: &dyn View,
        context: &Context<'_>,
        group: &Group,
    ) -> Result<Admission, Halt> {
        let rules = rules(group.group_type);
        if !rules.has_roster {
            return Err(Reason::GroupTypeForbids.into());
        }
        let Some(by) = context.account() else {
            return Ok(Admission::Joins);
        };
        let role = check(Who::Members, view, context, &self.group_id)?;
        match group.profile.invite_join_option {
            _ if !rules.takes_invitations => Err(Reason::GroupTypeForbids.into()),
            JoinOption::Disabled => Err(Reason::InvitationsRefused.into()),
            JoinOption::NeedPermission if !Who::Admins.includes(role) => {
                Ok(Admission::Waits { by: by.clone() })
            }
            JoinOption::NeedPermission | JoinOption::FreeAccess => Ok(Admission::Joins),
        }
    }

    fn asks(
        &self,
        group: &Group,
        accounts: Vec<UserId>,
        by: &UserId,
        mut outcomes: Vec<(UserId, AddOutcome)>,
    ) -> Decided<Vec<(UserId, AddOutcome)>> {
        let more = u32::try_from(accounts.len()).unwrap_or(u32::MAX);
        if group.join_requests.saturating_add(more) > limits::JOIN_REQUESTS_MAX {
            return Err(Reason::JoinRequestsFull.into());
        }
        for (_, outcome) in &mut outcomes {
            if *outcome == AddOutcome::Added {
                *outcome = AddOutcome::Waiting;
            }
        }
        let event = JoinRequested {
            group_id: self.group_id.clone(),
            accounts,
            invited_by: Some(by.clone()),
            reason: String::new(),
        };
        Ok(Decision::event(event, outcomes))
    }
}

/// How someone comes in.
enum Admission {
    Joins,
    /// An administrator of the group lets it in, or not.
    Waits {
        by: UserId,
    },
}
