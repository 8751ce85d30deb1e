use std::collections::BTreeMap;

use hansard_events::relation::FriendChanged;
use hansard_types::{Reason, UserId, limits};

use super::checks::{check_customs, check_groups, check_new_groups, check_text, distinct};
use crate::{Context, Decided, Decision, View};

/// Changes what an account keeps about a friend: an absent field stays as it is.
#[derive(Debug, Clone)]
pub struct UpdateFriend {
    pub from: UserId,
    pub to: UserId,
    pub remark: Option<String>,
    /// The whole new list; groups that do not exist are made.
    pub groups: Option<Vec<String>>,
    /// By name; an empty value removes the field.
    pub custom: BTreeMap<String, String>,
}

impl UpdateFriend {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided {
        check_text(
            self.remark.as_deref().unwrap_or_default(),
            limits::FRIEND_REMARK_BYTES_MAX,
        )?;
        let groups = self.groups.clone().map(distinct);
        check_groups(groups.as_deref().unwrap_or_default())?;
        check_customs(view, &self.custom, context.party())?;
        let before = view.friend(&self.from, &self.to)?;
        let before = before.ok_or(Reason::FriendUnknown)?;
        check_new_groups(view, &self.from, groups.as_deref().unwrap_or_default())?;
        let mut custom = self.custom.clone();
        custom.retain(|name, value| {
            before.custom.get(name).map_or("", String::as_str) != value.as_str()
        });
        let event = FriendChanged {
            from: self.from.clone(),
            to: self.to.clone(),
            remark: self.remark.clone().filter(|new| *new != before.remark),
            groups: groups.filter(|new| *new != before.groups),
            custom,
        };
        if event.remark.is_none() && event.groups.is_none() && event.custom.is_empty() {
            return Ok(Decision::nothing(()));
        }
        Ok(Decision::event(event, ()))
    }
}
