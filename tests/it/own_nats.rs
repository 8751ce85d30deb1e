//! A nats-server that someone else runs: reached over TLS, with a login, and gone for a while.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Result, ensure};
use serde_json::json;
use tokio::net::TcpStream;

use crate::harness::{Server, eventually};

/// Killed when it is dropped.
pub(crate) struct Nats {
    child: Child,
    port: u16,
}

impl Nats {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests find the program as a person would"
    )]
    pub(crate) async fn start(folder: &Path, port: u16) -> Result<Self> {
        let program = std::env::var_os("HANSARD_NATS_SERVER").unwrap_or("nats-server".into());
        let child = Command::new(program)
            .arg("--config")
            .arg(folder.join("nats.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let nats = Self { child, port };
        eventually("nats-server listens", async || {
            TcpStream::connect(("127.0.0.1", nats.port)).await.ok()
        })
        .await?;
        Ok(nats)
    }

    pub(crate) fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Writes a certificate, its key and a configuration that demands TLS and a password.
fn configure(folder: &Path, port: u16) -> Result<()> {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names)?;
    std::fs::write(folder.join("cert.pem"), made.cert.pem())?;
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem())?;
    let folder = folder.display();
    let config = format!(
        "listen: \"127.0.0.1:{port}\"\n\
         jetstream {{ store_dir: \"{folder}/store\" }}\n\
         authorization {{ user: \"hansard\", password: \"p@ss word\" }}\n\
         tls {{ cert_file: \"{folder}/cert.pem\", key_file: \"{folder}/key.pem\" }}\n"
    );
    Ok(std::fs::write(format!("{folder}/nats.conf"), config)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nats_server_behind_tls_and_a_password_is_written_to_and_may_go_away() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    configure(folder.path(), port)?;
    let nats = Nats::start(folder.path(), port).await?;
    // The first member of the cluster is gone.
    let gone = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let login = "tls://hansard:p%40ss%20word@localhost";
    let url = format!("{login}:{gone},{login}:{port}");
    let certificate = folder.path().join("cert.pem");
    let data = folder.path().join("data");
    let mut server = Server::spawn_trusting(&data, &["--nats", &url], &certificate)?;
    server.wait_ready().await?;
    server.import_account("alice").await?;

    nats.kill()?;
    let body = json!({ "UserID": "bob" });
    let sending = server.v4("im_open_login_svc/account_import", &body);
    let (answer, nats) = tokio::join!(sending, Nats::start(folder.path(), port));
    let _nats = nats?;
    ensure!(answer?["ErrorCode"] == 0, "the command waited for the log");
    server.import_account("carol").await?;
    let events = server.events().await?;
    let imported: Vec<_> = events
        .iter()
        .map(|event| &event["data"]["user_id"])
        .collect();
    let wanted = ["alice", "bob", "carol"];
    ensure!(
        wanted
            .iter()
            .all(|id| imported.iter().filter(|one| *one == id).count() == 1),
        "each once: {imported:?}"
    );
    ensure!(server.stop().await?.success(), "a clean end");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nats_server_whose_certificate_is_not_trusted_is_refused() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    configure(folder.path(), port)?;
    let _nats = Nats::start(folder.path(), port).await?;
    let url = format!("tls://hansard:p%40ss%20word@localhost:{port}");
    let mut server = Server::spawn(&folder.path().join("data"), &["--nats", &url])?;
    ensure!(!server.wait_ended().await?.success(), "it does not start");
    let said = server.log_tail();
    ensure!(said.contains("nats-server"), "and says why: {said}");
    ensure!(!said.contains("p@ss"), "without the password: {said}");
    ensure!(!said.contains("p%40ss"), "without the password: {said}");
    Ok(())
}

/// Writes a configuration that syncs every so often, and tells so or not.
fn configure_sync(folder: &Path, port: u16, sync_interval: &str, tells: bool) -> Result<()> {
    let subject = "\"$SYS.REQ.SERVER.PING.JSZ\"";
    let (exports, imports) = if tells {
        (
            format!("exports: [ {{ service: {subject}, response: stream }} ]"),
            format!("imports: [ {{ service: {{ account: SYS, subject: {subject} }} }} ]"),
        )
    } else {
        (String::new(), String::new())
    };
    let config = format!(
        "server_name: \"far\"\n\
         listen: \"127.0.0.1:{port}\"\n\
         jetstream {{ store_dir: \"{}/store\", sync_interval: \"{sync_interval}\" }}\n\
         system_account: SYS\n\
         accounts {{\n\
           SYS {{ {exports} }}\n\
           CHAT {{ jetstream: enabled, users: [ {{ user: hansard, password: secret }} ], {imports} }}\n\
         }}\n",
        folder.display()
    );
    Ok(std::fs::write(folder.join("nats.conf"), config)?)
}

/// A server on such a nats-server, started and not waited for.
async fn started_on(
    folder: &Path,
    (sync_interval, tells): (&str, bool),
    more: &[&str],
) -> Result<(Nats, Server)> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    configure_sync(folder, port, sync_interval, tells)?;
    let nats = Nats::start(folder, port).await?;
    let url = format!("nats://hansard:secret@127.0.0.1:{port}");
    let arguments = [&["--nats", &url], more].concat();
    let server = Server::spawn(&folder.join("data"), &arguments)?;
    Ok((nats, server))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nats_server_that_syncs_more_seldom_than_the_journal_remembers_is_refused() -> Result<()>
{
    let folder = tempfile::tempdir()?;
    let (nats, mut server) = started_on(folder.path(), ("10m", true), &[]).await?;
    ensure!(!server.wait_ended().await?.success(), "it does not start");
    let said = server.log_tail();
    let wanted = [
        "nats-server far",
        "every 600 s",
        "sync_interval",
        "150 s or less",
    ];
    for text in wanted {
        ensure!(said.contains(text), "{text}: {said}");
    }
    nats.kill()?;

    // Whoever accepts the loss may.
    let interval = ["--durability", "interval"];
    let (nats, mut server) = started_on(folder.path(), ("10m", true), &interval).await?;
    server.wait_ready().await?;
    ensure!(server.stop().await?.success(), "a clean end");
    nats.kill()?;

    // nats-server's default.
    let folder = tempfile::tempdir()?;
    let (_nats, mut server) = started_on(folder.path(), ("2m", true), &[]).await?;
    server.wait_ready().await?;
    let said = server.log_tail();
    ensure!(!said.contains("sync_interval"), "nothing to say: {said}");
    ensure!(server.stop().await?.success(), "a clean end");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nats_server_that_does_not_tell_how_often_it_syncs_is_warned_of() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (_nats, mut server) = started_on(folder.path(), ("10m", false), &[]).await?;
    server.wait_ready().await?;
    let said = server.log_tail();
    let wanted = [
        "sync_interval must be 150 s at most",
        "$SYS.REQ.SERVER.PING.JSZ",
    ];
    for text in wanted {
        ensure!(said.contains(text), "{text}: {said}");
    }
    ensure!(server.stop().await?.success(), "a clean end");
    Ok(())
}
