//! An app whose log has several partitions, on the real server.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::harness::{Server, eventually, run, run_ok};

const GROUPS: [&str; 8] = ["g0", "g1", "g2", "g3", "g4", "g5", "g6", "g7"];
const PEERS: [&str; 6] = ["p0", "p1", "p2", "p3", "p4", "p5"];

fn words(text: &str) -> Value {
    json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": text } }])
}

async fn to_group(server: &Server, group: &str, from: &str, random: u32) -> Result<Value> {
    let body = json!({ "GroupId": group, "From_Account": from, "Random": random,
        "MsgBody": words("회의 zebra") });
    server.v4("group_open_http_svc/send_group_msg", &body).await
}

async fn to_peer(server: &Server, from: &str, to: &str, random: u32) -> Result<Value> {
    let body = json!({ "From_Account": from, "To_Account": to, "MsgRandom": random,
        "MsgBody": words("hello zebra") });
    server.v4("openim/sendmsg", &body).await
}

/// An account `ann` in every group, with a message in each and one to every peer.
async fn talk(server: &Server) -> Result<()> {
    for id in PEERS.iter().chain(&["ann", "owner"]) {
        server.import_account(id).await?;
    }
    for (random, group) in (1..).zip(GROUPS) {
        server.create_group(group, "owner").await?;
        let add = json!({ "GroupId": group, "MemberList": [{ "Member_Account": "ann" }] });
        server
            .v4_ok("group_open_http_svc/add_group_member", &add)
            .await?;
        let sent = to_group(server, group, "ann", random).await?;
        ensure!(sent["ErrorCode"] == 0, "{sent}");
    }
    for (random, peer) in (1..).zip(PEERS) {
        let sent = to_peer(server, peer, "ann", random).await?;
        ensure!(sent["ErrorCode"] == 0, "{sent}");
    }
    Ok(())
}

/// What ann has everywhere: groups, latest conversations, unread messages.
async fn has(server: &Server) -> Result<(u64, usize, u64)> {
    let joined = json!({ "Member_Account": "ann" });
    let joined = server
        .v4_ok("group_open_http_svc/get_joined_group_list", &joined)
        .await?;
    let contacts = json!({ "From_Account": "ann", "TimeStamp": 0, "StartIndex": 0,
        "TopTimeStamp": 0, "TopStartIndex": 0, "AssistFlags": 0 });
    let contacts = server.v4_ok("recentcontact/get_list", &contacts).await?;
    let unread = json!({ "To_Account": "ann" });
    let unread = server
        .v4_ok("openim/get_c2c_unread_msg_num", &unread)
        .await?;
    Ok((
        joined["TotalCount"].as_u64().context("a number")?,
        contacts["SessionItem"].as_array().map_or(0, Vec::len),
        unread["AllC2CUnreadMsgNum"].as_u64().context("a number")?,
    ))
}

fn partition(event: &Value) -> Option<u16> {
    let position = event["hansardposition"].as_str()?;
    position.split_once(':')?.0.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_app_in_three_partitions_is_one_app_to_everyone() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let mut server = Server::start_with(&data, &["--app-partitions", "3"]).await?;
    talk(&server).await?;
    let before = has(&server).await?;
    ensure!(before == (8, 14, 6), "{before:?}");
    let events = server.events().await?;
    let used: BTreeSet<_> = events.iter().filter_map(partition).collect();
    ensure!(used.len() == 3, "{used:?}");

    // Whoever was muted or blocked before a send came in is refused, wherever it is decided.
    for round in 0..10 {
        let mute = json!({ "Set_Account": "ann", "C2CmsgNospeakingTime": u32::MAX,
            "GroupmsgNospeakingTime": u32::MAX });
        server.v4_ok("openconfigsvr/setnospeaking", &mute).await?;
        for (number, (group, peer)) in (0..).zip(GROUPS.iter().zip(PEERS)) {
            let random = 100 + 10 * round + number;
            let refused = to_group(&server, group, "ann", random).await?;
            ensure!(refused["ErrorCode"] == 10017, "{refused}");
            let refused = to_peer(&server, "ann", peer, random).await?;
            ensure!(refused["ErrorCode"] == 20012, "{refused}");
        }
        let lift = json!({ "Set_Account": "ann", "C2CmsgNospeakingTime": 0,
            "GroupmsgNospeakingTime": 0 });
        server.v4_ok("openconfigsvr/setnospeaking", &lift).await?;
        let sent = to_group(&server, "g3", "ann", 10_000 + round).await?;
        ensure!(sent["ErrorCode"] == 0, "{sent}");
    }

    // The same after a crash, and from the log's files.
    server.kill()?;
    drop(server);
    server = Server::start_with(&data, &[]).await?;
    ensure!(has(&server).await? == before);
    server.search_is_current().await?;
    let found = server.search("zebra").await?;
    let hits = found["hits"].as_array().map_or(0, Vec::len);
    ensure!(
        hits == 24 && found["total"]["value"] == 24,
        "{hits}: {found}"
    );
    let live = server.events().await?;
    ensure!(server.stop().await?.success(), "a clean end");
    let replayed = run_ok(&[
        "replay",
        "--json",
        "--data-dir",
        data.to_str().context("UTF-8")?,
    ])?;
    let replayed: Vec<Value> = replayed
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    ensure!(replayed == live, "replay tells what the stream told");
    let path = data.to_str().context("UTF-8")?;
    let verified = run(&["audit", "verify", "--json", "--data-dir", path])?;
    let text = String::from_utf8(verified.stdout)?;
    ensure!(verified.status.success(), "{text}");
    let partitions: Vec<u64> = text
        .lines()
        .map(serde_json::from_str::<Value>)
        .filter_map(|line| line.ok()?["partition"].as_u64())
        .collect();
    ensure!(partitions == [0, 1, 2], "{text}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_account_is_gone_from_every_partition_whenever_the_server_dies() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let mut server = Server::start_with(&data, &["--app-partitions", "3"]).await?;
    talk(&server).await?;
    let delete = json!({ "DeleteItem": [{ "UserID": "ann" }] });
    server
        .v4_ok("im_open_login_svc/account_delete", &delete)
        .await?;
    // The others may not have learned of it.
    server.kill()?;
    drop(server);
    server = Server::start_with(&data, &[]).await?;
    for group in GROUPS {
        let refused = to_group(&server, group, "ann", 500).await?;
        ensure!(refused["ErrorCode"] != 0, "{refused}");
    }
    // At once another one of that name: what it does is its own.
    server.import_account("ann").await?;
    let sent = to_peer(&server, "p5", "ann", 600).await?;
    ensure!(sent["ErrorCode"] == 0, "{sent}");
    let anew = eventually("it is forgotten everywhere", async || {
        let anew = has(&server).await.ok()?;
        (anew.0 == 0 && anew.1 == 1).then_some(anew)
    })
    .await?;
    ensure!(anew == (0, 1, 1), "{anew:?}");
    let events = server.events().await?;
    let mut forgotten: BTreeMap<Option<u16>, usize> = BTreeMap::new();
    for event in events
        .iter()
        .filter(|event| event["type"] == "account.forgotten")
    {
        *forgotten.entry(partition(event)).or_default() += 1;
    }
    let expected = BTreeMap::from([(Some(1), 1), (Some(2), 1)]);
    ensure!(forgotten == expected, "once in each: {forgotten:?}");
    Ok(())
}
