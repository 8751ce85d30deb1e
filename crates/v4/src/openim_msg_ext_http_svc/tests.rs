use serde_json::{Value, json};

use crate::testing::{TestApi, text};

const SET: &str = "openim_msg_ext_http_svc/set_key_values";
const GET: &str = "openim_msg_ext_http_svc/get_key_values";
const GROUP_SET: &str = "openim_msg_ext_http_svc/group_set_key_values";
const GROUP_GET: &str = "openim_msg_ext_http_svc/group_get_key_values";

/// A message of a team that takes extensions is the first, one that does not the second.
async fn team() -> TestApi {
    let api = TestApi::start().await;
    api.create_group("team", &["bob"]).await;
    for (random, takes) in [(1, 1), (2, 0)] {
        let body = json!({ "GroupId": "team", "Random": random, "MsgBody": [text("투표")],
            "SupportMessageExtension": takes });
        api.v4_ok("group_open_http_svc/send_group_msg", body).await;
    }
    api
}

fn set(list: &[(&str, &str)]) -> Value {
    let list: Vec<Value> = list
        .iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value, "Seq": 0 }))
        .collect();
    json!({ "GroupId": "team", "MsgSeq": 1, "OperateType": 1, "ExtensionList": list })
}

fn get() -> Value {
    json!({ "GroupId": "team", "MsgSeq": 1 })
}

fn rows(page: &Value) -> Vec<(String, String, u64)> {
    let list = page["ExtensionList"].as_array().expect("a list").iter();
    list.map(|row| {
        let text = |name: &str| row[name].as_str().expect("a text").to_owned();
        (
            text("Key"),
            text("Value"),
            row["Seq"].as_u64().expect("a number"),
        )
    })
    .collect()
}

fn row(key: &str, value: &str, seq: u64) -> (String, String, u64) {
    (key.to_owned(), value.to_owned(), seq)
}

#[tokio::test]
async fn keys_are_set_read_deleted_and_cleared() {
    let api = team().await;
    let first = api.v4_ok(GROUP_SET, set(&[("a", "1"), ("b", "1")])).await;
    assert_eq!(first["ExtensionList"][1]["ErrorCode"], 0);
    let b = json!({ "Key": "b", "Value": "1", "Seq": 2 });
    assert_eq!(first["ExtensionList"][1]["Extension"], b);
    let end = api.log_end();
    api.v4_ok(GROUP_SET, set(&[("a", "1"), ("b", "1")])).await;
    assert_eq!(api.log_end(), end, "nothing is new");
    api.v4_ok(GROUP_SET, set(&[("a", "2")])).await;
    let page = api.v4_ok(GROUP_GET, get()).await;
    assert_eq!(rows(&page), [row("b", "1", 2), row("a", "2", 3)]);
    let numbers = [&page["LatestSeq"], &page["ClearSeq"], &page["CompleteFlag"]];
    assert_eq!(numbers, [&json!(3), &json!(0), &json!(1)]);

    let mut delete = set(&[("b", ""), ("none", "")]);
    delete["OperateType"] = json!(2);
    let deleted = api.v4_ok(GROUP_SET, delete).await;
    assert_eq!(deleted["ExtensionList"][1]["Extension"]["Seq"], 0);
    let mut later = get();
    later["StartSeq"] = json!(4);
    assert_eq!(rows(&api.v4_ok(GROUP_GET, later).await), [row("b", "", 4)]);

    let clear = json!({ "GroupId": "team", "MsgSeq": 1, "OperateType": 3 });
    api.v4_ok(GROUP_SET, clear.clone()).await;
    let page = api.v4_ok(GROUP_GET, get()).await;
    assert_eq!((rows(&page), &page["ClearSeq"]), (Vec::new(), &json!(4)));
    let end = api.log_end();
    api.v4_ok(GROUP_SET, clear).await;
    assert_eq!(api.log_end(), end, "there is nothing to clear");
    api.v4_ok(GROUP_SET, set(&[("a", "3")])).await;
    assert_eq!(rows(&api.v4_ok(GROUP_GET, get()).await), [row("a", "3", 5)]);
}

#[tokio::test]
async fn a_message_between_two_is_named_by_its_key() {
    let api = TestApi::start().await;
    let send = json!({ "From_Account": "alice", "To_Account": "bob", "MsgRandom": 7,
        "MsgBody": [text("hi")], "SupportMessageExtension": 1 });
    let key = api.v4_ok("openim/sendmsg", send).await["MsgKey"].clone();
    let named = |more: Value| {
        let mut body = more;
        body["From_Account"] = json!("bob");
        body["To_Account"] = json!("alice");
        body["MsgKey"] = key.clone();
        body
    };
    let list = json!([{ "Key": "k", "Value": "v" }]);
    let body = named(json!({ "OperateType": 1, "ExtensionList": list }));
    api.v4_ok(SET, body).await;
    assert_eq!(
        rows(&api.v4_ok(GET, named(json!({}))).await),
        [row("k", "v", 1)]
    );
    let mut unknown = named(json!({}));
    unknown["MsgKey"] = json!("1_1_1");
    api.refuses(GET, [(unknown, 23004)]).await;
}

#[tokio::test]
async fn three_hundred_keys_come_in_pages_and_one_more_is_refused() {
    let api = team().await;
    let keys: Vec<String> = (0..301).map(|number| format!("key{number}")).collect();
    for chunk in keys[..300].chunks(20) {
        let list: Vec<(&str, &str)> = chunk.iter().map(|key| (key.as_str(), "v")).collect();
        api.v4_ok(GROUP_SET, set(&list)).await;
    }
    let more = api
        .v4_ok(GROUP_SET, set(&[(&keys[300], "v"), ("key0", "w")]))
        .await;
    let codes = [0, 1].map(|at| more["ExtensionList"][at]["ErrorCode"].clone());
    assert_eq!(codes, [json!(10004), json!(0)]);
    let page = api.v4_ok(GROUP_GET, get()).await;
    assert_eq!((rows(&page).len(), &page["CompleteFlag"]), (200, &json!(0)));
    let last = rows(&page)[199].2;
    let mut next = get();
    next["StartSeq"] = json!(last + 1);
    let page = api.v4_ok(GROUP_GET, next).await;
    assert_eq!((rows(&page).len(), &page["CompleteFlag"]), (100, &json!(1)));
}

#[tokio::test]
async fn a_recalled_message_keeps_nothing() {
    let api = team().await;
    api.v4_ok(GROUP_SET, set(&[("a", "1")])).await;
    let recall = json!({ "GroupId": "team", "MsgSeqList": [{ "MsgSeq": 1 }] });
    api.v4_ok("group_open_http_svc/group_msg_recall", recall)
        .await;
    api.refuses(GROUP_SET, [(set(&[("a", "2")]), 23004)]).await;
    api.refuses(GROUP_GET, [(get(), 23004)]).await;
}

#[tokio::test]
async fn bad_requests_get_their_codes() {
    let api = team().await;
    let with = |name: &str, value: Value| {
        let mut body = set(&[("a", "1")]);
        body[name] = value;
        body
    };
    let many: Vec<Value> = (0..21)
        .map(|key| json!({ "Key": key.to_string(), "Value": "v" }))
        .collect();
    let long = |key: usize, value: usize| set(&[(&"k".repeat(key), &"v".repeat(value))]);
    api.refuses(
        GROUP_SET,
        [
            (with("MsgSeq", json!(2)), 23002),
            (with("MsgSeq", json!(3)), 23004),
            (with("GroupId", json!("none")), 10010),
            (with("OperateType", json!(4)), 10004),
            (with("ExtensionList", json!([])), 10004),
            (with("ExtensionList", json!(many)), 10004),
            (set(&[("", "v")]), 10004),
            (set(&[("k", "")]), 10004),
            (long(101, 1), 10004),
            (long(1, 1001), 10004),
        ],
    )
    .await;
    api.v4_ok(GROUP_SET, long(100, 1000)).await;
    for at in 0..199 {
        api.v4_ok(GROUP_SET, set(&[("a", &format!("{at}"))])).await;
    }
    api.refuses(GROUP_SET, [(set(&[("a", "new")]), 23003)])
        .await;
    api.advance_ms(60_000);
    api.v4_ok(GROUP_SET, set(&[("a", "new")])).await;
}
