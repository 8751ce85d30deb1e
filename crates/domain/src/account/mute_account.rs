use hansard_events::account::AccountMuted;
use hansard_types::{Reason, Timestamp, UserId};

use crate::{Context, Decided, Decision, View};

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
