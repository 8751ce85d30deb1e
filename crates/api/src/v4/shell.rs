//! What every request of `/v4` goes through before its endpoint, and after.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{Method, Response};
use futures::{FutureExt as _, StreamExt as _};
use hansard_types::limits::REQUEST_BODY_BYTES_MAX;
use hansard_types::{AppId, Position, UserId};
use tokio::time::timeout;
use tracing::Instrument as _;

use crate::codes::{self, Service};
use crate::metrics::Outcome;
use crate::query::Query;
use crate::state::Shared;
use crate::usersig::{Claim, SignatureFault};
use crate::v4::endpoint::{Call, Endpoint, Failure, Written};
use crate::v4::{envelope, find};

/// How long a body may take to arrive.
const BODY_WITHIN: Duration = Duration::from_secs(30);
/// How much of a body that is not wanted is read, so that the caller gets to see the answer.
const DRAINED_BYTES_MAX: usize = 16 * REQUEST_BODY_BYTES_MAX;
/// How long a read waits for the position it asks for.
pub(crate) const VISIBLE_WITHIN: Duration = Duration::from_secs(5);

/// Any request below `/v4`.
pub(crate) async fn handle(shared: Arc<Shared>, request: Request) -> Response<Body> {
    let started = Instant::now();
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().strip_prefix("/v4/").unwrap_or_default();
    let found = find(path);
    let endpoint = found.map(|(_, endpoint)| endpoint);
    let given_id = parts
        .headers
        .get("x-request-id")
        .and_then(|value| value.to_str().ok());
    let request_id = shared.ids.request(given_id);
    let span = tracing::info_span!("v4", id = request_id, command = endpoint.map(|e| e.command));
    let answered = answer(&shared, endpoint, &parts, body, &request_id);
    let result = answered.instrument(span.clone()).await;
    let service = endpoint.map(|row| row.service);
    let _entered = span.enter();
    let (outcome, response) = match result {
        Ok(Written { body, position }) => {
            (Outcome::Ok, envelope::http(body, position, &request_id))
        }
        Err(failure) => {
            let (outcome, body) = failed(service, failure);
            (outcome, envelope::http(body, None, &request_id))
        }
    };
    shared
        .meters
        .of(found.map(|(place, _)| place))
        .record(outcome, started.elapsed());
    response
}

/// Any request below `/v4` before everything is ready: what the service says of everything that may
/// be tried again.
pub(crate) async fn not_yet(request: Request, info: &str) -> Response<Body> {
    let (parts, body) = request.into_parts();
    drain(body).await;
    let path = parts.uri.path().strip_prefix("/v4/").unwrap_or_default();
    let service = find(path).map(|(_, endpoint)| endpoint.service);
    let code = service.map_or(codes::PATH_UNKNOWN, Service::internal_code);
    envelope::http(envelope::failure(service, code, info), None, "")
}

fn failed(service: Option<Service>, failure: Failure) -> (Outcome, Vec<u8>) {
    let internal = service.map_or(codes::HTTP_MALFORMED, Service::internal_code);
    match failure {
        Failure::Refused { code, info } => {
            tracing::debug!(code, "refused");
            (Outcome::Refused, envelope::failure(service, code, &info))
        }
        Failure::Unavailable(info) => {
            tracing::warn!(reason = info, "not answered");
            (Outcome::Failed, envelope::failure(service, internal, &info))
        }
        Failure::Broken(reason) => {
            tracing::error!(reason, "an endpoint failed");
            let info = "something broke in the server; its log says what";
            (Outcome::Failed, envelope::failure(service, internal, info))
        }
    }
}

async fn answer(
    shared: &Shared,
    endpoint: Option<&'static Endpoint>,
    parts: &Parts,
    body: Body,
    request_id: &str,
) -> Result<Written, Failure> {
    let admitted = match endpoint {
        None => Err(Failure::refused(
            codes::PATH_UNKNOWN,
            "there is no such service or command",
        )),
        Some(endpoint) => admit(shared, endpoint, parts),
    };
    let (endpoint, app, caller, position) = match admitted {
        Ok(admitted) => admitted,
        Err(failure) => {
            drain(body).await;
            return Err(failure);
        }
    };
    let body = read_body(parts, body).await?;
    if let Some(position) = position {
        wait_for(shared, app, position).await?;
    }
    let call = Call {
        shared,
        endpoint,
        app,
        caller: &caller,
        request_id,
    };
    // A panic in an endpoint is our mistake: the caller still gets an envelope.
    match AssertUnwindSafe((endpoint.run)(&call, &body))
        .catch_unwind()
        .await
    {
        Ok(result) => result,
        Err(_panic) => Err(Failure::Broken("the endpoint panicked".to_owned())),
    }
}

type Admitted = (&'static Endpoint, AppId, UserId, Option<Position>);

/// Everything that is decided without the body.
fn admit(shared: &Shared, endpoint: &'static Endpoint, parts: &Parts) -> Result<Admitted, Failure> {
    if parts.method != Method::POST {
        return Err(Failure::refused(
            codes::HTTP_MALFORMED,
            "the method must be POST",
        ));
    }
    let query = Query::of(&parts.uri);
    let app = query
        .filled("sdkappid")
        .ok_or(Failure::refused(codes::APP_MISSING, "sdkappid is missing"))?;
    let app: AppId = match app.parse() {
        Ok(0) | Err(_) => {
            return Err(Failure::refused(
                codes::APP_INVALID,
                "sdkappid is not an app's number",
            ));
        }
        Ok(number) => AppId(number),
    };
    let signature = query.get("usersig").unwrap_or_default();
    let identifier = query.get("identifier").unwrap_or_default();
    let claim = Claim {
        app,
        identifier: Some(&identifier),
        signature: &signature,
    };
    let secret = shared.state.secrets.secret(app);
    let refused = |fault: SignatureFault| Failure::refused(fault.code(), fault.to_string());
    let verified = shared
        .verifier
        .verify(claim, secret.as_deref(), shared.state.engine.now())
        .map_err(refused)?;
    let caller = UserId::new(&identifier)
        .map_err(|_| Failure::refused(codes::ACCOUNT_OR_SIGNATURE, "identifier is not a UserID"))?;
    if shared
        .is_revoked(app, &caller, verified.issued_at_seconds)
        .map_err(Failure::broken)?
    {
        return Err(refused(SignatureFault::Revoked));
    }
    if !shared.state.engine.is_administrator(app, &identifier) {
        let info = "the identifier is not an administrator of the app";
        return Err(Failure::refused(codes::NOT_AN_ADMINISTRATOR, info));
    }
    if shared.state.options.rate_limits
        && !shared
            .limiter
            .take(app, endpoint.command, endpoint.per_second, Instant::now())
    {
        let info = "more calls than this command takes in a second";
        return Err(Failure::refused(codes::TOO_MANY_CALLS, info));
    }
    Ok((endpoint, app, caller, wanted_position(parts, &query)?))
}

/// The position that a caller wants to see, from the header or the query.
fn wanted_position(parts: &Parts, query: &Query<'_>) -> Result<Option<Position>, Failure> {
    let from_header = parts
        .headers
        .get(&envelope::POSITION)
        .map(|value| value.to_str());
    let text = match from_header {
        Some(Ok(text)) => Some(text.into()),
        Some(Err(_)) => Some("".into()),
        None => query
            .filled("hansard-position")
            .or_else(|| query.filled("position")),
    };
    let Some(text) = text else { return Ok(None) };
    let position = text.parse();
    position
        .map(Some)
        .map_err(|_| Failure::refused(codes::HTTP_MALFORMED, "a position is written 0:123"))
}

async fn wait_for(shared: &Shared, app: AppId, position: Position) -> Result<(), Failure> {
    let waited = shared
        .state
        .engine
        .wait_applied(app, position, VISIBLE_WITHIN)
        .await;
    waited.map_err(|late| {
        Failure::Unavailable(format!("{late}: nothing is wrong with the data, ask again"))
    })
}

async fn read_body(parts: &Parts, body: Body) -> Result<Bytes, Failure> {
    let announced = parts.headers.get(axum::http::header::CONTENT_LENGTH);
    let announced: Option<usize> = announced.and_then(|value| value.to_str().ok()?.parse().ok());
    let too_large = || Failure::refused(codes::HTTP_MALFORMED, "the body is larger than 1 MB");
    if announced.is_some_and(|bytes| bytes > REQUEST_BODY_BYTES_MAX) {
        drain(body).await;
        return Err(too_large());
    }
    match timeout(BODY_WITHIN, to_bytes(body, REQUEST_BODY_BYTES_MAX)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) if announced.is_none() => Err(too_large()),
        Ok(Err(_)) => Err(Failure::refused(
            codes::HTTP_MALFORMED,
            "the body broke off",
        )),
        Err(_elapsed) => Err(Failure::refused(
            codes::BODY_TIMEOUT,
            "the body took too long",
        )),
    }
}

/// Reads a body that nobody wants, up to a limit: a connection that is closed with data under way
/// is reset, and the caller never sees the answer.
async fn drain(body: Body) {
    let mut frames = body.into_data_stream();
    let mut left = DRAINED_BYTES_MAX;
    let reading = async {
        while let Some(Ok(frame)) = frames.next().await {
            left = left.saturating_sub(frame.len());
            if left == 0 {
                break;
            }
        }
    };
    if timeout(BODY_WITHIN, reading).await.is_err() {
        tracing::debug!("a refused request's body took too long");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::testing::TestApi;
    use crate::v4::endpoint::Nothing;

    static BROKEN: Endpoint = Endpoint {
        service: Service::OpenIm,
        command: "broken",
        aliases: &[],
        per_second: 200,
        summary: "Panics",
        request: |generator| generator.subschema_for::<Nothing>(),
        response: |generator| generator.subschema_for::<Nothing>(),
        run: |_, _| Box::pin(async { panic!("a mistake of ours") }),
    };

    #[tokio::test]
    async fn a_panic_in_an_endpoint_is_an_internal_error_and_not_the_end() {
        let api = TestApi::start().await;
        let query = api.query("administrator", &api.usersig("administrator"));
        let request = Request::post(format!("/v4/openim/broken?{query}")).body(Body::from("{}"));
        let (parts, body) = request.expect("a request").into_parts();
        let answered = answer(&api.shared(), Some(&BROKEN), &parts, body, "id").await;
        let failure = answered.err().expect("a failure");
        let (outcome, body) = failed(Some(BROKEN.service), failure);
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(
            (outcome, &body["ErrorCode"]),
            (Outcome::Failed, &Value::from(91000))
        );
        assert!(!body.to_string().contains("a mistake of ours"), "{body}");
    }
}
