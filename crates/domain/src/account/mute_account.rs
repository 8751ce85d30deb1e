use hansard_events::account::{AccountMuted, Mutes};
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
    /// The mute's new end; the one before, when nothing changes.
    pub(crate) fn new_end(self, before: Timestamp, now: Timestamp) -> Timestamp {
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
        if changes { after } else { before }
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
        let before = account.mutes;
        let end =
            |mute: Option<MuteFor>, before| mute.map_or(before, |mute| mute.new_end(before, now));
        let after = Mutes {
            c2c: end(self.c2c, before.c2c),
            group: end(self.group, before.group),
        };
        Ok(match AccountMuted::between(&self.user_id, before, after) {
            Some(event) => Decision::event(event, ()),
            None => Decision::nothing(()),
        })
    }
}
