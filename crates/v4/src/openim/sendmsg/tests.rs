use serde_json::{Value, json};

use crate::testing::{TestApi, text};

const PATH: &str = "openim/sendmsg";
const HISTORY: &str = "openim/admin_getroammsg";

fn message(words: &str) -> Value {
    json!({
        "From_Account": "alice", "To_Account": "bob", "MsgRandom": 7, "MsgSeq": 1,
        "MsgTimeStamp": 1_793_999_000, "MsgBody": [text(words)],
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut body = message("hello");
    body[name] = value;
    body
}

fn without(name: &str) -> Value {
    let mut body = message("hello");
    body.as_object_mut().expect("an object").remove(name);
    body
}

async fn history(api: &TestApi, operator: &str, peer: &str) -> Value {
    let body = json!({
        "Operator_Account": operator, "Peer_Account": peer, "MaxCnt": 100,
        "MinTime": 0, "MaxTime": 4_000_000_000_u64,
    });
    api.v4_ok(HISTORY, body).await
}

#[tokio::test]
async fn a_message_is_in_both_histories() {
    let api = TestApi::start().await;
    let sent = api.v4_ok(PATH, message("안녕 bob")).await;
    assert_eq!(sent["MsgKey"], "1_7_1793999000");
    assert_eq!(sent["MsgTime"], 1_793_999_000);
    assert!(sent["MsgId"].is_string(), "{sent}");
    for (operator, peer) in [("alice", "bob"), ("bob", "alice")] {
        let page = history(&api, operator, peer).await;
        assert_eq!(page["MsgCnt"], 1);
        assert_eq!(page["MsgList"][0]["MsgBody"], json!([text("안녕 bob")]));
    }
}

#[tokio::test]
async fn a_retry_gets_the_first_answer_and_adds_no_event() {
    let api = TestApi::start().await;
    let first = api.v4_ok(PATH, message("hello")).await;
    let end = api.log_end();
    assert_eq!(api.v4_ok(PATH, message("hello")).await, first);
    let mut swapped = message("other words");
    swapped["From_Account"] = json!("bob");
    swapped["To_Account"] = json!("alice");
    assert_eq!(
        api.v4_ok(PATH, swapped).await,
        first,
        "whoever of the two sends it"
    );
    assert_eq!(api.log_end(), end);
}

#[tokio::test]
async fn clients_that_take_the_clock_for_the_random_number_send_two_messages() {
    let api = TestApi::start().await;
    let send = async |from: &str, to: &str, words: &str| {
        let body = json!({ "From_Account": from, "To_Account": to, "MsgRandom": 1_794_000_000,
            "MsgBody": [text(words)] });
        api.v4_ok(PATH, body).await
    };
    let first = send("alice", "bob", "갈까?").await;
    let second = send("alice", "bob", "지금?").await;
    let answer = send("bob", "alice", "갈까?").await;
    assert_eq!(history(&api, "alice", "bob").await["MsgCnt"], 3);
    assert_ne!(first["MsgKey"], second["MsgKey"]);
    assert_ne!(first["MsgKey"], answer["MsgKey"]);
    let end = api.log_end();
    assert_eq!(send("alice", "bob", "지금?").await, second);
    assert_eq!(send("alice", "bob", "갈까?").await, first);
    assert_eq!(send("bob", "alice", "갈까?").await, answer);
    assert_eq!(api.log_end(), end, "the same again is the first answer");
    let key = &second["MsgKey"];
    let recall = json!({ "From_Account": "alice", "To_Account": "bob", "MsgKey": key });
    api.v4_ok("openim/admin_msgwithdraw", recall).await;
}

#[tokio::test]
async fn the_administrator_sends_when_no_sender_is_named() {
    let api = TestApi::start().await;
    api.v4_ok(PATH, without("From_Account")).await;
    for (number, nobody) in [(2, json!("")), (3, json!(null))] {
        let mut body = with("From_Account", nobody);
        body["MsgSeq"] = json!(number);
        api.v4_ok(PATH, body).await;
    }
    assert_eq!(history(&api, "bob", "administrator").await["MsgCnt"], 3);
}

#[tokio::test]
async fn sync_other_machine_2_keeps_it_out_of_the_senders_history() {
    let api = TestApi::start().await;
    api.v4_ok(PATH, with("SyncOtherMachine", json!(2))).await;
    assert_eq!(history(&api, "alice", "bob").await["MsgCnt"], 0);
    assert_eq!(history(&api, "bob", "alice").await["MsgCnt"], 1);
}

#[tokio::test]
async fn what_is_for_those_online_is_not_stored() {
    let api = TestApi::start().await;
    let end = api.log_end();
    for (name, value) in [("OnlineOnlyFlag", 1), ("MsgLifeTime", 0)] {
        let sent = api.v4_ok(PATH, with(name, json!(value))).await;
        assert_eq!(sent["MsgKey"], "1_7_1793999000");
        let mut unknown = with(name, json!(value));
        unknown["To_Account"] = json!("nobody");
        api.refuses(PATH, [(unknown, 90012)]).await;
    }
    assert_eq!(api.log_end(), end);
    api.v4_ok(PATH, with("MsgLifeTime", json!(700_000))).await;
    assert_eq!(api.log_end(), end + 1, "a long life time counts as 7 days");
}

#[tokio::test]
async fn bad_requests_get_their_codes() {
    let api = TestApi::start().await;
    let custom = json!({ "MsgType": "TIMCustomElem", "MsgContent": { "Data": "x" } });
    let image = json!({ "MsgType": "TIMImageElem", "MsgContent": {} });
    let cases = [
        (with("From_Account", json!("nobody")), 20003),
        (with("To_Account", json!("nobody")), 90012),
        (without("To_Account"), 90003),
        (with("To_Account", json!("")), 90003),
        (with("To_Account", json!("u".repeat(33))), 90003),
        (with("To_Account", json!(7)), 90003),
        (with("To_Account", json!(["bob"])), 90003),
        (with("From_Account", json!(7)), 60015),
        (with("From_Account", json!("a\u{7}")), 90008),
        (without("MsgRandom"), 90005),
        (with("MsgRandom", json!("7")), 90005),
        (with("MsgRandom", json!(4_294_967_296_u64)), 90005),
        (with("MsgRandom", json!(-1)), 90005),
        (with("MsgTimeStamp", json!("now")), 90006),
        (with("MsgTimeStamp", json!(1_794_100_000)), 90006),
        (with("MsgTimeStamp", json!(u64::MAX)), 90006),
        (with("MsgSeq", json!("1")), 90001),
        (with("MsgLifeTime", json!(-1)), 90026),
        (without("MsgBody"), 90002),
        (with("MsgBody", json!([])), 90002),
        (with("MsgBody", json!({})), 90007),
        (with("MsgBody", json!("hello")), 90007),
        (with("MsgBody", json!(["hello"])), 90002),
        (with("MsgBody", json!([{ "MsgType": 7 }])), 90002),
        (with("MsgBody", json!([image])), 90010),
        (with("MsgBody", json!([custom, custom])), 90010),
        (with("OfflinePushInfo", json!("push")), 90043),
        (
            with("MsgBody", json!([text(&"x".repeat(12 * 1024 + 1))])),
            93000,
        ),
    ];
    api.refuses(PATH, cases).await;
    api.v4_ok(PATH, with("MsgBody", json!([text(&"x".repeat(12 * 1024))])))
        .await;
}

#[tokio::test]
async fn every_field_of_the_contract_is_taken() {
    let api = TestApi::start().await;
    let mut body = message("hello");
    for (name, value) in [
        ("SyncOtherMachine", json!(1)),
        ("MsgLifeTime", json!(604_800)),
        ("OnlineOnlyFlag", json!(0)),
        (
            "ForbidCallbackControl",
            json!(["ForbidBeforeSendMsgCallback"]),
        ),
        (
            "SendMsgControl",
            json!(["NoUnread", "NoLastMsg", "WithMuteNotifications"]),
        ),
        ("CloudCustomData", json!("data")),
        (
            "OfflinePushInfo",
            json!({ "PushFlag": 0, "ApnsInfo": { "BadgeMode": 1 } }),
        ),
        ("SupportMessageExtension", json!(1)),
        ("IsNeedReadReceipt", json!(1)),
        ("Surplus", json!({ "ignored": [true] })),
    ] {
        body[name] = value;
    }
    api.v4_ok(PATH, body).await;
    let page = history(&api, "bob", "alice").await;
    assert_eq!(page["MsgList"][0]["CloudCustomData"], "data");
    let unread = api
        .v4_ok(
            "openim/get_c2c_unread_msg_num",
            json!({ "To_Account": "bob" }),
        )
        .await;
    assert_eq!(unread["AllC2CUnreadMsgNum"], 0, "NoUnread");
}

#[tokio::test]
async fn a_write_says_its_position_and_a_read_can_wait_for_it() {
    let api = TestApi::start().await;
    let response = api
        .v4_raw(PATH, message("hello").to_string().into_bytes(), &[])
        .await;
    let position = response.headers["hansard-position"]
        .to_str()
        .expect("text")
        .to_owned();
    assert_eq!(position, format!("0:{}", api.log_end()));
    let headers = [("hansard-position", position.as_str())];
    let body = json!({ "To_Account": "bob" }).to_string().into_bytes();
    let path = "openim/get_c2c_unread_msg_num";
    let read = api.v4_raw(path, body.clone(), &headers).await;
    assert_eq!(read.json()["AllC2CUnreadMsgNum"], 1);
    let nonsense = api
        .v4_raw(path, body, &[("hansard-position", "soon")])
        .await;
    assert_eq!(nonsense.json()["ErrorCode"], 60002);
}

#[tokio::test]
async fn media_and_merged_messages_are_kept_and_read_back() {
    let api = TestApi::start().await;
    api.create_group("team", &["alice"]).await;
    let image = json!({ "MsgType": "TIMImageElem", "MsgContent": { "UUID": "cat", "ImageFormat": 1,
        "ImageInfoArray": [{ "Type": 1, "Size": 8, "Width": 2, "Height": 4,
            "URL": "https://media.example/cat.jpg" }] } });
    let place = json!({ "MsgType": "TIMLocationElem", "MsgContent": {
        "Desc": "정문", "Latitude": 37.5665, "Longitude": 126.978 } });
    let relay = json!({ "MsgType": "TIMRelayElem", "MsgContent": { "Title": "chat", "MsgNum": 1,
        "CompatibleText": "", "AbstractList": [], "MsgList": [
            { "From_Account": "bob", "To_Account": "alice", "MsgBody": [image] }] } });
    let body = json!([image, place, relay]);
    let mut sent = message("");
    sent["MsgBody"] = body.clone();
    api.v4_ok(PATH, sent.clone()).await;
    let page = history(&api, "bob", "alice").await;
    assert_eq!(page["MsgList"][0]["MsgBody"], body);
    let mut said = json!({ "GroupId": "team", "Random": 1, "MsgBody": body });
    let group = "group_open_http_svc/send_group_msg";
    api.v4_ok(group, said.clone()).await;
    let read = json!({ "GroupId": "team", "ReqMsgNumber": 1 });
    let page = api
        .v4_ok("group_open_http_svc/group_msg_get_simple", read)
        .await;
    assert_eq!(page["RspMsgList"][0]["MsgBody"], body);

    let end = api.log_end();
    let wrong = |kind: &str, content: Value| json!([{ "MsgType": kind, "MsgContent": content }]);
    for wrong in [
        wrong("TIMImageElem", json!({ "ImageFormat": 1 })),
        wrong("TIMSoundElem", json!({ "URL": "https://media.example/a" })),
        wrong("TIMLocationElem", json!({ "Latitude": 91, "Longitude": 0 })),
        wrong("TIMRelayElem", json!({ "JsonMsgKey": "0.1.group:team" })),
    ] {
        sent["MsgBody"] = wrong.clone();
        api.refuses(PATH, [(sent.clone(), 90010)]).await;
        said["MsgBody"] = wrong;
        api.refuses(group, [(said.clone(), 10004)]).await;
    }
    assert_eq!(api.log_end(), end, "nothing was written");
}

#[tokio::test]
async fn how_a_message_is_pushed_is_checked_and_kept_with_it() {
    let api = TestApi::start().await;
    let with = |info: Value| {
        let mut body = message("hello");
        body["OfflinePushInfo"] = info;
        body
    };
    let info = json!({ "PushFlag": 0, "Desc": "새 메시지", "AndroidInfo": { "OPPOChannelID": "c",
        "HuaWeiImportance": "LOW" }, "ApnsInfo": { "InterruptionLevel": "time-sensitive" } });
    api.v4_ok(PATH, with(info.clone())).await;
    let events = api.v1("events?type=message.sent").await;
    let event: Value = serde_json::from_slice(&events.body).expect("one event");
    let kept = event["data"]["offline_push"].as_str().expect("a text");
    assert_eq!(serde_json::from_str::<Value>(kept).expect("JSON"), info);
    let cases = [
        json!("push"),
        json!({ "PushFlag": 2 }),
        json!({ "Title": 7 }),
        json!({ "AndroidInfo": { "HuaWeiImportance": "HIGH" } }),
        json!({ "ApnsInfo": { "BadgeMode": 2 } }),
        json!({ "ApnsInfo": { "InterruptionLevel": "loud" } }),
        json!({ "Desc": "x".repeat(3073) }),
        json!({ "Other": "x".repeat(8192) }),
    ];
    api.refuses(PATH, cases.map(|info| (with(info), 90043)))
        .await;
    api.v4_ok(PATH, with(json!({ "Desc": "x".repeat(3072) })))
        .await;
}
