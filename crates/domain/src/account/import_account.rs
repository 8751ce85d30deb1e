use hansard_events::account::{AccountImported, ProfileValue};
use hansard_types::{Reason, UserId, limits, profile};

use crate::{Context, Decided, Decision, View};

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
