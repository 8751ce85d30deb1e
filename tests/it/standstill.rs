//! A part that does not move says so and mends itself.

use std::cell::Cell;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::harness::{APP, SECRET, Server, copy_tree, eventually, indexes, run_ok};
use crate::own_nats::Nats;

const MESSAGES: u32 = 400;

async fn send(server: &Server, group: &str, random: u32) -> Result<Value> {
    let body = json!({
        "GroupId": group, "From_Account": "alice", "Random": random,
        "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "hello" } }],
    });
    server.v4("group_open_http_svc/send_group_msg", &body).await
}

/// The oldest page of a group's history.
async fn history(server: &Server, group: &str) -> Result<Value> {
    let body = json!({ "GroupId": group, "ReqMsgSeq": 20, "ReqMsgNumber": 20 });
    server
        .v4("group_open_http_svc/group_msg_get_simple", &body)
        .await
}

/// A server with a group of messages, all of them in files, and searchable.
async fn filled(data: &Path) -> Result<Value> {
    let server = Server::start(data).await?;
    server.import_account("alice").await?;
    for group in ["team", "other"] {
        server.create_group(group, "alice").await?;
    }
    for random in 1..=MESSAGES {
        ensure!(send(&server, "team", random).await?["ErrorCode"] == 0);
    }
    server.search_is_current().await?;
    let page = history(&server, "team").await?;
    ensure!(server.stop().await?.success(), "a clean end");
    Ok(page)
}

fn generations(data: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(data.join("state"))? {
        found.push(entry?.path());
    }
    found.sort();
    Ok(found)
}

/// Flips a byte in every file of a table; the first of them.
fn flip(data: &Path, table: &str) -> Result<PathBuf> {
    let mut first = None;
    for generation in generations(data)? {
        for entry in std::fs::read_dir(generation)? {
            let path = entry?.path();
            let mut bytes = std::fs::read(&path)?;
            let is_of_table = bytes
                .windows(table.len())
                .any(|part| part == table.as_bytes());
            if path.extension().is_none_or(|found| found != "sst") || !is_of_table {
                continue;
            }
            // In the first block of rows.
            *bytes.get_mut(40).context("it has rows")? ^= 0x10;
            std::fs::write(&path, bytes)?;
            first.get_or_insert(path);
        }
    }
    first.with_context(|| format!("{table} has a file"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_byte_in_a_table_is_named_and_built_again_beside_what_works() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let before = filled(&data).await?;
    let file = flip(&data, "conversations.seq_message")?;
    let old = generations(&data)?;

    let server = Server::start(&data).await?;
    let page = history(&server, "team").await?;
    ensure!(
        page["ErrorCode"] == 10002,
        "it is found when it is read: {page}"
    );
    let random = Cell::new(MESSAGES);
    eventually("the history is whole again", async || {
        random.set(random.get() + 1);
        // Unrelated, and sent while it is built again.
        let sent = send(&server, "other", random.get()).await.ok()?;
        assert_eq!(sent["ErrorCode"], 0, "{sent}");
        let page = history(&server, "team").await.ok()?;
        if page["ErrorCode"] == 0 {
            return (page == before).then_some(());
        }
        let (status, _) = server.readiness().await.ok()?;
        assert_eq!(status, 200, "everything else works");
        None
    })
    .await?;
    eventually("the old files are gone", async || {
        let now = generations(&data).ok()?;
        (now.len() == 1 && now != old).then_some(())
    })
    .await?;
    let said = server.log()?;
    let named = file.file_name().context("a name")?.to_string_lossy();
    ensure!(
        said.lines()
            .any(|line| line.contains("are built again") && line.contains(&*named)),
        "{said}"
    );
    let (status, body) = server.readiness().await?;
    ensure!(status == 200 && body["warnings"].is_null(), "{body}");
    ensure!(server.stop().await?.success(), "a clean end");
    let server = Server::start(&data).await?;
    ensure!(history(&server, "team").await? == before, "and stays so");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn read_models_that_a_start_cannot_read_are_built_anew() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let before = filled(&data).await?;
    flip(&data, "projector.partition_checkpoint")?;
    let server = Server::start(&data).await?;
    ensure!(history(&server, "team").await? == before);
    ensure!(server.log()?.contains("built anew from the log"));
    ensure!(generations(&data)?.len() == 1, "the old ones are gone");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_index_that_was_damaged_at_rest_is_found_and_built_again() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    filled(&data).await?;
    let index = indexes(&data)?.join(APP.to_string());
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
    let server = Server::start_with(&data, &["--scrub-every", "1s"]).await?;
    eventually("everything is found", async || {
        let page = server.search("hello").await.ok()?;
        (page["total"] == json!({ "value": MESSAGES, "exact": true })).then_some(())
    })
    .await?;
    eventually("the damaged index is gone", async || {
        matches!(index.try_exists(), Ok(false)).then_some(())
    })
    .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn projections_are_built_again_when_that_is_asked_for() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let before = filled(&data).await?;
    let old = generations(&data)?;
    let server = Server::start(&data).await?;
    let order = |name: &str| {
        let url = server.url.clone();
        let app = APP.to_string();
        let told = run_ok(&[
            "projections",
            "rebuild",
            name,
            "--url",
            &url,
            "--app",
            &app,
            "--secret",
            SECRET,
            "--json",
        ])?;
        anyhow::Ok(serde_json::from_str::<Value>(&told)?)
    };
    let told = order("search")?;
    ensure!(
        told["projections"]
            .as_array()
            .is_some_and(|rows| rows.len() == 7),
        "{told}"
    );
    let index = indexes(&data)?;
    eventually("another index has taken its place", async || {
        let found = server.search("hello").await.ok()?;
        // Also meanwhile: fewer are found only where that is said.
        let all = found["total"]["value"] == json!(MESSAGES);
        assert!(all || found["total"]["exact"] == false, "{found}");
        let is_new = index.join(format!("{APP}.1")).is_dir();
        let is_old = index.join(APP.to_string()).is_dir();
        (all && is_new && !is_old).then_some(())
    })
    .await?;
    order("conversations")?;
    eventually("other read models have taken their place", async || {
        let page = history(&server, "team").await.ok()?;
        assert_eq!(page, before);
        let now = generations(&data).ok()?;
        (now.len() == 1 && now != old).then_some(())
    })
    .await?;
    let (status, body) = server.readiness().await?;
    ensure!(status == 200, "{body}");
    Ok(())
}

/// An own nats-server without any protection.
struct Far {
    folder: tempfile::TempDir,
    port: u16,
}

impl Far {
    fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let config = format!(
            "listen: \"127.0.0.1:{port}\"\njetstream {{ store_dir: \"{}\" }}\n",
            folder.path().join("store").display()
        );
        std::fs::write(folder.path().join("nats.conf"), config)?;
        Ok(Self { folder, port })
    }

    fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn start(&self) -> Result<Nats> {
        Nats::start(self.folder.path(), self.port).await
    }

    /// Ends a nats-server, and has its store be an older one, or none.
    fn lose(&self, nats: Nats, older: Option<&str>) -> Result<()> {
        nats.kill()?;
        std::fs::remove_dir_all(self.path("store"))?;
        if let Some(older) = older {
            copy_tree(&self.path(older), &self.path("store"))?;
        }
        Ok(())
    }
}

async fn is_taken(server: &Server, id: &str) -> Result<()> {
    let body = json!({ "UserID": id });
    eventually("writes are taken", async || {
        let answer = server.v4("im_open_login_svc/account_import", &body).await;
        (answer.ok()?["ErrorCode"] == 0).then_some(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_has_lost_its_end_or_all_of_it_is_mended_while_the_server_runs() -> Result<()> {
    let far = Far::new()?;
    let nats = far.start().await?;
    let data = far.path("data");
    let server = Server::start_with(&data, &["--nats", &far.url()]).await?;
    for number in 0..20 {
        server.import_account(&format!("early{number}")).await?;
    }
    nats.kill()?;
    copy_tree(&far.path("store"), &far.path("older"))?;
    let (_, said) = eventually("the silence is said", async || {
        let (status, body) = server.readiness().await.ok()?;
        (status == 503).then_some((status, body))
    })
    .await?;
    ensure!(
        said["reasons"].to_string().contains("has not answered"),
        "{said}"
    );
    let mut nats = far.start().await?;
    for number in 0..30 {
        is_taken(&server, &format!("late{number}")).await?;
    }
    let mut before = server.events().await?;
    // The list of apps was there already when it was copied.
    for (older, opened) in [(Some("older"), 1), (None, 3)] {
        far.lose(nats, older)?;
        nats = far.start().await?;
        eventually("it is mended", async || {
            let said = server.log().ok()?;
            let found = said.matches("the partition is open again").count();
            (found >= opened && server.is_ready().await).then_some(())
        })
        .await?;
        is_taken(&server, &format!("after{older:?}")).await?;
        let after = server.events().await?;
        ensure!(
            after.starts_with(&before),
            "the same events at the same positions"
        );
        before = after;
    }
    ensure!(server.stop().await?.success(), "a clean end");
    let server = Server::start_with(&data, &["--nats", &far.url()]).await?;
    ensure!(
        server.events().await? == before,
        "the stream holds them, too"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_whose_end_is_nowhere_else_stops_with_what_to_do() -> Result<()> {
    let far = Far::new()?;
    let nats = far.start().await?;
    let data = far.path("data");
    let arguments = ["--nats", &far.url(), "--durability", "interval"];
    let server = Server::start_with(&data, &arguments).await?;
    server.import_account("early").await?;
    nats.kill()?;
    copy_tree(&far.path("store"), &far.path("older"))?;
    let nats = far.start().await?;
    is_taken(&server, "late").await?;
    far.lose(nats, Some("older"))?;
    let _nats = far.start().await?;
    eventually("it says what to do", async || {
        let (status, body) = server.readiness().await.ok()?;
        let reasons = body["reasons"].to_string();
        let said = reasons.contains("has lost its end") && reasons.contains("Restore the log");
        (status == 503 && said).then_some(())
    })
    .await?;
    let body = json!({ "UserID": "never" });
    let refused = server.v4("im_open_login_svc/account_import", &body).await?;
    ensure!(refused["ErrorCode"] == 70500, "{refused}");
    let check = json!({ "CheckItem": [{ "UserID": "early" }] });
    server
        .v4_ok("im_open_login_svc/account_check", &check)
        .await?;
    Ok(())
}

/// A nats-server that does not begin before a file is there.
fn gated(folder: &Path) -> Result<PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;
    let program = folder.join("nats-server-gated");
    let script = "#!/bin/sh\n\
        case \"$1\" in -v | --version) ;;\n\
        *) until [ -e \"$(dirname \"$0\")/gate\" ]; do sleep 0.05; done ;;\n\
        esac\n\
        exec nats-server \"$@\"\n";
    std::fs::write(&program, script)?;
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755))?;
    Ok(program)
}

#[tokio::test(flavor = "multi_thread")]
async fn http_answers_from_the_first_moment_and_says_how_far_the_start_is() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let program = gated(folder.path())?.display().to_string();
    let data = folder.path().join("data");
    let mut server = Server::spawn(&data, &["--nats-server", &program])?;
    let body = eventually("it listens", async || {
        let (status, body) = server.readiness().await.ok()?;
        assert_eq!(status, 503);
        let reasons = body["reasons"].to_string();
        reasons.contains("nats-server").then_some(body)
    })
    .await?;
    ensure!(body["ready"] == false, "{body}");
    let live = reqwest::get(format!("{}/healthz", server.url)).await?;
    ensure!(live.status() == 200);
    let account = json!({ "UserID": "alice" });
    let path = "im_open_login_svc/account_import";
    let answer = server.v4(path, &account).await?;
    ensure!(
        answer["ErrorCode"] == 70500,
        "it may be tried again: {answer}"
    );
    let info = answer["ErrorInfo"].as_str().context("a text")?;
    ensure!(info.contains("nats-server"), "{info}");
    let url = format!("{}/v1/apps/{APP}/projections", server.url);
    let answer = reqwest::get(url).await?;
    ensure!(answer.status() == 503);
    let problem: Value = answer.json().await?;
    ensure!(
        problem["detail"].to_string().contains("nats-server"),
        "{problem}"
    );
    std::fs::write(folder.path().join("gate"), "")?;
    server.wait_ready().await?;
    server.import_account("alice").await?;
    ensure!(server.stop().await?.success(), "a clean end");
    Ok(())
}
