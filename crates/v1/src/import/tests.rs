use axum::body::Body;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::testing::TestApi;

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
    assert_eq!(info["Name"], group);
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
