//! Nobody but its owner gets at a data directory.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use serde_json::json;

use crate::harness::{Server, eventually};

/// Everything below a folder that others have a right to, and how much there is.
fn open_to_others(root: &Path) -> Result<(Vec<(PathBuf, u32)>, usize)> {
    let (mut open, mut seen) = (Vec::new(), 0);
    let mut left = vec![root.to_owned()];
    while let Some(path) = left.pop() {
        // What is merged away meanwhile is nobody's.
        let Ok(there) = path.metadata() else { continue };
        seen += 1;
        let mode = there.permissions().mode() & 0o7777;
        let wanted = if there.is_dir() { 0o700 } else { 0o600 };
        if mode != wanted {
            open.push((path.clone(), mode));
        }
        if there.is_dir() {
            for entry in path.read_dir()? {
                left.push(entry?.path());
            }
        }
    }
    Ok((open, seen))
}

async fn work(server: &Server) -> Result<()> {
    for id in ["alice", "bob"] {
        server.import_account(id).await?;
    }
    server.create_group("harbour", "alice").await?;
    for random in 0..20 {
        let text = format!("hello {random}");
        let body = json!({
            "GroupId": "harbour", "From_Account": "alice", "Random": random,
            "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": text } }],
        });
        server
            .v4_ok("group_open_http_svc/send_group_msg", &body)
            .await?;
    }
    server.search_is_current().await
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_private_whatever_the_umask_and_whoever_made_the_directory() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    // As a package or an older release may have left it.
    let old = data.join("copies").join("old");
    std::fs::create_dir_all(&old)?;
    std::fs::write(old.join("file"), b"what was said")?;
    for path in [&data, &data.join("copies"), &old] {
        std::fs::set_permissions(path, Permissions::from_mode(0o755))?;
    }
    std::fs::set_permissions(old.join("file"), Permissions::from_mode(0o644))?;

    let mut server = Server::spawn_after(&data, &["--tls-self-signed"], "umask 000")?;
    let pem = eventually("there is a certificate", async || {
        std::fs::read(data.join("tls").join("cert.pem")).ok()
    })
    .await?;
    server.over_tls(&pem)?;
    server.wait_ready().await?;
    work(&server).await?;
    eventually("what was there before is private", async || {
        let mode = old.join("file").metadata().ok()?.permissions().mode();
        (mode & 0o777 == 0o600).then_some(())
    })
    .await?;
    let (open, seen) = open_to_others(&data)?;
    ensure!(open.is_empty(), "others may read {open:?}");
    for part in [
        "journal",
        "nats/jetstream",
        "search",
        "secrets",
        "state",
        "tls",
    ] {
        ensure!(data.join(part).is_dir(), "{part} was looked at");
    }
    ensure!(seen > 40, "everything was looked at: {seen}");
    ensure!(server.stop().await?.success(), "a clean end");
    let (open, _) = open_to_others(&data)?;
    ensure!(open.is_empty(), "others may read {open:?}");
    Ok(())
}
