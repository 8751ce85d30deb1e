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
