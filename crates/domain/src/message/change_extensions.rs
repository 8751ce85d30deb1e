use hansard_events::message::{Extension, ExtensionsChanged};
use hansard_types::{ConversationId, Reason, Seq, UserId, limits};

use super::Which;
use super::edit_message::check_place;
use crate::conversation::check_party;
use crate::view::Extensions;
use crate::{Context, Decided, Decision, Halt, View};

/// A key's new value; `None`: it is deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewExtension {
    pub key: String,
    pub value: Option<String>,
    /// The number that the key has, as who changes it knows: 0 when it has none. Of an account
    /// alone it must be right.
    pub number: u64,
}

/// What becomes of a message's extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExtensionChange {
    Set(Vec<NewExtension>),
    Clear,
}

/// What became of one key: its value and number now, or why it did not change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtensionOutcome {
    /// An empty value: it was deleted, or there is none.
    pub now: Extension,
    pub refused: Option<Reason>,
}

/// Changes keys and values that clients keep with a message; each is answered by itself. The same
/// again changes nothing (reference, sections 4.11 and 9.2).
#[derive(Debug, Clone)]
pub struct ChangeExtensions {
    pub conversation: ConversationId,
    pub which: Which,
    pub change: ExtensionChange,
    pub by: UserId,
}

impl ChangeExtensions {
    pub(crate) fn decide(
        &self,
        view: &dyn View,
        context: &Context<'_>,
    ) -> Decided<Vec<ExtensionOutcome>> {
        check_place(view, &self.conversation, None)?;
        check_party(view, context, &self.conversation)?;
        let seq = self.message(view)?;
        let before = view.extensions(&self.conversation, seq)?;
        let is_same_minute = before.minute == context.now.seconds() / 60;
        let (changed, outcomes) = self.changes(&before, context)?;
        let clears = self.change == ExtensionChange::Clear && !before.entries.is_empty();
        if changed.is_empty() && !clears {
            return Ok(Decision::nothing(outcomes));
        }
        if is_same_minute && before.changes >= limits::EXTENSION_CHANGES_PER_MINUTE_MAX {
            return Err(Reason::ExtensionChangesTooMany.into());
        }
        let event = ExtensionsChanged {
            conversation: self.conversation.clone(),
            seq,
            changed,
            cleared_up_to: clears.then_some(before.latest),
            changed_by: self.by.clone(),
        };
        Ok(Decision::event(event, outcomes))
    }

    /// The message, which must take extensions.
    fn message(&self, view: &dyn View) -> Result<Seq, Halt> {
        let seq = self.which.seq(view, &self.conversation)?;
        let message = view.message(&self.conversation, seq)?;
        let message = message.ok_or(Reason::MessageUnknown)?;
        if message.recalled {
            return Err(Reason::MessageAlreadyRecalled.into());
        }
        if !message.extensible {
            return Err(Reason::ExtensionsOff.into());
        }
        Ok(seq)
    }

    fn changes(
        &self,
        before: &Extensions,
        context: &Context<'_>,
    ) -> Result<(Vec<Extension>, Vec<ExtensionOutcome>), Reason> {
        let ExtensionChange::Set(wanted) = &self.change else {
            return Ok((Vec::new(), Vec::new()));
        };
        let mut after = before.clone();
        let (mut changed, mut outcomes) = (Vec::new(), Vec::with_capacity(wanted.len()));
        for one in wanted {
            let is_key = (1..=limits::EXTENSION_KEY_BYTES_MAX).contains(&one.key.len());
            let value = one.value.as_deref();
            let is_value =
                |value: &str| (1..=limits::EXTENSION_VALUE_BYTES_MAX).contains(&value.len());
            if !is_key || !value.is_none_or(is_value) {
                return Err(Reason::ExtensionInvalid);
            }
            let now = after.entries.get(&one.key).cloned().unwrap_or_default();
            let value = value.unwrap_or_default();
            let is_new = !after.entries.contains_key(&one.key);
            let is_full = after.entries.len() >= limits::EXTENSIONS_MAX;
            let refused = if now.0 == value {
                None
            } else if context.is_account() && one.number != now.1 {
                Some(Reason::ExtensionConflict)
            } else if is_new && is_full {
                Some(Reason::ExtensionsFull)
            } else {
                after.latest += 1;
                let entry = (value.to_owned(), after.latest);
                changed.push(extension(&one.key, &entry));
                after.entries.insert(one.key.clone(), entry);
                None
            };
            let now = after.entries.get(&one.key).cloned().unwrap_or_default();
            outcomes.push(ExtensionOutcome {
                now: extension(&one.key, &now),
                refused,
            });
        }
        Ok((changed, outcomes))
    }
}

fn extension(key: &str, (value, number): &(String, u64)) -> Extension {
    Extension {
        key: key.to_owned(),
        value: value.clone(),
        number: *number,
    }
}
