use hansard_events::group::{GroupProfileChange, ProfileChanged};
use hansard_types::{GroupId, Reason};

use super::existing;
use super::rules::rules;
use crate::{Context, Decided, Decision, View};

/// Changes fields of a group's profile.
#[derive(Debug, Clone)]
pub struct ChangeGroupProfile {
    pub group_id: GroupId,
    pub change: GroupProfileChange,
}

impl ChangeGroupProfile {
    pub(crate) fn decide(&self, view: &dyn View, _context: &Context<'_>) -> Decided {
        let group = existing(view, &self.group_id)?;
        let members_max = rules(group.group_type).members_max;
        let mut wanted = self.change.clone();
        if wanted
            .max_members
            .is_some_and(|max| max < group.member_count)
        {
            return Err(Reason::GroupFull.into());
        }
        wanted.max_members = wanted.max_members.map(|max| max.min(members_max));
        let change = group.profile.diff(wanted);
        if change.is_empty() {
            return Ok(Decision::nothing(()));
        }
        let event = ProfileChanged {
            group_id: self.group_id.clone(),
            change,
        };
        Ok(Decision::event(event, ()))
    }
}
