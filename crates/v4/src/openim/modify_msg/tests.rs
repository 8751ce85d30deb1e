use serde_json::{Value, json};

use crate::testing::{TestApi, say, text};

const C2C: &str = "openim/modify_c2c_msg";
const GROUP: &str = "openim/modify_group_msg";

async fn group_message(api: &TestApi) -> Value {
    let body = json!({ "GroupId": "team", "ReqMsgNumber": 1 });
    let page = api.v4_ok("group_open_http_svc/group_msg_get_simple", body);
    page.await["RspMsgList"][0].clone()
}

#[tokio::test]
async fn a_message_of_a_group_says_something_else_under_its_seq() {
    let api = TestApi::start().await;
    api.create_group("team", &["bob"]).await;
    say(&api, "team", "bob", 1, "at three").await;
    let before = group_message(&api).await;
    let body = json!({ "GroupId": "team", "MsgSeq": 1, "MsgBody": [text("at four")] });
    api.v4_ok(GROUP, body.clone()).await;
    let after = group_message(&api).await;
    assert_eq!(after["MsgBody"], json!([text("at four")]));
    for same in ["From_Account", "MsgSeq", "MsgTimeStamp", "MsgRandom"] {
        assert_eq!(after[same], before[same], "{same}");
    }
    let end = api.log_end();
    api.v4_ok(GROUP, body).await;
    assert_eq!(api.log_end(), end, "a retry changes nothing");
    let data = json!({ "GroupId": "team", "MsgSeq": 1, "CloudCustomData": "seen" });
    api.v4_ok(GROUP, data).await;
    let after = group_message(&api).await;
    assert_eq!(after["MsgBody"], json!([text("at four")]), "it stays");
    assert_eq!(after["CloudCustomData"], "seen");
}

#[tokio::test]
async fn a_one_to_one_message_says_something_else_under_its_key() {
    let api = TestApi::start().await;
    let body = json!({ "From_Account": "alice", "To_Account": "bob", "MsgRandom": 7,
        "MsgBody": [text("at three")] });
    let key = api.v4_ok("openim/sendmsg", body).await["MsgKey"].clone();
    let edit = |from: &str, to: &str| {
        json!({ "From_Account": from, "To_Account": to, "MsgKey": key,
            "MsgBody": [text("at four")] })
    };
    api.v4_ok(C2C, edit("alice", "bob")).await;
    let page = json!({ "Operator_Account": "bob", "Peer_Account": "alice", "MaxCnt": 1,
        "MinTime": 0, "MaxTime": 4_000_000_000_u64 });
    let page = api.v4_ok("openim/admin_getroammsg", page).await;
    assert_eq!(page["MsgList"][0]["MsgBody"], json!([text("at four")]));
    assert_eq!(page["MsgList"][0]["MsgKey"], key);
    api.refuses(C2C, [(edit("bob", "alice"), 20022)]).await;
}

#[tokio::test]
async fn bad_requests_get_their_codes() {
    let api = TestApi::start().await;
    api.create_group("team", &["bob"]).await;
    let room = json!({ "Type": "AVChatRoom", "Name": "room", "GroupId": "room" });
    api.v4_ok("group_open_http_svc/create_group", room).await;
    say(&api, "team", "bob", 1, "at three").await;
    say(&api, "team", "bob", 2, "at four").await;
    let recall = json!({ "GroupId": "team", "MsgSeqList": [{ "MsgSeq": 2 }] });
    api.v4_ok("group_open_http_svc/group_msg_recall", recall)
        .await;
    let of =
        |id: &str, seq: u64, body: Value| json!({ "GroupId": id, "MsgSeq": seq, "MsgBody": body });
    let words = || json!([text("at five")]);
    let cases = [
        (of("team", 2, words()), 20023),
        (of("team", 9, words()), 20022),
        (of("none", 1, words()), 10010),
        (of("room", 1, words()), 10007),
        (of("team", 1, json!("words")), 90007),
        (of("team", 1, json!([])), 90002),
        (json!({ "GroupId": "team", "MsgSeq": 1 }), 90001),
        (
            of("team", 1, json!([text(&"x".repeat(12 * 1024 + 1))])),
            93000,
        ),
    ];
    api.refuses(GROUP, cases).await;
}
