//! A power loss takes what JetStream had not synced; the journal brings it back.

use anyhow::{Result, ensure};

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
