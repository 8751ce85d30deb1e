use serde_json::{Value, json};

use crate::testing::TestApi;

fn message(to: &Value, random: u32) -> Value {
    json!({ "to": to, "random": random, "elements": [{ "type": "text", "text": "안녕" }] })
}

async fn send(api: &TestApi, user: &str, body: &Value) -> (u16, Value) {
    api.own(user, "POST", "messages", Some(body)).await
}

#[tokio::test]
async fn an_account_sends_in_its_own_name_and_a_retry_gets_the_first_answer() {
    let api = TestApi::start().await;
    api.create_group("team", &["bob"]).await;
    for (to, conversation) in [
        (json!({ "account": "alice" }), "c2c:alice:bob"),
        (json!({ "group": "team" }), "group:team"),
    ] {
        let (status, sent) = send(&api, "bob", &message(&to, 7)).await;
        assert_eq!((status, &sent["conversation"]), (200, &json!(conversation)));
        assert_eq!(
            (&sent["seq"], &sent["duplicate"]),
            (&json!(1), &json!(false))
        );
        let end = api.log_end();
        let (_, again) = send(&api, "bob", &message(&to, 7)).await;
        assert_eq!(
            (&again["seq"], &again["duplicate"]),
            (&json!(1), &json!(true))
        );
        assert_eq!(api.log_end(), end);
    }
    let ask = json!({ "GroupId": "team", "ReqMsgNumber": 1 });
    let page = api
        .v4_ok("group_open_http_svc/group_msg_get_simple", ask)
        .await;
    assert_eq!(page["RspMsgList"][0]["From_Account"], "bob");
}

#[tokio::test]
async fn the_rules_between_accounts_hold_for_what_an_account_sends() {
    let api = TestApi::start().await;
    api.create_group("team", &["bob"]).await;
    let block = json!({ "From_Account": "alice", "To_Account": ["bob"] });
    api.v4_ok("sns/black_list_add", block).await;
    let to_alice = json!({ "account": "alice" });
    let to_team = json!({ "group": "team" });
    let mut online = message(&to_alice, 1);
    online["online_only"] = json!(true);
    for (user, body, status, code) in [
        ("bob", message(&to_alice, 1), 409, "sender_blocked"),
        ("bob", online, 409, "sender_blocked"),
        ("carol", message(&to_team, 1), 409, "member_unknown"),
        ("bob", json!({}), 400, "invalid_request"),
        (
            "bob",
            json!({ "to": to_team, "random": 1, "elements": [] }),
            400,
            "invalid_request",
        ),
    ] {
        let end = api.log_end();
        let (found, problem) = send(&api, user, &body).await;
        assert_eq!((found, &problem["code"]), (status, &json!(code)), "{body}");
        assert_eq!(api.log_end(), end, "nothing was written");
    }
}

#[tokio::test]
async fn what_is_online_only_is_told_and_not_stored() {
    let api = TestApi::start().await;
    let mut signals = api.desk.signals();
    let end = api.log_end();
    let mut body = message(&json!({ "account": "alice" }), 1);
    body["online_only"] = json!(true);
    let (status, sent) = send(&api, "bob", &body).await;
    assert_eq!((status, &sent["seq"]), (200, &json!(0)));
    assert!(signals.try_recv().is_ok(), "it is told");
    assert_eq!(api.log_end(), end);
}

async fn recall(api: &TestApi, who: &str, conversation: &str, seq: u64) -> (u16, Value) {
    let body = json!({ "conversation": conversation, "seq": seq });
    api.own(who, "POST", "messages/recall", Some(&body)).await
}

async fn history(api: &TestApi, who: &str, query: &str) -> Value {
    let path = format!("messages?conversation={query}");
    let (status, page) = api.own(who, "GET", &path, None).await;
    assert_eq!(status, 200, "{page}");
    page
}

fn seqs(page: &Value) -> Vec<u64> {
    let messages = page["messages"].as_array().expect("a list");
    messages
        .iter()
        .map(|one| one["seq"].as_u64().expect("a number"))
        .collect()
}

#[tokio::test]
async fn an_account_recalls_what_it_said_within_the_apps_time() {
    let api = TestApi::start().await;
    let to_alice = json!({ "account": "alice" });
    for random in 1..=2 {
        send(&api, "bob", &message(&to_alice, random)).await;
    }
    let refusal = |answer: (u16, Value)| (answer.0, answer.1["code"].clone());
    let recalled = |who, seq| recall(&api, who, "c2c:alice:bob", seq);
    for (who, code) in [("alice", "message_unknown"), ("carol", "message_unknown")] {
        assert_eq!(refusal(recalled(who, 1).await), (409, json!(code)), "{who}");
    }
    assert_eq!(recalled("bob", 1).await.0, 200);
    let again = refusal(recalled("bob", 1).await);
    assert_eq!(again, (409, json!("message_already_recalled")));
    let page = history(&api, "alice", "c2c:alice:bob").await;
    assert_eq!(seqs(&page), [2, 1]);
    let gone = &page["messages"][1];
    assert_eq!(
        (&gone["recalled"]["by"], &gone["elements"]),
        (&json!("bob"), &json!([]))
    );

    let never = json!({ "message_limits": { "recall_seconds": 0 } });
    assert_eq!(api.change_settings(never).await.status, 200);
    let late = refusal(recalled("bob", 2).await);
    assert_eq!(late, (409, json!("recall_too_late")));
}

#[tokio::test]
async fn who_leads_a_group_recalls_what_those_below_said() {
    let api = TestApi::start().await;
    api.create_group("team", &["bob", "carol"]).await;
    let never = json!({ "message_limits": { "recall_seconds": 0 } });
    assert_eq!(api.change_settings(never).await.status, 200);
    let to_team = json!({ "group": "team" });
    for (who, random) in [("alice", 1), ("bob", 2), ("carol", 3)] {
        let (status, sent) = send(&api, who, &message(&to_team, random)).await;
        assert_eq!(status, 200, "{sent}");
    }
    let (_, refused) = recall(&api, "bob", "group:team", 1).await;
    assert_eq!(refused["code"], "group_role_forbids");
    let (_, refused) = recall(&api, "bob", "group:team", 2).await;
    assert_eq!(refused["code"], "recall_too_late");
    for seq in [1, 2] {
        let (status, done) = recall(&api, "alice", "group:team", seq).await;
        assert_eq!(status, 200, "{done}");
    }
    let quit = json!({ "group_id": "team" });
    let (status, left) = api.own("carol", "POST", "groups/quit", Some(&quit)).await;
    assert_eq!(status, 200, "{left}");
    let (_, refused) = recall(&api, "carol", "group:team", 3).await;
    assert_eq!(refused["code"], "member_unknown");
}

#[tokio::test]
async fn an_account_edits_what_it_said_where_it_may_speak() {
    let api = TestApi::start().await;
    api.create_group("team", &["bob", "carol"]).await;
    let (_, sent) = send(&api, "bob", &message(&json!({ "group": "team" }), 1)).await;
    assert_eq!(sent["seq"], 1);
    let edit = |text: &str| {
        json!({ "conversation": "group:team", "seq": 1,
            "elements": [{ "type": "text", "text": text }] })
    };
    let edited =
        async |who: &str, body: &Value| api.own(who, "PATCH", "messages", Some(body)).await;
    assert_eq!(edited("bob", &edit("다시")).await.0, 200);
    let page = history(&api, "carol", "group:team").await;
    assert_eq!(page["messages"][0]["elements"][0]["text"], "다시");
    let (_, refused) = edited("carol", &edit("x")).await;
    assert_eq!(refused["code"], "message_unknown", "it is not hers");
    let (status, _) = edited("bob", &json!({ "conversation": "group:team", "seq": 1 })).await;
    assert_eq!(status, 400, "nothing is said");
    let mute = json!({ "GroupId": "team", "Members_Account": ["bob"], "MuteTime": 60 });
    api.v4_ok("group_open_http_svc/forbid_send_msg", mute).await;
    let (_, refused) = edited("bob", &edit("y")).await;
    assert_eq!(refused["code"], "muted_in_group");
}

#[tokio::test]
async fn history_is_paged_by_seq_and_by_time_and_shows_what_the_reader_may_read() {
    let api = TestApi::start().await;
    api.create_group("team", &["bob"]).await;
    let to_team = json!({ "group": "team" });
    for random in 1..=5 {
        send(&api, "bob", &message(&to_team, random)).await;
    }
    let first = history(&api, "alice", "group:team&limit=2").await;
    assert_eq!((seqs(&first), &first["next"]), (vec![5, 4], &json!(3)));
    let second = history(&api, "alice", "group:team&limit=3&from=3").await;
    assert_eq!(
        (seqs(&second), &second["next"]),
        (vec![3, 2, 1], &Value::Null)
    );
    let of_two = first["messages"][1]["sent_at"].as_u64().expect("a time");
    let until = history(&api, "alice", &format!("group:team&until={of_two}&limit=1")).await;
    assert!(seqs(&until)[0] >= 4, "{until}");
    let until = history(&api, "alice", "group:team&until=1").await;
    assert_eq!(seqs(&until), [0; 0]);
    for (who, query, code) in [
        ("carol", "group:team", "member_unknown"),
        ("carol", "c2c:alice:bob", "member_unknown"),
    ] {
        let path = format!("messages?conversation={query}");
        let (status, problem) = api.own(who, "GET", &path, None).await;
        assert_eq!((status, &problem["code"]), (409, &json!(code)));
    }
    for wrong in [
        "x",
        "group:team&limit=0",
        "group:team&limit=101",
        "group:team&from=a",
    ] {
        let path = format!("messages?conversation={wrong}");
        let (status, _) = api.own("alice", "GET", &path, None).await;
        assert_eq!(status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn an_account_reads_up_to_a_message_and_what_is_read_stays_read() {
    let api = TestApi::start().await;
    let to_alice = json!({ "account": "alice" });
    for random in 1..=3 {
        send(&api, "bob", &message(&to_alice, random)).await;
    }
    let unread = async || {
        let body = json!({ "To_Account": "alice" });
        let answer = api.v4_ok("openim/get_c2c_unread_msg_num", body).await;
        answer["AllC2CUnreadMsgNum"].clone()
    };
    let read =
        async |who: &str, body: Value| api.own(who, "POST", "messages/read", Some(&body)).await;
    let up_to = |seq: u64| json!({ "conversation": "c2c:alice:bob", "seq": seq });
    for (seq, left) in [(2, 1), (1, 1), (9, 0)] {
        let (status, done) = read("alice", up_to(seq)).await;
        assert_eq!((status, unread().await), (200, json!(left)), "{seq} {done}");
    }
    let (_, refused) = read("carol", up_to(1)).await;
    assert_eq!(refused["code"], "member_unknown");
    assert_eq!(history(&api, "alice", "c2c:alice:bob").await["read_seq"], 3);
}
