use hansard_events::account::SignaturesRevoked;
use hansard_types::{Reason, UserId};

use crate::{Context, Decided, Decision, Revoked, View};

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
