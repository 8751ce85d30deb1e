//! Relations on the real server, and what is left of them after a crash.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::harness::{APP, Server, usersig};

fn codes(answer: &Value) -> Vec<u64> {
    let items = answer["ResultItem"].as_array().cloned().unwrap_or_default();
    items
        .iter()
        .filter_map(|item| item["ResultCode"].as_u64())
        .collect()
}

async fn add(server: &Server, from: &str, to: &[&str]) -> Result<Vec<u64>> {
    let item = |to: &&str| json!({ "To_Account": to, "AddSource": "AddSource_Type_Web" });
    let items: Vec<Value> = to.iter().map(item).collect();
    let body = json!({ "From_Account": from, "AddFriendItem": items });
    Ok(codes(&server.v4_ok("sns/friend_add", &body).await?))
}

/// A call of `/v1` under an account's own identity.
async fn own(server: &Server, user: &str, path: &str, body: Option<&Value>) -> Result<Value> {
    let client = reqwest::Client::new();
    let url = format!("{}/v1/apps/{APP}/{path}", server.url);
    let request = match body {
        Some(body) => client.post(url).json(body),
        None => client.get(url),
    };
    let answer = request.bearer_auth(usersig(user)).send().await?;
    let status = answer.status();
    let answer: Value = answer.json().await?;
    ensure!(status.is_success(), "{path}: {status} {answer}");
    Ok(answer)
}

async fn relation(server: &Server, from: &str, to: &str) -> Result<String> {
    let body = json!({ "From_Account": from, "To_Account": [to],
        "CheckType": "CheckResult_Type_Both" });
    let answer = server.v4_ok("sns/friend_check", &body).await?;
    let relation = answer["InfoItem"][0]["Relation"].as_str();
    Ok(relation.context("a relation")?.to_owned())
}

async fn check(server: &Server) -> Result<()> {
    ensure!(relation(server, "ann", "ben").await? == "CheckResult_Type_BothWay");
    ensure!(relation(server, "ann", "cho").await? == "CheckResult_Type_NoRelation");
    let body = json!({ "From_Account": "ann", "NeedFriend": "Need_Friend_Type_Yes" });
    let groups = server.v4_ok("sns/group_get", &body).await?;
    let expected = json!([{ "GroupName": "직장", "FriendNumber": 1, "To_Account": ["ben"] }]);
    ensure!(groups["ResultItem"] == expected, "{groups}");
    let body = json!({ "From_Account": "cho", "MaxLimited": 10 });
    let blocked = server.v4_ok("sns/black_list_get", &body).await?;
    ensure!(
        blocked["BlackListItem"][0]["To_Account"] == "ann",
        "{blocked}"
    );
    let send = json!({ "From_Account": "ann", "To_Account": "cho", "MsgRandom": 1, "MsgBody": [
        { "MsgType": "TIMTextElem", "MsgContent": { "Text": "你好" } }] });
    // The server API looks at no block list.
    server.v4_ok("openim/sendmsg", &send).await?;
    let waiting = own(server, "ben", "friend-requests", None).await?;
    ensure!(waiting["requests"][0]["from"] == "dai", "{waiting}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn relations_survive_a_crash_and_end_with_their_account() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let mut server = Server::start(&data).await?;
    for user in ["ann", "ben", "cho", "dai"] {
        server.import_account(user).await?;
    }
    let item =
        json!([{ "Tag": "Tag_Profile_IM_AllowType", "Value": "AllowType_Type_NeedConfirm" }]);
    let body = json!({ "From_Account": "ben", "ProfileItem": item });
    server.v4_ok("profile/portrait_set", &body).await?;

    ensure!(add(&server, "ann", &["ben", "cho", "nobody"]).await? == [30539, 0, 30003]);
    ensure!(
        add(&server, "ann", &["ben", "cho"]).await? == [30539, 30001],
        "retries"
    );
    ensure!(add(&server, "dai", &["ben"]).await? == [30539]);
    let accept = json!({ "from": "ann", "remark": "앤" });
    own(&server, "ben", "friend-requests/accept", Some(&accept)).await?;
    let block = json!({ "From_Account": "cho", "To_Account": ["ann"] });
    server.v4_ok("sns/black_list_add", &block).await?;
    let group = json!({ "From_Account": "ann", "GroupName": ["work"], "To_Account": ["ben"] });
    server.v4_ok("sns/group_add", &group).await?;
    let rename = json!({ "group": "work", "name": "직장" });
    own(&server, "ann", "friend-groups/rename", Some(&rename)).await?;

    for _ in 0..2 {
        check(&server).await?;
        server.kill()?;
        drop(server);
        server = Server::start(&data).await?;
    }
    let delete = json!({ "DeleteItem": [{ "UserID": "ann" }] });
    server
        .v4_ok("im_open_login_svc/account_delete", &delete)
        .await?;
    server.import_account("ann").await?;
    ensure!(relation(&server, "ann", "ben").await? == "CheckResult_Type_NoRelation");
    let friends = json!({ "From_Account": "ben", "StartIndex": 0 });
    let friends = server.v4_ok("sns/friend_get", &friends).await?;
    ensure!(friends["FriendNum"] == 0, "{friends}");
    let blocked = json!({ "From_Account": "cho", "MaxLimited": 10 });
    let blocked = server.v4_ok("sns/black_list_get", &blocked).await?;
    ensure!(blocked["BlackListItem"] == json!([]), "{blocked}");
    let events = server.events().await?;
    let befriended = events
        .iter()
        .filter(|event| event["type"] == "relation.befriended");
    ensure!(befriended.count() == 2, "each friendship is one event");
    Ok(())
}
