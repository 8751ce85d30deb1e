//! What holds for every operation, and the small ones.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use hansard_projector::{State, Status};
use hansard_types::{LogId, Timestamp};
use serde_json::{Value, json};

use crate::testing::TestApi;
use crate::usersig::tests::{APP, SECRET, sign};
use crate::v1::OPERATIONS;

#[tokio::test]
async fn every_operation_wants_the_token_of_an_administrator() {
    let api = TestApi::start().await;
    let now = api.engine.handle.now().seconds();
    let expired = sign(APP, SECRET, "administrator", now - 60, 60);
    let tokens = [
        (None, 401, "signature_empty"),
        (Some("Basic abc".to_owned()), 401, "signature_empty"),
        (
            Some("Bearer nonsense!".to_owned()),
            401,
            "signature_malformed",
        ),
        (Some(format!("Bearer {expired}")), 401, "signature_expired"),
        (
            Some(format!("Bearer {}", api.usersig("alice"))),
            403,
            "not_an_administrator",
        ),
    ];
    for operation in OPERATIONS.iter().copied().flatten() {
        for (token, status, code) in &tokens {
            let path = operation.path.replace("{app}", &APP.to_string());
            let mut request = Request::builder()
                .method(&*operation.method.to_uppercase())
                .uri(path);
            if let Some(token) = token {
                request = request.header("authorization", token);
            }
            let response = api
                .send(request.body(Body::empty()).expect("a request"))
                .await;
            assert_eq!(response.status.as_u16(), *status, "{} {code}", operation.id);
            assert_eq!(response.header("content-type"), "application/problem+json");
            let problem = response.json();
            assert_eq!(problem["code"], *code, "{}", operation.id);
            assert_eq!(problem["type"], format!("urn:hansard:problem:{code}"));
            assert_eq!(problem["status"], *status);
        }
    }
}

#[tokio::test]
async fn an_unknown_app_is_not_found() {
    let api = TestApi::start().await;
    for app in ["1400000002", "0", "many", "99999999999"] {
        let request = Request::get(format!("/v1/apps/{app}/projections")).header(
            "authorization",
            format!("bearer {}", api.usersig("administrator")),
        );
        let response = api
            .send(request.body(Body::empty()).expect("a request"))
            .await;
        assert_eq!(response.status, StatusCode::NOT_FOUND, "{app}");
        assert_eq!(response.json()["code"], "app_unknown");
    }
}

#[test]
fn every_operation_is_in_the_document() {
    let document = crate::openapi();
    for operation in OPERATIONS.iter().copied().flatten() {
        let found = &document["paths"][operation.path][operation.method];
        assert_eq!(found["operationId"], operation.id, "{}", operation.path);
    }
}

#[tokio::test]
async fn projections_say_how_far_they_are() {
    let api = TestApi::start().await;
    let status = Status {
        name: "search",
        version: 1,
        inline: false,
        state: State::Following,
        applied: 2,
        log_end: 2,
        applied_time: Timestamp(api.engine.handle.now().0 - 5000),
    };
    api.registry.set(LogId::new(APP, 0), status.clone());
    api.registry.set(LogId::CONTROL, status);
    let answer = api.v1("projections").await.json();
    let expected = json!([{
        "name": "search", "version": 1, "inline": false, "state": "following",
        "position": "0:2", "log_end": format!("0:{}", api.log_end()),
        "lag_events": api.log_end() - 2, "lag_seconds": 5,
    }]);
    assert_eq!(answer["projections"], expected);
}

#[tokio::test]
async fn administrators_are_shown_and_changed() {
    let api = TestApi::start().await;
    let change = async |body: Value| {
        let request = api.v1_request("PATCH", "settings", Body::from(body.to_string()));
        api.send(request).await
    };
    let expected = json!({ "app": APP, "administrators": ["administrator"] });
    assert_eq!(api.v1("settings").await.json(), expected);
    let changed = change(json!({ "administrators": ["administrator", "alice"] })).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text());
    assert_eq!(
        changed.json()["administrators"],
        json!(["administrator", "alice"])
    );
    assert_eq!(
        api.v1("settings").await.json()["administrators"][1],
        "alice"
    );
    assert_eq!(change(json!({})).await.status, StatusCode::OK);
    for body in [
        json!({ "administrators": [] }),
        json!({ "administrators": ["alice"] }),
        json!({ "administrators": [""] }),
        json!({ "administrators": "alice" }),
        json!([]),
    ] {
        assert_eq!(
            change(body.clone()).await.status,
            StatusCode::BAD_REQUEST,
            "{body}"
        );
    }
}
