use hansard_events::account::ProfileValue;
use hansard_events::relation::{Befriended, Befriending, FriendDetails, FriendRequested};
use hansard_types::profile::{ADMIN_FORBID_TYPE, ALLOW_TYPE};
use hansard_types::{Reason, Timestamp, UserId, limits};

use super::checks::{check_blocks, check_details, check_pair, check_room};
use crate::{Context, Decided, Decision, Friendship, Halt, View};

/// Adds a friend, or asks to. Who it is added to decides how it is answered.
#[derive(Debug, Clone)]
pub struct AddFriend {
    pub from: UserId,
    pub to: UserId,
    pub details: FriendDetails,
    /// Each on the other's list; else only `to` on that of `from`.
    pub both: bool,
    /// An administrator's word: nobody is asked. An account cannot give it.
    pub forced: bool,
}

impl AddFriend {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided<Friendship> {
        let now = context.now;
        if self.forced && context.is_account() {
            return Err(Reason::NotPermitted.into());
        }
        check_details(view, &self.details, context.party())?;
        check_pair(view, &self.from, &self.to)?;
        let has = |user, other| Ok::<_, Halt>(view.friend(user, other)?.is_some());
        if has(&self.from, &self.to)? && (!self.both || has(&self.to, &self.from)?) {
            return Err(Reason::AlreadyFriends.into());
        }
        check_blocks(view, &self.from, &self.to)?;
        check_room(
            view,
            &self.from,
            &self.to,
            &self.details.groups,
            Reason::FriendListFull,
        )?;
        if !self.forced && self.must_ask(view)? {
            return self.ask(view, now);
        }
        if self.both {
            check_room(view, &self.to, &self.from, &[], Reason::TheirFriendListFull)?;
        }
        let event = Befriended {
            from: self.from.clone(),
            to: self.to.clone(),
            details: self.details.clone(),
            both: self.both,
            how: if self.forced {
                Befriending::Forced
            } else {
                Befriending::Open
            },
            remark_of_to: String::new(),
            befriended_at: now,
        };
        Ok(Decision::event(event, Friendship::Made))
    }

    /// Whether `to` wants to be asked; an error when it, or the app, wants no requests at all.
    fn must_ask(&self, view: &dyn View) -> Result<bool, Halt> {
        let text = |user: &UserId, tag: &str| {
            let value = view.profile(user)?.remove(tag);
            Ok::<_, Halt>(match value {
                Some(ProfileValue::Text(text)) => text,
                Some(ProfileValue::Number(_)) | None => String::new(),
            })
        };
        if text(&self.from, ADMIN_FORBID_TYPE)? == "AdminForbid_Type_SendOut" {
            return Err(Reason::FriendRequestsForbidden.into());
        }
        match text(&self.to, ALLOW_TYPE)?.as_str() {
            "AllowType_Type_DenyAny" => Err(Reason::FriendRequestsRefused.into()),
            "AllowType_Type_NeedConfirm" => Ok(true),
            // The contract names no default; who has said nothing takes anyone.
            _ => Ok(false),
        }
    }

    fn ask(&self, view: &dyn View, now: Timestamp) -> Decided<Friendship> {
        let before = view.request(&self.to, &self.from)?;
        match before {
            Some(request) if request.details == self.details && request.both == self.both => {
                return Ok(Decision::nothing(Friendship::Requested));
            }
            Some(_) => {}
            None if view.lists(&self.to)?.requests >= limits::FRIEND_REQUESTS_MAX => {
                return Err(Reason::FriendRequestsFull.into());
            }
            None => {}
        }
        let event = FriendRequested {
            from: self.from.clone(),
            to: self.to.clone(),
            details: self.details.clone(),
            both: self.both,
            requested_at: now,
        };
        Ok(Decision::event(event, Friendship::Requested))
    }
}
