//! Errors of `/v1`: RFC 9457 problem details. `type` and `code` are stable; `title` says what is
//! wrong with any such request, `detail` with this one.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hansard_types::error_chain;
use schemars::JsonSchema;
use serde::Serialize;

/// Why a request was not answered.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Problem {
    /// `urn:hansard:problem:` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// A stable word.
    code: &'static str,
    title: &'static str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<Cow<'static, str>>,
}

impl Problem {
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        let kind = format!("urn:hansard:problem:{code}");
        Self {
            kind,
            code,
            title,
            status: status.as_u16(),
            detail: None,
        }
    }

    pub(crate) fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// A parameter or a body that is not what it must be.
    pub(crate) fn invalid(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "the request is not valid",
        )
        .with_detail(detail)
    }

    pub(crate) fn app_unknown() -> Self {
        Self::new(StatusCode::NOT_FOUND, "app_unknown", "there is no such app")
    }

    /// A read model has not reached the position asked for.
    pub(crate) fn not_yet_visible(detail: String) -> Self {
        let title = "the position is not yet visible; nothing is wrong with the data";
        Self::new(StatusCode::GATEWAY_TIMEOUT, "not_yet_visible", title).with_detail(detail)
    }

    /// It cannot be done now.
    pub fn unavailable(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "try again later",
        )
        .with_detail(detail)
    }

    /// Something broke; what it was is for the log.
    #[must_use]
    pub fn internal(title: &'static str) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", title)
    }

    /// Something of ours failed: logs it.
    pub(crate) fn broken(error: impl std::error::Error + 'static) -> Self {
        tracing::error!(error = error_chain(&error), "a request failed");
        Self::internal("something broke in the server; its log says what")
    }

    pub(crate) fn status(&self) -> u16 {
        self.status
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).expect("texts and numbers serialise");
        let mut response = Response::new(Body::from(body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        let content_type = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, content_type);
        if self.status == StatusCode::UNAUTHORIZED.as_u16() {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
