//! `kill -9` of the server, of nats-server, or of both, at random moments under load.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use tokio::sync::Mutex;

use crate::harness::{Server, eventually};

/// What was acknowledged: seq by random, per group.
type Acknowledged = Arc<Mutex<BTreeMap<(String, u32), u64>>>;

/// Sends until the server is gone; keeps what was acknowledged.
async fn send_until_it_dies(
    server: Arc<Server>,
    group: String,
    first: u32,
    acknowledged: Acknowledged,
) -> u32 {
    let mut random = first;
    loop {
        let body = json!({
            "GroupId": group, "From_Account": "alice", "Random": random,
            "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "hello" } }],
        });
        let answer = server.v4("group_open_http_svc/send_group_msg", &body).await;
        let Ok(answer) = answer else { return random };
        if answer["ErrorCode"] == 0
            && let Some(seq) = answer["MsgSeq"].as_u64()
        {
            acknowledged
                .lock()
                .await
                .insert((group.clone(), random), seq);
            random += 1;
        }
    }
}

/// Another moment in every run: what dies when is the point. The seed is printed.
#[expect(
    clippy::disallowed_methods,
    reason = "the one seed of a test, which it prints"
)]
fn fresh_seed() -> u64 {
    rand::random()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_or_doubled_by_kills() -> Result<()> {
    let seed = fresh_seed();
    eprintln!("seed {seed}");
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let server = Server::start(&data).await?;
    server.import_account("alice").await?;
    let groups: Vec<String> = (0..4).map(|number| format!("group{number}")).collect();
    for group in &groups {
        server.create_group(group, "alice").await?;
    }
    let acknowledged = Acknowledged::default();
    let mut next: Vec<u32> = vec![1; groups.len()];
    let mut server = Arc::new(server);
    for round in 0..6 {
        let mut senders = tokio::task::JoinSet::new();
        for (at, (group, first)) in groups.iter().zip(&next).enumerate() {
            let (server, acknowledged) = (Arc::clone(&server), Arc::clone(&acknowledged));
            let (group, first) = (group.clone(), *first);
            senders.spawn(async move {
                (
                    at,
                    send_until_it_dies(server, group, first, acknowledged).await,
                )
            });
        }
        wait_for_load(&acknowledged, rng.random_range(20..200)).await?;
        let (nats_dies, server_dies) = [(false, true), (true, true), (true, false)][round % 3];
        if nats_dies {
            server.kill_nats()?;
        }
        if !server_dies {
            // nats-server is back and writes go on, without a restart of the server.
            wait_for_load(&acknowledged, 50)
                .await
                .context("after nats-server was killed")?;
        }
        rustix::process::kill_process(
            rustix::process::Pid::from_raw(i32::try_from(server.pid())?).context("a pid")?,
            rustix::process::Signal::KILL,
        )?;
        while let Some(sender) = senders.join_next().await {
            let (at, random) = sender?;
            next[at] = random;
        }
        let ended = Arc::try_unwrap(server)
            .ok()
            .context("nobody else holds the server")?;
        ended.leave_behind();
        server = Arc::new(Server::start(&data).await?);
        check(&server, &groups, &*acknowledged.lock().await).await?;
    }
    Ok(())
}

async fn wait_for_load(acknowledged: &Acknowledged, more: usize) -> Result<()> {
    let before = acknowledged.lock().await.len();
    eventually("the load is under way", async || {
        (acknowledged.lock().await.len() >= before + more).then_some(())
    })
    .await
}

/// Every acknowledged message is where its answer said, seqs are dense, nothing is doubled.
async fn check(
    server: &Server,
    groups: &[String],
    acknowledged: &BTreeMap<(String, u32), u64>,
) -> Result<()> {
    let mut log: BTreeMap<(String, u64), u32> = BTreeMap::new();
    for event in server.events().await? {
        if event["type"] == "message.sent" {
            let conversation = event["data"]["conversation"]
                .as_str()
                .context("text")?
                .to_owned();
            let seq = event["data"]["seq"].as_u64().context("a seq")?;
            let random = u32::try_from(event["data"]["random"].as_u64().context("a number")?)?;
            let before = log.insert((conversation, seq), random);
            ensure!(before.is_none(), "a seq is used once");
        }
    }
    for ((group, random), seq) in acknowledged {
        let logged = log.get(&(format!("group:{group}"), *seq));
        ensure!(
            logged == Some(random),
            "{group} {seq}: acknowledged {random}, logged {logged:?}"
        );
    }
    for group in groups {
        let conversation = format!("group:{group}");
        let randoms: Vec<u32> = log
            .iter()
            .filter(|((one, _), _)| *one == conversation)
            .map(|(_, r)| *r)
            .collect();
        let last = randoms.len() as u64;
        let (first_seq, last_seq) = (log.get(&(conversation.clone(), 1)), last);
        ensure!(last == 0 || first_seq.is_some(), "{group}: seqs begin at 1");
        ensure!(
            last == 0 || log.contains_key(&(conversation.clone(), last_seq)),
            "{group}: seqs are dense"
        );
        let mut unique = randoms.clone();
        unique.sort_unstable();
        unique.dedup();
        ensure!(unique.len() == randoms.len(), "{group}: nothing is doubled");
        let body = json!({ "GroupId": group, "ReqMsgNumber": 1 });
        let page = server
            .v4_ok("group_open_http_svc/group_msg_get_simple", &body)
            .await?;
        let newest = page["RspMsgList"][0]["MsgSeq"].as_u64().unwrap_or(0);
        ensure!(
            newest == last,
            "{group}: the read model ends at {newest}, the log at {last}"
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nats_server_left_behind_is_taken_care_of() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let mut server = Server::start(&data).await?;
    server.import_account("alice").await?;
    let orphan = server.nats_pid()?;
    server.kill()?;
    server.leave_behind();
    let server = Server::start(&data).await?;
    server.import_account("bob").await?;
    let now = server.nats_pid()?;
    // A process that has ended may still be listed until it is reaped: it has no command line.
    let alive = |pid: u32| {
        std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|command| !command.is_empty())
    };
    ensure!(
        now == orphan || !alive(orphan),
        "the old nats-server was taken over or ended"
    );
    let begun = std::time::Instant::now();
    ensure!(server.stop().await?.success(), "a clean end");
    ensure!(begun.elapsed() < Duration::from_secs(10), "within seconds");
    ensure!(!alive(now), "nats-server ends with the server");
    Ok(())
}
