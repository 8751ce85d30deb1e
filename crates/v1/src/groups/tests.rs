use serde_json::{Value, json};

use crate::testing::TestApi;

async fn post(api: &TestApi, user: &str, verb: &str, body: Value) -> (u16, Value) {
    api.own(user, "POST", &format!("groups/{verb}"), Some(&body))
        .await
}

async fn done(api: &TestApi, user: &str, verb: &str, body: Value) -> Value {
    let (status, answer) = post(api, user, verb, body).await;
    assert_eq!(status, 200, "{verb}: {answer}");
    answer
}

async fn refused(api: &TestApi, user: &str, verb: &str, body: Value, code: &str) {
    let end = api.log_end();
    let (status, problem) = post(api, user, verb, body).await;
    assert_eq!(
        (status >= 400, &problem["code"]),
        (true, &json!(code)),
        "{verb}: {problem}"
    );
    assert_eq!(api.log_end(), end, "nothing was written");
}

async fn seen(api: &TestApi, user: &str, path: &str) -> Value {
    let (status, answer) = api.own(user, "GET", &format!("groups{path}"), None).await;
    assert_eq!(status, 200, "{path}: {answer}");
    answer
}

async fn not_seen(api: &TestApi, user: &str, path: &str) -> Value {
    let (status, problem) = api.own(user, "GET", &format!("groups{path}"), None).await;
    assert!(status >= 400, "{path}: {problem}");
    problem["code"].clone()
}

/// alice owns it.
async fn team(api: &TestApi, kind: &str, members: &[&str]) {
    let body = json!({ "type": kind, "name": "팀", "group_id": "team", "members": members });
    let made = done(api, "alice", "create", body).await;
    assert_eq!(made["group_id"], "team");
}

fn of_team(more: Value) -> Value {
    let mut body = more;
    body["group_id"] = json!("team");
    body
}

#[tokio::test]
async fn an_account_creates_a_group_and_finds_it_among_its_own() {
    let api = TestApi::start().await;
    team(&api, "Public", &["bob"]).await;
    let random = json!({ "type": "Private", "name": "work" });
    let random = done(&api, "alice", "create", random).await;
    assert!(
        random["group_id"]
            .as_str()
            .is_some_and(|id| id.starts_with("@TGS#2"))
    );
    let first = seen(&api, "alice", "?limit=1").await;
    assert_eq!(first["groups"][0]["group_id"], random["group_id"]);
    let next = first["next"]
        .as_str()
        .expect("there is more")
        .replace('#', "%23");
    let second = seen(&api, "alice", &format!("?limit=1&cursor={next}")).await;
    assert_eq!(
        (&second["groups"][0]["group_id"], &second["next"]),
        (&json!("team"), &Value::Null)
    );
    assert_eq!(second["groups"][0]["own"]["role"], "Owner");
    assert_eq!(
        seen(&api, "bob", "").await["groups"][0]["own"]["role"],
        "Member"
    );
    for (body, code) in [
        (
            json!({ "type": "Public", "name": "t", "group_id": "@TGS#x" }),
            "group_id_invalid",
        ),
        (
            json!({ "type": "Public", "name": "t", "group_id": "team" }),
            "group_id_taken_by_same_owner",
        ),
        (
            json!({ "type": "Public", "name": "" }),
            "group_text_invalid",
        ),
        (
            json!({ "type": "Public", "name": "n".repeat(101) }),
            "group_text_invalid",
        ),
        (
            json!({ "type": "Public", "name": "t", "members": vec!["bob"; 101] }),
            "invalid_request",
        ),
    ] {
        refused(&api, "alice", "create", body, code).await;
    }
}

#[tokio::test]
async fn a_group_is_found_by_its_id_unless_it_is_a_work_group_of_others() {
    let api = TestApi::start().await;
    team(&api, "Public", &[]).await;
    let found = seen(&api, "carol", "/profile?group=team").await;
    assert_eq!(
        (&found["name"], &found["own"]),
        (&json!("팀"), &Value::Null)
    );
    assert_eq!(
        not_seen(&api, "carol", "/members?group=team").await,
        "group_role_forbids"
    );
    let work = json!({ "type": "Private", "name": "w", "group_id": "work", "members": ["bob"] });
    done(&api, "alice", "create", work).await;
    assert_eq!(
        not_seen(&api, "carol", "/profile?group=work").await,
        "group_unknown"
    );
    assert_eq!(
        seen(&api, "bob", "/profile?group=work").await["group_id"],
        "work"
    );
    assert_eq!(
        not_seen(&api, "bob", "/profile?group=none").await,
        "group_unknown"
    );
    assert_eq!(not_seen(&api, "bob", "/profile").await, "invalid_request");
}

#[tokio::test]
async fn who_asks_to_join_waits_until_an_administrator_answers() {
    let api = TestApi::start().await;
    team(&api, "Public", &["bob"]).await;
    let asked = of_team(json!({ "reason": "함께 일해요" }));
    let answer = done(&api, "carol", "join", asked.clone()).await;
    assert_eq!(
        answer["accounts"],
        json!([{ "account": "carol", "result": "waiting" }])
    );
    let end = api.log_end();
    done(&api, "carol", "join", asked).await;
    assert_eq!(api.log_end(), end, "it waits already");
    assert_eq!(
        not_seen(&api, "bob", "/join-requests?group=team").await,
        "group_role_forbids"
    );
    let waiting = seen(&api, "alice", "/join-requests?group=team").await;
    assert_eq!(waiting["requests"][0]["account"], "carol");
    assert_eq!(waiting["requests"][0]["reason"], "함께 일해요");
    let answered = |accept: bool| of_team(json!({ "account": "carol", "accept": accept }));
    refused(
        &api,
        "bob",
        "join-requests",
        answered(true),
        "group_role_forbids",
    )
    .await;
    done(&api, "alice", "join-requests", answered(false)).await;
    refused(
        &api,
        "alice",
        "join-requests",
        answered(true),
        "join_request_unknown",
    )
    .await;
    done(&api, "carol", "join", of_team(json!({}))).await;
    done(&api, "alice", "join-requests", answered(true)).await;
    let members = seen(&api, "carol", "/members?group=team&limit=2").await;
    assert_eq!(
        (&members["members"][1]["account"], &members["next"]),
        (&json!("bob"), &json!("bob"))
    );
    let rest = seen(&api, "carol", "/members?group=team&cursor=bob").await;
    assert_eq!(
        (&rest["members"][0]["account"], &rest["next"]),
        (&json!("carol"), &Value::Null)
    );
    assert!(seen(&api, "alice", "/join-requests?group=team").await["requests"] == json!([]));
    let again = done(&api, "carol", "join", of_team(json!({}))).await;
    assert_eq!(again["accounts"][0]["result"], "member");
}

#[tokio::test]
async fn members_invite_where_the_group_lets_them() {
    let api = TestApi::start().await;
    team(&api, "Private", &["bob"]).await;
    let invite = of_team(json!({ "accounts": ["carol", "nobody"] }));
    let invited = done(&api, "bob", "invite", invite.clone()).await;
    let expected = json!([{ "account": "carol", "result": "joined" },
        { "account": "nobody", "result": "unknown" }]);
    assert_eq!(invited["accounts"], expected);
    let public = json!({ "type": "Public", "name": "p", "group_id": "open", "members": ["bob"] });
    done(&api, "alice", "create", public).await;
    let mut to_open = invite;
    to_open["group_id"] = json!("open");
    refused(
        &api,
        "bob",
        "invite",
        to_open.clone(),
        "invitations_refused",
    )
    .await;
    let reviewed =
        json!({ "group_id": "open", "profile": { "invite_join_option": "NeedPermission" } });
    let (status, _) = api
        .own("alice", "PATCH", "groups/profile", Some(&reviewed))
        .await;
    assert_eq!(status, 200);
    let waits = done(&api, "bob", "invite", to_open).await;
    assert_eq!(waits["accounts"][0]["result"], "waiting");
    let waiting = seen(&api, "alice", "/join-requests?group=open").await;
    assert_eq!(waiting["requests"][0]["invited_by"], "bob");
}

#[tokio::test]
async fn roles_mutes_and_the_owner_change_by_who_may() {
    let api = TestApi::start().await;
    team(&api, "Public", &["bob", "carol"]).await;
    let patch = async |user: &str, body: Value| {
        let body = of_team(body);
        let (status, answer) = api.own(user, "PATCH", "groups/members", Some(&body)).await;
        (status, answer["code"].clone())
    };
    let forbids = (409, json!("group_role_forbids"));
    let promote = json!({ "account": "bob", "role": "Admin" });
    assert_eq!(patch("carol", promote.clone()).await, forbids);
    assert_eq!(patch("alice", promote).await.0, 200);
    assert_eq!(
        patch(
            "carol",
            json!({ "name_card": "캐롤", "receive": "Discard" })
        )
        .await
        .0,
        200
    );
    assert_eq!(
        patch("bob", json!({ "account": "carol", "name_card": "C" }))
            .await
            .0,
        200
    );
    let carol = seen(&api, "carol", "/profile?group=team").await["own"].clone();
    assert_eq!(
        (&carol["name_card"], &carol["receive"]),
        (&json!("C"), &json!("Discard"))
    );
    let mute = |who: &str| of_team(json!({ "accounts": [who], "seconds": 60 }));
    refused(&api, "bob", "mute", mute("alice"), "group_role_forbids").await;
    done(&api, "bob", "mute", mute("carol")).await;
    let said = json!({ "to": { "group": "team" }, "random": 1,
        "elements": [{ "type": "text", "text": "!" }] });
    let (status, problem) = api.own("carol", "POST", "messages", Some(&said)).await;
    assert_eq!((status, &problem["code"]), (409, &json!("muted_in_group")));
    done(
        &api,
        "alice",
        "mute",
        of_team(json!({ "accounts": ["carol"], "seconds": 0 })),
    )
    .await;
}

#[tokio::test]
async fn the_owner_hands_its_group_on_before_it_leaves() {
    let api = TestApi::start().await;
    team(&api, "Public", &["bob", "carol"]).await;
    refused(
        &api,
        "bob",
        "transfer",
        of_team(json!({ "owner": "bob" })),
        "group_role_forbids",
    )
    .await;
    refused(&api, "alice", "quit", of_team(json!({})), "owner_stays").await;
    done(
        &api,
        "alice",
        "transfer",
        of_team(json!({ "owner": "bob" })),
    )
    .await;
    done(&api, "alice", "quit", of_team(json!({}))).await;
    let out = of_team(json!({ "accounts": ["carol"], "reason": "away" }));
    done(&api, "bob", "remove", out).await;
    refused(
        &api,
        "carol",
        "dissolve",
        of_team(json!({})),
        "group_role_forbids",
    )
    .await;
    done(&api, "bob", "dissolve", of_team(json!({}))).await;
    refused(&api, "bob", "join", of_team(json!({})), "group_unknown").await;
}

#[tokio::test]
async fn custom_fields_show_to_who_may_read_them() {
    let api = TestApi::start().await;
    let field = |key: &str, readers: &str, writers: &str| json!({ "key": key, "readers": readers, "writers": writers });
    let settings = json!({
        "group_fields": [field("open", "anyone", "admin"), field("inner", "member", "app")],
        "member_fields": [field("desk", "admin", "member")],
    });
    let body = axum::body::Body::from(settings.to_string());
    let changed = api.send(api.v1_request("PATCH", "settings", body)).await;
    assert_eq!(changed.status, 200);
    team(&api, "Public", &["bob"]).await;
    let fields = json!({ "GroupId": "team", "AppDefinedData": [
        { "Key": "open", "Value": "o" }, { "Key": "inner", "Value": "i" }] });
    api.v4_ok("group_open_http_svc/modify_group_base_info", fields)
        .await;
    let desk = of_team(json!({ "fields": { "desk": "3F" } }));
    let (status, _) = api.own("bob", "PATCH", "groups/members", Some(&desk)).await;
    assert_eq!(status, 200);
    let stranger = seen(&api, "carol", "/profile?group=team").await;
    assert_eq!(stranger["fields"], json!({ "open": "o" }));
    let member = seen(&api, "bob", "/profile?group=team").await;
    assert_eq!(member["fields"], json!({ "open": "o", "inner": "i" }));
    assert_eq!(member["own"]["fields"], json!({ "desk": "3F" }), "its own");
    let info = api
        .v4_ok(
            "group_open_http_svc/get_group_info",
            json!({ "GroupIdList": ["team"] }),
        )
        .await;
    let info = &info["GroupInfo"][0];
    assert_eq!(
        info["AppDefinedData"][0],
        json!({ "Key": "inner", "Value": "i" })
    );
    let bob = &info["MemberList"][1]["AppMemberDefinedData"];
    assert_eq!(*bob, json!([{ "Key": "desk", "Value": "3F" }]));
    let filtered = json!({ "GroupIdList": ["team"], "ResponseFilter": {
        "GroupBaseInfoFilter": ["Name"], "AppDefinedDataFilter_Group": ["open"] } });
    let filtered = api
        .v4_ok("group_open_http_svc/get_group_info", filtered)
        .await;
    let expected = json!([{ "Key": "open", "Value": "o" }]);
    assert_eq!(filtered["GroupInfo"][0]["AppDefinedData"], expected);
}

#[tokio::test]
async fn a_key_names_one_custom_field() {
    let api = TestApi::start().await;
    let field = json!([{ "key": "open", "readers": "anyone", "writers": "app" }]);
    let twice = json!({ "group_fields": field, "member_fields": field });
    let body = axum::body::Body::from(twice.to_string());
    let problem = api.send(api.v1_request("PATCH", "settings", body)).await;
    assert_eq!(problem.json()["code"], "group_field_key_invalid");
}

#[tokio::test]
async fn an_administrator_of_a_community_makes_topics_and_its_members_speak_in_them() {
    let api = TestApi::start().await;
    let town = json!({ "type": "Community", "name": "town", "group_id": "@TGS#_town",
        "profile": { "supports_topics": true } });
    done(&api, "alice", "create", town).await;
    let in_town = |mut body: Value| {
        body["group_id"] = json!("@TGS#_town");
        body
    };
    done(&api, "bob", "join", in_town(json!({}))).await;
    let topic = || in_town(json!({ "topic_id": "news", "name": "소식" }));
    refused(&api, "bob", "topics", topic(), "group_role_forbids").await;
    let made = done(&api, "alice", "topics", topic()).await;
    assert_eq!(made["topic_id"], "news");
    refused(&api, "alice", "topics", topic(), "topic_id_taken").await;
    let random = done(&api, "alice", "topics", in_town(json!({ "name": "r" }))).await;
    assert!(
        random["topic_id"]
            .as_str()
            .is_some_and(|id| id.starts_with("@TOPIC#c"))
    );

    let say = |random: u32| {
        json!({ "to": { "topic": { "group": "@TGS#_town", "topic": "news" } }, "random": random,
            "elements": [{ "type": "text", "text": "안녕" }] })
    };
    let (status, sent) = api.own("alice", "POST", "messages", Some(&say(1))).await;
    assert_eq!((status, &sent["seq"]), (200, &json!(1)), "{sent}");
    assert_eq!(sent["conversation"], "topic:%40TGS%23_town:news");
    let (status, _) = api.own("carol", "POST", "messages", Some(&say(1))).await;
    assert!(status >= 400, "she is no member");
    let list = "/topics?group=%40TGS%23_town";
    let first = seen(&api, "bob", &format!("{list}&limit=1")).await;
    assert_eq!(first["next"], first["topics"][0]["topic_id"]);
    let all = seen(&api, "bob", list).await;
    assert_eq!(all["topics"].as_array().map(Vec::len), Some(2));
    let news = |all: &Value| all["topics"][1].clone();
    assert_eq!(
        (&news(&all)["name"], &news(&all)["unread"]),
        (&json!("소식"), &json!(1))
    );
    assert_eq!(not_seen(&api, "carol", list).await, "member_unknown");
    done(&api, "carol", "join", in_town(json!({}))).await;
    let hers = news(&seen(&api, "carol", list).await);
    assert_eq!(hers["unread"], 0, "what was said before she came");

    let mute = in_town(json!({ "topic_id": "news", "accounts": ["bob"], "seconds": 60 }));
    done(&api, "alice", "mute", mute).await;
    let (_, problem) = api.own("bob", "POST", "messages", Some(&say(2))).await;
    assert_eq!(problem["code"], "muted_in_group");
    let body = in_town(json!({ "topics": ["news", "none"] }));
    let gone = done(&api, "alice", "topics/destroy", body).await;
    assert_eq!(gone["topics"][0]["result"], "destroyed");
    assert_eq!(gone["topics"][1]["result"], "unknown");
}
