use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use futures::StreamExt as _;
use hansard_projector::{State, Status};
use hansard_search::{Index, Options};
use hansard_types::{LogId, Timestamp};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::ApiOptions;
use crate::testing::{TestApi, text};
use crate::usersig::tests::{APP, SECRET, sign};
use crate::v1::OPERATIONS;

/// How long a test waits before it calls a stream silent.
const PATIENCE: Duration = Duration::from_secs(20);

async fn say(api: &TestApi, group: &str, from: &str, random: u32, words: &str) {
    let body = json!({ "GroupId": group, "From_Account": from, "Random": random,
        "MsgBody": [text(words)] });
    api.v4_ok("group_open_http_svc/send_group_msg", body).await;
}

fn positions(lines: &[Value]) -> Vec<String> {
    let position = |line: &Value| line["hansardposition"].as_str().expect("a text").to_owned();
    lines.iter().map(position).collect()
}

fn header(response: &crate::testing::Response, name: &str) -> String {
    response.headers[name].to_str().expect("text").to_owned()
}

// --- access

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
            assert_eq!(
                header(&response, "content-type"),
                "application/problem+json"
            );
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

// --- events

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
        header(&response, "hansard-next"),
        format!("0:{}", api.log_end() + 1)
    );
    assert_eq!(
        header(&response, "hansard-log-end"),
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
            next = header(&page, "hansard-next");
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
        let response = tower::ServiceExt::oneshot(api.router.clone(), request).await;
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
    let options = ApiOptions {
        followers_max: 1,
        ..ApiOptions::default()
    };
    let api = TestApi::start_with(options).await;
    let stream = Following::open(&api, "?follow=sse", &[]).await;
    let refused = api.v1("events?follow=sse").await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.json()["code"], "too_many_followers");
    drop(stream);
    Following::open(&api, "?follow=sse", &[]).await;
}

// --- search

/// Indexes everything that is committed; the index lives as long as what is returned.
async fn index_all(api: &TestApi) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut index, reader) = Index::open(folder.path(), Options::default()).expect("an index");
    for stored in api
        .engine
        .handle
        .events(APP, 1, 10_000)
        .await
        .expect("events")
    {
        let recorded = hansard_events::decode(stored.sequence, &stored.event).expect("an event");
        index.apply(&recorded).expect("in order");
    }
    index.commit().expect("a commit");
    api.indexes.0.lock().insert(APP, reader);
    folder
}

fn seqs(page: &Value) -> Vec<u64> {
    let hits = page["hits"].as_array().expect("hits");
    hits.iter().filter_map(|hit| hit["seq"].as_u64()).collect()
}

#[tokio::test]
async fn messages_of_every_language_are_found_and_highlighted() {
    let api = TestApi::start().await;
    api.create_group("team", &["bob"]).await;
    say(&api, "team", "bob", 1, "오늘 회의는 3시 <b>").await;
    say(&api, "team", "alice", 2, "明天的会议改到三点").await;
    say(&api, "team", "bob", 3, "the meeting is over").await;
    let _index = index_all(&api).await;
    for (query, seq, highlight) in [
        ("%ED%9A%8C%EC%9D%98", 1, "<em>회의</em>"),
        ("%E4%BC%9A%E8%AE%AE", 2, "<em>会议</em>"),
        ("Meeting", 3, "<em>meeting</em>"),
    ] {
        let page = api.v1(&format!("search/messages?q={query}")).await.json();
        assert_eq!(seqs(&page), [seq], "{page}");
        let hit = &page["hits"][0];
        assert!(
            hit["highlight"]
                .as_str()
                .is_some_and(|html| html.contains(highlight)),
            "{hit}"
        );
        assert_eq!(hit["conversation"], "group:team");
        assert_eq!(hit["sent_at"], 1_794_000_000_000_u64);
        assert_eq!(page["total"], json!({ "value": 1, "exact": true }));
        assert_eq!(page["next"], Value::Null);
        assert_eq!(page["searchable_to"], format!("0:{}", api.log_end()));
    }
    let page = api.v1("search/messages?q=3").await.json();
    assert!(
        page["hits"][0]["highlight"]
            .as_str()
            .is_some_and(|html| !html.contains("<b>"))
    );
    assert_eq!(
        page["hits"][0]["message"]["elements"][0]["text"],
        "오늘 회의는 3시 <b>"
    );
}

#[tokio::test]
async fn pages_and_filters() {
    let api = TestApi::start().await;
    api.create_group("team", &["bob"]).await;
    for random in 1..=5 {
        say(
            &api,
            "team",
            if random == 3 { "alice" } else { "bob" },
            random,
            "hello",
        )
        .await;
        api.advance_ms(1000);
    }
    let _index = index_all(&api).await;
    let first = api.v1("search/messages?q=hello&limit=2").await.json();
    assert_eq!(seqs(&first), [5, 4]);
    assert_eq!(first["total"]["value"], 5);
    let cursor = first["next"].as_str().expect("a cursor");
    let second = api
        .v1(&format!("search/messages?q=hello&limit=2&cursor={cursor}"))
        .await
        .json();
    assert_eq!(seqs(&second), [3, 2]);
    let find = async |filter: &str| {
        seqs(
            &api.v1(&format!("search/messages?q=hello&{filter}"))
                .await
                .json(),
        )
    };
    assert_eq!(find("sender=alice").await, [3]);
    assert_eq!(find("after=1794000003000").await, [5, 4]);
    assert_eq!(find("before=1794000001000").await, [1]);
    let after = jiff::Timestamp::from_second(1_794_000_003)
        .expect("a time")
        .to_string();
    assert_eq!(find(&format!("after={after}")).await, [5, 4], "RFC 3339");
    assert_eq!(find("conversation=group:team").await.len(), 5);
    assert_eq!(find("conversation=group:other").await.len(), 0);
}

#[tokio::test]
async fn a_recalled_message_is_not_shown_before_the_index_knows() {
    let api = TestApi::start().await;
    api.create_group("team", &["bob"]).await;
    for random in 1..=3 {
        say(&api, "team", "bob", random, "hello").await;
    }
    let _index = index_all(&api).await;
    let recall = json!({ "GroupId": "team", "MsgSeqList": [{ "MsgSeq": 3 }] });
    api.v4_ok("group_open_http_svc/group_msg_recall", recall)
        .await;
    let page = api.v1("search/messages?q=hello&limit=2").await.json();
    assert_eq!(seqs(&page), [2, 1], "the page is filled up");
    assert_eq!(page["total"]["exact"], false);
}

#[tokio::test]
async fn a_viewer_finds_only_what_they_may_read() {
    let api = TestApi::start().await;
    api.create_group("team", &["bob"]).await;
    let meeting = json!({ "Type": "ChatRoom", "Name": "m", "GroupId": "open" });
    api.v4_ok("group_open_http_svc/create_group", meeting).await;
    say(&api, "team", "bob", 1, "hello before").await;
    say(&api, "open", "bob", 1, "hello open").await;
    for group in ["team", "open"] {
        let add = json!({ "GroupId": group, "MemberList": [{ "Member_Account": "carol" }] });
        api.v4_ok("group_open_http_svc/add_group_member", add).await;
    }
    say(&api, "team", "bob", 2, "hello after").await;
    let hidden = json!({ "From_Account": "carol", "To_Account": "bob", "MsgRandom": 1,
        "SyncOtherMachine": 2, "MsgBody": [text("hello hidden")] });
    api.v4_ok("openim/sendmsg", hidden).await;
    let others = json!({ "From_Account": "alice", "To_Account": "bob", "MsgRandom": 2,
        "MsgBody": [text("hello private")] });
    api.v4_ok("openim/sendmsg", others).await;
    let _index = index_all(&api).await;
    let find = async |viewer: &str| {
        let page = api
            .v1(&format!("search/messages?q=hello&viewer={viewer}"))
            .await
            .json();
        let hits = page["hits"].as_array().expect("hits").clone();
        let word = |hit: &Value| {
            let text = hit["message"]["elements"][0]["text"]
                .as_str()
                .expect("a text");
            text.trim_start_matches("hello ").to_owned()
        };
        let mut words: Vec<String> = hits.iter().map(word).collect();
        words.sort();
        words
    };
    assert_eq!(find("carol").await, ["after", "open"]);
    assert_eq!(find("bob").await, ["after", "before", "hidden", "private"]);
    assert_eq!(find("alice").await, ["after", "before", "private"]);
    assert!(find("nobody").await.is_empty());
}

#[tokio::test]
async fn nonsense_in_a_search_is_a_problem() {
    let api = TestApi::start().await;
    let unopened = api.v1("search/messages?q=hello").await;
    assert_eq!(unopened.status, StatusCode::SERVICE_UNAVAILABLE);
    let _index = index_all(&api).await;
    for query in [
        "",
        "q=",
        "q=%20!!",
        "q=a&limit=0",
        "q=a&limit=101",
        "q=a&limit=x",
        "q=a&cursor=x",
        "q=a&conversation=x",
        "q=a&sender=%07",
        "q=a&after=yesterday",
        "q=a&before=1960-01-01T00:00:00Z",
        "q=a&viewer=%ED",
        "q=a&position=soon",
    ] {
        let response = api.v1(&format!("search/messages?{query}")).await;
        assert_eq!(
            response.status,
            StatusCode::BAD_REQUEST,
            "{query}: {}",
            response.text()
        );
    }
    assert_eq!(
        api.v1("search/messages?q=a&limit=100").await.status,
        StatusCode::OK
    );
    let there = format!("search/messages?q=a&position=0:{}", api.log_end());
    assert_eq!(api.v1(&there).await.status, StatusCode::OK);
}

// --- projections, settings

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

// --- import

fn line(at: u64, kind: &str, place: &str, conversation: &str, sender: &str) -> Value {
    json!({ "at": at, "type": kind, "conversation": conversation, "kind": place, "sender": sender })
}

fn message(at: u64, group: &str, sender: &str, words: &str) -> Value {
    let mut line = line(at, "message", "group", group, sender);
    line["text"] = json!(words);
    line
}

async fn import(api: &TestApi, lines: &[Value]) -> Value {
    let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let response = api
        .send(api.v1_request("POST", "import", Body::from(body)))
        .await;
    assert_eq!(response.status, StatusCode::OK, "{}", response.text());
    response.json()
}

fn sample() -> Vec<Value> {
    let mut private = line(5000, "message", "c2c", "ko-1", "minho");
    private["recipient"] = json!("yuna");
    private["text"] = json!("안녕");
    vec![
        message(1000, "ubuntu-2004-12-25-with-a-long-name", "ann", "hello"),
        // Ann is in since her message; the line says nothing new, and must say nothing new later.
        line(
            2000,
            "join",
            "group",
            "ubuntu-2004-12-25-with-a-long-name",
            "ann",
        ),
        line(
            3000,
            "join",
            "group",
            "ubuntu-2004-12-25-with-a-long-name",
            "ben",
        ),
        line(
            3500,
            "leave",
            "group",
            "ubuntu-2004-12-25-with-a-long-name",
            "zoe",
        ),
        line(
            4000,
            "join",
            "group",
            "ubuntu-2004-12-25-with-a-long-name",
            "zoe",
        ),
        line(
            4500,
            "leave",
            "group",
            "ubuntu-2004-12-25-with-a-long-name",
            "ann",
        ),
        private,
    ]
}

#[tokio::test]
async fn recorded_chat_keeps_its_times_and_again_adds_nothing() {
    let api = TestApi::start().await;
    let first = import(&api, &sample()).await;
    let counts = ["lines", "messages", "joins", "leaves", "duplicates"];
    let counts = counts.map(|name| first[name].as_u64().expect("a number"));
    assert_eq!(counts, [7, 2, 3, 2, 0], "{first}");
    assert_eq!(first["rejected"], json!([]));
    assert_eq!(first["position"], format!("0:{}", api.log_end()));
    let end = api.log_end();
    let again = import(&api, &sample()).await;
    assert_eq!(api.log_end(), end, "importing twice adds no event: {again}");
    assert_eq!(again["messages"], 0);
    assert_eq!(again["duplicates"], 7, "{again}");

    let group = "ubuntu-2004-12-25-with-a-long-name";
    let ask = json!({ "GroupId": group, "ReqMsgNumber": 20 });
    let page = api
        .v4_ok("group_open_http_svc/group_msg_get_simple", ask)
        .await;
    assert_eq!(page["RspMsgList"][0]["MsgTimeStamp"], 1);
    let info = api.v4_ok(
        "group_open_http_svc/get_group_info",
        json!({ "GroupIdList": [group] }),
    );
    let info = info.await["GroupInfo"][0].clone();
    assert_eq!(info["Name"], group[..30]);
    assert_eq!(info["CreateTime"], 1);
    let members = info["MemberList"].as_array().expect("members");
    let names: Vec<&str> = members
        .iter()
        .filter_map(|m| m["Member_Account"].as_str())
        .collect();
    assert_eq!(names, ["ben", "zoe"]);
    let history = json!({ "Operator_Account": "yuna", "Peer_Account": "minho", "MaxCnt": 10,
        "MinTime": 0, "MaxTime": 100 });
    let history = api.v4_ok("openim/admin_getroammsg", history).await;
    assert_eq!(history["MsgList"][0]["MsgTimeStamp"], 5);
}

#[tokio::test]
async fn lines_that_cannot_be_taken_are_named_and_hold_up_nothing() {
    let api = TestApi::start().await;
    let long = "u".repeat(33);
    let mut no_recipient = line(1, "message", "c2c", "x", "ann");
    no_recipient["text"] = json!("hi");
    let lines = [
        message(1000, "room", &long, "hello"),
        message(1000, "room", "박", "hello"),
        message(1000, &"g".repeat(49), "ann", "hello"),
        no_recipient,
        line(1, "join", "c2c", "x", "ann"),
        line(1, "message", "group", "room", "ann"),
        json!({ "at": "now" }),
        message(1000, "room", "ann", &"x".repeat(12 * 1024 + 1)),
        message(u64::MAX, "room", "ann", "from the future"),
        message(1000, "room", "ann", "hello"),
    ];
    let answer = import(&api, &lines).await;
    let rejected = answer["rejected"].as_array().expect("rejected lines");
    let named: Vec<(u64, &str)> = rejected
        .iter()
        .map(|row| {
            (
                row["line"].as_u64().expect("a number"),
                row["code"].as_str().expect("a code"),
            )
        })
        .collect();
    let expected = [
        (1, "user_id_invalid"),
        (2, "user_id_invalid"),
        (3, "group_id_invalid"),
        (4, "line_malformed"),
        (5, "line_malformed"),
        (6, "line_malformed"),
        (7, "line_malformed"),
        (8, "message_too_large"),
        (9, "message_time_invalid"),
    ];
    assert_eq!(named, expected);
    assert_eq!(
        (&answer["lines"], &answer["messages"]),
        (&json!(10), &json!(1)),
        "{answer}"
    );
    assert!(
        !answer.to_string().contains("from the future"),
        "no text comes back"
    );
}

#[tokio::test]
async fn a_thousand_lines_are_taken_and_one_more_is_refused() {
    let api = TestApi::start().await;
    let lines = |count: u64| -> Vec<Value> {
        (0..count)
            .map(|at| message(at, "room", "ann", "hello"))
            .collect()
    };
    assert_eq!(import(&api, &lines(1000)).await["messages"], 1000);
    let end = api.log_end();
    let body: String = lines(1001).iter().map(|line| format!("{line}\n")).collect();
    let refused = api
        .send(api.v1_request("POST", "import", Body::from(body)))
        .await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
    let large = vec![b' '; 8 * 1024 * 1024 + 1];
    let refused = api
        .send(api.v1_request("POST", "import", Body::from(large)))
        .await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(refused.json()["code"], "import_too_large");
    assert_eq!(api.log_end(), end);
}
