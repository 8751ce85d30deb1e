use std::collections::BTreeMap;

use hansard_events::group::AttributesChanged;
use hansard_types::{GroupId, Reason, limits};

use super::rules::rules;
use super::{difference, existing};
use crate::{Context, Decided, Decision, View};

/// What becomes of a group's attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttributeChange {
    /// These are added, or get new values.
    Set(BTreeMap<String, String>),
    /// These, and no others.
    Reset(BTreeMap<String, String>),
    Remove(Vec<String>),
    Clear,
}

/// Changes a group's attributes.
#[derive(Debug, Clone)]
pub struct ChangeAttributes {
    pub group_id: GroupId,
    pub change: AttributeChange,
}

impl ChangeAttributes {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided {
        let group = existing(view, &self.group_id)?;
        if !rules(group.group_type).has_attributes {
            return Err(Reason::GroupTypeForbids.into());
        }
        let before = view.attributes(&self.group_id)?;
        let after = self.after(&before.values)?;
        let (set, removed) = difference(&before.values, &after);
        if set.is_empty() && removed.is_empty() {
            return Ok(Decision::nothing(()));
        }
        let is_same_second = before.second == context.now.seconds();
        if is_same_second && before.changes >= limits::ATTRIBUTE_CHANGES_PER_SECOND_MAX {
            return Err(Reason::AttributeChangesTooMany.into());
        }
        let event = AttributesChanged {
            group_id: self.group_id.clone(),
            set,
            removed,
        };
        Ok(Decision::event(event, ()))
    }

    /// What there is afterwards.
    fn after(&self, before: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Reason> {
        let mut after = before.clone();
        match &self.change {
            AttributeChange::Set(values) => after.extend(values.clone()),
            AttributeChange::Reset(values) => after.clone_from(values),
            AttributeChange::Remove(keys) => {
                for key in keys {
                    after.remove(key).ok_or(Reason::AttributeUnknown)?;
                }
            }
            AttributeChange::Clear => after.clear(),
        }
        if after.len() > limits::ATTRIBUTES_MAX {
            return Err(Reason::AttributesFull);
        }
        let mut bytes = 0;
        for (key, value) in &after {
            if !(1..=limits::ATTRIBUTE_KEY_BYTES_MAX).contains(&key.len()) {
                return Err(Reason::AttributeKeyInvalid);
            }
            if value.len() > limits::ATTRIBUTE_VALUE_BYTES_MAX {
                return Err(Reason::AttributeValueTooLong);
            }
            bytes += key.len() + value.len();
        }
        if bytes > limits::ATTRIBUTES_BYTES_MAX {
            return Err(Reason::AttributesTooLarge);
        }
        Ok(after)
    }
}
