use hansard_events::group::{ImportedMember, MembersImported, Role};
use hansard_types::{ConversationId, GroupId, Reason, Timestamp, UserId};

use super::rules::rules;
use super::{AddOutcome, check_room, existing};
use crate::{Context, Decided, Decision, View};

/// A member as it was elsewhere.
#[derive(Debug, Clone)]
pub struct MemberToImport {
    pub user_id: UserId,
    pub role: Role,
    /// Absent: now.
    pub joined_at: Option<Timestamp>,
    /// How many of the last messages it has not read.
    pub unread: u64,
}

/// Brings members into a group as they were elsewhere: nobody is told.
#[derive(Debug, Clone)]
pub struct ImportMembers {
    pub group_id: GroupId,
    pub members: Vec<MemberToImport>,
}

impl ImportMembers {
    pub(crate) fn decide(
        &self,
        view: &dyn View,
        context: &Context<'_>,
    ) -> Decided<Vec<(UserId, AddOutcome)>> {
        let group = existing(view, &self.group_id)?;
        let rules = rules(group.group_type);
        if !rules.is_imported {
            return Err(Reason::GroupTypeForbids.into());
        }
        let conversation = ConversationId::Group(self.group_id.clone());
        let mut outcomes = Vec::with_capacity(self.members.len());
        let mut members: Vec<ImportedMember> = Vec::new();
        for member in &self.members {
            let user = &member.user_id;
            let joined_at = member.joined_at.unwrap_or(context.now);
            if joined_at < group.created_at || joined_at > context.now {
                return Err(Reason::GroupTimeInvalid.into());
            }
            let is_taken = members.iter().any(|one| one.user_id == *user);
            let outcome = if view.account(user)?.is_none() {
                AddOutcome::Unknown
            } else if is_taken || view.member(&self.group_id, user)?.is_some() {
                AddOutcome::AlreadyMember
            } else {
                members.push(ImportedMember {
                    user_id: user.clone(),
                    role: member.role,
                    joined_at,
                    read_seq: view.seq_before_unread(&conversation, user, member.unread)?,
                });
                AddOutcome::Added
            };
            outcomes.push((user.clone(), outcome));
        }
        check_room(&group, members.len())?;
        if members.is_empty() {
            return Ok(Decision::nothing(outcomes));
        }
        let event = MembersImported {
            group_id: self.group_id.clone(),
            members,
        };
        Ok(Decision::event(event, outcomes))
    }
}
