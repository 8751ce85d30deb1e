//! Profiles: what an account says of itself, field by field.

use std::collections::BTreeMap;

use hansard_events::account::{AccountProfileChanged, ProfileValue};
use hansard_events::app::{CustomField, Party};
use hansard_types::profile::{ADMIN_FORBID_TYPE, CUSTOM_PREFIX, FieldRule, standard_rule};
use hansard_types::{Reason, UserId, limits};

use crate::{Context, Decided, Decision, Halt, View};

/// Sets fields of an account's profile: all of them, or none when one is refused. A field given
/// twice gets the later value.
#[derive(Debug, Clone)]
pub struct ChangeProfile {
    pub user_id: UserId,
    /// Tags and values.
    pub fields: Vec<(String, ProfileValue)>,
}

impl ChangeProfile {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided {
        view.account(&self.user_id)?.ok_or(Reason::AccountUnknown)?;
        let before = view.profile(&self.user_id)?;
        let mut fields = BTreeMap::new();
        for (tag, value) in &self.fields {
            check(view, tag, value, context.party())?;
            fields.insert(tag.clone(), value.clone());
        }
        fields.retain(|tag, value| before.get(tag) != Some(value));
        if fields.is_empty() {
            return Ok(Decision::nothing(()));
        }
        let event = AccountProfileChanged {
            user_id: self.user_id.clone(),
            fields,
        };
        Ok(Decision::event(event, ()))
    }
}

fn check(view: &dyn View, tag: &str, value: &ProfileValue, by: Party) -> Result<(), Halt> {
    if let Some(name) = tag.strip_prefix(CUSTOM_PREFIX) {
        let field = view.profile_field(name)?.ok_or(Reason::ProfileTagUnknown)?;
        return Ok(check_custom(&field, value, by)?);
    }
    let rule = standard_rule(tag).ok_or(Reason::ProfileTagUnknown)?;
    if tag == ADMIN_FORBID_TYPE && by != Party::Admin {
        return Err(Reason::ProfileReadOnly.into());
    }
    Ok(check_standard(rule, value)?)
}

/// Whether a custom field, of a profile or of a friend, takes a value from someone.
///
/// # Errors
/// The [`Reason`] why it does not.
pub fn check_custom(field: &CustomField, value: &ProfileValue, by: Party) -> Result<(), Reason> {
    if !field.writers.contains(&by) {
        return Err(Reason::ProfileReadOnly);
    }
    match value {
        ProfileValue::Number(_) => Err(Reason::ProfileTypeDiffers),
        ProfileValue::Text(text) if text.len() > limits::PROFILE_VALUE_BYTES_MAX => {
            Err(Reason::ProfileValueTooLong)
        }
        ProfileValue::Text(_) => Ok(()),
    }
}

fn check_standard(rule: FieldRule, value: &ProfileValue) -> Result<(), Reason> {
    match (rule, value) {
        (FieldRule::Number, ProfileValue::Number(_)) => Ok(()),
        (FieldRule::Text { bytes_max }, ProfileValue::Text(text)) => {
            if text.len() > bytes_max {
                return Err(Reason::ProfileValueTooLong);
            }
            Ok(())
        }
        (FieldRule::OneOf(allowed), ProfileValue::Text(text)) => {
            if !allowed.contains(&text.as_str()) {
                return Err(Reason::ProfileValueNotAllowed);
            }
            Ok(())
        }
        (FieldRule::Number, ProfileValue::Text(_))
        | (FieldRule::Text { .. } | FieldRule::OneOf(_), ProfileValue::Number(_)) => {
            Err(Reason::ProfileTypeDiffers)
        }
    }
}

#[cfg(test)]
mod tests;
