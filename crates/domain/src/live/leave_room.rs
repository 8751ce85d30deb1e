use hansard_events::live::LiveLeft;
use hansard_types::{GroupId, UserId};

use super::existing_room;
use crate::{Context, Decided, Decision, View};

/// An account leaves a live room. Who is not there has left already.
#[derive(Debug, Clone)]
pub struct LeaveRoom {
    pub group_id: GroupId,
    pub user: UserId,
}

impl LeaveRoom {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided {
        let room = existing_room(view, &self.group_id)?;
        if !view.is_visitor((&self.group_id, room.made), &self.user, context.now)? {
            return Ok(Decision::nothing(()));
        }
        let event = LiveLeft {
            group_id: self.group_id.clone(),
            accounts: vec![self.user.clone()],
            lapsed: false,
        };
        Ok(Decision::event(event, ()))
    }
}
