use hansard_events::group::{FirstMember, GroupCreated, GroupType, JoinOption, Role};
use hansard_types::{GroupId, Reason, Timestamp, UserId};

use super::rules::rules;
use crate::{Context, Decided, Decision, Halt, View};

/// Creates a group.
#[derive(Debug, Clone)]
pub struct CreateGroup {
    /// Chosen by the caller, or random.
    pub group_id: GroupId,
    pub group_type: GroupType,
    pub name: String,
    pub owner: Option<UserId>,
    pub introduction: String,
    pub notification: String,
    pub face_url: String,
    /// Absent: the most the type allows.
    pub max_members: Option<u32>,
    /// Absent: the type's default.
    pub apply_join_option: Option<JoinOption>,
    pub invite_join_option: Option<JoinOption>,
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
        let max_members = self
            .max_members
            .unwrap_or(rules.members_max)
            .min(rules.members_max);
        if members.len() > usize::try_from(max_members).unwrap_or(usize::MAX) {
            return Err(Reason::GroupFull.into());
        }
        let event = GroupCreated {
            group_id: self.group_id.clone(),
            group_type: self.group_type,
            name: self.name.clone(),
            owner: self.owner.clone(),
            introduction: self.introduction.clone(),
            notification: self.notification.clone(),
            face_url: self.face_url.clone(),
            max_members,
            apply_join_option: self.apply_join_option.unwrap_or(rules.apply_join_option),
            invite_join_option: self.invite_join_option.unwrap_or(rules.invite_join_option),
            created_at: self.created_at.unwrap_or(now),
            members,
        };
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
