//! Apps and their settings.

use hansard_domain::app::{ChangeAppSettings, CreateApp};
use hansard_events::account::ProfileValue;
use hansard_events::app::{CustomField, Party};
use hansard_types::Reason;

use super::{Answered, App, Expected, Model};

impl Model {
    pub(super) fn create_app(&mut self, command: &CreateApp) -> Expected {
        if self.apps.contains_key(&command.app_id) {
            return Err(Reason::AppExists);
        }
        if !(1..=64).contains(&command.partitions) {
            return Err(Reason::PartitionsInvalid);
        }
        let app = App {
            administrators: command.administrators.clone(),
            secret_fingerprint: command.secret_fingerprint.clone(),
            ..App::default()
        };
        self.apps.insert(command.app_id, app);
        Ok(Answered::Done)
    }

    pub(super) fn change_app_settings(&mut self, command: &ChangeAppSettings) -> Expected {
        let app = self.apps.get_mut(&command.app_id);
        let app = app.ok_or(Reason::AppUnknown)?;
        let mut new = app.clone();
        for (fields, of) in [
            (&command.profile_fields, &mut new.profile_fields),
            (&command.friend_fields, &mut new.friend_fields),
        ] {
            if let Some(fields) = fields {
                check_fields(fields, of)?;
                of.clone_from(fields);
            }
        }
        for (fields, of) in [
            (&command.group_fields, &mut new.group_fields),
            (&command.member_fields, &mut new.member_fields),
        ] {
            if let Some(fields) = fields {
                of.clone_from(fields);
            }
        }
        let keys = new.group_fields.iter().chain(&new.member_fields);
        let keys: Vec<&str> = keys.map(|field| field.key.as_str()).collect();
        let is_twice = |(at, key): (usize, &&str)| keys[..at].contains(key);
        if keys.iter().any(|key| key.contains(' ')) || keys.iter().enumerate().any(is_twice) {
            return Err(Reason::GroupFieldKeyInvalid);
        }
        if let Some(administrators) = &command.administrators {
            new.administrators.clone_from(administrators);
        }
        if let Some(fingerprint) = &command.secret_fingerprint {
            new.secret_fingerprint.clone_from(fingerprint);
        }
        *app = new;
        Ok(Answered::Done)
    }
}

/// Names are letters; whatever was declared stays.
fn check_fields(new: &[CustomField], before: &[CustomField]) -> Result<(), Reason> {
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphabetic());
    if !new.iter().all(|field| is_name(&field.name)) {
        return Err(Reason::FieldNameInvalid);
    }
    for old in before {
        let there = new.iter().find(|field| field.name == old.name);
        if there.is_none_or(|field| field.field_type != old.field_type) {
            return Err(Reason::FieldStays);
        }
    }
    Ok(())
}

/// Whether a custom field takes a value; `unknown` when it is not declared.
pub(super) fn check_custom(
    declared: &[CustomField],
    name: &str,
    value: &ProfileValue,
    by: Party,
    unknown: Reason,
) -> Result<(), Reason> {
    let field = declared.iter().find(|field| field.name == name);
    if !field.ok_or(unknown)?.writers.contains(&by) {
        return Err(Reason::ProfileReadOnly);
    }
    match value {
        ProfileValue::Text(_) => Ok(()),
        ProfileValue::Number(_) => Err(Reason::ProfileTypeDiffers),
    }
}
