use axum::http::StatusCode;
use hansard_desk::testing::APP;
use hansard_search::{Index, Options};
use hansard_types::LogId;
use serde_json::{Value, json};

use crate::testing::{TestApi, say, text};

/// Indexes everything that is committed; the index lives as long as what is returned.
async fn index_all(api: &TestApi) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut index, reader) = Index::open(folder.path(), Options::default()).expect("an index");
    for stored in api
        .engine
        .handle
        .events(LogId::directory(APP), 1, 10_000)
        .await
        .expect("events")
    {
        let recorded = hansard_events::decode(stored.sequence, &stored.event).expect("an event");
        index.apply(&recorded).expect("in order");
    }
    index.commit().expect("a commit");
    api.indexes.0.lock().insert(LogId::directory(APP), reader);
    folder
}

fn seqs(page: &Value) -> Vec<u64> {
    let hits = page["hits"].as_array().expect("hits");
    hits.iter().filter_map(|hit| hit["seq"].as_u64()).collect()
}

#[tokio::test]
async fn a_hit_of_a_dissolved_group_is_not_told_as_its_successors() {
    let api = TestApi::start().await;
    api.create_group("team", &["bob"]).await;
    say(&api, "team", "bob", 1, "the harbour is closed").await;
    // The index has not heard of what follows.
    let _index = index_all(&api).await;
    api.advance_ms(1);
    let destroy = json!({ "GroupId": "team" });
    api.v4_ok("group_open_http_svc/destroy_group", destroy)
        .await;
    api.create_group("team", &["bob"]).await;
    say(&api, "team", "bob", 1, "the harbour is open").await;
    let page = api.v1("search/messages?q=harbour").await.json();
    assert_eq!(page["hits"], json!([]));
    let _index = index_all(&api).await;
    let page = api.v1("search/messages?q=harbour").await.json();
    assert_eq!(seqs(&page), [1]);
    assert_eq!(
        page["hits"][0]["message"]["elements"][0]["text"],
        "the harbour is open"
    );
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

#[tokio::test]
async fn what_is_said_to_some_is_found_by_them_and_the_sender() {
    let api = TestApi::start().await;
    api.create_group("team", &["bob", "carol"]).await;
    let body = json!({ "GroupId": "team", "From_Account": "alice", "Random": 1,
        "To_Account": ["bob"], "MsgBody": [text("a quiet word")] });
    api.v4_ok("group_open_http_svc/send_group_msg", body).await;
    let _index = index_all(&api).await;
    for (viewer, found) in [("alice", 1), ("bob", 1), ("carol", 0)] {
        let path = format!("search/messages?q=quiet&viewer={viewer}");
        let page = api.v1(&path).await.json();
        assert_eq!(seqs(&page).len(), found, "{viewer}: {page}");
    }
}

#[tokio::test]
async fn a_group_says_whether_members_find_what_was_said_before_they_joined() {
    let api = TestApi::start().await;
    api.create_group("team", &["bob"]).await;
    say(&api, "team", "bob", 1, "the harbour is closed").await;
    let add = json!({ "GroupId": "team", "MemberList": [{ "Member_Account": "carol" }] });
    api.v4_ok("group_open_http_svc/add_group_member", add).await;
    let _index = index_all(&api).await;
    for (setting, found) in [("", 0), ("On", 1), ("Off", 0)] {
        let body = json!({ "GroupId": "team", "HistoryMsgBeforeJoin": setting });
        api.v4_ok("group_open_http_svc/modify_group_base_info", body)
            .await;
        let page = api
            .v1("search/messages?q=harbour&viewer=carol")
            .await
            .json();
        assert_eq!(seqs(&page).len(), found, "{setting}: {page}");
    }
}

#[tokio::test]
async fn what_was_cleared_is_not_found() {
    let api = TestApi::start().await;
    api.create_group("team", &["bob"]).await;
    for random in 1..=3 {
        say(&api, "team", "bob", random, "the harbour is closed").await;
    }
    let clear = json!({ "GroupId": "team", "MsgSeq": 2 });
    api.v4_ok("group_open_http_svc/clear_group_msg", clear)
        .await;
    let _index = index_all(&api).await;
    let page = api.v1("search/messages?q=harbour").await.json();
    assert_eq!((seqs(&page), &page["total"]["value"]), (vec![3], &json!(1)));
}
