//! More callers than there is room for: what is acknowledged stays, what is ours goes on.

use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};

use crate::harness::{ADMIN, APP, Server, eventually, http_client, usersig};

/// The usual soft limit of descriptors; here it cannot be raised.
const LIMIT: &str = "ulimit -n 1024";
const IDLE: usize = 1200;

/// This process needs more descriptors than the server has.
fn take_descriptors() -> Result<()> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let current = maximum;
    Ok(setrlimit(Resource::Nofile, Rlimit { current, maximum })?)
}

fn message(random: usize, text: &str) -> Value {
    json!({
        "GroupId": "harbour", "From_Account": "alice", "Random": random,
        "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": text } }],
    })
}

fn descriptors_of(server: &Server) -> Result<usize> {
    Ok(std::fs::read_dir(format!("/proc/{}/fd", server.pid()))?.count())
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_beyond_the_limit_of_descriptors_stop_neither_writes_nor_search()
-> Result<()> {
    take_descriptors()?;
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let mut server = Server::spawn_after(&data, &[], LIMIT)?;
    server.wait_ready().await?;
    server.import_account("alice").await?;
    server.create_group("harbour", "alice").await?;

    let address = server.url.replace("http://", "");
    let mut idle = Vec::with_capacity(IDLE);
    for _ in 0..IDLE {
        idle.push(TcpStream::connect(&address)?);
    }
    for random in 0..50 {
        let body = message(random, &format!("hello {random}"));
        server
            .v4_ok("group_open_http_svc/send_group_msg", &body)
            .await?;
    }
    // Also for someone who comes only now.
    let newcomer = http_client().build()?;
    let url = format!(
        "{}/v4/group_open_http_svc/send_group_msg?sdkappid={APP}&identifier={ADMIN}&usersig={}\
         &random=1&contenttype=json",
        server.url,
        usersig(ADMIN).replace('+', "%2B"),
    );
    let body = message(1000, "hello from someone who came late").to_string();
    let answer = newcomer.post(url).body(body).send().await?;
    let answer: Value = serde_json::from_str(&answer.text().await?)?;
    ensure!(answer["ErrorCode"] == 0, "{answer}");
    server.search_is_current().await?;
    let found = server.search("late").await?;
    ensure!(
        found["hits"].as_array().is_some_and(|it| it.len() == 1),
        "{found}"
    );

    let open = descriptors_of(&server)?;
    ensure!(
        open < 1024 - 128,
        "{open} descriptors are open: ours need some"
    );
    let log = server.log()?;
    for wrong in [
        "cannot be accepted",
        "Too many open files",
        "stopped",
        "disk",
    ] {
        ensure!(!log.contains(wrong), "{wrong}: {log}");
    }
    drop(idle);
    ensure!(server.stop().await?.success(), "a clean end");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_soft_limit_is_raised_as_far_as_the_hard_one() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let mut server = Server::spawn_after(&data, &[], "ulimit -Sn 512 && ulimit -Hn 2000")?;
    server.wait_ready().await?;
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.pid()))?;
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let numbers: Vec<&str> = line.context("a limit")?.split_whitespace().collect();
    ensure!(numbers[3..5] == ["2000", "2000"], "{numbers:?}");
    ensure!(server.stop().await?.success(), "a clean end");

    let few = folder.path().join("few");
    let mut refused = Server::spawn_after(&few, &[], "ulimit -n 100")?;
    ensure!(!refused.wait_ended().await?.success(), "too few to start");
    let said = refused.log()?;
    ensure!(said.contains("file descriptors"), "{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_refusals_are_a_few_lines_in_the_log() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let mut server = Server::spawn(&data, &[])?;
    server.wait_ready().await?;
    ensure!(server.stop().await?.success(), "a clean end");

    // More room than any disk has is wanted: every write is refused.
    let server = Server::spawn(&data, &["--disk-headroom", "4000000000"])?;
    let tried = AtomicUsize::new(0);
    let refused = async || {
        let id = format!("user{}", tried.fetch_add(1, Ordering::Relaxed));
        let body = json!({ "UserID": id });
        let answer = server.v4("im_open_login_svc/account_import", &body).await;
        answer.ok().filter(|answer| answer["ErrorCode"] != 0)
    };
    eventually("writes are refused", refused).await?;
    for _ in 0..3000 {
        refused().await.context("a refusal")?;
    }
    eventually("what was left out is said", async || {
        let log = server.log().ok()?;
        let says = |line: &str| line.contains("were left out") && line.contains("shell.rs");
        log.lines().any(says).then_some(())
    })
    .await?;
    let log = server.log()?;
    let lines = log
        .lines()
        .filter(|line| line.contains("not answered"))
        .count();
    ensure!(
        (1..=50).contains(&lines),
        "{lines} lines, {} bytes",
        log.len()
    );
    ensure!(log.len() < 64 * 1024, "{} bytes", log.len());
    Ok(())
}
