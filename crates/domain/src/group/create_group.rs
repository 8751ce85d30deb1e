use hansard_events::group::{FirstMember, GroupCreated, GroupProfileChange, GroupType, Role};
use hansard_types::{GroupId, Reason, Timestamp, UserId};

use super::rules::{Who, rules};
use super::{check_import, fields, members_max};
use crate::{Context, Decided, Decision, Halt, View};

/// Creates a group.
#[derive(Debug, Clone)]
pub struct CreateGroup {
    /// Chosen by the caller, or random.
    pub group_id: GroupId,
    pub group_type: GroupType,
    pub owner: Option<UserId>,
    /// What is absent is as the type begins with; the texts are empty.
    pub profile: GroupProfileChange,
    /// Besides the owner.
    pub members: Vec<FirstMember>,
    /// The original time of an imported group; absent: now.
    pub created_at: Option<Timestamp>,
}

impl CreateGroup {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided<GroupId> {
        check_import(context, self.created_at.is_some())?;
        let now = context.now;
        if self.created_at.is_some_and(|created_at| created_at > now) {
            return Err(Reason::GroupTimeInvalid.into());
        }
        let rules = rules(self.group_type);
        let taken = view.group(&self.group_id)?;
        if let Some(taken) = taken.filter(|group| !group.dissolved) {
            let same_owner = taken.owner.is_some() && taken.owner == self.owner;
            let reason = if same_owner {
                Reason::GroupIdTakenBySameOwner
            } else {
                Reason::GroupIdTaken
            };
            return Err(reason.into());
        }
        self.check(view, context)?;
        let members = self.first_members(view)?;
        let mut profile = rules.profile();
        profile.apply(&self.profile);
        profile.max_members = profile.max_members.min(members_max(view, self.group_type)?);
        if members.len() > usize::try_from(profile.max_members).unwrap_or(usize::MAX) {
            return Err(Reason::GroupFull.into());
        }
        let event = GroupCreated::new(
            self.group_id.clone(),
            self.group_type,
            self.owner.clone(),
            profile,
            members,
            self.created_at.unwrap_or(now),
        );
        Ok(Decision::event(event, self.group_id.clone()))
    }

    fn check(&self, view: &dyn View, context: &Context<'_>) -> Result<(), Halt> {
        if self.profile.has_bad_text() {
            return Err(Reason::GroupTextInvalid.into());
        }
        let rules = rules(self.group_type);
        let is_admin = |member: &FirstMember| member.role == Role::Admin;
        let has_admins = self.members.iter().any(is_admin);
        if (!rules.has_roster && !self.members.is_empty())
            || (has_admins && rules.sets_admins == Who::Nobody)
            || (self.profile.history_before_join.is_some() && !rules.chooses_history)
            || (self.profile.supports_topics == Some(true) && rules.makes_topics == Who::Nobody)
        {
            return Err(Reason::GroupTypeForbids.into());
        }
        let owner = Some(Role::Owner);
        fields::check_of_group(view, context, owner, &self.profile.fields)?;
        for member in &self.members {
            fields::check_of_member(view, context, (owner, false), &member.fields)?;
        }
        Ok(())
    }

    /// The owner first, everyone once, everyone an account.
    fn first_members(&self, view: &dyn View) -> Result<Vec<FirstMember>, Halt> {
        let owner = self.owner.iter();
        let owner = owner.map(|id| FirstMember::new(id.clone(), Role::Owner));
        let mut members: Vec<FirstMember> = Vec::with_capacity(self.members.len() + 1);
        for member in owner.chain(self.members.iter().cloned()) {
            view.account(&member.user_id)?
                .ok_or(Reason::AccountUnknown)?;
            let known = members
                .iter()
                .any(|earlier| earlier.user_id == member.user_id);
            if !known {
                members.push(member);
            }
        }
        Ok(members)
    }
}
