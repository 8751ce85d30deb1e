//! What answers from the first moment of a server: health at once, everything else once the parts
//! are ready. Until then a request is told how far that is, and to come again.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use axum::BoxError;
use axum::Json;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::future::BoxFuture;
use hansard_v1::Problem;
use serde_json::json;
use tower::Service;

use crate::Surfaces;
use crate::surfaces::{is_v4, not_yet_v4};

/// Says why the server is not ready yet.
pub type WhyNot = Arc<dyn Fn() -> Vec<String> + Send + Sync>;

/// The surfaces, as soon as there are some. Clones are the same one.
#[derive(Clone)]
pub struct Front {
    surfaces: Arc<OnceLock<Surfaces>>,
    why_not: WhyNot,
}

impl Front {
    #[must_use]
    pub fn new(why_not: WhyNot) -> Self {
        Self {
            surfaces: Arc::default(),
            why_not,
        }
    }

    /// The parts are ready: from now on these answer. Once.
    pub fn open(&self, surfaces: Surfaces) {
        let _first = self.surfaces.get_or_init(|| surfaces);
    }

    async fn not_yet(why_not: WhyNot, request: Request<Body>) -> Response {
        let reasons = why_not();
        let detail = format!("the server is starting: {}", reasons.join("; "));
        let path = request.uri().path();
        if is_v4(path) {
            return not_yet_v4(request, &detail).await;
        }
        match path {
            "/healthz" => Json(json!({ "live": true })).into_response(),
            "/readyz" => {
                let body = json!({ "ready": false, "reasons": reasons });
                (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
            }
            _ => {
                let mut response = Problem::unavailable(detail).into_response();
                let again = HeaderValue::from_static("1");
                response.headers_mut().insert(header::RETRY_AFTER, again);
                response
            }
        }
    }
}

impl<B> Service<Request<B>> for Front
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
        match self.surfaces.get() {
            Some(surfaces) => surfaces.answer(request),
            None => {
                let answer = Self::not_yet(Arc::clone(&self.why_not), request.map(Body::new));
                Box::pin(async { Ok(answer.await) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use serde_json::Value;
    use tower::ServiceExt as _;

    use super::*;
    use crate::testing::TestApi;

    async fn asked(front: &Front, method: &str, path: &str) -> (StatusCode, Value) {
        let request = Request::builder().method(method).uri(path);
        let request = request.body(Body::from("{}")).expect("a request");
        let answer = front.clone().oneshot(request).await.expect("infallible");
        let status = answer.status();
        let body = to_bytes(answer.into_body(), 1 << 20).await.expect("a body");
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    #[tokio::test]
    async fn what_is_asked_before_everything_is_ready_is_told_how_far_that_is() {
        let front = Front::new(Arc::new(|| vec!["3 of 7 events are read".to_owned()]));
        let live = asked(&front, "GET", "/healthz").await;
        assert_eq!(live, (StatusCode::OK, json!({ "live": true })));
        let (status, body) = asked(&front, "GET", "/readyz").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        let expected = json!({ "ready": false, "reasons": ["3 of 7 events are read"] });
        assert_eq!(body, expected);
        let (status, problem) = asked(&front, "GET", "/v1/apps/7/projections").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(problem["code"], "unavailable");
        let detail = problem["detail"].as_str().expect("a detail");
        assert!(detail.contains("3 of 7 events are read"), "{detail}");
        for (path, code) in [
            ("/v4/group_open_http_svc/send_group_msg", 10002),
            ("/v4/openim/sendmsg", 91000),
            ("/v4/im_open_login_svc/account_import", 70500),
            ("/v4/nothing/of_ours", 60009),
        ] {
            let (status, answer) = asked(&front, "POST", path).await;
            assert_eq!(
                (status, &answer["ErrorCode"]),
                (StatusCode::OK, &json!(code))
            );
        }
        front.open(TestApi::start().await.surfaces);
        let (status, body) = asked(&front, "GET", "/readyz").await;
        assert_eq!(status, StatusCode::OK, "{body}");
    }
}
