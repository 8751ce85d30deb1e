//! Accounts.

use hansard_events::account::{
    AccountDeleted, AccountImported, AccountMuted, ProfileValue, SignaturesRevoked,
};
use hansard_types::{Reason, Timestamp, UserId, limits, profile};

use crate::{Context, Decided, Decision, Revoked, View};

/// Imports an account, or sets the nickname or picture of one that exists: clients import before
/// each login, with what they have, so an empty one says nothing.
#[derive(Debug, Clone)]
pub struct ImportAccount {
    pub user_id: UserId,
    pub nick: Option<String>,
    pub face_url: Option<String>,
}

impl ImportAccount {
    pub(crate) fn decide(&self, view: &dyn View, _context: &Context<'_>) -> Decided {
        let too_long = |value: &Option<String>| {
            value
                .as_ref()
                .is_some_and(|text| text.len() > limits::PROFILE_VALUE_BYTES_MAX)
        };
        if too_long(&self.nick) || too_long(&self.face_url) {
            return Err(Reason::ProfileValueTooLong.into());
        }
        let said = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let (nick, face_url) = (said(&self.nick), said(&self.face_url));
        let event = if view.account(&self.user_id)?.is_none() {
            Some((nick, face_url))
        } else {
            let before = view.profile(&self.user_id)?;
            let changed = |tag: &str, new: Option<String>| {
                new.filter(|text| before.get(tag) != Some(&ProfileValue::Text(text.clone())))
            };
            let nick = changed(profile::NICK, nick);
            let face_url = changed(profile::IMAGE, face_url);
            (nick.is_some() || face_url.is_some()).then_some((nick, face_url))
        };
        let Some((nick, face_url)) = event else {
            return Ok(Decision::nothing(()));
        };
        Ok(Decision::event(
            AccountImported {
                user_id: self.user_id.clone(),
                nick,
                face_url,
            },
            (),
        ))
    }
}

/// Deletes an account. What it said stays; an account of the same name begins anew.
#[derive(Debug, Clone)]
pub struct DeleteAccount {
    pub user_id: UserId,
}

impl DeleteAccount {
    pub(crate) fn decide(&self, view: &dyn View, _context: &Context<'_>) -> Decided {
        view.account(&self.user_id)?.ok_or(Reason::AccountUnknown)?;
        let app = view.own_app()?;
        if app.is_some_and(|app| app.administrators.contains(&self.user_id)) {
            return Err(Reason::AdministratorStays.into());
        }
        let event = AccountDeleted {
            user_id: self.user_id.clone(),
        };
        Ok(Decision::event(event, ()))
    }
}

/// Takes every signature that was issued up to a second from an account.
#[derive(Debug, Clone)]
pub struct RevokeSignatures {
    pub user_id: UserId,
    /// That second, by the clock that signatures are dated by. It is not the log's time, which may be
    /// ahead of it: signatures of the future would be taken back.
    pub issued_up_to_seconds: u64,
}

impl RevokeSignatures {
    pub(crate) fn decide(&self, view: &dyn View, _context: &Context<'_>) -> Decided<Revoked> {
        view.account(&self.user_id)?.ok_or(Reason::AccountUnknown)?;
        let issued_up_to_seconds = self.issued_up_to_seconds;
        let reply = Revoked {
            issued_up_to_seconds,
        };
        let before = view.signatures_revoked_up_to(&self.user_id)?;
        if before.is_some_and(|revoked| revoked >= issued_up_to_seconds) {
            return Ok(Decision::nothing(reply));
        }
        let event = SignaturesRevoked {
            user_id: self.user_id.clone(),
            issued_up_to_seconds,
        };
        Ok(Decision::event(event, reply))
    }
}

/// For how long an account may not speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MuteFor {
    /// 0 lifts the mute.
    Seconds(u32),
    Good,
}

impl MuteFor {
    /// The mute's new end; `None` when nothing changes.
    fn new_end(self, before: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let is_muted = before > now;
        let after = match self {
            Self::Good => Timestamp::FOREVER,
            Self::Seconds(0) => Timestamp(0),
            Self::Seconds(seconds) => {
                let ms = Timestamp::from_seconds(seconds.into()).0;
                Timestamp(now.0.saturating_add(ms))
            }
        };
        let changes = if after > now {
            after != before
        } else {
            is_muted
        };
        changes.then_some(after)
    }
}

/// Mutes an account everywhere, one-to-one, in groups or both: an absent one stays as it is.
#[derive(Debug, Clone)]
pub struct MuteAccount {
    pub user_id: UserId,
    pub c2c: Option<MuteFor>,
    pub group: Option<MuteFor>,
}

impl MuteAccount {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided {
        let now = context.now;
        let account = view.account(&self.user_id)?.ok_or(Reason::AccountUnknown)?;
        let end = |mute: Option<MuteFor>, before| mute.and_then(|mute| mute.new_end(before, now));
        let event = AccountMuted {
            user_id: self.user_id.clone(),
            c2c_until: end(self.c2c, account.c2c_muted_until),
            group_until: end(self.group, account.group_muted_until),
        };
        if event.c2c_until.is_none() && event.group_until.is_none() {
            return Ok(Decision::nothing(()));
        }
        Ok(Decision::event(event, ()))
    }
}

#[cfg(test)]
mod tests;
