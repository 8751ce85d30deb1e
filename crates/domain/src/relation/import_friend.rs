use hansard_events::relation::{Befriended, Befriending, FriendDetails};
use hansard_types::{Reason, Timestamp, UserId};

use super::UpdateFriend;
use super::checks::{check_blocks, check_details, check_pair, check_room};
use crate::{Context, Decided, Decision, View};

/// Takes a friend over from elsewhere, one-way. A friend who is there gets the details given.
#[derive(Debug, Clone)]
pub struct ImportFriend {
    pub from: UserId,
    pub to: UserId,
    pub details: FriendDetails,
    /// Absent: now.
    pub added_at: Option<Timestamp>,
}

impl ImportFriend {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided {
        let now = context.now;
        check_details(view, &self.details, context.party())?;
        check_pair(view, &self.from, &self.to)?;
        if view.friend(&self.from, &self.to)?.is_some() {
            let FriendDetails {
                source: _,
                remark,
                wording: _,
                groups,
                custom,
            } = self.details.clone();
            let update = UpdateFriend {
                from: self.from.clone(),
                to: self.to.clone(),
                remark: Some(remark),
                groups: Some(groups),
                custom,
            };
            return update.decide(view, context);
        }
        check_blocks(view, &self.from, &self.to)?;
        check_room(
            view,
            &self.from,
            &self.to,
            &self.details.groups,
            Reason::FriendListFull,
        )?;
        let event = Befriended {
            from: self.from.clone(),
            to: self.to.clone(),
            details: self.details.clone(),
            both: false,
            how: Befriending::Imported,
            remark_of_to: String::new(),
            befriended_at: self.added_at.unwrap_or(now),
        };
        Ok(Decision::event(event, ()))
    }
}
