//! What every request of `/v4` goes through before its endpoint, and after.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use futures::FutureExt as _;
use hansard_desk::metrics::Outcome;
use hansard_desk::{Caller, Denied, Desk, Error, Query, Rate, Role, Visitor};
use hansard_types::{AppId, Position, Positions};
use tracing::Instrument as _;

use crate::endpoint::{Call, Endpoint, Failure, Written};
use crate::service::Service;
use crate::{Meters, codes, envelope, find};

/// Everything of a request but its body, whatever transport it came by.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    pub method: &'a str,
    /// What follows `/v4/`: service and command.
    pub path: &'a str,
    pub query: &'a str,
    /// What the caller calls the request.
    pub request_id: Option<&'a str>,
    /// The position that the caller wants to see, from a header.
    pub position: Option<&'a str>,
}

/// Where a request's body comes from. Exactly one of the two is called.
pub trait Body: Send {
    /// The whole body.
    fn read(self) -> impl Future<Output = Result<Bytes, BodyBroken>> + Send;
    /// Nobody wants it, but the caller must get to see the answer.
    fn drain(self) -> impl Future<Output = ()> + Send;
}

/// Why a body did not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyBroken {
    #[error("the body is larger than 1 MB")]
    TooLarge,
    #[error("the body broke off")]
    BrokeOff,
    #[error("the body took too long")]
    TooSlow,
}

/// An answer. Its status is 200, whatever it says: known clients raise on anything else.
#[derive(Debug)]
pub struct Envelope {
    /// A JSON object.
    pub body: Vec<u8>,
    /// Of a write: where its event is.
    pub position: Option<Position>,
    /// What the request is called in our logs and in the events that it caused.
    pub request_id: String,
}

/// The surface. The metrics recorder must be installed before it is made, because counters are
/// looked up once, here.
pub struct V4 {
    desk: Arc<Desk>,
    meters: Meters,
}

impl V4 {
    #[must_use]
    pub fn new(desk: Arc<Desk>) -> Self {
        Self {
            desk,
            meters: Meters::new(),
        }
    }

    /// Answers any request below `/v4`.
    pub async fn answer(&self, head: Head<'_>, body: impl Body) -> Envelope {
        let started = Instant::now();
        let found = find(head.path);
        let endpoint = found.map(|(_, endpoint)| endpoint);
        let request_id = self.desk.request_id(head.request_id);
        let command = endpoint.map(|endpoint| endpoint.command);
        let span = tracing::info_span!("v4", id = request_id, command);
        let answered = answer(&self.desk, endpoint, head, body, &request_id);
        let result = answered.instrument(span.clone()).await;
        let service = endpoint.map(|row| row.service);
        let _entered = span.enter();
        let (outcome, body, position) = match result {
            Ok(Written { body, position }) => (Outcome::Ok, body, position),
            Err(failure) => {
                let (outcome, body) = failed(service, failure);
                (outcome, body, None)
            }
        };
        self.meters
            .of(found.map(|(place, _)| place))
            .record(outcome, started.elapsed());
        Envelope {
            body,
            position,
            request_id,
        }
    }
}

/// Answers any request below `/v4` before everything is ready: what the service says of everything
/// that may be tried again.
pub async fn not_yet(head: Head<'_>, body: impl Body, info: &str) -> Envelope {
    body.drain().await;
    let service = find(head.path).map(|(_, endpoint)| endpoint.service);
    let code = service.map_or(codes::PATH_UNKNOWN, |service| service.internal);
    Envelope {
        body: envelope::failure(service, code, info),
        position: None,
        request_id: String::new(),
    }
}

fn failed(service: Option<&Service>, failure: Failure) -> (Outcome, Vec<u8>) {
    let internal = service.map_or(codes::HTTP_MALFORMED, |service| service.internal);
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
    desk: &Desk,
    endpoint: Option<&'static Endpoint>,
    head: Head<'_>,
    body: impl Body,
    request_id: &str,
) -> Result<Written, Failure> {
    let admitted = match endpoint {
        None => Err(Failure::refused(
            codes::PATH_UNKNOWN,
            "there is no such service or command",
        )),
        Some(endpoint) => {
            let admitted = admit(desk, endpoint, head, request_id);
            admitted.map(|(caller, positions)| (endpoint, caller, positions))
        }
    };
    let (endpoint, caller, positions) = match admitted {
        Ok(admitted) => admitted,
        Err(failure) => {
            body.drain().await;
            return Err(failure);
        }
    };
    let body = body.read().await.map_err(broken_body)?;
    if let Some(positions) = positions {
        wait_for(desk, caller.app, &positions).await?;
    }
    let call = Call {
        desk,
        endpoint,
        caller: &caller,
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

/// Everything that is decided without the body.
fn admit(
    desk: &Desk,
    endpoint: &'static Endpoint,
    head: Head<'_>,
    request_id: &str,
) -> Result<(Caller, Option<Positions>), Failure> {
    if head.method != "POST" {
        return Err(Failure::refused(
            codes::HTTP_MALFORMED,
            "the method must be POST",
        ));
    }
    let query = Query::read(head.query);
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
    let visitor = Visitor {
        app,
        identifier: Some(&identifier),
        signature: &signature,
        role: Role::Administrator,
        rate: Some(Rate {
            command: endpoint.command,
            per_second: endpoint.per_second,
        }),
        request_id: request_id.to_owned(),
    };
    let caller = desk.admit(visitor).map_err(denied)?;
    Ok((caller, wanted_position(head, &query)?))
}

fn denied(denied: Denied) -> Failure {
    let code = match denied {
        Denied::Signature(fault) => codes::of_signature(fault),
        Denied::NotAUserId | Denied::AccountUnknown => codes::ACCOUNT_OR_SIGNATURE,
        Denied::NotAnAdministrator => codes::NOT_AN_ADMINISTRATOR,
        Denied::TooManyCalls => codes::TOO_MANY_CALLS,
        Denied::Broken(what) => return Failure::Broken(what),
    };
    Failure::refused(code, denied.to_string())
}

fn broken_body(broken: BodyBroken) -> Failure {
    let code = match broken {
        BodyBroken::TooLarge | BodyBroken::BrokeOff => codes::HTTP_MALFORMED,
        BodyBroken::TooSlow => codes::BODY_TIMEOUT,
    };
    Failure::refused(code, broken.to_string())
}

/// The position that a caller wants to see, from the header or the query.
fn wanted_position<'a>(head: Head<'a>, query: &Query<'a>) -> Result<Option<Positions>, Failure> {
    let Some(text) = query.position(head.position) else {
        return Ok(None);
    };
    let position = text.parse();
    position
        .map(Some)
        .map_err(|_| Failure::refused(codes::HTTP_MALFORMED, "a position is written 0:123"))
}

async fn wait_for(desk: &Desk, app: AppId, positions: &Positions) -> Result<(), Failure> {
    let waited = desk.wait_visible(app, positions).await;
    waited.map_err(|late: Error| Failure::Unavailable(late.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::endpoint::Nothing;
    use crate::testing::TestApi;

    /// An object without fields.
    struct Empty;

    impl Body for Empty {
        async fn read(self) -> Result<Bytes, BodyBroken> {
            Ok(Bytes::from_static(b"{}"))
        }

        async fn drain(self) {}
    }

    fn broken() -> Endpoint {
        let (_, neighbour) = find("openim/sendmsg").expect("an endpoint");
        Endpoint {
            service: neighbour.service,
            command: "broken",
            aliases: &[],
            per_second: 200,
            summary: "Panics",
            request: |generator| generator.subschema_for::<Nothing>(),
            response: |generator| generator.subschema_for::<Nothing>(),
            run: |_, _| Box::pin(async { panic!("a mistake of ours") }),
        }
    }

    #[tokio::test]
    async fn a_panic_in_an_endpoint_is_an_internal_error_and_not_the_end() {
        let api = TestApi::start().await;
        let head = Head {
            method: "POST",
            path: "openim/broken",
            query: &api.query("administrator", &api.usersig("administrator")),
            request_id: None,
            position: None,
        };
        let broken: &'static Endpoint = Box::leak(Box::new(broken()));
        let answered = answer(&api.desk, Some(broken), head, Empty, "id").await;
        let failure = answered.err().expect("a failure");
        let (outcome, body) = failed(Some(broken.service), failure);
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(
            (outcome, &body["ErrorCode"]),
            (Outcome::Failed, &Value::from(91000))
        );
        assert!(!body.to_string().contains("a mistake of ours"), "{body}");
    }
}
