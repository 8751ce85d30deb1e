//! Apps: decided on the control log.

use hansard_events::app::{AppCreated, AppSettingsChanged, CustomField};
use hansard_types::{AppId, Reason, UserId, limits};

use crate::{Context, Decided, Decision, View};

/// Creates an app.
#[derive(Debug, Clone)]
pub struct CreateApp {
    pub app_id: AppId,
    pub administrators: Vec<UserId>,
    /// The first 16 hex digits of the secret's SHA-256.
    pub secret_fingerprint: String,
    /// Of its log, for good: 1 to `APP_PARTITIONS_MAX`.
    pub partitions: u16,
}

impl CreateApp {
    pub(crate) fn decide(&self, view: &dyn View, _context: &Context<'_>) -> Decided {
        if view.app(self.app_id)?.is_some() {
            return Err(Reason::AppExists.into());
        }
        if !(1..=limits::APP_PARTITIONS_MAX).contains(&self.partitions) {
            return Err(Reason::PartitionsInvalid.into());
        }
        let event = AppCreated {
            app_id: self.app_id,
            administrators: self.administrators.clone(),
            secret_fingerprint: self.secret_fingerprint.clone(),
            partitions: self.partitions,
        };
        Ok(Decision::event(event, ()))
    }
}

/// Changes settings of an app: an absent one stays as it is.
#[derive(Debug, Clone)]
pub struct ChangeAppSettings {
    pub app_id: AppId,
    pub administrators: Option<Vec<UserId>>,
    pub secret_fingerprint: Option<String>,
    /// The whole new list: it holds every field that there was, with its type.
    pub profile_fields: Option<Vec<CustomField>>,
    /// As `profile_fields`.
    pub friend_fields: Option<Vec<CustomField>>,
}

impl ChangeAppSettings {
    pub(crate) fn decide(&self, view: &dyn View, _context: &Context<'_>) -> Decided {
        let app = view.app(self.app_id)?.ok_or(Reason::AppUnknown)?;
        if let Some(fields) = &self.profile_fields {
            check_fields(fields, &app.profile_fields)?;
        }
        if let Some(fields) = &self.friend_fields {
            check_fields(fields, &app.friend_fields)?;
        }
        let event = AppSettingsChanged {
            app_id: self.app_id,
            administrators: self
                .administrators
                .clone()
                .filter(|new| *new != app.administrators),
            secret_fingerprint: self
                .secret_fingerprint
                .clone()
                .filter(|new| *new != app.secret_fingerprint),
            profile_fields: self
                .profile_fields
                .clone()
                .filter(|new| *new != app.profile_fields),
            friend_fields: self
                .friend_fields
                .clone()
                .filter(|new| *new != app.friend_fields),
        };
        let unchanged = AppSettingsChanged {
            app_id: self.app_id,
            ..AppSettingsChanged::default()
        };
        if event == unchanged {
            return Ok(Decision::nothing(()));
        }
        Ok(Decision::event(event, ()))
    }
}

/// Profiles hold values of a declared field for ever, so it keeps its name and type and is not
/// taken back; who reads and writes it may change.
fn check_fields(new: &[CustomField], before: &[CustomField]) -> Result<(), Reason> {
    let is_name = |name: &str| {
        (1..=limits::CUSTOM_FIELD_NAME_BYTES_MAX).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    if new.len() > limits::CUSTOM_FIELDS_MAX {
        return Err(Reason::FieldsFull);
    }
    for (index, field) in new.iter().enumerate() {
        let is_twice = new[..index].iter().any(|other| other.name == field.name);
        if !is_name(&field.name) || is_twice {
            return Err(Reason::FieldNameInvalid);
        }
    }
    let stays = |old: &CustomField| {
        new.iter()
            .any(|field| field.name == old.name && field.field_type == old.field_type)
    };
    if !before.iter().all(stays) {
        return Err(Reason::FieldStays);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
