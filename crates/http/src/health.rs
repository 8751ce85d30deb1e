//! Whether the server lives and is ready, its metrics, and its description of itself.

use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hansard_desk::Desk;
use serde_json::json;

/// The process answers.
pub(crate) async fn live(State(desk): State<Arc<Desk>>) -> Response {
    let health = desk.health();
    let status = if health.live {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(json!({ "live": health.live }))).into_response()
}

/// It takes commands; if not, the reasons say why not. Warnings are for what somebody should see to
/// nevertheless.
pub(crate) async fn ready(State(desk): State<Arc<Desk>>) -> Response {
    let health = desk.health();
    let status = if health.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let mut body = json!({ "ready": health.ready, "reasons": health.reasons });
    if !health.warnings.is_empty() {
        body["warnings"] = json!(health.warnings);
    }
    (status, Json(body)).into_response()
}

/// Writes the metrics in Prometheus' text format.
pub type Metrics = Arc<dyn Fn() -> String + Send + Sync>;

pub(crate) async fn metrics(State(metrics): State<Metrics>) -> Response {
    let content_type = [(
        header::CONTENT_TYPE,
        "text/plain; version=0.0.4; charset=utf-8",
    )];
    (content_type, metrics()).into_response()
}

pub(crate) async fn openapi() -> Response {
    static DOCUMENT: LazyLock<Bytes> =
        LazyLock::new(|| Bytes::from(crate::openapi::openapi().to_string()));
    (
        [(header::CONTENT_TYPE, "application/json")],
        DOCUMENT.clone(),
    )
        .into_response()
}
