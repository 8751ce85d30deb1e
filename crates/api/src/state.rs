use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{BoxError, Router};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use hansard_engine::Handle;
use hansard_projector::Registry;
use hansard_types::{AppId, UserId};
use tokio::sync::{Semaphore, watch};
use tower::{Service, ServiceExt as _};

use crate::ids::Ids;
use crate::rate::Limiter;
use crate::usersig::Verifier;
use crate::v1::problem::Problem;
use crate::{health, v1, v4};

/// Imports at once; more wait.
const IMPORTS_AT_ONCE_MAX: usize = 4;

/// The search indexes of the apps.
pub trait SearchIndexes: Send + Sync + 'static {
    /// `None` when the app has none, or it is not open yet.
    fn reader(&self, app: AppId) -> Option<hansard_search::Reader>;
    /// A search has failed, or it is time to look: the index may be damaged.
    fn doubt(&self, app: AppId);
}

/// The secret keys of the apps. They never leave the process that asks.
pub trait Secrets: Send + Sync + 'static {
    /// `None` when there is no such app.
    fn secret(&self, app: AppId) -> Option<Arc<str>>;
}

/// What an operator can choose.
#[derive(Debug, Clone)]
pub struct ApiOptions {
    /// Holds callers to the documented rates per app and endpoint (200 calls a second for most):
    /// over them a call is answered 60007. Off by default: whoever runs a server may use it.
    pub rate_limits: bool,
    /// Event streams that may be open at once; one more is answered 503.
    pub followers_max: usize,
    /// Turns true when the server shuts down: event streams then end. Without it they end when
    /// the engine closes.
    pub shutdown: Option<watch::Receiver<bool>>,
}

impl Default for ApiOptions {
    fn default() -> Self {
        Self {
            rate_limits: false,
            followers_max: 256,
            shutdown: None,
        }
    }
}

/// Everything that the surfaces need.
#[derive(Clone)]
pub struct ApiState {
    pub engine: Handle,
    /// What the projections say of themselves.
    pub registry: Registry,
    pub search: Arc<dyn SearchIndexes>,
    pub secrets: Arc<dyn Secrets>,
    /// Writes the metrics in Prometheus' text format.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    pub options: ApiOptions,
}

/// What handlers share.
pub(crate) struct Shared {
    pub(crate) state: ApiState,
    pub(crate) verifier: Verifier,
    pub(crate) limiter: Limiter,
    pub(crate) ids: Ids,
    pub(crate) meters: v4::Meters,
    pub(crate) followers: Arc<Semaphore>,
    /// Imports wait for one another: each holds its body.
    pub(crate) imports: Semaphore,
}

impl Shared {
    pub(crate) fn new(state: ApiState) -> Arc<Self> {
        Arc::new(Self {
            verifier: Verifier::default(),
            limiter: Limiter::default(),
            ids: Ids::new(),
            meters: v4::Meters::new(),
            imports: Semaphore::new(IMPORTS_AT_ONCE_MAX),
            followers: Arc::new(Semaphore::new(state.options.followers_max)),
            state,
        })
    }

    /// Whether a signature of the account was taken back after it had been issued. One look-up by
    /// key for every request, so that a kick holds from the moment it is answered.
    pub(crate) fn is_revoked(
        &self,
        app: AppId,
        user: &UserId,
        issued_at_seconds: u64,
    ) -> Result<bool, impl std::error::Error + 'static> {
        let revoked = self.state.engine.signatures_revoked_up_to(app, user);
        revoked.map(|up_to| up_to.is_some_and(|up_to| issued_at_seconds <= up_to))
    }
}

/// Every path that is answered.
#[derive(Clone)]
pub struct Surfaces {
    shared: Arc<Shared>,
    rest: Router,
}

/// The surfaces on top of what they need. The metrics recorder must be installed before, because
/// counters are looked up once, here.
#[must_use]
pub fn surfaces(state: ApiState) -> Surfaces {
    let shared = Shared::new(state);
    let rest = Router::new()
        .merge(v1::routes())
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/openapi.json", get(health::openapi))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(Arc::clone(&shared));
    Surfaces { shared, rest }
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
            let answer = v4::handle(Arc::clone(&self.shared), request);
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
