//! Accounts, profiles and mutes on the real server, and what is left of them after a crash.

mod endpoints;
mod signatures;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::harness::{ADMIN, Server, eventually, now_seconds, usersig_issued};

const NICK: &str = "Tag_Profile_IM_Nick";
const LEVEL: &str = "Tag_Profile_IM_Level";

async fn profile(server: &Server, user: &str) -> Result<Value> {
    let body = json!({ "To_Account": [user], "TagList": [NICK, LEVEL] });
    let answer = server.v4_ok("profile/portrait_get", &body).await?;
    Ok(answer["UserProfileItem"][0].clone())
}

fn to_bob(random: u32) -> Value {
    json!({ "From_Account": "alice", "To_Account": "bob", "MsgRandom": random, "MsgBody": [
        { "MsgType": "TIMTextElem", "MsgContent": { "Text": "안녕" } }] })
}

fn to_team(random: u32) -> Value {
    json!({ "GroupId": "team", "From_Account": "alice", "Random": random, "MsgBody": [
        { "MsgType": "TIMTextElem", "MsgContent": { "Text": "你好" } }] })
}

async fn code(server: &Server, path: &str, body: &Value) -> Result<Value> {
    Ok(server.v4(path, body).await?["ErrorCode"].clone())
}

/// Seconds for which alice stays muted, one-to-one and in groups.
async fn muted_for(server: &Server) -> Result<(u64, u64)> {
    let get = json!({ "Get_Account": "alice" });
    let shown = server.v4_ok("openconfigsvr/getnospeaking", &get).await?;
    let seconds = |name: &str| shown[name].as_u64().context("a number");
    Ok((
        seconds("C2CmsgNospeakingTime")?,
        seconds("GroupmsgNospeakingTime")?,
    ))
}

const MUTE: &str = "openconfigsvr/setnospeaking";
const SEND: &str = "openim/sendmsg";
const SEND_GROUP: &str = "group_open_http_svc/send_group_msg";

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_account_begins_anew_and_its_words_stay() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let mut server = Server::start(&data).await?;
    let import = json!({ "UserID": "alice", "Nick": "앨리스" });
    server
        .v4_ok("im_open_login_svc/account_import", &import)
        .await?;
    server.import_account("bob").await?;
    server.create_group("team", "bob").await?;
    let add = json!({ "GroupId": "team", "MemberList": [{ "Member_Account": "alice" }] });
    server
        .v4_ok("group_open_http_svc/add_group_member", &add)
        .await?;
    let set = json!({ "From_Account": "alice", "ProfileItem": [{ "Tag": LEVEL, "Value": 3 }] });
    server.v4_ok("profile/portrait_set", &set).await?;
    server.v4_ok(SEND, &to_bob(1)).await?;
    let mute = json!({ "Set_Account": "alice", "C2CmsgNospeakingTime": u32::MAX,
        "GroupmsgNospeakingTime": u32::MAX });
    server.v4_ok(MUTE, &mute).await?;
    ensure!(code(&server, SEND, &to_bob(2)).await? == 20012);

    let delete = json!({ "DeleteItem": [{ "UserID": "alice" }, { "UserID": "nobody" }] });
    let answer = server
        .v4_ok("im_open_login_svc/account_delete", &delete)
        .await?;
    let codes = |answer: &Value| {
        let items = answer["ResultItem"].as_array().cloned().unwrap_or_default();
        items
            .iter()
            .map(|item| item["ResultCode"].clone())
            .collect::<Vec<_>>()
    };
    ensure!(codes(&answer) == [json!(0), json!(70107)], "{answer}");
    // What is folded again after a crash is the same.
    for restarts in 0..2 {
        let gone = profile(&server, "alice").await?;
        ensure!(gone["ResultCode"] == 40003, "{restarts}: {gone}");
        let status = json!({ "To_Account": ["bob", "alice"] });
        let status = server.v4_ok("openim/query_online_status", &status).await?;
        ensure!(
            status["ErrorList"][0]["ErrorCode"] == 70107
                && status["QueryResult"][0]["Status"] == "Offline",
            "{status}"
        );
        let info = json!({ "GroupIdList": ["team"] });
        let info = server
            .v4_ok("group_open_http_svc/get_group_info", &info)
            .await?;
        ensure!(info["GroupInfo"][0]["MemberNum"] == 1, "{info}");
        server.kill()?;
        drop(server);
        server = Server::start(&data).await?;
    }
    let import = json!({ "UserID": "alice" });
    server
        .v4_ok("im_open_login_svc/account_import", &import)
        .await?;
    let anew = profile(&server, "alice").await?;
    ensure!(anew["ProfileItem"] == json!([]), "{anew}");
    ensure!(muted_for(&server).await? == (0, 0), "it is not muted");
    let joined = json!({ "Member_Account": "alice" });
    let path = "group_open_http_svc/get_joined_group_list";
    let joined = server.v4_ok(path, &joined).await?;
    ensure!(joined["TotalCount"] == 0, "{joined}");
    let events = server.events().await?;
    let count = |name: &str| events.iter().filter(|event| event["type"] == name).count();
    ensure!(count("account.deleted") == 1 && count("message.sent") == 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn mutes_and_kicks_hold_after_a_crash() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let mut server = Server::start(&data).await?;
    for user in ["alice", "bob", ADMIN] {
        server.import_account(user).await?;
    }
    server.create_group("team", "bob").await?;
    let before = usersig_issued(ADMIN, now_seconds() - 3);
    let mute = json!({ "Set_Account": "alice", "C2CmsgNospeakingTime": 3600,
        "GroupmsgNospeakingTime": u32::MAX });
    ensure!(code(&server, MUTE, &mute).await? == 0);
    let kick = json!({ "UserID": ADMIN });
    server.v4_ok("im_open_login_svc/kick", &kick).await?;
    for _ in 0..2 {
        ensure!(code(&server, SEND, &to_bob(1)).await? == 20012);
        ensure!(code(&server, SEND_GROUP, &to_team(1)).await? == 10017);
        let (c2c, group) = muted_for(&server).await?;
        ensure!((1..=3600).contains(&c2c) && group == u64::from(u32::MAX));
        let check = json!({ "CheckItem": [{ "UserID": "bob" }] });
        let path = "im_open_login_svc/account_check";
        let old = server.v4_as(ADMIN, &before, path, check.to_string().into());
        ensure!(old.await?["ErrorCode"] == 70052);
        server.v4_ok(path, &check).await?;
        server.kill()?;
        drop(server);
        server = Server::start(&data).await?;
    }
    let lift = json!({ "Set_Account": "alice", "C2CmsgNospeakingTime": 0,
        "GroupmsgNospeakingTime": 0 });
    ensure!(code(&server, MUTE, &lift).await? == 0);
    server.v4_ok(SEND, &to_bob(2)).await?;
    server.v4_ok(SEND_GROUP, &to_team(2)).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mute_ends_by_itself() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Server::start(&folder.path().join("data")).await?;
    for user in ["alice", "bob"] {
        server.import_account(user).await?;
    }
    server.create_group("team", "alice").await?;
    let mute = json!({ "Set_Account": "alice", "C2CmsgNospeakingTime": 3,
        "GroupmsgNospeakingTime": 3 });
    server.v4_ok(MUTE, &mute).await?;
    ensure!(code(&server, SEND, &to_bob(1)).await? == 20012);
    ensure!(code(&server, SEND_GROUP, &to_team(1)).await? == 10017);
    let before = server.events().await?.len();
    eventually("the mute is over", async || {
        (muted_for(&server).await.ok()? == (0, 0)).then_some(())
    })
    .await?;
    server.v4_ok(SEND, &to_bob(1)).await?;
    server.v4_ok(SEND_GROUP, &to_team(1)).await?;
    ensure!(
        server.events().await?.len() == before + 2,
        "the end of a mute is no event"
    );
    Ok(())
}
