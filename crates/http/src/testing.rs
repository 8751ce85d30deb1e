//! An in-process server for the tests of the surfaces: the engine in memory, a clock that stands
//! still, an administrator, and the accounts `alice`, `bob` and `carol`. Its methods panic when what
//! they do for a test fails.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use hansard_desk::testing::{SECRET, sign};
use hansard_desk::{Desk, DeskOptions, Secrets};
use hansard_engine::testing::{APP, LOG, TestEngine};
use hansard_projector::Registry;
use hansard_types::{AppId, LogId};
use hansard_v1::{SearchIndexes, V1Options};
use parking_lot::Mutex;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use tokio::sync::watch;
use tower::ServiceExt as _;

use crate::{ApiState, Surfaces, surfaces};

/// Far more than any answer of a test.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// An answer that has been read.
pub struct Response {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Response {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).expect("UTF-8")
    }

    pub fn header(&self, name: &str) -> String {
        self.headers[name].to_str().expect("text").to_owned()
    }

    /// The lines of an NDJSON answer.
    pub fn lines(&self) -> Vec<Value> {
        self.text()
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    }
}

struct OneSecret;

impl Secrets for OneSecret {
    fn secret(&self, app: AppId) -> Option<Arc<str>> {
        (app == APP).then(|| SECRET.into())
    }
}

/// Indexes that a test puts in.
#[derive(Default)]
pub struct Indexes(pub Mutex<HashMap<LogId, hansard_search::Reader>>);

impl SearchIndexes for Indexes {
    fn reader(&self, log: LogId) -> Option<hansard_search::Reader> {
        self.0.lock().get(&log).cloned()
    }

    fn doubt(&self, _log: LogId) {}
}

/// What a test can choose.
pub struct TestOptions {
    pub rate_limits: bool,
    pub followers_max: usize,
    /// Of the app's log.
    pub partitions: u16,
}

impl Default for TestOptions {
    fn default() -> Self {
        Self {
            rate_limits: false,
            followers_max: V1Options::default().followers_max,
            partitions: 1,
        }
    }
}

/// The server.
pub struct TestApi {
    pub surfaces: Surfaces,
    pub desk: Arc<Desk>,
    pub engine: TestEngine,
    pub registry: Registry,
    pub indexes: Arc<Indexes>,
    pub shutdown: watch::Sender<bool>,
}

impl TestApi {
    pub async fn start() -> Self {
        Self::start_with(TestOptions::default()).await
    }

    pub async fn start_with(options: TestOptions) -> Self {
        let TestOptions {
            rate_limits,
            followers_max,
            partitions,
        } = options;
        let engine = TestEngine::start_with(partitions).await;
        let registry = Registry::default();
        let indexes = Arc::new(Indexes::default());
        let (shutdown, is_shutting_down) = watch::channel(false);
        let options = DeskOptions { rate_limits };
        let desk = Desk::new(engine.handle.clone(), Arc::new(OneSecret), options);
        let desk = Arc::new(desk);
        let state = ApiState {
            desk: Arc::clone(&desk),
            registry: registry.clone(),
            search: Arc::clone(&indexes) as Arc<dyn SearchIndexes>,
            metrics: Arc::new(|| "# metrics\n".to_owned()),
            options: V1Options {
                followers_max,
                shutdown: Some(is_shutting_down),
            },
        };
        Self {
            surfaces: surfaces(state),
            desk,
            engine,
            registry,
            indexes,
            shutdown,
        }
    }

    /// A signature of a user that holds.
    pub fn usersig(&self, user: &str) -> String {
        sign(APP, SECRET, user, self.engine.handle.now().seconds(), 3600)
    }

    pub fn advance_ms(&self, ms: u64) {
        self.engine.world.clock.advance_ms(ms);
    }

    /// The last committed sequence.
    pub fn log_end(&self) -> u64 {
        *self.engine.handle.committed(LOG).expect("the app").borrow()
    }

    pub async fn send(&self, request: Request<Body>) -> Response {
        let answered = self
            .surfaces
            .clone()
            .oneshot(request)
            .await
            .expect("infallible");
        let (parts, body) = answered.into_parts();
        let body = to_bytes(body, ANSWER_BYTES_MAX)
            .await
            .expect("a whole body");
        Response {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    /// The query of a valid call.
    pub fn query(&self, identifier: &str, usersig: &str) -> String {
        let sig = utf8_percent_encode(usersig, NON_ALPHANUMERIC);
        format!("sdkappid={APP}&identifier={identifier}&usersig={sig}&random=7&contenttype=json")
    }

    /// A call with a body as it is. Everything below `/v4` is HTTP 200.
    pub async fn v4_raw(&self, path: &str, body: Vec<u8>, headers: &[(&str, &str)]) -> Response {
        let query = self.query("administrator", &self.usersig("administrator"));
        self.v4_query(path, &query, body, headers).await
    }

    pub async fn v4_query(
        &self,
        path: &str,
        query: &str,
        body: Vec<u8>,
        headers: &[(&str, &str)],
    ) -> Response {
        let mut request = Request::post(format!("/v4/{path}?{query}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self
            .send(request.body(Body::from(body)).expect("a request"))
            .await;
        assert_eq!(response.status, StatusCode::OK, "{path}");
        response
    }

    pub async fn v4(&self, path: &str, body: Value) -> Value {
        self.v4_raw(path, body.to_string().into_bytes(), &[])
            .await
            .json()
    }

    /// A call that must succeed.
    pub async fn v4_ok(&self, path: &str, body: Value) -> Value {
        let answer = self.v4(path, body).await;
        assert_eq!(
            (code(&answer), &answer["ActionStatus"]),
            (0, &status_of(path, "OK")),
            "{path}: {answer}"
        );
        answer
    }

    /// Calls that must be refused with these codes, and change nothing.
    pub async fn refuses(&self, path: &str, cases: impl IntoIterator<Item = (Value, u32)>) {
        for (body, expected) in cases {
            let end = self.log_end();
            let answer = self.v4(path, body.clone()).await;
            let mut shown = body.to_string();
            shown.truncate(shown.floor_char_boundary(200));
            assert_eq!(
                code(&answer),
                u64::from(expected),
                "{path} {shown}: {answer}"
            );
            let status = status_of(path, "FAIL");
            assert_eq!(answer["ActionStatus"], status, "{path} {shown}");
            assert!(
                answer["ErrorInfo"]
                    .as_str()
                    .is_some_and(|info| !info.is_empty()),
                "{answer}"
            );
            assert_eq!(self.log_end(), end, "{path} {shown}: nothing was written");
        }
    }

    /// A public group of alice's with members.
    pub async fn create_group(&self, id: &str, members: &[&str]) {
        let members: Vec<Value> = members
            .iter()
            .map(|member| json!({ "Member_Account": member }))
            .collect();
        let body = json!({
            "Type": "Public", "Name": id, "GroupId": id, "Owner_Account": "alice",
            "MemberList": members,
        });
        self.v4_ok("group_open_http_svc/create_group", body).await;
    }

    /// Changes settings of the app, as its administrator.
    pub async fn change_settings(&self, change: Value) -> Response {
        let body = Body::from(change.to_string());
        self.send(self.v1_request("PATCH", "settings", body)).await
    }

    /// A live room of alice's.
    pub async fn create_room(&self, id: &str) {
        let body = json!({ "Type": "AVChatRoom", "Name": id, "GroupId": id,
            "Owner_Account": "alice" });
        self.v4_ok("group_open_http_svc/create_group", body).await;
    }

    /// A request of `/v1` with the administrator's token.
    pub fn v1_request(&self, method: &str, path: &str, body: Body) -> Request<Body> {
        let token = self.usersig("administrator");
        Request::builder()
            .method(method)
            .uri(format!("/v1/apps/{APP}/{path}"))
            .header("authorization", format!("Bearer {token}"))
            .body(body)
            .expect("a request")
    }

    /// A call of `/v1` by an account for what is its own.
    pub async fn own(
        &self,
        user: &str,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> (u16, Value) {
        let token = self.usersig(user);
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = Request::builder()
            .method(method)
            .uri(format!("/v1/apps/{APP}/{path}"))
            .header("authorization", format!("Bearer {token}"))
            .body(body);
        let response = self.send(request.expect("a request")).await;
        (response.status.as_u16(), response.json())
    }

    pub async fn v1(&self, path: &str) -> Response {
        self.send(self.v1_request("GET", path, Body::empty())).await
    }
}

/// The `ActionStatus` of an answer: one service has none.
fn status_of(path: &str, status: &str) -> Value {
    if path.starts_with("openconfigsvr/") {
        Value::Null
    } else {
        json!(status)
    }
}

/// The code of an answer.
pub fn code(answer: &Value) -> u64 {
    answer["ErrorCode"].as_u64().expect("a code")
}

/// A text element.
pub fn text(words: &str) -> Value {
    json!({ "MsgType": "TIMTextElem", "MsgContent": { "Text": words } })
}

/// Says something in a group.
pub async fn say(api: &TestApi, group: &str, from: &str, random: u32, words: &str) {
    let body = json!({ "GroupId": group, "From_Account": from, "Random": random,
        "MsgBody": [text(words)] });
    api.v4_ok("group_open_http_svc/send_group_msg", body).await;
}
