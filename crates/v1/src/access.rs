//! Who calls, for which app.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Bytes;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::Response;
use hansard_desk::metrics::{Meter, Outcome};
use hansard_desk::usersig::SignatureFault;
use hansard_desk::{Caller, Denied, Error, Query, Role, Visitor};
use hansard_types::{AppId, Positions, Reason};

use crate::{Problem, Shared};

const POSITION: &str = "hansard-position";

/// An administrator of the app in the path.
pub(crate) struct Access(pub(crate) Caller);

/// An account of the app in the path, for what is its own.
pub(crate) struct Own(pub(crate) Caller);

impl FromRequestParts<Arc<Shared>> for Own {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Problem> {
        admit(parts, shared, Role::Account).await.map(Self)
    }
}

impl FromRequestParts<Arc<Shared>> for Access {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Problem> {
        admit(parts, shared, Role::Administrator).await.map(Self)
    }
}

/// Whoever the bearer token is of.
async fn admit(parts: &mut Parts, shared: &Arc<Shared>, role: Role) -> Result<Caller, Problem> {
    let path = Path::<String>::from_request_parts(parts, shared).await;
    let app = path.ok().and_then(|Path(app)| app.parse().ok()).map(AppId);
    let app = app
        .filter(|app| app.0 != 0)
        .ok_or_else(Problem::app_unknown)?;
    let text = |name: &str| parts.headers.get(name)?.to_str().ok();
    let signature = text(header::AUTHORIZATION.as_str())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map_or("", |(_, token)| token.trim());
    let visitor = Visitor {
        app,
        identifier: None,
        signature,
        role,
        rate: None,
        request_id: shared.desk.request_id(text("x-request-id")),
    };
    shared.desk.admit(visitor).map_err(denied)
}

fn denied(denied: Denied) -> Problem {
    let forbidden = |code, title| Problem::new(StatusCode::FORBIDDEN, code, title);
    match denied {
        Denied::Signature(fault) => unauthorised(fault),
        Denied::NotAUserId => unauthorised(SignatureFault::Malformed),
        Denied::NotAnAdministrator => forbidden(
            "not_an_administrator",
            "the token's account is not an administrator of the app",
        ),
        Denied::AccountUnknown => forbidden(
            "account_unknown",
            "the token's account does not exist; import it first",
        ),
        Denied::TooManyCalls => Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_calls",
            "more calls than this operation takes in a second",
        ),
        Denied::Broken(what) => broken(&what),
    }
}

fn unauthorised(fault: SignatureFault) -> Problem {
    if fault == SignatureFault::AppUnknown {
        return Problem::app_unknown();
    }
    let title = "the bearer token must be a valid UserSig of the app";
    Problem::new(StatusCode::UNAUTHORIZED, fault.name(), title).with_detail(fault.to_string())
}

/// Waits until the read models show the position that the request names, if it names one.
pub(crate) async fn wait_visible(
    shared: &Shared,
    app: AppId,
    parts: &Parts,
) -> Result<Option<Positions>, Problem> {
    let Some(positions) = wanted_position(parts)? else {
        return Ok(None);
    };
    let waited = shared.desk.wait_visible(app, &positions).await;
    waited.map_err(not_answered)?;
    Ok(Some(positions))
}

/// The positions that a caller wants to see, from the header or the query.
fn wanted_position(parts: &Parts) -> Result<Option<Positions>, Problem> {
    let query = Query::read(parts.uri.query().unwrap_or_default());
    let header = parts.headers.get(POSITION);
    // What is no text is no position.
    let header = header.map(|value| value.to_str().unwrap_or_default());
    let Some(text) = query.position(header) else {
        return Ok(None);
    };
    let positions = text.parse::<Positions>();
    positions
        .map(Some)
        .map_err(|error| Problem::invalid(error.to_string()))
}

/// A failure of the desk as a problem.
pub(crate) fn not_answered(error: Error) -> Problem {
    match error {
        Error::Refused(reason) => {
            let status = if reason == Reason::NotPermitted {
                StatusCode::FORBIDDEN
            } else {
                StatusCode::CONFLICT
            };
            Problem::new(status, reason.name(), reason.text())
        }
        Error::AppUnknown => Problem::app_unknown(),
        Error::Busy | Error::Unavailable(_) | Error::OutcomeUnknown(_) => {
            Problem::unavailable(error.to_string())
        }
        Error::NotYetVisible(_) => Problem::not_yet_visible(error.to_string()),
        Error::Broken(what) => broken(&what),
    }
}

/// A refusal as a problem.
pub(crate) fn refused(reason: Reason) -> Problem {
    not_answered(Error::Refused(reason))
}

fn broken(what: &str) -> Problem {
    tracing::error!(error = what, "a request failed");
    Problem::internal("something broke in the server; its log says what")
}

/// A JSON object as a body.
pub(crate) fn json_body<T: serde::de::DeserializeOwned>(body: &Bytes) -> Result<T, Problem> {
    hansard_desk::json::read(body).map_err(|fault| Problem::invalid(fault.to_string()))
}

/// Counts and times one operation.
pub(crate) struct Metered {
    meter: Meter,
    started: Instant,
}

impl Metered {
    pub(crate) fn start(command: &'static str) -> Self {
        Self {
            meter: Meter::new("v1", command),
            started: Instant::now(),
        }
    }

    /// Records how it ended and makes the response.
    pub(crate) fn end(self, result: Result<Response, Problem>) -> Response {
        use axum::response::IntoResponse as _;
        let (outcome, response) = match result {
            Ok(response) => (Outcome::Ok, response),
            Err(problem) if problem.status() < 500 => (Outcome::Refused, problem.into_response()),
            Err(problem) => (Outcome::Failed, problem.into_response()),
        };
        self.meter.record(outcome, self.started.elapsed());
        response
    }
}
