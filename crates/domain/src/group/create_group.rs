use hansard_events::group::{FirstMember, GroupCreated, GroupProfileChange, GroupType, Role};
use hansard_types::{GroupId, Reason, Timestamp, UserId};

use super::rules::rules;
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
        let now = context.now;
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
        if rules.open_room && !self.members.is_empty() {
            return Err(Reason::GroupTypeForbids.into());
        }
        let members = self.first_members(view)?;
        let mut profile = rules.profile();
        profile.apply(&self.profile);
        profile.max_members = profile.max_members.min(rules.members_max);
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

    /// The owner first, everyone once, everyone an account.
    fn first_members(&self, view: &dyn View) -> Result<Vec<FirstMember>, Halt> {
        let owner = self.owner.iter().map(|id| FirstMember {
            user_id: id.clone(),
            role: Role::Owner,
        });
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
