use hansard_events::relation::FriendGroupsAdded;
use hansard_types::{Reason, UserId};

use super::checks::{check_groups, check_new_groups, distinct};
use crate::{Context, Decided, Decision, View};

/// Makes friend groups that do not exist, and puts friends into all of them.
#[derive(Debug, Clone)]
pub struct AddFriendGroups {
    pub user: UserId,
    pub groups: Vec<String>,
    pub friends: Vec<UserId>,
}

impl AddFriendGroups {
    pub(crate) fn decide(
        &self,
        view: &dyn View,
        _context: &Context<'_>,
    ) -> Decided<Vec<(UserId, Option<Reason>)>> {
        view.account(&self.user)?.ok_or(Reason::AccountUnknown)?;
        let groups = distinct(self.groups.clone());
        check_groups(&groups)?;
        check_new_groups(view, &self.user, &groups)?;
        let (mut friends, mut outcomes) = (Vec::new(), Vec::new());
        for friend in distinct(self.friends.clone()) {
            let outcome = match view.friend(&self.user, &friend)? {
                None => Some(Reason::FriendUnknown),
                Some(details) => {
                    if groups.iter().any(|group| !details.groups.contains(group)) {
                        friends.push(friend.clone());
                    }
                    None
                }
            };
            outcomes.push((friend, outcome));
        }
        let known = view.lists(&self.user)?.groups;
        if friends.is_empty() && groups.iter().all(|group| known.contains(group)) {
            return Ok(Decision::nothing(outcomes));
        }
        let event = FriendGroupsAdded {
            user: self.user.clone(),
            groups,
            friends,
        };
        Ok(Decision::event(event, outcomes))
    }
}
