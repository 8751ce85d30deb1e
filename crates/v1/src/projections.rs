//! `GET /v1/apps/{app}/projections`: how far each read model is.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hansard_desk::Caller;
use hansard_projector::{State as ProjectionState, Status};
use hansard_types::{LogId, Position, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use crate::Operation;
use crate::Shared;
use crate::access::{Access, Metered};

pub(crate) const PATH: &str = "/v1/apps/{app}/projections";

pub(crate) static OPERATIONS: &[Operation] = &[Operation {
    method: "get",
    path: PATH,
    id: "projections",
    summary: "Lists the projections and how far they are",
    parameters: &[],
    request: None,
    response: ("application/json", |generator| {
        generator.subschema_for::<Projections>()
    }),
}];

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
    /// `catching_up`, `following` or `stopped`.
    state: &'static str,
    /// Why it stopped.
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
}

pub(crate) async fn list(State(shared): State<Arc<Shared>>, access: Access) -> Response {
    let metered = Metered::start("projections");
    let Access(Caller { app, .. }) = access;
    let committed = shared
        .desk
        .committed(app)
        .map_or(0, |committed| *committed.borrow());
    let now = shared.desk.log_now(app);
    let rows = shared.registry.all().into_iter();
    let projections = rows
        .filter(|(log, _)| log.app == app)
        .map(|(log, status)| row(log, status, committed, now))
        .collect();
    metered.end(Ok(Json(Projections { projections }).into_response()))
}

fn row(log: LogId, status: Status, committed: u64, now: Timestamp) -> ProjectionStatus {
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
    }
}
