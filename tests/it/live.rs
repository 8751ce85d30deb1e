//! A live room on the real server: what is said there, and who is there, over deaths and starts.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::harness::{APP, Server, http_client, run_ok, usersig};

async fn own(server: &Server, user: &str, path: &str, body: &Value) -> Result<(u16, Value)> {
    let url = format!("{}/v1/apps/{APP}/{path}", server.url);
    let request = http_client().build()?.post(url).bearer_auth(usersig(user));
    let answer = request.body(body.to_string()).send().await?;
    let status = answer.status().as_u16();
    Ok((status, serde_json::from_str(&answer.text().await?)?))
}

async fn say(server: &Server, user: &str, random: u32) -> Result<(u16, Value)> {
    let body = json!({ "to": { "group": "show" }, "random": random,
        "elements": [{ "type": "text", "text": "go, go!" }] });
    own(server, user, "messages", &body).await
}

async fn live_events(server: &Server) -> Result<Vec<Value>> {
    let url = format!("{}/v1/apps/{APP}/events?kind=live", server.url);
    let request = http_client()
        .build()?
        .get(url)
        .bearer_auth(usersig("administrator"));
    let text = request.send().await?.text().await?;
    text.lines()
        .map(|line| Ok(serde_json::from_str(line)?))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_room_goes_on_where_it_was_after_a_death() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let mut server = Server::start_with(&data, &["--app-partitions", "2"]).await?;
    for id in ["ann", "ben", "cho"] {
        server.import_account(id).await?;
    }
    let room = json!({ "Type": "AVChatRoom", "Name": "show", "GroupId": "show",
        "Owner_Account": "ann" });
    server
        .v4_ok("group_open_http_svc/create_group", &room)
        .await?;
    let (status, refused) = say(&server, "ben", 1).await?;
    ensure!(status == 409, "who is not there: {refused}");
    let enter = json!({ "group_id": "show", "seconds": 3600 });
    let (status, entered) = own(&server, "ben", "groups/enter", &enter).await?;
    ensure!(status == 200, "{entered}");
    let (_, first) = say(&server, "ben", 1).await?;
    ensure!(first["seq"] == 2, "{first}");

    server.kill_nats()?;
    server.kill()?;
    drop(server);
    server = Server::start_with(&data, &[]).await?;
    let (_, again) = say(&server, "ben", 1).await?;
    ensure!(
        again["seq"] == 2 && again["duplicate"] == true,
        "a retry: {again}"
    );
    let (status, next) = say(&server, "ben", 2).await?;
    ensure!(status == 200 && next["seq"] == 3, "{next}");
    let of = json!({ "GroupId": "show" });
    let count = server
        .v4_ok("group_open_http_svc/get_online_member_num", &of)
        .await?;
    ensure!(count["OnlineMemberNum"] == 1, "{count}");

    // Who is muted before it speaks is silent: the room is in an ordinary partition.
    let mute = json!({ "GroupId": "show", "Members_Account": ["ben"], "MuteTime": 3600 });
    server
        .v4_ok("group_open_http_svc/forbid_send_msg", &mute)
        .await?;
    let (status, silent) = say(&server, "ben", 3).await?;
    ensure!(status == 409, "{silent}");

    let events = live_events(&server).await?;
    let types: Vec<&str> = events
        .iter()
        .filter_map(|event| event["type"].as_str())
        .collect();
    ensure!(types == ["live.entered", "message.sent", "message.sent"]);
    ensure!(server.stop().await?.success(), "a clean end");
    let data = data.display().to_string();
    let app = APP.to_string();
    let verified = run_ok(&[
        "audit",
        "verify",
        "--data-dir",
        &data,
        "--app",
        &app,
        "--live",
        "--json",
    ])?;
    let verified: Value = serde_json::from_str(&verified)?;
    ensure!(verified["whole"] == true && verified["events"] == 3);
    let replayed = run_ok(&["replay", "--data-dir", &data, "--app", &app, "--live"])?;
    ensure!(
        replayed.lines().count() == 3 && replayed.contains("go, go!"),
        "{replayed}"
    );
    Ok(())
}
