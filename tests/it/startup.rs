//! What a start finds after an end in order and after none.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use crate::harness::{APP, Server, eventually, indexes};

const MESSAGES: u32 = 40;

fn index(data: &Path) -> Result<PathBuf> {
    Ok(indexes(data)?.join(APP.to_string()))
}

async fn send(server: &Server, random: u32) -> Result<u64> {
    let body = json!({
        "GroupId": "team", "From_Account": "alice", "Random": random,
        "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "hello" } }],
    });
    let answer = server
        .v4_ok("group_open_http_svc/send_group_msg", &body)
        .await?;
    answer["MsgSeq"].as_u64().context("a seq")
}

async fn filled(data: &Path) -> Result<Server> {
    let server = Server::start(data).await?;
    server.import_account("alice").await?;
    server.create_group("team", "alice").await?;
    for random in 1..=MESSAGES {
        send(&server, random).await?;
    }
    server.search_is_current().await?;
    Ok(server)
}

async fn finds_all(server: &Server) -> Result<()> {
    eventually("everything is found", async || {
        let page = server.search("hello").await.ok()?;
        (page["total"]["value"] == json!(MESSAGES)).then_some(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_index_that_is_damaged_after_a_crash_is_named_and_built_again() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let mut server = filled(&data).await?;
    server.kill()?;
    drop(server);
    let index = index(&data)?;
    let mut damaged = 0;
    for entry in std::fs::read_dir(&index)? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == "term") {
            let mut content = std::fs::read(&path)?;
            content[3] ^= 1;
            std::fs::write(&path, content)?;
            damaged += 1;
        }
    }
    ensure!(damaged > 0, "there are segments");

    let server = Server::start(&data).await?;
    let path = index.display().to_string();
    eventually("the damage is said", async || {
        let log = std::fs::read_to_string(data.with_extension("server.log")).ok()?;
        let said = log
            .lines()
            .any(|line| line.contains("is damaged") && line.contains(&path));
        said.then_some(())
    })
    .await?;
    eventually("the damaged index is gone", async || {
        matches!(index.try_exists(), Ok(false)).then_some(())
    })
    .await?;
    finds_all(&server).await?;
    ensure!(server.stop().await?.success(), "a clean end");
    let server = Server::start(&data).await?;
    finds_all(&server).await
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_end_in_order_nothing_is_checked_and_retries_are_recognised() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let server = filled(&data).await?;
    ensure!(server.stop().await?.success(), "a clean end");
    ensure!(index(&data)?.join(".closed").is_file(), "it says so");

    let server = Server::start(&data).await?;
    ensure!(
        send(&server, MESSAGES).await? == u64::from(MESSAGES),
        "a retry gets the first result"
    );
    finds_all(&server).await?;
    let log = std::fs::read_to_string(data.with_extension("server.log"))?;
    ensure!(!log.contains("was not closed in order"), "{log}");
    let mut server = server;
    server.kill()?;
    drop(server);

    let server = Server::start(&data).await?;
    finds_all(&server).await?;
    eventually("after a crash it is checked", async || {
        let log = std::fs::read_to_string(data.with_extension("server.log")).ok()?;
        log.contains("the search index is sound").then_some(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_of_both_nats_server_does_not_read_what_it_knew() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let server = filled(&data).await?;
    ensure!(server.stop().await?.success(), "a clean end");
    let mut server = Server::start(&data).await?;
    for random in MESSAGES + 1..=2 * MESSAGES {
        send(&server, random).await?;
    }
    server.kill_nats()?;
    server.kill()?;
    drop(server);

    let server = Server::start(&data).await?;
    let last = 2 * MESSAGES;
    ensure!(
        send(&server, last).await? == u64::from(last),
        "nothing is lost"
    );
    let log = std::fs::read_to_string(data.join("nats").join("nats.log"))?;
    let read_again = format!("[HANSARD_{APP}_0] Recovering stream state from index errored");
    ensure!(!log.contains(&read_again), "{log}");
    ensure!(server.stop().await?.success(), "a clean end");
    Ok(())
}
