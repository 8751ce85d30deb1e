//! `/v1/apps/{app}/projections`: how far each read model is; trying one again, and building it
//! again.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use hansard_desk::Caller;
use hansard_projector::{Order, Rebuild, State as ProjectionState, Status};
use hansard_types::{LogId, Position, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::{Access, Metered, json_body};
use crate::{Operation, Problem, Shared};

pub(crate) const PATH: &str = "/v1/apps/{app}/projections";
pub(crate) const RETRY: &str = "/v1/apps/{app}/projections/retry";
pub(crate) const REBUILD: &str = "/v1/apps/{app}/projections/rebuild";

pub(crate) static OPERATIONS: &[Operation] = &[
    Operation {
        method: "get",
        path: PATH,
        id: "projections",
        summary: "Lists the projections and how far they are",
        parameters: &[],
        request: None,
        response: ("application/json", |generator| {
            generator.subschema_for::<Projections>()
        }),
    },
    Operation {
        method: "post",
        path: RETRY,
        id: "retry_projection",
        summary: "Lets a projection that has stopped go on; nothing happens to one that follows",
        parameters: &[],
        request: Some(("application/json", |generator| {
            generator.subschema_for::<Which>()
        })),
        response: ("application/json", |generator| {
            generator.subschema_for::<Projections>()
        }),
    },
    Operation {
        method: "post",
        path: REBUILD,
        id: "rebuild_projection",
        summary: "Builds a projection again from the log, beside what answers meanwhile; inline \
                  ones together, of all apps",
        parameters: &[],
        request: Some(("application/json", |generator| {
            generator.subschema_for::<Which>()
        })),
        response: ("application/json", |generator| {
            generator.subschema_for::<Projections>()
        }),
    },
];

#[derive(Deserialize, JsonSchema)]
struct Which {
    /// The projection's name.
    name: String,
}

#[derive(Serialize, JsonSchema)]
struct Projections {
    projections: Vec<ProjectionStatus>,
}

#[derive(Serialize, JsonSchema)]
struct ProjectionStatus {
    name: &'static str,
    version: u32,
    /// In the write's own commit; otherwise it follows behind.
    inline: bool,
    /// `catching_up`, `following`, `retrying` or `stopped`.
    state: &'static str,
    /// Why it stopped, or is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The last position it has applied.
    position: Position,
    /// The last committed position.
    log_end: Position,
    /// Committed events that it has not applied.
    lag_events: u64,
    /// How long ago the last event that it has applied was decided; 0 when it lags behind nothing.
    lag_seconds: u64,
    /// It is being built again, beside what is shown above, which answers meanwhile.
    #[serde(skip_serializing_if = "Option::is_none")]
    rebuild: Option<RebuildStatus>,
}

#[derive(Serialize, JsonSchema)]
struct RebuildStatus {
    /// Why.
    reason: String,
    /// The last position that the new one has applied.
    position: Position,
}

pub(crate) async fn list(State(shared): State<Arc<Shared>>, access: Access) -> Response {
    let metered = Metered::start("projections");
    metered.end(Ok(listed(&shared, &access)))
}

pub(crate) async fn retry(
    State(shared): State<Arc<Shared>>,
    access: Access,
    body: Bytes,
) -> Response {
    let metered = Metered::start("retry_projection");
    metered.end(ordered(&shared, &access, &body, Order::Retry))
}

pub(crate) async fn rebuild(
    State(shared): State<Arc<Shared>>,
    access: Access,
    body: Bytes,
) -> Response {
    let metered = Metered::start("rebuild_projection");
    metered.end(ordered(&shared, &access, &body, Order::Rebuild))
}

fn ordered(
    shared: &Shared,
    access: &Access,
    body: &Bytes,
    order: Order,
) -> Result<Response, Problem> {
    let Which { name } = json_body(body)?;
    // In every partition; the live one has none of its own.
    let mut logs = shared.desk.ordinary_logs(access.0.app);
    let given = logs.try_for_each(|log| shared.registry.order(log, &name, order));
    given.map_err(|error| {
        let title = "the app has no such projection";
        Problem::new(StatusCode::NOT_FOUND, "projection_unknown", title)
            .with_detail(error.to_string())
    })?;
    tracing::info!(app = %access.0.app, name, ?order, caller = %access.0.user, "a projection");
    Ok(listed(shared, access))
}

fn listed(shared: &Shared, access: &Access) -> Response {
    let Access(Caller { app, .. }) = access;
    let now = shared.desk.log_now(*app);
    let registry = &shared.registry;
    let rows = registry.all().into_iter();
    let projections = rows
        .filter(|(log, _)| log.app == *app)
        .map(|(log, status)| {
            let rebuild = registry.rebuild(log).filter(|_| status.inline);
            let committed = shared.desk.committed(log);
            let committed = committed.map_or(0, |end| *end.borrow());
            row(log, status, rebuild, committed, now)
        })
        .collect();
    Json(Projections { projections }).into_response()
}

fn row(
    log: LogId,
    status: Status,
    rebuild: Option<Rebuild>,
    committed: u64,
    now: Timestamp,
) -> ProjectionStatus {
    let Status {
        name,
        version,
        inline,
        state,
        applied,
        log_end,
        applied_time,
    } = status;
    let log_end = log_end.max(committed).max(applied);
    let lag_events = log_end - applied;
    let (state, reason) = match state {
        ProjectionState::CatchingUp => ("catching_up", None),
        ProjectionState::Following => ("following", None),
        ProjectionState::Retrying(reason) => ("retrying", Some(reason)),
        ProjectionState::Stopped(reason) => ("stopped", Some(reason)),
    };
    let behind = now.0.saturating_sub(applied_time.0) / 1000;
    ProjectionStatus {
        name,
        version,
        inline,
        state,
        reason,
        position: Position::new(log.partition, applied),
        log_end: Position::new(log.partition, log_end),
        lag_events,
        lag_seconds: if lag_events == 0 { 0 } else { behind },
        rebuild: rebuild.map(|Rebuild { reason, applied }| RebuildStatus {
            reason,
            position: Position::new(log.partition, applied),
        }),
    }
}
