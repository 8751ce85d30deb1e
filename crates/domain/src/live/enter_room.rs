use hansard_events::group::JoinOption;
use hansard_events::live::LiveEntered;
use hansard_types::{GroupId, Reason, Timestamp, UserId, limits};

use super::existing_room;
use crate::group::is_banned;
use crate::{Context, Decided, Decision, View};

/// An account comes into a live room, or stays there for longer: a visit ends by itself. One that is
/// far from its end is not renewed.
#[derive(Debug, Clone)]
pub struct EnterRoom {
    pub group_id: GroupId,
    pub user: UserId,
    /// How long it stays unless it comes again, seconds: 10 to 3600.
    pub seconds: u32,
}

impl EnterRoom {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided {
        if !limits::VISIT_SECONDS.contains(&self.seconds) {
            return Err(Reason::VisitTimeInvalid.into());
        }
        view.account(&self.user)?.ok_or(Reason::AccountUnknown)?;
        let room = existing_room(view, &self.group_id)?;
        if is_banned(view, &room, context, &self.group_id, &self.user)? {
            return Err(Reason::MemberBanned.into());
        }
        if context.is_account() && room.profile.apply_join_option == JoinOption::Disabled {
            return Err(Reason::JoinRequestsRefused.into());
        }
        let stay = u64::from(self.seconds) * 1000;
        let soon = Timestamp(context.now.0 + stay / 2);
        if view.is_visitor((&self.group_id, room.made), &self.user, soon)? {
            return Ok(Decision::nothing(()));
        }
        let event = LiveEntered {
            group_id: self.group_id.clone(),
            room: room.made,
            user_id: self.user.clone(),
            until: Timestamp(context.now.0 + stay),
        };
        Ok(Decision::event(event, ()))
    }
}
