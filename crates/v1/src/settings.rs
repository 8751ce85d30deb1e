//! `/v1/apps/{app}/settings`: who may call the app's server API, and its custom fields.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hansard_desk::Caller;
use hansard_domain::app::ChangeAppSettings;
use hansard_events::app::{CustomField, GroupField, GroupLimits, MessageLimits};
use hansard_events::group::NoticeSetting;
use hansard_types::{AppId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Operation;
use crate::Problem;
use crate::Shared;
use crate::access::{Access, Metered, json_body, not_answered};

pub(crate) const PATH: &str = "/v1/apps/{app}/settings";
/// Administrators of an app.
const ADMINISTRATORS_MAX: usize = 100;

pub(crate) static OPERATIONS: &[Operation] = &[
    Operation {
        method: "get",
        path: PATH,
        id: "settings",
        summary: "Shows an app's settings",
        parameters: &[],
        request: None,
        response: ("application/json", |generator| {
            generator.subschema_for::<Settings>()
        }),
    },
    Operation {
        method: "patch",
        path: PATH,
        id: "change_settings",
        summary: "Changes settings of an app; an absent one stays as it is",
        parameters: &[],
        request: Some(("application/json", |generator| {
            generator.subschema_for::<SettingsChange>()
        })),
        response: ("application/json", |generator| {
            generator.subschema_for::<Settings>()
        }),
    },
];

#[derive(Serialize, JsonSchema)]
struct Settings {
    app: AppId,
    /// Accounts that may call the app's server API.
    administrators: Vec<UserId>,
    /// Custom fields of profiles: `Tag_Profile_Custom_<name>`.
    profile_fields: Vec<CustomField>,
    /// Custom fields of friends: `Tag_SNS_Custom_<name>`.
    friend_fields: Vec<CustomField>,
    /// Custom fields of groups: keys of `AppDefinedData`.
    group_fields: Vec<GroupField>,
    /// Custom fields of members of groups: keys of `AppMemberDefinedData`.
    member_fields: Vec<GroupField>,
    /// What members of groups are told of otherwise than the types have it (group-rules).
    group_notices: Vec<NoticeSetting>,
    /// What groups are held to besides the limits of their types.
    group_limits: GroupLimits,
    /// What the app's accounts may do with messages.
    message_limits: MessageLimits,
}

#[derive(Deserialize, JsonSchema)]
#[serde(default)]
#[derive(Default)]
struct SettingsChange {
    /// The whole new list, 1 to 100. The caller must stay in it: who locks themselves out has no
    /// way back in.
    administrators: Option<Vec<UserId>>,
    /// The whole new list, at most 20, names of 1 to 8 letters. A declared field keeps its name
    /// and type and is not taken back; who reads and writes it may change.
    profile_fields: Option<Vec<CustomField>>,
    /// As `profile_fields`.
    friend_fields: Option<Vec<CustomField>>,
    /// The whole new list, at most 10. What was kept under a key that is taken back is shown to
    /// nobody.
    group_fields: Option<Vec<GroupField>>,
    /// The whole new list, at most 5; no key of `group_fields`.
    member_fields: Option<Vec<GroupField>>,
    /// The whole new list, one entry of a type and a kind at most. `kept` is an entry among the
    /// messages, `told` is for those who are there, `off` for nobody; nothing is kept of live rooms.
    group_notices: Option<Vec<NoticeSetting>>,
    /// The whole new value; what is absent in it is 0, which is no limit of the app's own.
    group_limits: Option<GroupLimits>,
    /// The whole new value; what is absent in it is as it is to begin with.
    message_limits: Option<MessageLimits>,
}

pub(crate) async fn show(State(shared): State<Arc<Shared>>, access: Access) -> Response {
    let metered = Metered::start("settings");
    metered.end(settings(&shared, access.0.app))
}

fn settings(shared: &Shared, app: AppId) -> Result<Response, Problem> {
    let row = shared.desk.app(app).ok_or_else(Problem::app_unknown)?;
    Ok(Json(Settings {
        app,
        administrators: row.administrators,
        profile_fields: row.profile_fields,
        friend_fields: row.friend_fields,
        group_fields: row.group_fields,
        member_fields: row.member_fields,
        group_notices: row.group_notices,
        group_limits: row.group_limits,
        message_limits: row.message_limits,
    })
    .into_response())
}

pub(crate) async fn change(
    State(shared): State<Arc<Shared>>,
    access: Access,
    body: Bytes,
) -> Response {
    let metered = Metered::start("change_settings");
    let changed = apply(&shared, &access.0, &body).await;
    metered.end(changed.and_then(|()| settings(&shared, access.0.app)))
}

async fn apply(shared: &Shared, caller: &Caller, body: &Bytes) -> Result<(), Problem> {
    let SettingsChange {
        administrators,
        profile_fields,
        friend_fields,
        group_fields,
        member_fields,
        group_notices,
        group_limits,
        message_limits,
    } = json_body(body)?;
    if let Some(administrators) = &administrators {
        check_administrators(administrators, caller)?;
    }
    let command = ChangeAppSettings {
        app_id: caller.app,
        administrators,
        secret_fingerprint: None,
        profile_fields,
        friend_fields,
        group_fields,
        member_fields,
        group_notices,
        group_limits,
        message_limits,
    };
    let submitted = shared.desk.submit(caller, command).await;
    submitted.map(drop).map_err(not_answered)
}

fn check_administrators(administrators: &[UserId], caller: &Caller) -> Result<(), Problem> {
    if administrators.is_empty() || administrators.len() > ADMINISTRATORS_MAX {
        let detail = format!("administrators holds 1 to {ADMINISTRATORS_MAX} accounts");
        return Err(Problem::invalid(detail));
    }
    if !administrators.contains(&caller.user) {
        return Err(Problem::invalid("administrators must hold the caller"));
    }
    Ok(())
}
