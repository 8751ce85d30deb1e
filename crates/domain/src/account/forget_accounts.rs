use hansard_events::account::{AccountsForgotten, Forgotten};
use hansard_types::limits::ACCOUNTS_FORGOTTEN_AT_ONCE_MAX;

use crate::{Context, Decided, Decision, View};

/// Tells a partition outside the directory's which accounts were deleted there since it learned of
/// it last: the partition gives it to itself, before anything else of a round is decided.
#[derive(Debug, Clone)]
pub struct ForgetAccounts;

impl ForgetAccounts {
    #[expect(clippy::unused_self, reason = "as every command")]
    pub(crate) fn decide(&self, view: &dyn View, _context: &Context<'_>) -> Decided {
        let deleted = view.deleted_accounts(ACCOUNTS_FORGOTTEN_AT_ONCE_MAX)?;
        if deleted.is_empty() {
            return Ok(Decision::nothing(()));
        }
        let forgotten = |(deleted_at, user_id)| Forgotten {
            user_id,
            deleted_at,
        };
        let accounts = deleted.into_iter().map(forgotten).collect();
        Ok(Decision::event(AccountsForgotten { accounts }, ()))
    }
}
