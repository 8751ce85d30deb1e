//! Never two writers.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::harness::Server;

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_same_data_directory_is_refused() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let first = Server::start(&data).await?;
    let mut second = Server::spawn(&data, &[])?;
    let status = second.wait_ended().await?;
    ensure!(!status.success(), "the second server ends with an error");
    // Its end must not take anything of the first with it.
    std::mem::forget(second);
    first.import_account("alice").await?;
    ensure!(first.stop().await?.success(), "a clean end");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_same_streams_is_fenced_off() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let first = Server::start(&folder.path().join("one")).await?;
    let url = std::fs::read_to_string(first.data.join("nats").join("url"))?;
    let other = folder.path().join("two");
    let certificate = first.data.join("nats").join("certificate.pem");
    let mut second = Server::spawn_trusting(&other, &["--nats", url.trim()], &certificate)?;
    second.wait_ready().await?;
    first.import_account("alice").await?;
    let body = json!({ "UserID": "bob" });
    let path = "im_open_login_svc/account_import";
    let refused = second.v4(path, &body).await?;
    ensure!(
        refused["ErrorCode"] != 0,
        "the second writer is fenced off: {refused}"
    );
    let events = first.events().await?;
    ensure!(
        !events.iter().any(|event| event["data"]["user_id"] == "bob"),
        "nothing was written"
    );
    first.import_account("carol").await?;
    let health = reqwest::get(format!("{}/readyz", second.url)).await?;
    ensure!(
        !health.status().is_success(),
        "and it says that it is not ready"
    );
    Ok(())
}
