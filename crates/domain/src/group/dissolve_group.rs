use hansard_events::group::GroupDissolved;
use hansard_types::GroupId;

use super::existing;
use super::rules::{check, rules};
use crate::{Context, Decided, Decision, View};

/// Dissolves a group. Its id is free then; a group that has it later has nothing of this one.
#[derive(Debug, Clone)]
pub struct DissolveGroup {
    pub group_id: GroupId,
}

impl DissolveGroup {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided {
        let group = existing(view, &self.group_id)?;
        let dissolves = rules(group.group_type).dissolves;
        check(dissolves, view, context, &self.group_id)?;
        Ok(Decision::event(
            GroupDissolved {
                group_id: self.group_id.clone(),
            },
            (),
        ))
    }
}
