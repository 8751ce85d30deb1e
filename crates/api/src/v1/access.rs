//! Who calls, for which app.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::Response;
use hansard_engine::SubmitError;
use hansard_events::Origin;
use hansard_types::{Actor, AppId, Position, Reason, UserId};

use crate::codes;
use crate::metrics::{Meter, Outcome};
use crate::query::Query;
use crate::state::Shared;
use crate::usersig::{Claim, SignatureFault};
use crate::v1::problem::Problem;

/// How long a read waits for the position it asks for.
pub(crate) const VISIBLE_WITHIN: Duration = Duration::from_secs(5);
const POSITION: &str = "hansard-position";

/// An administrator of the app in the path.
pub(crate) struct Access {
    pub(crate) app: AppId,
    pub(crate) caller: UserId,
    pub(crate) request_id: String,
}

/// An account of the app in the path, for what is its own.
pub(crate) struct Own(pub(crate) Access);

impl FromRequestParts<Arc<Shared>> for Own {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Problem> {
        let access = Access::verified(parts, shared).await?;
        let account = shared.state.engine.account(access.app, &access.caller);
        let account = account.map_err(Problem::broken)?;
        if account.is_none() {
            let title = "the token's account does not exist; import it first";
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "account_unknown",
                title,
            ));
        }
        Ok(Self(access))
    }
}

impl FromRequestParts<Arc<Shared>> for Access {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Problem> {
        let access = Self::verified(parts, shared).await?;
        let engine = &shared.state.engine;
        if !engine.is_administrator(access.app, access.caller.as_str()) {
            let title = "the token's account is not an administrator of the app";
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "not_an_administrator",
                title,
            ));
        }
        Ok(access)
    }
}

impl Access {
    /// Whoever the bearer token is of.
    async fn verified(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, shared).await;
        let app = path.ok().and_then(|Path(app)| app.parse().ok()).map(AppId);
        let app = app
            .filter(|app| app.0 != 0)
            .ok_or_else(Problem::app_unknown)?;
        let authorization = parts.headers.get(header::AUTHORIZATION);
        let signature = authorization
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map_or("", |(_, token)| token.trim());
        let claim = Claim {
            app,
            identifier: None,
            signature,
        };
        let engine = &shared.state.engine;
        let secret = shared.state.secrets.secret(app);
        let verified = shared
            .verifier
            .verify(claim, secret.as_deref(), engine.now());
        let verified = verified.map_err(unauthorised)?;
        let caller = UserId::new(&verified.identifier)
            .map_err(|_| unauthorised(SignatureFault::Malformed))?;
        if shared
            .is_revoked(app, &caller, verified.issued_at_seconds)
            .map_err(Problem::broken)?
        {
            return Err(unauthorised(SignatureFault::Revoked));
        }
        let given = parts
            .headers
            .get("x-request-id")
            .and_then(|value| value.to_str().ok());
        Ok(Self {
            app,
            caller,
            request_id: shared.ids.request(given),
        })
    }
}

impl Own {
    /// What the account does for itself.
    pub(crate) fn origin(&self) -> Origin {
        let Self(access) = self;
        access.origin_of(Actor::Account(access.caller.clone()))
    }
}

fn unauthorised(fault: SignatureFault) -> Problem {
    match fault {
        SignatureFault::AppUnknown => Problem::app_unknown(),
        SignatureFault::Empty
        | SignatureFault::Truncated
        | SignatureFault::Malformed
        | SignatureFault::KeyDiffers
        | SignatureFault::IdentifierDiffers
        | SignatureFault::AppDiffers
        | SignatureFault::Expired
        | SignatureFault::Revoked => {
            let title = "the bearer token must be a valid UserSig of the app";
            Problem::new(StatusCode::UNAUTHORIZED, fault.name(), title)
                .with_detail(fault.to_string())
        }
    }
}

impl Access {
    /// What the administrator does.
    pub(crate) fn origin(&self) -> Origin {
        self.origin_of(Actor::Administrator(self.caller.clone()))
    }

    /// What is taken over by the administrator's word.
    pub(crate) fn import_origin(&self) -> Origin {
        self.origin_of(Actor::Import(self.caller.clone()))
    }

    fn origin_of(&self, actor: Actor) -> Origin {
        Origin {
            actor,
            correlation: Some(self.request_id.clone()),
        }
    }

    /// Waits until the inline read models have reached the position that the request names, if it
    /// names one.
    pub(crate) async fn wait_visible(
        &self,
        shared: &Shared,
        parts: &Parts,
    ) -> Result<Option<Position>, Problem> {
        let Some(position) = wanted_position(parts)? else {
            return Ok(None);
        };
        let waited = shared
            .state
            .engine
            .wait_applied(self.app, position, VISIBLE_WITHIN)
            .await;
        waited.map_err(|late| Problem::not_yet_visible(late.to_string()))?;
        Ok(Some(position))
    }
}

/// The position that a caller wants to see, from the header or the query.
fn wanted_position(parts: &Parts) -> Result<Option<Position>, Problem> {
    let query = Query::of(&parts.uri);
    let text = match parts.headers.get(POSITION) {
        Some(value) => Some(value.to_str().unwrap_or_default().into()),
        None => query.filled(POSITION).or_else(|| query.filled("position")),
    };
    let Some(text) = text else { return Ok(None) };
    let position = text
        .parse::<Position>()
        .map_err(|error| Problem::invalid(error.to_string()))?;
    Ok(Some(position))
}

/// Why the engine has not done it.
pub(crate) fn not_submitted(error: SubmitError) -> Problem {
    match error {
        SubmitError::Rejected(rejection) => {
            let (name, text) = (rejection.reason.name(), codes::text_of(rejection.reason));
            let status = if rejection.reason == Reason::NotPermitted {
                StatusCode::FORBIDDEN
            } else {
                StatusCode::CONFLICT
            };
            Problem::new(status, name, text)
        }
        SubmitError::AppUnknown => Problem::app_unknown(),
        SubmitError::Busy => {
            Problem::unavailable("the server is busy; nothing happened by this command")
        }
        SubmitError::Unavailable(reason) => Problem::unavailable(reason),
        SubmitError::OutcomeUnknown(reason) => Problem::unavailable(format!(
            "it may have happened ({reason}); sending the same request again is safe"
        )),
    }
}

/// A JSON object as a body.
pub(crate) fn json_body<T: serde::de::DeserializeOwned>(body: &Bytes) -> Result<T, Problem> {
    crate::json::read(body).map_err(|fault| Problem::invalid(fault.to_string()))
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
