//! Accounts.

use hansard_events::account::AccountImported;
use hansard_types::{Reason, UserId, limits};

use crate::{Decided, Decision, Reply, View};

/// Imports an account, or sets the nickname or picture of one that exists.
#[derive(Debug, Clone)]
pub struct ImportAccount {
    pub user_id: UserId,
    pub nick: Option<String>,
    pub face_url: Option<String>,
}

impl ImportAccount {
    pub(crate) fn decide(&self, view: &dyn View) -> Decided {
        let too_long = |value: &Option<String>| {
            value
                .as_ref()
                .is_some_and(|text| text.len() > limits::PROFILE_VALUE_BYTES_MAX)
        };
        if too_long(&self.nick) || too_long(&self.face_url) {
            return Err(Reason::ProfileValueTooLong.into());
        }
        let event = match view.account(&self.user_id)? {
            None => Some((self.nick.clone(), self.face_url.clone())),
            Some(account) => {
                let changed = |new: &Option<String>, old: &Option<String>| {
                    if new.is_some() && new != old {
                        new.clone()
                    } else {
                        None
                    }
                };
                let nick = changed(&self.nick, &account.nick);
                let face_url = changed(&self.face_url, &account.face_url);
                (nick.is_some() || face_url.is_some()).then_some((nick, face_url))
            }
        };
        let Some((nick, face_url)) = event else {
            return Ok(Decision::nothing(Reply::Done));
        };
        Ok(Decision::one(
            AccountImported {
                user_id: self.user_id.clone(),
                nick,
                face_url,
            },
            Reply::Done,
        ))
    }
}
