use hansard_events::live::LiveLeft;
use hansard_types::limits;

use crate::{Context, Decided, Decision, View};

/// The log says whose time in a live room is over: of one room at once. Nothing when there is nobody.
#[derive(Debug, Clone)]
pub struct EndVisits;

impl EndVisits {
    #[expect(
        clippy::unused_self,
        reason = "every command decides by its own method"
    )]
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided {
        let over = view.visits_over(context.now, limits::VISITS_ENDED_MAX)?;
        let Some((group_id, accounts)) = over.into_iter().next() else {
            return Ok(Decision::nothing(()));
        };
        let event = LiveLeft {
            group_id,
            accounts,
            lapsed: true,
        };
        Ok(Decision::event(event, ()))
    }
}
