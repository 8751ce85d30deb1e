//! What a newcomer does: import, read back, search, recall, replay, audit.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::harness::{APP, SECRET, Server, run, run_ok};

/// A small conversation in three languages, of the project's own making.
const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../ops/sample/chat.jsonl");

fn import(server: &Server, file: &str) -> Result<Value> {
    let app = APP.to_string();
    let printed = run_ok(&[
        "import",
        "--url",
        &server.url,
        "--app",
        &app,
        "--secret",
        SECRET,
        "--json",
        file,
    ])?;
    Ok(serde_json::from_str(&printed)?)
}

fn replay(server: &Server, more: &[&str]) -> Result<String> {
    let (data, app) = (server.data.to_string_lossy().into_owned(), APP.to_string());
    let mut arguments = vec!["replay", "--data-dir", &data, "--app", &app];
    arguments.extend(more);
    run_ok(&arguments)
}

fn texts(page: &Value) -> Vec<String> {
    let hits = page["hits"].as_array().cloned().unwrap_or_default();
    hits.iter().map(|hit| hit["message"].to_string()).collect()
}

/// Recalls the sample's Korean meeting, and sees it gone from search and history.
async fn recall_the_meeting(server: &Server) -> Result<Value> {
    let hit = server.search("회의").await?["hits"][0].clone();
    let group = hit["conversation"]
        .as_str()
        .and_then(|text| text.strip_prefix("group:"));
    let group = group
        .context("the sample's Korean meeting is in a group")?
        .to_owned();
    let body = json!({ "GroupId": group, "MsgSeqList": [{ "MsgSeq": hit["seq"] }] });
    server
        .v4_ok("group_open_http_svc/group_msg_recall", &body)
        .await?;
    server.search_is_current().await?;
    let page = server.search("회의").await?;
    let still = page["hits"]
        .as_array()
        .context("hits")?
        .iter()
        .any(|other| other["conversation"] == hit["conversation"] && other["seq"] == hit["seq"]);
    ensure!(
        !still,
        "a recalled message is not found: {:?}",
        texts(&page)
    );
    let body = json!({ "GroupId": group, "ReqMsgNumber": 20, "ReqMsgSeq": hit["seq"] });
    let history = server
        .v4_ok("group_open_http_svc/group_msg_get_simple", &body)
        .await?;
    ensure!(
        !history.to_string().contains("회의"),
        "gone from history: {history}"
    );
    Ok(hit)
}

#[tokio::test(flavor = "multi_thread")]
async fn import_search_recall_replay_and_audit() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Server::start(&folder.path().join("data")).await?;
    let first = import(&server, SAMPLE)?;
    ensure!(first["messages"].as_u64() > Some(10), "imported: {first}");
    let before = server.events().await?.len();
    let again = import(&server, SAMPLE)?;
    ensure!(
        again["duplicates"].as_u64() > Some(10),
        "imported again: {again}"
    );
    ensure!(
        server.events().await?.len() == before,
        "importing twice adds nothing"
    );

    server.search_is_current().await?;
    for query in ["회의", "会议", "meeting"] {
        let page = server.search(query).await?;
        ensure!(page["total"]["value"].as_u64() > Some(0), "{query}: {page}");
        ensure!(
            page["hits"][0]["highlight"].to_string().contains("<em>"),
            "{query}: {page}"
        );
    }

    let hit = recall_the_meeting(&server).await?;
    let conversation = hit["conversation"].as_str().context("a conversation")?;
    let replayed = replay(&server, &["--conversation", conversation, "--json"])?;
    ensure!(replayed.contains("회의"), "the log keeps what was said");
    ensure!(
        replayed.contains("message.recalled"),
        "and that it was recalled"
    );
    let data = server.data.clone();
    let status = server.stop().await?;
    ensure!(
        status.success(),
        "SIGTERM ends the server with 0, not {status}"
    );

    let (data, app) = (data.to_string_lossy().into_owned(), APP.to_string());
    let stopped = run_ok(&["replay", "--data-dir", &data, "--app", &app, "--json"])?;
    ensure!(
        stopped.contains("회의"),
        "replay works with the server stopped"
    );
    let audit = run_ok(&[
        "audit",
        "verify",
        "--data-dir",
        &data,
        "--app",
        &app,
        "--json",
    ])?;
    let audit: Value = serde_json::from_str(audit.trim())?;
    ensure!(
        audit["events"].as_u64() == Some(before as u64 + 1),
        "audited: {audit}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_is_there_after_a_restart() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let server = Server::start(&data).await?;
    for id in ["alice", "bob"] {
        server.import_account(id).await?;
    }
    let body = json!({
        "From_Account": "alice", "To_Account": "bob", "MsgRandom": 7, "MsgSeq": 1,
        "MsgTimeStamp": 1_790_000_000,
        "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "hello 밥" } }],
    });
    let sent = server.v4_ok("openim/sendmsg", &body).await?;
    let again = server.v4_ok("openim/sendmsg", &body).await?;
    ensure!(
        sent["MsgKey"] == again["MsgKey"],
        "a retry gets the first answer"
    );
    let unread = json!({ "To_Account": "bob" });
    let count = server
        .v4_ok("openim/get_c2c_unread_msg_num", &unread)
        .await?;
    ensure!(count["AllC2CUnreadMsgNum"] == 1, "{count}");
    ensure!(server.stop().await?.success(), "a clean end");

    let server = Server::start(&data).await?;
    let page = json!({
        "Operator_Account": "bob", "Peer_Account": "alice", "MaxCnt": 10,
        "MinTime": 1_700_000_000, "MaxTime": 1_900_000_000,
    });
    let history = server.v4_ok("openim/admin_getroammsg", &page).await?;
    ensure!(history["MsgCnt"] == 1 && history["MsgList"][0]["MsgKey"] == sent["MsgKey"]);
    let read = json!({ "Report_Account": "bob", "Peer_Account": "alice" });
    server.v4_ok("openim/admin_set_msg_read", &read).await?;
    let count = server
        .v4_ok("openim/get_c2c_unread_msg_num", &unread)
        .await?;
    ensure!(count["AllC2CUnreadMsgNum"] == 0, "{count}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_event_is_found_by_the_audit() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let server = Server::start(&data).await?;
    for number in 0..50 {
        server.import_account(&format!("user{number}")).await?;
    }
    ensure!(server.stop().await?.success(), "a clean end");
    // One byte of one stored event, changed on disk: in the stream, then in our own copy.
    change(&data.join("nats"), "blk")?;
    let (root, app) = (data.to_string_lossy().into_owned(), APP.to_string());
    let rest = ["--data-dir", &root, "--app", &app];
    let verify = [&["audit", "verify"], &rest[..]].concat();
    let scrub = [&["audit", "scrub", "--dry-run"], &rest[..]].concat();
    ensure!(run(&verify)?.status.success(), "our own copy is whole");
    ensure!(!run(&scrub)?.status.success(), "the other one is not");
    change(&data.join("journal"), "seg")?;
    let audit = run(&verify)?;
    ensure!(!audit.status.success(), "a changed event is noticed");
    Ok(())
}

/// Changes one byte of one stored event.
fn change(root: &std::path::Path, extension: &str) -> Result<()> {
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == extension) {
                let mut bytes = std::fs::read(&path)?;
                let needle = b"user25";
                let at = bytes
                    .windows(needle.len())
                    .position(|window| window == needle);
                if let Some(at) = at {
                    bytes[at + 4] = b'9';
                    std::fs::write(&path, bytes)?;
                    return Ok(());
                }
            }
        }
    }
    anyhow::bail!("the event is in no .{extension} file")
}
