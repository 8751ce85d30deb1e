//! What clients keep with messages.

use hansard_domain::message::{ChangeExtensions, ExtensionChange, ExtensionOutcome};
use hansard_events::message::Extension;
use hansard_types::{Actor, Reason};

use super::rights::account;
use super::{Answered, Expected, Model};

impl Model {
    pub(super) fn change_extensions(
        &mut self,
        actor: &Actor,
        command: &ChangeExtensions,
    ) -> Expected {
        let by = account(actor);
        let kept = self.extended(&command.conversation, command.which, actor)?;
        let wanted = match &command.change {
            ExtensionChange::Set(wanted) => wanted,
            ExtensionChange::Clear => {
                kept.entries.clear();
                return Ok(Answered::Extended(Vec::new()));
            }
        };
        let mut outcomes = Vec::new();
        for one in wanted {
            let before = kept.entries.get(&one.key).cloned().unwrap_or_default();
            let value = one.value.clone().unwrap_or_default();
            let conflicts = by.is_some() && one.number != before.1;
            let refused = (before.0 != value && conflicts).then_some(Reason::ExtensionConflict);
            if before.0 != value && !conflicts {
                kept.latest += 1;
                kept.entries.insert(one.key.clone(), (value, kept.latest));
            }
            let (value, number) = kept.entries.get(&one.key).cloned().unwrap_or_default();
            let key = one.key.clone();
            outcomes.push(ExtensionOutcome {
                now: Extension { key, value, number },
                refused,
            });
        }
        Ok(Answered::Extended(outcomes))
    }
}
