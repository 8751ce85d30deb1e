//! What holds for every row of the table.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use hansard_desk::testing::{APP, SECRET, sign};
use hansard_engine::Hindrance;
use hansard_types::limits::REQUEST_BODY_BYTES_MAX;
use serde_json::{Value, json};

use crate::testing::{TestApi, TestOptions, code};
use crate::{Endpoint, endpoints, find};

/// Every name of every endpoint.
fn paths() -> Vec<(&'static Endpoint, String)> {
    let mut paths = Vec::new();
    for endpoint in endpoints() {
        for name in std::iter::once(&endpoint.command).chain(endpoint.aliases) {
            paths.push((endpoint, format!("{}/{name}", endpoint.service.path)));
        }
    }
    paths
}

async fn code_of(api: &TestApi, path: &str, query: &str, body: &[u8]) -> u64 {
    code(&api.v4_query(path, query, body.to_vec(), &[]).await.json())
}

#[test]
fn no_two_rows_share_a_path() {
    for (endpoint, path) in paths() {
        let (_, found) = find(&path).expect("the table has it");
        assert!(std::ptr::eq(found, endpoint), "{path}");
    }
}

#[tokio::test]
async fn every_endpoint_wants_a_valid_signature_of_an_administrator() {
    let api = TestApi::start().await;
    let (end, now) = (api.log_end(), api.engine.handle.now().seconds());
    let admin = api.usersig("administrator");
    let expired = sign(APP, SECRET, "administrator", now - 3600, 3600);
    let other_key = sign(APP, "another key", "administrator", now, 3600);
    for (_, path) in paths() {
        for (query, expected) in [
            (String::new(), 60012),
            ("sdkappid=".to_owned(), 60012),
            ("sdkappid=many".to_owned(), 60006),
            ("sdkappid=0".to_owned(), 60006),
            (format!("sdkappid={APP}"), 70002),
            (
                format!("sdkappid={APP}&identifier=administrator&usersig="),
                70002,
            ),
            (api.query("administrator", &admin[..admin.len() / 2]), 70003),
            (api.query("administrator", "!!!!"), 70005),
            (api.query("administrator", &other_key), 70009),
            (api.query("alice", &admin), 70013),
            (api.query("administrator", &expired), 70001),
            (api.query("alice", &api.usersig("alice")), 60010),
            (
                api.query("administrator", &admin)
                    .replace(&APP.to_string(), "1400000002"),
                70020,
            ),
        ] {
            assert_eq!(
                code_of(&api, &path, &query, b"{}").await,
                expected,
                "{path}?{query}"
            );
        }
    }
    assert_eq!(api.log_end(), end, "nothing was written");
}

#[tokio::test]
async fn every_endpoint_wants_a_json_object_of_bounded_size_and_depth() {
    let api = TestApi::start().await;
    let end = api.log_end();
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(50_000), "]".repeat(50_000));
    let bodies: [&[u8]; 8] = [
        b"",
        b"[]",
        b"null",
        b"{\"UserID\":",
        b"\xff\xfe\x00",
        b"{}{}",
        b"nope",
        deep.as_bytes(),
    ];
    let large = format!("{{\"x\":\"{}\"}}", "x".repeat(REQUEST_BODY_BYTES_MAX - 7));
    for (endpoint, path) in paths() {
        let query = api.query("administrator", &api.usersig("administrator"));
        for body in bodies {
            let found = code_of(&api, &path, &query, body).await;
            assert_eq!(found, u64::from(endpoint.service.json), "{path}");
        }
        let found = code_of(&api, &path, &query, large.as_bytes()).await;
        assert_eq!(found, 60002, "{path}: one byte over");
        let at_limit = &large.replace("{\"x\":\"x", "{\"x\":\"");
        let found = code_of(&api, &path, &query, at_limit.as_bytes()).await;
        assert_ne!(found, 60002, "{path} at the limit");
        let wants_nothing = WANT_NOTHING.contains(&endpoint.command);
        assert_eq!(found == 0, wants_nothing, "{path}: {found} at the limit");
    }
    assert_eq!(api.log_end(), end, "nothing was written");
}

/// Endpoints of which every field may be left out.
const WANT_NOTHING: [&str; 1] = ["get_appid_group_list"];

/// The names of the fields of an endpoint's request.
fn fields(endpoint: &Endpoint) -> Vec<String> {
    let mut generator = schemars::SchemaGenerator::default();
    let schema = (endpoint.request)(&mut generator).to_value();
    let name = schema["$ref"]
        .as_str()
        .and_then(|path| path.rsplit('/').next());
    let definitions = generator.take_definitions(true);
    let request = name.map_or(&schema, |name| &definitions[name]);
    let properties = request["properties"].as_object();
    properties.expect("an object").keys().cloned().collect()
}

#[tokio::test]
async fn null_is_an_absent_field_for_every_field_of_every_endpoint() {
    let api = TestApi::start().await;
    let end = api.log_end();
    for (endpoint, path) in paths() {
        let fields = fields(endpoint);
        assert!(!fields.is_empty(), "{path}");
        let nulls: Value = fields.into_iter().map(|name| (name, Value::Null)).collect();
        let absent = api.v4(&path, json!({})).await;
        let wants_nothing = WANT_NOTHING.contains(&endpoint.command);
        assert_eq!(code(&absent) == 0, wants_nothing, "{path}: {absent}");
        assert_eq!(api.v4(&path, nulls).await, absent, "{path}");
    }
    assert_eq!(api.log_end(), end, "nothing was written");
}

#[tokio::test]
async fn an_empty_list_is_an_empty_object_and_null_inside_is_absent() {
    let api = TestApi::start().await;
    api.create_group("team", &["bob"]).await;
    for push in [json!([]), json!(null), json!({ "ApnsInfo": [] })] {
        let body = json!({ "GroupId": "team", "Random": 1, "OfflinePushInfo": push, "MsgBody": [
            { "MsgType": "TIMTextElem", "MsgContent": { "Text": "안녕", "Desc": null } } ] });
        api.v4_ok("group_open_http_svc/send_group_msg", body).await;
    }
    let info = json!({ "GroupIdList": ["team"], "ResponseFilter": [] });
    api.v4_ok("group_open_http_svc/get_group_info", info).await;
    let custom = json!({ "From_Account": "alice", "To_Account": "bob", "MsgRandom": 1, "MsgBody": [
        { "MsgType": "TIMCustomElem", "MsgContent": [] } ] });
    api.v4_ok("openim/sendmsg", custom).await;
    // A list that has something in it is no object, whatever it has in it.
    let list = json!({ "GroupIdList": ["team"], "ResponseFilter": [["Name"]] });
    api.refuses("group_open_http_svc/get_group_info", [(list, 10004)])
        .await;
}

#[tokio::test]
async fn the_answer_is_http_200_with_the_headers_of_the_contract() {
    let api = TestApi::start().await;
    for (method, path, expected) in [
        ("GET", "/v4/openim/sendmsg", 60002),
        ("PUT", "/v4/openim/sendmsg", 60002),
        ("POST", "/v4/openim/no_such_command", 60009),
        ("POST", "/v4/no_such_service/sendmsg", 60009),
        ("POST", "/v4/openim/sendmsg/more", 60009),
        ("POST", "/v4/openim", 60009),
        ("GET", "/v4/", 60009),
        ("GET", "/v4", 60009),
    ] {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .body(Body::empty());
        let response = api.send(request.expect("a request")).await;
        assert_eq!(response.status, StatusCode::OK, "{method} {path}");
        assert_eq!(code(&response.json()), expected, "{method} {path}");
    }
    let response = api
        .v4_raw("openim/sendmsg", b"{}".to_vec(), &[("x-request-id", "abc")])
        .await;
    for (name, value) in [
        ("content-type", "application/json"),
        ("access-control-allow-origin", "*"),
        ("access-control-allow-headers", "X-Requested-With"),
        ("access-control-allow-methods", "POST"),
        ("hansard-request-id", "abc"),
    ] {
        assert_eq!(response.headers[name], value);
    }
}

#[tokio::test]
async fn a_read_waits_for_its_position_and_then_says_not_yet_visible() {
    let api = TestApi::start().await;
    tokio::time::pause();
    let ahead = format!("0:{}", api.log_end() + 1);
    let path = "im_open_login_svc/account_check";
    let body = json!({ "CheckItem": [{ "UserID": "alice" }] })
        .to_string()
        .into_bytes();
    let late = api
        .v4_raw(path, body.clone(), &[("hansard-position", &ahead)])
        .await
        .json();
    assert_eq!(code(&late), 70500);
    assert!(
        late["ErrorInfo"]
            .as_str()
            .is_some_and(|text| text.contains("not yet visible"))
    );
    let query = api.query("administrator", &api.usersig("administrator"));
    let there = format!("{query}&position=0:{}", api.log_end());
    assert_eq!(code_of(&api, path, &there, &body).await, 0);
}

#[tokio::test]
async fn rate_limits_hold_when_they_are_on() {
    let api = TestApi::start_with(TestOptions {
        rate_limits: true,
        ..TestOptions::default()
    })
    .await;
    let body = json!({ "CheckItem": [{ "UserID": "alice" }] });
    let mut codes = Vec::new();
    for _ in 0..2000 {
        codes.push(code(
            &api.v4("im_open_login_svc/account_check", body.clone())
                .await,
        ));
        if codes.last() == Some(&60007) {
            break;
        }
    }
    assert!(
        codes.len() > 100,
        "a hundred calls at once are taken: {}",
        codes.len()
    );
    assert_eq!(codes.last(), Some(&60007));
}

#[test]
fn every_endpoint_is_in_the_document() {
    let document = hansard_http::openapi();
    for (_, path) in paths() {
        let operation = &document["paths"][format!("/v4/{path}")]["post"];
        assert!(operation.is_object(), "{path}");
        assert_ne!(operation["requestBody"], Value::Null, "{path}");
    }
}

#[tokio::test]
async fn health_metrics_and_the_document_are_served() {
    let api = TestApi::start().await;
    let get = async |path: &str| {
        api.send(Request::get(path).body(Body::empty()).expect("a request"))
            .await
    };
    assert_eq!(get("/healthz").await.json(), json!({ "live": true }));
    assert_eq!(
        get("/readyz").await.json(),
        json!({ "ready": true, "reasons": [] })
    );
    assert_eq!(get("/metrics").await.text(), "# metrics\n");
    assert_eq!(get("/openapi.json").await.json(), hansard_http::openapi());
    assert_eq!(get("/nothing").await.status, StatusCode::NOT_FOUND);
    api.engine
        .handle
        .pause_writes(Hindrance::Disk, Some("the disk is full".to_owned()));
    let response = get("/readyz").await;
    assert_eq!(response.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.json()["reasons"], json!(["the disk is full"]));
    let refused = api
        .v4(
            "im_open_login_svc/account_import",
            json!({ "UserID": "dan" }),
        )
        .await;
    assert_eq!(code(&refused), 70500);
    assert!(
        refused["ErrorInfo"]
            .as_str()
            .is_some_and(|text| text.contains("the disk is full"))
    );
}
