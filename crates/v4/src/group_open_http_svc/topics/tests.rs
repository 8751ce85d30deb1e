use serde_json::{Value, json};

use crate::testing::{TestApi, code, text};

const CREATE: &str = "million_group_open_http_svc/create_topic";
const GET: &str = "million_group_open_http_svc/get_topic";
const MODIFY: &str = "million_group_open_http_svc/modify_topic";
const DESTROY: &str = "million_group_open_http_svc/destroy_topic";
const IMPORT: &str = "group_open_http_svc/import_topic";
const SEND: &str = "group_open_http_svc/send_group_msg";
const PAGE: &str = "group_open_http_svc/group_msg_get_simple";
const GROUP: &str = "@TGS#_town";
const NEWS: &str = "@TGS#_town@TOPIC#_news";

/// A community of alice's with topics, with bob in it.
async fn town() -> TestApi {
    let api = TestApi::start().await;
    let body = json!({ "Type": "Community", "Name": "town", "GroupId": GROUP, "SupportTopic": 1,
        "Owner_Account": "alice", "MemberList": [{ "Member_Account": "bob" }] });
    api.v4_ok("group_open_http_svc/create_group", body).await;
    api
}

async fn with_news() -> TestApi {
    let api = town().await;
    let made = api
        .v4_ok(CREATE, news(json!({ "TopicName": "소식" })))
        .await;
    assert_eq!(made["TopicId"], NEWS);
    api
}

fn news(mut body: Value) -> Value {
    body["GroupId"] = json!(GROUP);
    body["TopicId"] = json!(NEWS);
    body
}

fn said(random: u32, from: &str) -> Value {
    json!({ "GroupId": GROUP, "TopicId": NEWS, "From_Account": from, "Random": random,
        "MsgBody": [text("안녕")] })
}

async fn one(api: &TestApi) -> Value {
    let body = json!({ "GroupId": GROUP, "From_Account": "bob", "TopicIdList": [NEWS] });
    api.v4_ok(GET, body).await["TopicAndSelfInfo"][0].clone()
}

#[tokio::test]
async fn a_topic_is_made_read_changed_and_destroyed() {
    let api = town().await;
    let all = json!({ "TopicName": "소식", "CustomString": "{}", "FaceUrl": "f",
        "Notification": "n", "Introduction": "i", "From_Account": "alice" });
    api.v4_ok(CREATE, news(all)).await;
    let random = json!({ "GroupId": GROUP, "TopicName": "other" });
    let random = api.v4_ok(CREATE, random).await["TopicId"].clone();
    let random = random.as_str().expect("an id");
    assert!(random.starts_with("@TGS#_town@TOPIC#_@TOPIC#c"), "{random}");
    let all = json!({ "GroupId": GROUP });
    let all = api.v4_ok(GET, all).await["TopicAndSelfInfo"].clone();
    assert_eq!(all.as_array().map(Vec::len), Some(2));
    assert!(all[0].get("SelfInfo").is_none(), "of nobody");
    let found = one(&api).await;
    let info = &found["TopicInfo"];
    for (name, value) in [
        ("TopicId", json!(NEWS)),
        ("GroupID", json!(GROUP)),
        ("TopicName", json!("소식")),
        ("CustomString", json!("{}")),
        ("MuteAllMember", json!("Off")),
        ("NextMsgSeq", json!(1)),
        ("LastMsgTime", json!(0)),
    ] {
        assert_eq!(info[name], value, "{name}");
    }
    let own = json!({ "ShutUpTime": 0, "MsgSeq": 0, "MsgFlag": "AcceptAndNotify" });
    assert_eq!(found["SelfInfo"], own);

    let change = news(json!({ "TopicName": "old", "MuteAllMember": "On" }));
    api.v4_ok(MODIFY, change.clone()).await;
    let end = api.log_end();
    api.v4_ok(MODIFY, change).await;
    assert_eq!(api.log_end(), end, "nothing is new");
    let info = &one(&api).await["TopicInfo"];
    assert_eq!(
        (&info["TopicName"], &info["Notification"]),
        (&json!("old"), &json!("n"))
    );

    let gone = json!({ "GroupId": GROUP, "TopicIdList": [NEWS, NEWS] });
    let gone = api.v4_ok(DESTROY, gone).await["DestroyResultItem"].clone();
    let codes = [&gone[0]["ErrorCode"], &gone[1]["ErrorCode"]];
    assert_eq!(codes, [&json!(0), &json!(110_003)]);
    assert_eq!(one(&api).await["ErrorCode"], 110_003);
}

#[tokio::test]
async fn what_is_said_in_a_topic_has_seqs_of_its_own_and_goes_with_it() {
    let api = with_news().await;
    for random in 1..=2 {
        let sent = api.v4_ok(SEND, said(random, "bob")).await;
        assert_eq!(sent["MsgSeq"], random);
    }
    let again = api.v4_ok(SEND, said(2, "bob")).await;
    assert_eq!(again["MsgSeq"], 2, "a retry");
    let in_group = json!({ "GroupId": GROUP, "Random": 9, "MsgBody": [text("town")] });
    assert_eq!(api.v4_ok(SEND, in_group).await["MsgSeq"], 1);
    let page = |topic: &str| json!({ "GroupId": GROUP, "TopicId": topic, "ReqMsgNumber": 20 });
    let seqs = |page: &Value| page["RspMsgList"].as_array().map(Vec::len);
    assert_eq!(seqs(&api.v4_ok(PAGE, page(NEWS)).await), Some(2));
    assert_eq!(seqs(&api.v4_ok(PAGE, page("")).await), Some(1));
    assert_eq!(one(&api).await["TopicInfo"]["NextMsgSeq"], 3);

    let edit = json!({ "GroupId": GROUP, "TopicId": NEWS, "MsgSeq": 1, "MsgBody": [text("new")] });
    api.v4_ok("openim/modify_group_msg", edit).await;
    let page_now = api.v4_ok(PAGE, page(NEWS)).await;
    let text_now = &page_now["RspMsgList"][1]["MsgBody"][0]["MsgContent"]["Text"];
    assert_eq!(text_now, "new");
    let recall = json!({ "GroupId": GROUP, "TopicId": NEWS, "MsgSeqList": [{ "MsgSeq": 1 }] });
    let recalled = api
        .v4_ok("group_open_http_svc/group_msg_recall", recall)
        .await;
    assert_eq!(recalled["RecallRetList"][0]["RetCode"], 0);
    let by_sender = json!({ "GroupId": GROUP, "TopicId": NEWS, "Sender_Account": "bob" });
    api.v4_ok("group_open_http_svc/delete_group_msg_by_sender", by_sender)
        .await;
    assert_eq!(seqs(&api.v4_ok(PAGE, page(NEWS)).await), Some(0));

    let gone = json!({ "GroupId": GROUP, "TopicIdList": [NEWS] });
    api.v4_ok(DESTROY, gone).await;
    api.refuses(SEND, [(said(3, "bob"), 110_003)]).await;
    api.refuses(PAGE, [(page(NEWS), 110_003)]).await;
    api.v4_ok(CREATE, news(json!({ "TopicName": "again" })))
        .await;
    assert_eq!(
        api.v4_ok(SEND, said(2, "bob")).await["MsgSeq"],
        1,
        "it begins anew"
    );
}

#[tokio::test]
async fn who_is_muted_in_a_topic_speaks_elsewhere() {
    let api = with_news().await;
    let mute = |seconds: u64| {
        json!({ "GroupId": GROUP, "TopicId": NEWS, "Members_Account": ["bob"],
            "MuteTime": seconds })
    };
    let path = "group_open_http_svc/forbid_send_msg";
    api.v4_ok(path, mute(600)).await;
    assert_eq!(code(&api.v4(SEND, said(1, "bob")).await), 10017);
    let mut elsewhere = said(2, "bob");
    elsewhere["TopicId"] = json!("");
    api.v4_ok(SEND, elsewhere).await;
    let list = "group_open_http_svc/get_group_muted_account";
    let muted = |topic: &str| json!({ "GroupId": GROUP, "TopicId": topic });
    let here = api.v4_ok(list, muted(NEWS)).await["MutedAccountList"].clone();
    assert_eq!(here[0]["Member_Account"], "bob");
    let in_group = api.v4_ok(list, muted("")).await["MutedAccountList"].clone();
    assert_eq!(in_group, json!([]));
    assert!(one(&api).await["SelfInfo"]["ShutUpTime"].as_u64() > Some(0));
    api.v4_ok(path, mute(0)).await;
    api.v4_ok(SEND, said(1, "bob")).await;
    api.v4_ok(MODIFY, news(json!({ "MuteAllMember": "On" })))
        .await;
    assert_eq!(code(&api.v4(SEND, said(3, "bob")).await), 10017);
    api.v4_ok(SEND, said(3, "alice")).await;
}

#[tokio::test]
async fn a_topic_is_imported_with_its_past() {
    let api = TestApi::start().await;
    let body = json!({ "Type": "Community", "Name": "town", "GroupId": GROUP, "SupportTopic": 1,
        "CreateTime": 1_700_000_000 });
    api.v4_ok("group_open_http_svc/import_group", body).await;
    let topic = news(json!({ "TopicName": "n", "Type": "Community", "CreateTime": 1_700_000_100 }));
    assert_eq!(api.v4_ok(IMPORT, topic).await["TopicId"], NEWS);
    let past = json!({ "GroupId": GROUP, "TopicId": NEWS, "MsgList": [
        { "From_Account": "bob", "SendTime": 1_700_000_200, "MsgBody": [text("before")] },
    ] });
    let taken = api
        .v4_ok("group_open_http_svc/import_group_msg", past)
        .await;
    assert_eq!(taken["ImportMsgResult"][0]["MsgSeq"], 1);
    let info = &one(&api).await["TopicInfo"];
    assert_eq!(info["CreateTime"], 1_700_000_100);
    assert_eq!(info["LastMsgTime"], 1_700_000_200);
    let early = json!({ "GroupId": GROUP, "TopicName": "n", "CreateTime": 1_600_000_000 });
    api.refuses(IMPORT, [(early, 10004)]).await;
}

#[tokio::test]
async fn bad_requests_get_their_codes() {
    let api = with_news().await;
    api.create_group("team", &[]).await;
    let plain = json!({ "Type": "Community", "Name": "plain", "GroupId": "@TGS#_plain" });
    api.v4_ok("group_open_http_svc/create_group", plain).await;
    let name = |name: &str| json!({ "GroupId": GROUP, "TopicName": name });
    let cases = [
        (json!({ "TopicName": "n" }), 10004),
        (json!({ "GroupId": GROUP }), 10004),
        (name(""), 10004),
        (name(&"n".repeat(101)), 10004),
        (json!({ "GroupId": "none", "TopicName": "n" }), 10010),
        (json!({ "GroupId": "team", "TopicName": "n" }), 10007),
        (json!({ "GroupId": "@TGS#_plain", "TopicName": "n" }), 11000),
        (news(json!({ "TopicName": "n" })), 10025),
        (
            json!({ "GroupId": GROUP, "TopicName": "n", "TopicId": "news" }),
            10004,
        ),
        (
            json!({ "GroupId": GROUP, "TopicName": "n", "From_Account": "nobody" }),
            10019,
        ),
        (
            json!({ "GroupId": GROUP, "TopicName": "n", "CreateTime": 1 }),
            10004,
        ),
        (
            json!({ "GroupId": GROUP, "TopicName": "n", "CustomString": "c".repeat(3001) }),
            10004,
        ),
    ];
    api.refuses(CREATE, cases).await;
    let unknown = json!({ "GroupId": GROUP, "TopicId": "@TGS#_town@TOPIC#_none" });
    api.refuses(MODIFY, [(unknown, 110_003)]).await;
    let off = json!({ "GroupId": GROUP, "SupportTopic": 0 });
    api.refuses("group_open_http_svc/modify_group_base_info", [(off, 10004)])
        .await;
    api.refuses(GET, [(json!({ "GroupId": "team" }), 10007)])
        .await;
    let many = vec![NEWS; 101];
    api.refuses(
        GET,
        [(json!({ "GroupId": GROUP, "TopicIdList": many }), 10004)],
    )
    .await;
    api.v4_ok(CREATE, name(&"n".repeat(100))).await;
    let on = json!({ "GroupId": "@TGS#_plain", "SupportTopic": 1 });
    api.v4_ok("group_open_http_svc/modify_group_base_info", on)
        .await;
    let now = json!({ "GroupId": "@TGS#_plain", "TopicName": "n" });
    api.v4_ok(CREATE, now).await;
}
