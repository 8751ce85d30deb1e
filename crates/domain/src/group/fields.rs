use std::collections::BTreeMap;

use hansard_events::app::{FieldRank, GroupField};
use hansard_events::group::Role;
use hansard_types::{Reason, limits};

use crate::{Context, Halt, View};

/// The rank of a member of a role, or of who is no member, for custom fields.
#[must_use]
pub fn rank_of(role: Option<Role>) -> FieldRank {
    match role {
        None => FieldRank::Anyone,
        Some(Role::Member) => FieldRank::Member,
        Some(Role::Admin) => FieldRank::Admin,
        Some(Role::Owner) => FieldRank::Owner,
    }
}

/// Refuses custom fields of a group that the app has not declared, or that whoever acts, with
/// this role in the group, may not write.
pub(super) fn check_of_group(
    view: &dyn View,
    context: &Context<'_>,
    role: Option<Role>,
    fields: &BTreeMap<String, String>,
) -> Result<(), Halt> {
    if fields.is_empty() {
        return Ok(());
    }
    let declared = view.own_app()?.map(|app| app.group_fields);
    let rank = acting(context, role);
    let may = |field: &GroupField| field.writers <= rank;
    let bytes_max = limits::GROUP_FIELD_VALUE_BYTES_MAX;
    Ok(check(
        &declared.unwrap_or_default(),
        fields,
        bytes_max,
        may,
    )?)
}

/// The same of a member's, which the member itself writes, too, unless only the app may.
pub(super) fn check_of_member(
    view: &dyn View,
    context: &Context<'_>,
    (role, is_own): (Option<Role>, bool),
    fields: &BTreeMap<String, String>,
) -> Result<(), Halt> {
    if fields.is_empty() {
        return Ok(());
    }
    let declared = view.own_app()?.map(|app| app.member_fields);
    let rank = acting(context, role);
    let may =
        |field: &GroupField| field.writers <= rank || (is_own && field.writers != FieldRank::App);
    let bytes_max = limits::MEMBER_FIELD_VALUE_BYTES_MAX;
    Ok(check(
        &declared.unwrap_or_default(),
        fields,
        bytes_max,
        may,
    )?)
}

fn acting(context: &Context<'_>, role: Option<Role>) -> FieldRank {
    if context.is_account() {
        rank_of(role)
    } else {
        FieldRank::App
    }
}

fn check(
    declared: &[GroupField],
    fields: &BTreeMap<String, String>,
    bytes_max: usize,
    may: impl Fn(&GroupField) -> bool,
) -> Result<(), Reason> {
    for (key, value) in fields {
        let field = declared.iter().find(|field| field.key == *key);
        let field = field.ok_or(Reason::GroupFieldUnknown)?;
        if !may(field) {
            return Err(Reason::GroupFieldReadOnly);
        }
        if value.len() > bytes_max {
            return Err(Reason::GroupFieldTooLong);
        }
    }
    Ok(())
}
