//! Another program fills the disk to its last byte, and then there is room again.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;
use tokio::sync::Mutex;

use crate::harness::{Server, eventually};

const MIB: u64 = 1024 * 1024;

/// A disk of its own, which can be filled.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// `None` where that is not allowed: mounting is for root.
    fn mount(bytes: u64) -> Result<Option<Self>> {
        let dir = tempfile::tempdir()?;
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={bytes}"), "tmpfs"])
            .arg(dir.path())
            .status()?;
        if mounted.success() {
            return Ok(Some(Self(dir)));
        }
        Ok(None)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Another program's file takes all that is left.
    fn fill(&self) -> Result<PathBuf> {
        let path = self.path().join("filler");
        let mut file = std::fs::File::create(&path)?;
        let filled = std::io::copy(&mut std::io::repeat(1), &mut file);
        ensure!(filled.is_err(), "the disk is full");
        Ok(path)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmount = Command::new("umount")
            .arg("--lazy")
            .arg(self.path())
            .status();
        drop(unmount);
    }
}

/// Messages to one group, and which of them were acknowledged.
struct Sends<'a> {
    server: &'a Server,
    sent: AtomicU32,
    taken: Mutex<BTreeSet<u32>>,
}

/// A message that is not answered by then was not taken, as far as its sender knows.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);

impl Sends<'_> {
    /// Sends the next one; true when it was acknowledged.
    async fn one(&self) -> bool {
        let random = self.sent.fetch_add(1, Ordering::SeqCst) + 1;
        let body = json!({
            "GroupId": "room", "From_Account": "alice", "Random": random,
            "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "x".repeat(4000) } }],
        });
        let sending = self.server.v4("group_open_http_svc/send_group_msg", &body);
        let answer = tokio::time::timeout(ANSWER_WITHIN, sending).await;
        let taken = answer.is_ok_and(|answer| answer.is_ok_and(|one| one["ErrorCode"] == 0));
        if taken {
            self.taken.lock().await.insert(random);
        }
        taken
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_come_back_by_themselves_after_a_full_disk() -> Result<()> {
    let Some(disk) = SmallDisk::mount(192 * MIB)? else {
        eprintln!("not run: a disk cannot be mounted here, run it as root");
        return Ok(());
    };
    let data = disk.path().join("data");
    let server = Server::start_with(&data, &["--disk-headroom", "1"]).await?;
    server.import_account("alice").await?;
    server.create_group("room", "alice").await?;
    let sends = Sends {
        server: &server,
        sent: AtomicU32::new(0),
        taken: Mutex::default(),
    };
    for round in 0..2 {
        for _ in 0..20 {
            ensure!(sends.one().await, "there is room");
        }
        let filler = disk.fill()?;
        // Some go into what is reserved already; then nothing is taken.
        eventually("nothing is taken", async || {
            let refused = !sends.one().await && !sends.one().await && !sends.one().await;
            refused.then_some(())
        })
        .await?;
        std::fs::remove_file(filler)?;
        let begun = Instant::now();
        eventually("writes are taken again", async || {
            sends.one().await.then_some(())
        })
        .await?;
        eprintln!("round {round}: writes again after {:?}", begun.elapsed());
        eventually("it is ready", async || {
            server.is_ready().await.then_some(())
        })
        .await?;
    }
    let mut logged = BTreeSet::new();
    for event in server.events().await? {
        if let Some(random) = event["data"]["random"].as_u64() {
            ensure!(logged.insert(u32::try_from(random)?), "{random} twice");
        }
    }
    let taken = sends.taken.lock().await;
    let lost: Vec<_> = taken.difference(&logged).collect();
    ensure!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    ensure!(taken.len() >= 42, "{}", taken.len());
    drop(taken);
    ensure!(server.stop().await?.success(), "a clean end");
    Ok(())
}
