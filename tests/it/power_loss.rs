//! A power loss takes what JetStream had not synced; the journal brings it back.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::harness::{Server, copy_tree};

#[tokio::test(flavor = "multi_thread")]
async fn older_jetstream_files_under_a_newer_journal_come_back_whole() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let server = Server::start(&data).await?;
    for number in 0..20 {
        server.import_account(&format!("early{number}")).await?;
    }
    ensure!(server.stop().await?.success(), "a clean end");
    let older = folder.path().join("older");
    copy_tree(&data.join("nats"), &older)?;

    let mut server = Server::start(&data).await?;
    for number in 0..200 {
        server.import_account(&format!("late{number}")).await?;
    }
    let before = server.events().await?;
    server.kill_nats()?;
    server.kill()?;
    drop(server);
    std::fs::remove_dir_all(data.join("nats"))?;
    copy_tree(&older, &data.join("nats"))?;

    let server = Server::start(&data).await?;
    let after = server.events().await?;
    ensure!(
        before == after,
        "the same events at the same positions, byte for byte"
    );
    server.import_account("next").await?;
    ensure!(
        server.events().await?.len() == after.len() + 1,
        "and writing goes on"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_journal_what_held_the_lost_events_is_built_again() -> Result<()> {
    const INTERVAL: &[&str] = &["--durability", "interval"];
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let server = Server::start_with(&data, INTERVAL).await?;
    for id in ["alice", "bob"] {
        server.import_account(id).await?;
    }
    say(&server, 1, "hello before").await?;
    server.search_is_current().await?;
    ensure!(server.stop().await?.success(), "a clean end");
    let older = folder.path().join("older");
    copy_tree(&data.join("nats"), &older)?;

    // Ended in order: the read models and the index are on disk, and the log will not be.
    let server = Server::start_with(&data, INTERVAL).await?;
    let before = server.events().await?;
    server.import_account("carol").await?;
    say(&server, 2, "hello after").await?;
    server.search_is_current().await?;
    ensure!(found(&server, "after").await? == 1, "it was found");
    ensure!(server.stop().await?.success(), "a clean end");
    std::fs::remove_dir_all(data.join("nats"))?;
    copy_tree(&older, &data.join("nats"))?;

    let server = Server::start_with(&data, INTERVAL).await?;
    let said = server.log_tail();
    ensure!(said.contains("has lost its last events"), "{said}");
    ensure!(said.contains("events=2"), "and how many: {said}");
    ensure!(server.events().await? == before, "what the log has left");
    server.search_is_current().await?;
    ensure!(found(&server, "before").await? == 1, "search has that, too");
    ensure!(found(&server, "after").await? == 0, "and no more");
    let check = json!({ "CheckItem": [{ "UserID": "carol" }] });
    let carol = server
        .v4_ok("im_open_login_svc/account_check", &check)
        .await?;
    ensure!(
        carol["ResultItem"][0]["AccountStatus"] == "NotImported",
        "{carol}"
    );
    say(&server, 3, "hello again").await?;
    server.search_is_current().await?;
    ensure!(found(&server, "again").await? == 1, "writing goes on");
    ensure!(server.stop().await?.success(), "a clean end");

    // The same loss, and the next start wants a journal.
    std::fs::remove_dir_all(data.join("nats"))?;
    copy_tree(&older, &data.join("nats"))?;
    let server = Server::start(&data).await?;
    ensure!(server.events().await? == before, "what the log has left");
    say(&server, 4, "hello for good").await?;
    ensure!(server.stop().await?.success(), "a clean end");

    // From here on a log that is behind is mended, never taken for the truth.
    std::fs::remove_dir_all(data.join("nats"))?;
    copy_tree(&older, &data.join("nats"))?;
    let server = Server::start(&data).await?;
    ensure!(server.events().await?.len() == before.len() + 1, "mended");
    Ok(())
}

async fn say(server: &Server, random: u32, text: &str) -> Result<()> {
    let body = json!({
        "From_Account": "alice", "To_Account": "bob", "MsgRandom": random, "MsgSeq": random,
        "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": text } }],
    });
    server.v4_ok("openim/sendmsg", &body).await?;
    Ok(())
}

async fn found(server: &Server, word: &str) -> Result<usize> {
    let page = server.search(word).await?;
    let hits = page["hits"].as_array();
    Ok(hits.map_or(0, Vec::len))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_journal_is_noticed_and_explained() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let server = Server::start(&data).await?;
    server.import_account("alice").await?;
    ensure!(server.stop().await?.success(), "a clean end");
    std::fs::remove_dir_all(data.join("journal"))?;
    let mut server = Server::spawn(&data, &[])?;
    ensure!(
        !server.wait_ended().await?.success(),
        "a missing journal is refused"
    );
    ensure!(
        server.log_tail().contains("--accept-missing-journal"),
        "{}",
        server.log_tail()
    );
    let server = Server::start_with(&data, &["--accept-missing-journal"]).await?;
    server.import_account("bob").await?;
    ensure!(server.stop().await?.success(), "a clean end");
    Server::start(&data).await?.import_account("carol").await
}
