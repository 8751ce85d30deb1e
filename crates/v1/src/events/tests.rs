use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use futures::StreamExt as _;
use hansard_desk::testing::APP;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::testing::{TestApi, TestOptions, say};

mod partitions;

/// How long a test waits before it calls a stream silent.
const PATIENCE: Duration = Duration::from_secs(20);

fn positions(lines: &[Value]) -> Vec<String> {
    let position = |line: &Value| line["hansardposition"].as_str().expect("a text").to_owned();
    lines.iter().map(position).collect()
}

#[tokio::test]
async fn a_line_is_a_cloud_event_with_its_position() {
    let api = TestApi::start().await;
    api.create_group("team", &["bob"]).await;
    say(&api, "team", "bob", 1, "회의는 3시").await;
    let response = api.v1("events").await;
    assert_eq!(response.status, StatusCode::OK);
    let lines = response.lines();
    let expected: Vec<String> = (1..=api.log_end())
        .map(|sequence| format!("0:{sequence}"))
        .collect();
    assert_eq!(positions(&lines), expected);
    let last = lines.last().expect("events");
    for (name, value) in [
        ("specversion", json!("1.0")),
        ("type", json!("message.sent")),
        ("source", json!(format!("/apps/{APP}/0"))),
        ("datacontenttype", json!("application/json")),
        ("hansardschema", json!("1")),
        ("hansardactor", json!("administrator")),
    ] {
        assert_eq!(last[name], value, "{name}");
    }
    assert!(
        last["subject"]
            .as_str()
            .is_some_and(|s| s.contains(".message.sent.")),
        "{last}"
    );
    assert!(
        last["hansardchain"].as_str().is_some_and(|s| s.len() == 64),
        "{last}"
    );
    assert!(last["hansardcorrelation"].is_string(), "{last}");
    assert_eq!(last["data"]["conversation"], "group:team");
    assert_eq!(last["data"]["elements"][0]["text"], "회의는 3시");
    assert_eq!(
        response.header("hansard-next"),
        format!("0:{}", api.log_end() + 1)
    );
    assert_eq!(
        response.header("hansard-log-end"),
        format!("0:{}", api.log_end())
    );
}

#[tokio::test]
async fn pages_fit_together_whatever_the_filter() {
    let api = TestApi::start().await;
    api.create_group("team", &["bob"]).await;
    api.create_group("other", &["bob"]).await;
    for random in 1..=10 {
        say(
            &api,
            if random % 2 == 0 { "team" } else { "other" },
            "bob",
            random,
            "hi",
        )
        .await;
    }
    for filter in [
        "",
        "&type=message.",
        "&type=group.*,message.sent",
        "&conversation=group:team",
    ] {
        let whole = api.v1(&format!("events?from=0:1{filter}")).await.lines();
        assert!(!whole.is_empty(), "{filter}");
        let (mut next, mut paged) = ("0:1".to_owned(), Vec::new());
        loop {
            let page = api.v1(&format!("events?from={next}&limit=3{filter}")).await;
            let lines = page.lines();
            assert!(lines.len() <= 3, "{filter}");
            paged.extend(lines);
            next = page.header("hansard-next");
            if next == format!("0:{}", api.log_end() + 1) {
                break;
            }
        }
        assert_eq!(paged, whole, "{filter}");
    }
    let team = api.v1("events?conversation=group:team").await.lines();
    let kinds: Vec<&str> = team
        .iter()
        .filter_map(|line| line["type"].as_str())
        .collect();
    assert_eq!(kinds[0], "group.created");
    assert_eq!(kinds.len(), 6, "{kinds:?}");
    let range = api.v1("events?from=2&until=0:4").await.lines();
    assert_eq!(positions(&range), ["0:2", "0:3", "0:4"]);
    assert!(api.v1("events?from=0:1000").await.lines().is_empty());
}

#[tokio::test]
async fn nonsense_in_a_range_is_a_problem() {
    let api = TestApi::start().await;
    for query in [
        "from=soon",
        "from=-1",
        "from=1:1",
        "until=x",
        "limit=0",
        "limit=10001",
        "limit=many",
        "conversation=team",
        "conversation=c2c:bob:alice",
        "follow=forever",
    ] {
        let response = api.v1(&format!("events?{query}")).await;
        assert_eq!(response.status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(response.json()["code"], "invalid_request", "{query}");
    }
    assert_eq!(api.v1("events?limit=10000").await.status, StatusCode::OK);
}

/// A stream that is read piece by piece.
struct Following(axum::body::BodyDataStream);

impl Following {
    async fn open(api: &TestApi, query: &str, headers: &[(&str, &str)]) -> Self {
        let mut request = api.v1_request("GET", &format!("events{query}"), Body::empty());
        for (name, value) in headers {
            let name: axum::http::HeaderName = name.parse().expect("a name");
            request
                .headers_mut()
                .insert(name, value.parse().expect("a value"));
        }
        let response = tower::ServiceExt::oneshot(api.surfaces.clone(), request).await;
        let response = response.expect("infallible");
        assert_eq!(response.status(), StatusCode::OK);
        Self(response.into_body().into_data_stream())
    }

    async fn next(&mut self) -> Option<String> {
        let piece = timeout(PATIENCE, self.0.next())
            .await
            .expect("something in time")?;
        Some(String::from_utf8(piece.expect("no error").to_vec()).expect("UTF-8"))
    }
}

#[tokio::test]
async fn sse_goes_on_with_what_is_committed_later_and_resumes_by_id() {
    let api = TestApi::start().await;
    let end = api.log_end();
    let mut stream = Following::open(&api, &format!("?follow=sse&from=0:{end}"), &[]).await;
    let first = stream.next().await.expect("an event");
    assert!(
        first.starts_with(&format!("id: 0:{end}\ndata: {{")),
        "{first}"
    );
    assert!(first.ends_with("}\n\n"), "{first}");
    api.create_group("team", &[]).await;
    let second = stream.next().await.expect("an event");
    assert!(
        second.starts_with(&format!("id: 0:{}\n", end + 1)),
        "{second}"
    );
    assert!(second.contains("group.created"), "{second}");
    drop(stream);
    let last = format!("0:{end}");
    let headers = [
        ("last-event-id", last.as_str()),
        ("accept", "text/event-stream"),
    ];
    let mut again = Following::open(&api, "?from=0:1", &headers).await;
    assert_eq!(again.next().await, Some(second));
}

#[tokio::test]
async fn a_silent_sse_stream_is_kept_alive() {
    let api = TestApi::start().await;
    let query = format!("?follow=sse&from=0:{}", api.log_end() + 1);
    let mut stream = Following::open(&api, &query, &[]).await;
    tokio::time::pause();
    assert_eq!(stream.next().await.as_deref(), Some(": keep-alive\n\n"));
}

#[tokio::test]
async fn following_ends_when_the_server_shuts_down() {
    let api = TestApi::start().await;
    let query = format!("?follow=ndjson&from=0:{}", api.log_end());
    let mut stream = Following::open(&api, &query, &[]).await;
    assert!(
        stream
            .next()
            .await
            .is_some_and(|line| line.ends_with("}\n"))
    );
    api.shutdown.send_replace(true);
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn as_many_followers_as_allowed_and_no_more() {
    let options = TestOptions {
        followers_max: 1,
        ..TestOptions::default()
    };
    let api = TestApi::start_with(options).await;
    let stream = Following::open(&api, "?follow=sse", &[]).await;
    let refused = api.v1("events?follow=sse").await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.json()["code"], "too_many_followers");
    drop(stream);
    Following::open(&api, "?follow=sse", &[]).await;
}
