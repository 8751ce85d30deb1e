//! What holds for every operation, and the small ones.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use hansard_desk::testing::{APP, SECRET, sign};
use hansard_projector::{Order, State, Status};
use hansard_types::{LogId, Timestamp};
use serde_json::{Value, json};

use crate::OPERATIONS;
use crate::testing::TestApi;

#[tokio::test]
async fn every_operation_wants_the_token_of_who_may() {
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
    ];
    let bearer = |user: &str| Some(format!("Bearer {}", api.usersig(user)));
    for operation in OPERATIONS.iter().copied().flatten() {
        // Messages, relations and groups are an account's own business, everything else an administrator's.
        let is_own = ["send_message", "edit_message", "messages"].contains(&operation.id)
            || [
                "/friend-",
                "/groups",
                "/messages/extensions",
                "/messages/merged",
                "/messages/re",
            ]
            .iter()
            .any(|part| operation.path.contains(part));
        let stranger = if is_own {
            (bearer("nobody"), 403, "account_unknown")
        } else {
            (bearer("alice"), 403, "not_an_administrator")
        };
        for (token, status, code) in tokens.iter().chain([&stranger]) {
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
    let document = hansard_http::openapi();
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
async fn projections_are_told_to_try_again_and_to_be_built_again() {
    let api = TestApi::start().await;
    let (owner, mut orders) = tokio::sync::mpsc::channel(1);
    let log = LogId::new(APP, 0);
    api.registry.set_owner(log, "search", owner);
    for (path, order) in [("retry", Order::Retry), ("rebuild", Order::Rebuild)] {
        let tell = async |name: &str| {
            let body = Body::from(json!({ "name": name }).to_string());
            let request = api.v1_request("POST", &format!("projections/{path}"), body);
            api.send(request).await
        };
        let answer = tell("search").await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        assert_eq!(orders.recv().await, Some((log, order)));
        let answer = tell("nothing").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert_eq!(answer.json()["code"], "projection_unknown");
    }
}

#[tokio::test]
async fn administrators_are_shown_and_changed() {
    let api = TestApi::start().await;
    let change = async |body: Value| {
        let request = api.v1_request("PATCH", "settings", Body::from(body.to_string()));
        api.send(request).await
    };
    let expected = json!({ "app": APP, "administrators": ["administrator"],
        "profile_fields": [], "friend_fields": [], "group_fields": [], "member_fields": [],
        "group_notices": [],
        "group_limits": { "messages_per_second": 0, "members": 0 },
        "message_limits": { "recall_seconds": 120 } });
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

#[tokio::test]
async fn custom_fields_are_declared_and_written_and_read_by_those_who_may() {
    let api = TestApi::start().await;
    let change = async |body: Value| {
        let request = api.v1_request("PATCH", "settings", Body::from(body.to_string()));
        api.send(request).await
    };
    let field = |name: &str, readers: &[&str], writers: &[&str]| json!({ "name": name, "type": "string", "readers": readers, "writers": writers });
    let both = ["app", "admin"];
    let fields = json!([
        field("Team", &both, &both),
        field("Secret", &["app"], &both),
        field("Own", &both, &["app"]),
    ]);
    let changed = change(json!({ "profile_fields": fields })).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text());
    assert_eq!(changed.json()["profile_fields"], fields);

    let set = |tag: &str, value: Value| json!({ "From_Account": "alice", "ProfileItem": [{ "Tag": tag, "Value": value }] });
    let path = "profile/portrait_set";
    api.v4_ok(path, set("Tag_Profile_Custom_Team", json!("y".repeat(500))))
        .await;
    let cases = [
        (
            set("Tag_Profile_Custom_Team", json!("y".repeat(501))),
            40601,
        ),
        (set("Tag_Profile_Custom_Team", json!(7)), 40610),
        (set("Tag_Profile_Custom_Own", json!("mine")), 40008),
        (set("Tag_Profile_Custom_Other", json!("x")), 40009),
    ];
    api.refuses(path, cases).await;
    let get = |tag: &str| json!({ "To_Account": ["alice"], "TagList": [tag] });
    let path = "profile/portrait_get";
    let answer = api.v4_ok(path, get("Tag_Profile_Custom_Team")).await;
    assert_eq!(
        answer["UserProfileItem"][0]["ProfileItem"][0]["Value"],
        "y".repeat(500)
    );
    api.refuses(path, [(get("Tag_Profile_Custom_Secret"), 40007)])
        .await;

    for refused in [
        json!({ "profile_fields": [] }),
        json!({ "profile_fields": [field("Team", &both, &both)] }),
        json!({ "friend_fields": [field("TooLongName", &both, &both)] }),
        json!({ "friend_fields": [field("a1", &both, &both)] }),
        json!({ "friend_fields": "Team" }),
    ] {
        let answer = change(refused.clone()).await;
        assert!(
            answer.status.is_client_error(),
            "{refused}: {}",
            answer.text()
        );
    }
    assert_eq!(api.v1("settings").await.json()["profile_fields"], fields);
}
