use hansard_events::account::AccountDeleted;
use hansard_types::{Reason, UserId};

use crate::{Context, Decided, Decision, View};

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
