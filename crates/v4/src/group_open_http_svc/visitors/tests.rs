use serde_json::{Value, json};

use crate::testing::{TestApi, code, text};

const COUNT: &str = "group_open_http_svc/get_online_member_num";
const MEMBERS: &str = "group_open_avchatroom_http_svc/get_members";
const CHECK: &str = "group_open_avchatroom_http_svc/check_members";
const SEND: &str = "group_open_http_svc/send_group_msg";

async fn with_room() -> TestApi {
    let api = TestApi::start().await;
    api.create_room("show").await;
    api.create_group("team", &[]).await;
    api
}

async fn enter(api: &TestApi, who: &str, seconds: u32) {
    let body = json!({ "group_id": "show", "seconds": seconds });
    let (status, answer) = api.own(who, "POST", "groups/enter", Some(&body)).await;
    assert_eq!(status, 200, "{answer}");
}

fn accounts(members: &Value) -> Vec<&str> {
    let members = members.as_array().expect("a list").iter();
    members
        .filter_map(|one| one["Member_Account"].as_str())
        .collect()
}

#[tokio::test]
async fn who_comes_in_is_counted_and_shown_until_it_leaves() {
    let api = with_room().await;
    let of = json!({ "GroupId": "show" });
    assert_eq!(api.v4_ok(COUNT, of.clone()).await["OnlineMemberNum"], 0);
    enter(&api, "bob", 60).await;
    api.advance_ms(1000);
    enter(&api, "carol", 300).await;
    assert_eq!(api.v4_ok(COUNT, of.clone()).await["OnlineMemberNum"], 2);
    let page = api.v4_ok(MEMBERS, of.clone()).await;
    assert_eq!(accounts(&page["MemberList"]), ["carol", "bob"]);
    assert_eq!(page["NextTimestamp"], 0);
    let asked = json!({ "GroupId": "show", "Member_Account": ["alice", "bob", "carol"] });
    let there = api.v4_ok(CHECK, asked.clone()).await;
    assert_eq!(there["Member_Account"], json!(["bob", "carol"]));
    let gone = json!({ "group_id": "show" });
    api.own("carol", "POST", "groups/leave", Some(&gone)).await;
    api.advance_ms(60_000);
    let there = api.v4_ok(CHECK, asked).await;
    assert_eq!(there["Member_Account"], json!([]), "bob's time is over");
    let page = api.v4_ok(MEMBERS, of).await;
    assert_eq!(page["MemberList"], json!([]));
}

#[tokio::test]
async fn what_is_said_there_has_a_number_and_no_history() {
    let api = with_room().await;
    let said =
        |random: u32| json!({ "GroupId": "show", "Random": random, "MsgBody": [text("hi")] });
    let first = api.v4_ok(SEND, said(1)).await;
    let second = api.v4_ok(SEND, said(2)).await;
    assert!(second["MsgSeq"].as_u64() > first["MsgSeq"].as_u64());
    assert_eq!(api.v4_ok(SEND, said(1)).await["MsgSeq"], first["MsgSeq"]);
    let history = json!({ "GroupId": "show", "ReqMsgNumber": 10 });
    let history = api.v4("group_open_http_svc/group_msg_get_simple", history);
    assert_eq!(code(&history.await), 10007);
    let events = api.v1("events?kind=live").await;
    let types: Vec<Value> = events
        .lines()
        .iter()
        .map(|one| one["type"].clone())
        .collect();
    assert_eq!(types.len(), 2, "{types:?}");
}

#[tokio::test]
async fn only_who_is_there_speaks_for_itself() {
    let api = with_room().await;
    let words = json!({ "to": { "group": "show" }, "random": 1,
        "elements": [{ "type": "text", "text": "hi" }] });
    let (status, refused) = api.own("bob", "POST", "messages", Some(&words)).await;
    assert_eq!(status, 409, "{refused}");
    enter(&api, "bob", 60).await;
    let (status, said) = api.own("bob", "POST", "messages", Some(&words)).await;
    assert_eq!(status, 200, "{said}");
}

#[tokio::test]
async fn bad_requests_get_their_codes() {
    let api = with_room().await;
    let cases = [
        (json!({ "GroupId": "team" }), 10007),
        (json!({ "GroupId": "none" }), 10010),
        (json!({}), 10004),
    ];
    api.refuses(COUNT, cases.clone()).await;
    api.refuses(MEMBERS, cases).await;
    let marked = json!({ "GroupId": "show", "Mark": vec![1000; 11] });
    api.refuses(MEMBERS, [(marked, 10004)]).await;
    let asked = |count: usize| json!({ "GroupId": "show", "Member_Account": vec!["bob"; count] });
    api.v4_ok(CHECK, asked(500)).await;
    api.refuses(CHECK, [(asked(501), 10005), (asked(0), 10004)])
        .await;
}
