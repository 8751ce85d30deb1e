use serde_json::{Value, json};

use crate::testing::{TestApi, text};

const PATH: &str = "openim/admin_getroammsg";

async fn send(api: &TestApi, number: u32, time: u64, words: &str) -> Value {
    let body = json!({
        "From_Account": "alice", "To_Account": "bob", "MsgRandom": number, "MsgSeq": number,
        "MsgTimeStamp": time, "MsgBody": [text(words)],
    });
    api.v4_ok("openim/sendmsg", body).await
}

fn ask(count: u32) -> Value {
    json!({
        "Operator_Account": "bob", "Peer_Account": "alice", "MaxCnt": count,
        "MinTime": 1_793_000_000, "MaxTime": 1_793_999_999,
    })
}

fn seqs(page: &Value) -> Vec<u64> {
    let list = page["MsgList"].as_array().expect("a list");
    list.iter()
        .map(|row| row["MsgSeq"].as_u64().expect("a number"))
        .collect()
}

/// Follows the pages to the end.
async fn all_pages(api: &TestApi, mut request: Value) -> Vec<Vec<u64>> {
    let mut pages = Vec::new();
    loop {
        let page = api.v4_ok(PATH, request.clone()).await;
        assert_eq!(page["MsgCnt"].as_u64(), Some(seqs(&page).len() as u64));
        pages.push(seqs(&page));
        assert!(pages.len() < 100, "the pages end: {pages:?}");
        if page["Complete"] == 1 {
            return pages;
        }
        request["MaxTime"] = page["LastMsgTime"].clone();
        request["LastMsgKey"] = page["LastMsgKey"].clone();
    }
}

#[tokio::test]
async fn pages_go_back_in_time_and_ascend_inside() {
    let api = TestApi::start().await;
    for number in 1..=7 {
        // Two in each second.
        send(&api, number, 1_793_000_000 + u64::from(number / 2), "hello").await;
    }
    let pages = all_pages(&api, ask(3)).await;
    assert_eq!(pages, [vec![5, 6, 7], vec![2, 3, 4], vec![1]]);
    assert_eq!(all_pages(&api, ask(7)).await, [vec![1, 2, 3, 4, 5, 6, 7]]);
    let mut narrow = ask(100);
    narrow["MinTime"] = json!(1_793_000_001);
    narrow["MaxTime"] = json!(1_793_000_002);
    assert_eq!(all_pages(&api, narrow).await, [vec![2, 3, 4, 5]]);
}

#[tokio::test]
async fn a_page_is_bounded_in_bytes() {
    let api = TestApi::start().await;
    for number in 1..=4 {
        send(
            &api,
            number,
            1_793_000_000 + u64::from(number),
            &"x".repeat(6000),
        )
        .await;
    }
    assert_eq!(all_pages(&api, ask(100)).await, [vec![3, 4], vec![1, 2]]);
}

#[tokio::test]
async fn a_recalled_message_keeps_its_place_and_loses_its_body() {
    let api = TestApi::start().await;
    let key = send(&api, 1, 1_793_000_001, "a secret").await["MsgKey"].clone();
    let recall = json!({ "From_Account": "alice", "To_Account": "bob", "MsgKey": key });
    api.v4_ok("openim/admin_msgwithdraw", recall).await;
    let page = api.v4_ok(PATH, ask(10)).await;
    assert_eq!(page["MsgList"][0]["MsgFlagBits"], 8);
    assert_eq!(page["MsgList"][0]["MsgBody"], json!([]));
    assert!(!page.to_string().contains("a secret"), "{page}");
}

#[tokio::test]
async fn a_message_is_peer_read_once_its_receiver_has_read_it() {
    let api = TestApi::start().await;
    send(&api, 1, 1_793_000_001, "one").await;
    assert_eq!(
        api.v4_ok(PATH, ask(10)).await["MsgList"][0]["IsPeerRead"],
        0
    );
    let read = json!({ "Report_Account": "bob", "Peer_Account": "alice" });
    api.v4_ok("openim/admin_set_msg_read", read).await;
    send(&api, 2, 1_793_000_002, "two").await;
    let page = api.v4_ok(PATH, ask(10)).await;
    assert_eq!(page["MsgList"][0]["IsPeerRead"], 1);
    assert_eq!(page["MsgList"][1]["IsPeerRead"], 0);
}

#[tokio::test]
async fn the_old_names_stand_beside_the_new() {
    let api = TestApi::start().await;
    send(&api, 1, 1_793_000_001, "one").await;
    let old = json!({
        "From_Account": "bob", "To_Account": "alice", "MaxCnt": 10,
        "MinTime": 0, "MaxTime": 4_000_000_000_u64,
    });
    assert_eq!(seqs(&api.v4_ok(PATH, old).await), [1]);
}

#[tokio::test]
async fn bad_requests_get_their_codes() {
    let api = TestApi::start().await;
    let with = |name: &str, value: Value| {
        let mut body = ask(10);
        body[name] = value;
        body
    };
    let cases = [
        (with("Operator_Account", json!("nobody")), 90008),
        (with("Operator_Account", json!(null)), 90008),
        (with("Peer_Account", json!("nobody")), 90003),
        (with("Peer_Account", json!(null)), 90003),
        (with("Peer_Account", json!(7)), 60015),
        (with("MaxCnt", json!(null)), 90001),
        (with("MaxCnt", json!(0)), 90001),
        (with("MinTime", json!("0")), 90001),
        (with("MaxTime", json!(null)), 90001),
        (with("LastMsgKey", json!("nonsense")), 90054),
        (with("LastMsgKey", json!("1_2_3")), 90054),
    ];
    api.refuses(PATH, cases).await;
}
