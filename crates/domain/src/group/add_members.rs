use hansard_events::group::MembersAdded;
use hansard_types::{GroupId, Reason, Timestamp, UserId};

use super::existing;
use super::imported_before;
use super::rules::rules;
use crate::{Context, Decided, Decision, View};

/// What became of one account that should be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddOutcome {
    Added,
    AlreadyMember,
    /// There is no such account.
    Unknown,
}

/// Adds accounts to a group.
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
        let group = existing(view, &self.group_id)?;
        if rules(group.group_type).open_room {
            return Err(Reason::GroupTypeForbids.into());
        }
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
            } else {
                accounts.push(user.clone());
                AddOutcome::Added
            };
            outcomes.push((user.clone(), outcome));
        }
        if !outcomes.is_empty() && outcomes.iter().all(|(_, one)| *one == AddOutcome::Unknown) {
            return Err(Reason::AccountUnknown.into());
        }
        let added = u32::try_from(accounts.len()).unwrap_or(u32::MAX);
        if group.member_count.saturating_add(added) > group.profile.max_members {
            return Err(Reason::GroupFull.into());
        }
        // An import is remembered even when everybody was there already: seen again after they
        // left, the same line would bring them back.
        if accounts.is_empty() && self.imported.is_none() {
            return Ok(Decision::nothing(outcomes));
        }
        let event = MembersAdded {
            group_id: self.group_id.clone(),
            accounts,
            joined_at: self.imported.as_ref().map_or(now, |(time, _)| *time),
            silent: self.silent,
            import_key: self.imported.as_ref().map(|(_, key)| key.clone()),
        };
        Ok(Decision::event(event, outcomes))
    }
}
