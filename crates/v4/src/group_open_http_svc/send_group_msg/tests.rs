use serde_json::{Value, json};

use crate::testing::{TestApi, text};

const PATH: &str = "group_open_http_svc/send_group_msg";

fn message(random: u32) -> Value {
    json!({ "GroupId": "team", "From_Account": "bob", "Random": random, "MsgBody": [text("hi")] })
}

fn with(name: &str, value: Value) -> Value {
    let mut body = message(7);
    body[name] = value;
    body
}

async fn team() -> TestApi {
    let api = TestApi::start().await;
    api.create_group("team", &["bob"]).await;
    api
}

#[tokio::test]
async fn messages_take_seqs_without_holes() {
    let api = team().await;
    for number in 1..=3 {
        let sent = api.v4_ok(PATH, message(number)).await;
        assert_eq!(sent["MsgSeq"], number);
        assert_eq!(sent["MsgTime"], 1_794_000_000);
    }
    // Who sends when nobody is named: the administrator, who is no member.
    for (seq, nobody) in [(4, json!(null)), (5, json!(""))] {
        let mut body = message(seq);
        body["From_Account"] = nobody;
        assert_eq!(api.v4_ok(PATH, body).await["MsgSeq"], seq);
    }
    let ask = json!({ "GroupId": "team", "ReqMsgNumber": 1 });
    let page = api
        .v4_ok("group_open_http_svc/group_msg_get_simple", ask)
        .await;
    assert_eq!(page["RspMsgList"][0]["From_Account"], "administrator");
}

#[tokio::test]
async fn a_retry_within_five_minutes_gets_the_first_answer() {
    let api = team().await;
    let first = api.v4_ok(PATH, message(7)).await;
    let end = api.log_end();
    api.advance_ms(4 * 60 * 1000);
    assert_eq!(api.v4_ok(PATH, message(7)).await, first);
    assert_eq!(api.log_end(), end);
    api.advance_ms(2 * 60 * 1000);
    assert_eq!(
        api.v4_ok(PATH, message(7)).await["MsgSeq"],
        2,
        "later it is another message"
    );
}

#[tokio::test]
async fn one_number_and_two_texts_are_two_messages() {
    let api = team().await;
    let says = |words: &str, data: &str| {
        let mut body = with("MsgBody", json!([text(words)]));
        body["CloudCustomData"] = json!(data);
        body
    };
    let bodies = [says("하나", ""), says("둘", ""), says("둘", "셋")];
    let mut answers = Vec::new();
    for (seq, body) in (1..).zip(&bodies) {
        answers.push(api.v4_ok(PATH, body.clone()).await);
        assert_eq!(answers.last().expect("one")["MsgSeq"], seq);
    }
    let end = api.log_end();
    for (body, answer) in bodies.iter().zip(&answers) {
        assert_eq!(&api.v4_ok(PATH, body.clone()).await, answer);
    }
    assert_eq!(api.log_end(), end);
}

#[tokio::test]
async fn what_is_for_those_online_takes_no_seq() {
    let api = team().await;
    let end = api.log_end();
    let sent = api.v4_ok(PATH, with("OnlineOnlyFlag", json!(1))).await;
    assert_eq!(sent["MsgSeq"], 0);
    assert_eq!(api.log_end(), end);
    let mut unknown = with("OnlineOnlyFlag", json!(1));
    unknown["GroupId"] = json!("none");
    let mut stranger = with("OnlineOnlyFlag", json!(1));
    stranger["From_Account"] = json!("nobody");
    api.refuses(PATH, [(unknown, 10010), (stranger, 10019)])
        .await;
}

#[tokio::test]
async fn a_muted_group_hears_its_owner_only() {
    let api = team().await;
    let mute = json!({ "GroupId": "team", "MuteAllMember": "On" });
    api.v4_ok("group_open_http_svc/modify_group_base_info", mute)
        .await;
    api.refuses(
        PATH,
        [
            (message(1), 10017),
            (with("OnlineOnlyFlag", json!(1)), 10017),
        ],
    )
    .await;
    api.v4_ok(PATH, with("From_Account", json!("alice"))).await;
}

#[tokio::test]
async fn a_muted_account_is_not_heard_by_those_online_either() {
    let api = team().await;
    let mute = json!({ "Set_Account": "bob", "GroupmsgNospeakingTime": 60 });
    api.v4_ok("openconfigsvr/setnospeaking", mute).await;
    let online = with("OnlineOnlyFlag", json!(1));
    api.refuses(PATH, [(message(1), 10017), (online, 10017)])
        .await;
}

#[tokio::test]
async fn mentions_priority_and_controls_are_kept() {
    let api = team().await;
    let mut body = message(7);
    body["MsgPriority"] = json!("High");
    body["CloudCustomData"] = json!("data");
    body["SendMsgControl"] = json!(["NoUnread"]);
    body["GroupAtInfo"] =
        json!([{ "GroupAtAllFlag": 1 }, { "GroupAtAllFlag": 0, "GroupAt_Account": "alice" }]);
    body["OfflinePushInfo"] = json!({ "PushFlag": 0 });
    api.v4_ok(PATH, body).await;
    let ask = json!({ "GroupId": "team", "ReqMsgNumber": 1 });
    let page = api
        .v4_ok("group_open_http_svc/group_msg_get_simple", ask)
        .await;
    assert_eq!(page["RspMsgList"][0]["MsgPriority"], 1);
    assert_eq!(page["RspMsgList"][0]["CloudCustomData"], "data");
}

#[tokio::test]
async fn bad_requests_get_their_codes() {
    let api = team().await;
    let at = |count: usize| json!(vec![json!({ "GroupAt_Account": "bob" }); count]);
    let cases = [
        (with("GroupId", json!("none")), 10010),
        (with("GroupId", json!(null)), 10004),
        (with("GroupId", json!("g".repeat(49))), 10015),
        (with("GroupId", json!(7)), 10015),
        (with("From_Account", json!("nobody")), 10019),
        (with("From_Account", json!(7)), 60015),
        (with("Random", json!(null)), 10004),
        (with("Random", json!(4_294_967_296_u64)), 10004),
        (with("MsgPriority", json!("high")), 10004),
        (with("MsgBody", json!(null)), 10004),
        (with("MsgBody", json!([])), 10004),
        (with("MsgBody", json!("hi")), 10004),
        (
            with(
                "MsgBody",
                json!([{ "MsgType": "TIMImageElem", "MsgContent": {} }]),
            ),
            10004,
        ),
        (
            with("MsgBody", json!([text(&"x".repeat(12 * 1024 + 1))])),
            80002,
        ),
        (with("GroupAtInfo", at(31)), 10053),
        (with("GroupAtInfo", json!([{}])), 10004),
        (with("To_Account", json!(["nobody"])), 10019),
        (with("To_Account", json!(vec!["bob"; 51])), 10005),
        (with("TopicId", json!("t")), 10004),
        (json!([]), 10011),
        (json!(7), 10011),
    ];
    api.refuses(PATH, cases).await;
    api.v4_ok(PATH, with("GroupAtInfo", at(30))).await;
    let mut largest = message(8);
    largest["MsgBody"] = json!([text(&"x".repeat(12 * 1024))]);
    api.v4_ok(PATH, largest).await;
}

#[tokio::test]
async fn the_same_said_to_others_is_another_message() {
    let api = TestApi::start().await;
    api.create_group("team", &["bob", "carol"]).await;
    let room = json!({ "Type": "AVChatRoom", "Name": "room", "GroupId": "room" });
    api.v4_ok("group_open_http_svc/create_group", room).await;
    let to = |id: &str, who: &[&str]| {
        json!({ "GroupId": id, "From_Account": "alice", "Random": 1, "To_Account": who,
            "MsgBody": [text("psst")] })
    };
    for (who, seq) in [
        (&["bob"][..], 1),
        (&["carol"], 2),
        (&["bob"], 1),
        (&["bob", "carol"], 3),
        (&[], 4),
    ] {
        let sent = api.v4_ok(PATH, to("team", who)).await;
        assert_eq!(sent["MsgSeq"], seq, "{who:?}");
    }
    api.v4_ok(PATH, to("room", &[])).await;
    api.refuses(PATH, [(to("room", &["bob"]), 10007)]).await;
}

#[tokio::test]
async fn what_is_over_the_cap_of_the_app_is_dropped_and_its_sender_is_told() {
    let api = TestApi::start().await;
    api.create_group("team", &["bob"]).await;
    api.create_room("show").await;
    let limits = json!({ "group_limits": { "messages_per_second": 2 } });
    assert_eq!(api.change_settings(limits).await.status, 200);
    let say = |group: &str, random: u32, priority: &str| {
        json!({ "GroupId": group, "Random": random, "MsgBody": [text("hi")],
            "MsgPriority": priority })
    };
    for group in ["team", "show"] {
        for random in 1..=2 {
            let sent = api.v4_ok(PATH, say(group, random, "Normal")).await;
            assert!(sent.get("MsgDropReason").is_none(), "{sent}");
        }
        let end = api.log_end();
        let dropped = api.v4_ok(PATH, say(group, 3, "Normal")).await;
        let told = (&dropped["MsgDropReason"], &dropped["MsgSeq"]);
        assert_eq!(told, (&json!("MsgFreqCtrl"), &json!(0)));
        let again = api.v4_ok(PATH, say(group, 2, "Normal")).await;
        assert!(
            again["MsgSeq"].as_u64() > Some(0),
            "a retry is not dropped: {again}"
        );
        assert_eq!(api.log_end(), end, "nothing was written");
        let gift = api.v4_ok(PATH, say(group, 4, "High")).await;
        assert!(gift.get("MsgDropReason").is_none(), "{gift}");
    }
    api.advance_ms(3000);
    let sent = api.v4_ok(PATH, say("team", 5, "Low")).await;
    assert_eq!(sent["MsgSeq"], 4);
    let off = json!({ "group_limits": {} });
    assert_eq!(api.change_settings(off).await.status, 200);
    for random in 10..20 {
        let sent = api.v4_ok(PATH, say("team", random, "Low")).await;
        assert!(sent.get("MsgDropReason").is_none(), "{sent}");
    }
}
