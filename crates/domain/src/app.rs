//! Apps: decided on the control log.

use std::collections::{BTreeSet, HashSet};

use hansard_events::app::{
    AppCreated, AppSettingsChanged, CustomField, GroupField, GroupLimits, MessageLimits,
};
use hansard_events::group::{NoticeSetting, Telling};
use hansard_types::{AppId, Reason, UserId, limits};

use crate::group::rules::rules;
use crate::view::App;
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
    /// The whole new list.
    pub group_fields: Option<Vec<GroupField>>,
    /// The whole new list. A key names one field, of groups or of members.
    pub member_fields: Option<Vec<GroupField>>,
    /// The whole new list: one entry of a type and a kind at most.
    pub group_notices: Option<Vec<NoticeSetting>>,
    /// The whole new value.
    pub group_limits: Option<GroupLimits>,
    /// The whole new value.
    pub message_limits: Option<MessageLimits>,
}

impl ChangeAppSettings {
    /// Changes nothing.
    #[must_use]
    pub fn none(app_id: AppId) -> Self {
        Self {
            app_id,
            administrators: None,
            secret_fingerprint: None,
            profile_fields: None,
            friend_fields: None,
            group_fields: None,
            member_fields: None,
            group_notices: None,
            group_limits: None,
            message_limits: None,
        }
    }

    pub(crate) fn decide(&self, view: &dyn View, _context: &Context<'_>) -> Decided {
        let app = view.app(self.app_id)?.ok_or(Reason::AppUnknown)?;
        if let Some(fields) = &self.profile_fields {
            check_fields(fields, &app.profile_fields)?;
        }
        if let Some(fields) = &self.friend_fields {
            check_fields(fields, &app.friend_fields)?;
        }
        self.check_group_fields(&app)?;
        if let Some(notices) = &self.group_notices {
            check_notices(notices)?;
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
            group_fields: self
                .group_fields
                .clone()
                .filter(|new| *new != app.group_fields),
            member_fields: self
                .member_fields
                .clone()
                .filter(|new| *new != app.member_fields),
            group_notices: self
                .group_notices
                .clone()
                .filter(|new| *new != app.group_notices),
            group_limits: self.group_limits.filter(|new| *new != app.group_limits),
            message_limits: self.message_limits.filter(|new| *new != app.message_limits),
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

    /// Groups and members keep what they have under a key that is taken back, and nobody sees it.
    fn check_group_fields(&self, app: &App) -> Result<(), Reason> {
        let of_groups = self.group_fields.as_ref().unwrap_or(&app.group_fields);
        let of_members = self.member_fields.as_ref().unwrap_or(&app.member_fields);
        if of_groups.len() > limits::GROUP_FIELDS_MAX
            || of_members.len() > limits::MEMBER_FIELDS_MAX
        {
            return Err(Reason::GroupFieldsFull);
        }
        let mut keys = BTreeSet::new();
        for GroupField { key, .. } in of_groups.iter().chain(of_members) {
            if !is_key(key) || !keys.insert(key) {
                return Err(Reason::GroupFieldKeyInvalid);
            }
        }
        Ok(())
    }
}

/// Nothing is kept of live rooms.
fn check_notices(notices: &[NoticeSetting]) -> Result<(), Reason> {
    let mut named = HashSet::new();
    for setting in notices {
        let keeps = setting.telling == Telling::Kept;
        if !named.insert((setting.group_type, setting.kind))
            || (keeps && !rules(setting.group_type).has_roster)
        {
            return Err(Reason::GroupNoticesInvalid);
        }
    }
    Ok(())
}

fn is_key(key: &str) -> bool {
    (1..=limits::GROUP_FIELD_KEY_BYTES_MAX).contains(&key.len())
        && !key.starts_with(|first: char| first.is_ascii_digit())
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
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
