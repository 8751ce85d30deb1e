use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{BoxError, Router};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use hansard_desk::Desk;
use hansard_projector::Registry;
use hansard_v1::{Problem, SearchIndexes, V1, V1Options};
use hansard_v4::{Envelope, Head, V4};
use tower::{Service, ServiceExt as _};

use crate::body::Incoming;
use crate::health::{self, Metrics};

/// Where a write's event is, and what a read may wait for.
const POSITION: HeaderName = HeaderName::from_static("hansard-position");
/// What the request is called in our logs and in the events it caused.
const REQUEST_ID: HeaderName = HeaderName::from_static("hansard-request-id");

/// Everything that the surfaces need.
#[derive(Clone)]
pub struct ApiState {
    pub desk: Arc<Desk>,
    /// What the projections say of themselves.
    pub registry: Registry,
    pub search: Arc<dyn SearchIndexes>,
    /// Writes the metrics in Prometheus' text format.
    pub metrics: Metrics,
    pub options: V1Options,
}

/// Every path that is answered.
#[derive(Clone)]
pub struct Surfaces {
    v4: Arc<V4>,
    rest: Router,
}

/// The surfaces on top of what they need. The metrics recorder must be installed before, because
/// counters are looked up once, here.
#[must_use]
pub fn surfaces(state: ApiState) -> Surfaces {
    let ApiState {
        desk,
        registry,
        search,
        metrics,
        options,
    } = state;
    let ours = V1 {
        desk: Arc::clone(&desk),
        registry,
        search,
        options,
    };
    let health = Router::new()
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .with_state(Arc::clone(&desk));
    let rest = Router::new()
        .merge(hansard_v1::router(ours))
        .merge(health)
        .route("/metrics", get(health::metrics).with_state(metrics))
        .route("/openapi.json", get(health::openapi))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed);
    Surfaces {
        v4: Arc::new(V4::new(desk)),
        rest,
    }
}

impl<B> Service<Request<B>> for Surfaces
where
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.answer(request)
    }
}

impl Surfaces {
    /// `/v4` has one handler for all of it, which is called at once: the way through a router was
    /// a twentieth of what a send over HTTP costs.
    pub(crate) fn answer<B>(
        &self,
        request: Request<B>,
    ) -> BoxFuture<'static, Result<Response, Infallible>>
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let request = request.map(Body::new);
        let answer = if is_v4(request.uri().path()) {
            let answer = answer_v4(Arc::clone(&self.v4), request);
            answer.map(Ok::<_, Infallible>).left_future()
        } else {
            self.rest.clone().oneshot(request).right_future()
        };
        let answer = AssertUnwindSafe(answer).catch_unwind();
        Box::pin(answer.map(|answered| answered.unwrap_or_else(|_panic| Ok(panicked()))))
    }
}

pub(crate) fn is_v4(path: &str) -> bool {
    let rest = path.strip_prefix("/v4");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

async fn answer_v4(v4: Arc<V4>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let body = Incoming::new(&parts.headers, body);
    written(v4.answer(head(&parts), body).await)
}

/// The answer to a request below `/v4` before everything is ready.
pub(crate) async fn not_yet_v4(request: Request<Body>, info: &str) -> Response {
    let (parts, body) = request.into_parts();
    let body = Incoming::new(&parts.headers, body);
    written(hansard_v4::not_yet(head(&parts), body, info).await)
}

fn head(parts: &Parts) -> Head<'_> {
    let id = parts.headers.get("x-request-id");
    Head {
        method: parts.method.as_str(),
        path: parts.uri.path().strip_prefix("/v4/").unwrap_or_default(),
        query: parts.uri.query().unwrap_or_default(),
        request_id: id.and_then(|id| id.to_str().ok()),
        // What is no text is no position.
        position: parts
            .headers
            .get(&POSITION)
            .map(|at| at.to_str().unwrap_or_default()),
    }
}

/// HTTP 200, whatever the envelope says: known clients raise on anything else.
fn written(envelope: Envelope) -> Response {
    let Envelope {
        body,
        position,
        request_id,
    } = envelope;
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.reserve(6);
    for (name, value) in [
        (header::CONTENT_TYPE, "application/json"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "X-Requested-With"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "POST"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Before everything is ready there is nobody who names requests.
    if !request_id.is_empty()
        && let Ok(id) = HeaderValue::from_str(&request_id)
    {
        headers.insert(REQUEST_ID, id);
    }
    if let Some(position) = position
        && let Ok(value) = HeaderValue::from_str(&position.to_string())
    {
        headers.insert(POSITION, value);
    }
    response
}

fn panicked() -> Response {
    Problem::internal("something broke; the server goes on").into_response()
}

async fn not_found() -> Response {
    Problem::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "there is nothing at this path",
    )
    .into_response()
}

async fn method_not_allowed() -> Response {
    let title = "this path does not take this method";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", title).into_response()
}
