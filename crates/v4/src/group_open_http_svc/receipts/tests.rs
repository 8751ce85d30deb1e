use serde_json::{Value, json};

use crate::testing::{TestApi, text};

const SEND: &str = "group_open_http_svc/send_group_msg";
const CONFIRM: &str = "group_open_http_svc/group_msg_receipt";
const COUNTS: &str = "group_open_http_svc/get_group_msg_receipt";
const DETAIL: &str = "group_open_http_svc/get_group_msg_receipt_detail";

/// A group of alice, bob and carol; alice's first message wants receipts, her second does not.
async fn team() -> TestApi {
    let api = TestApi::start().await;
    api.create_group("team", &["bob", "carol"]).await;
    for (random, wants) in [(1, 1), (2, 0)] {
        let body = json!({ "GroupId": "team", "From_Account": "alice", "Random": random,
            "NeedReadReceipt": wants, "MsgBody": [text("말")] });
        api.v4_ok(SEND, body).await;
    }
    api
}

async fn confirm(api: &TestApi, who: &str, seqs: Value) {
    let body = json!({ "GroupId": "team", "From_Account": who, "MsgSeqList": seqs });
    api.v4_ok(CONFIRM, body).await;
}

async fn counts(api: &TestApi) -> Value {
    let body = json!({ "GroupId": "team", "MsgSeqList": [{ "MsgSeq": 1 }, { "MsgSeq": 2 }] });
    api.v4_ok(COUNTS, body).await["GroupMsgReceiptList"].clone()
}

async fn detail(api: &TestApi, filter: u8, cursor: &str, count: usize) -> Value {
    let body = json!({ "GroupId": "team", "MsgSeq": 1, "Filter": filter, "Cursor": cursor,
        "Count": count });
    api.v4_ok(DETAIL, body).await
}

fn receipt(seq: u64, code: u32, read: u32, unread: u32) -> Value {
    json!({ "MsgSeq": seq, "Code": code, "ReadNum": read, "UnreadNum": unread })
}

#[tokio::test]
async fn what_readers_confirm_is_counted_once() {
    let api = team().await;
    let nobody = json!([receipt(1, 0, 0, 2), receipt(2, 10062, 0, 0)]);
    assert_eq!(counts(&api).await, nobody);
    confirm(&api, "bob", json!([1, 2])).await;
    let end = api.log_end();
    let one = json!([receipt(1, 0, 1, 1), receipt(2, 10062, 0, 0)]);
    for (who, seqs) in [
        ("bob", json!([{ "MsgSeq": 1 }])),
        ("alice", json!([1])),
        ("carol", json!([2, 9])),
    ] {
        confirm(&api, who, seqs).await;
        assert_eq!(counts(&api).await, one, "{who}");
    }
    assert_eq!(api.log_end(), end, "nothing has happened");
    let body = json!({ "conversation": "group:team", "seqs": [1] });
    let own = api.own("carol", "POST", "messages/receipts", Some(&body));
    assert_eq!(own.await.0, 200);
    assert_eq!(counts(&api).await[0], receipt(1, 0, 2, 0));
}

#[tokio::test]
async fn who_has_read_it_and_who_has_not_come_in_pages() {
    let api = team().await;
    let unread = detail(&api, 1, "", 1).await;
    assert_eq!(unread["UnreadList"], json!([{ "Unread_Account": "bob" }]));
    assert_eq!(
        (&unread["IsFinish"], &unread["IsFinished"]),
        (&json!(0), &json!(0))
    );
    let cursor = unread["Cursor"].as_str().expect("a text").to_owned();
    let unread = detail(&api, 1, &cursor, 1).await;
    assert_eq!(unread["UnreadList"], json!([{ "Unread_Account": "carol" }]));
    assert_eq!(
        (&unread["IsFinish"], &unread["Cursor"]),
        (&json!(1), &json!(""))
    );
    confirm(&api, "bob", json!([1])).await;
    confirm(&api, "carol", json!([1])).await;
    let read = detail(&api, 0, "", 1).await;
    assert_eq!(read["ReadList"], json!([{ "Read_Account": "bob" }]));
    let cursor = read["Cursor"].as_str().expect("a text").to_owned();
    let read = detail(&api, 0, &cursor, 200).await;
    assert_eq!(read["ReadList"], json!([{ "Read_Account": "carol" }]));
    assert_eq!(detail(&api, 1, "", 200).await["UnreadList"], json!([]));
}

#[tokio::test]
async fn bad_requests_get_their_codes() {
    let api = team().await;
    let room = json!({ "Type": "AVChatRoom", "Name": "room", "GroupId": "room" });
    api.v4_ok("group_open_http_svc/create_group", room).await;
    let list = |id: &str, count: usize| json!({ "GroupId": id, "From_Account": "bob", "MsgSeqList": vec![1; count] });
    api.v4_ok(COUNTS, list("team", 50)).await;
    for path in [CONFIRM, COUNTS] {
        let cases = [
            (list("team", 51), 10004),
            (list("team", 0), 10004),
            (list("none", 1), 10010),
            (list("room", 1), 10007),
        ];
        api.refuses(path, cases).await;
    }
    let stranger = json!({ "GroupId": "team", "From_Account": "zoe", "MsgSeqList": [1] });
    api.refuses(CONFIRM, [(stranger, 10019)]).await;
    let of = |seq: u64, filter: u8, count: usize| json!({ "GroupId": "team", "MsgSeq": seq, "Filter": filter, "Count": count });
    let cases = [
        (of(2, 0, 1), 10062),
        (of(1, 2, 1), 10004),
        (of(1, 0, 0), 10004),
        (of(1, 0, 201), 10004),
    ];
    api.refuses(DETAIL, cases).await;
    let wants = json!({ "GroupId": "room", "From_Account": "alice", "Random": 9,
        "NeedReadReceipt": 1, "MsgBody": [text("말")] });
    // Nobody could ever confirm what is not stored.
    let unstored = json!({ "GroupId": "team", "From_Account": "alice", "Random": 9,
        "NeedReadReceipt": 1, "OnlineOnlyFlag": 1, "MsgBody": [text("말")] });
    api.refuses(SEND, [(wants, 10007), (unstored, 10004)]).await;
}
