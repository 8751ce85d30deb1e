//! The listener speaks TLS, to clients that verify.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, Result, ensure};
use hansard_types::error_chain;
use tokio::io::AsyncReadExt as _;

use crate::harness::{APP, SECRET, Server, binary, eventually, http_client, run, trusting};

/// A small conversation of the project's own making.
const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../ops/sample/chat.jsonl");

/// A certificate for this machine, and its key.
struct Pair {
    cert: String,
    key: String,
}

impl Pair {
    fn new() -> Result<Self> {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names)?;
        Ok(Self {
            cert: made.cert.pem(),
            key: made.signing_key.serialize_pem(),
        })
    }

    fn write(&self, cert: &Path, key: &Path) -> Result<()> {
        std::fs::write(cert, &self.cert)?;
        Ok(std::fs::write(key, &self.key)?)
    }
}

fn import(arguments: &[&str]) -> Result<Output> {
    let app = APP.to_string();
    let mut all = vec!["import", "--app", &app, "--secret", SECRET, SAMPLE];
    all.extend(arguments);
    run(&all)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_for_trying_is_verified_by_those_who_were_given_it_only() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let mut server = Server::spawn(&data, &["--tls-self-signed"])?;
    let certificate = data.join("tls").join("cert.pem");
    let pem = eventually("there is a certificate", async || {
        std::fs::read(&certificate).ok()
    })
    .await?;
    let plain = format!("{}/readyz", server.url);
    server.over_tls(&pem)?;
    server.wait_ready().await?;
    server.import_account("alice").await?;

    let stranger = http_client().build()?;
    let url = format!("{}/readyz", server.url);
    let refused = stranger.get(url).send().await;
    let refused = error_chain(&refused.err().context("a stranger does not trust it")?);
    ensure!(refused.contains("certificate"), "{refused}");
    // Someone who forgot the s is told.
    let answer = stranger.get(plain).send().await?;
    ensure!(answer.status() == 400, "{}", answer.status());
    let text = answer.text().await?;
    ensure!(text.contains("https://"), "{text}");

    // The command line finds address and certificate in the data directory.
    let imported = import(&["--data-dir", &data.to_string_lossy()])?;
    ensure!(imported.status.success(), "{imported:?}");
    let log = server.log()?;
    let shown = certificate.to_string_lossy().into_owned();
    ensure!(log.contains(&format!("--cacert {shown}")), "{log}");
    ensure!(log.contains(&server.url), "{log}");
    ensure!(server.stop().await?.success(), "a clean end");

    // The next start shows the same one.
    let mut again = Server::spawn(&data, &["--tls-self-signed"])?;
    again.over_tls(&pem)?;
    again.wait_ready().await?;
    ensure!(again.stop().await?.success(), "a clean end");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_replaced_is_shown_to_new_connections() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = |name: &str| -> PathBuf { folder.path().join(name) };
    let (cert, key) = (file("cert.pem"), file("key.pem"));
    let (first, second) = (Pair::new()?, Pair::new()?);
    first.write(&cert, &key)?;
    let (cert_text, key_text) = (cert.to_string_lossy(), key.to_string_lossy());
    let arguments = ["--tls-cert", &*cert_text, "--tls-key", &*key_text];
    let mut server = Server::spawn(&file("data"), &arguments)?;
    server.over_tls(first.cert.as_bytes())?;
    server.wait_ready().await?;

    // Half of it first, as copying two files does.
    std::fs::write(&cert, &second.cert)?;
    eventually("it says that the two do not belong together", async || {
        let log = server.log().ok()?;
        log.contains("is not the key of the certificate")
            .then_some(())
    })
    .await?;
    let url = format!("{}/readyz", server.url);
    let answers = async |pair: &Pair| {
        let client = trusting(pair.cert.as_bytes()).ok()?;
        let answer = client.get(&url).send().await.ok()?;
        answer.status().is_success().then_some(())
    };
    ensure!(answers(&first).await.is_some(), "the old pair is shown");
    std::fs::write(&key, &second.key)?;
    eventually("the new pair is shown", async || answers(&second).await).await?;
    ensure!(answers(&first).await.is_none(), "to everyone");
    // The connection that was there goes on: its client trusts the old certificate alone.
    server.import_account("alice").await?;
    ensure!(server.stop().await?.success(), "a clean end");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_verifies_and_does_not_ask_again_when_it_must_not_trust() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (cert, key) = (file("cert.pem"), file("key.pem"));
    let (pair, another) = (Pair::new()?, Pair::new()?);
    pair.write(Path::new(&cert), Path::new(&key))?;
    std::fs::write(file("another.pem"), &another.cert)?;
    let arguments = ["--tls-cert", &*cert, "--tls-key", &*key];
    let mut server = Server::spawn(&folder.path().join("data"), &arguments)?;
    server.over_tls(pair.cert.as_bytes())?;
    server.wait_ready().await?;

    let wrong = import(&["--url", &server.url, "--ca", &file("another.pem")])?;
    ensure!(!wrong.status.success(), "{wrong:?}");
    let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
    ensure!(said.contains("certificate is not trusted"), "{said}");
    ensure!(!said.contains("trying again"), "{said}");
    let given = import(&["--url", &server.url, "--ca", &cert])?;
    ensure!(given.status.success(), "{given:?}");
    let app = APP.to_string();
    let trusted_by_the_machine = Command::new(binary()?)
        .args(["import", "--url", &server.url, "--app", &app])
        .args(["--secret", SECRET, SAMPLE])
        .env("SSL_CERT_FILE", &cert)
        .output()?;
    ensure!(
        trusted_by_the_machine.status.success(),
        "{trusted_by_the_machine:?}"
    );
    ensure!(server.stop().await?.success(), "a clean end");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_finishes_a_handshake_is_cut_and_keeps_nobody_waiting() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let mut server = Server::spawn(&data, &["--tls-self-signed"])?;
    let pem = eventually("there is a certificate", async || {
        std::fs::read(data.join("tls").join("cert.pem")).ok()
    })
    .await?;
    server.over_tls(&pem)?;
    server.wait_ready().await?;
    let address = server.url.replace("https://", "");
    let mut silent = Vec::new();
    for _ in 0..100 {
        let stream = TcpStream::connect(&address)?;
        stream.set_nonblocking(true)?;
        silent.push(tokio::net::TcpStream::from_std(stream)?);
    }
    // A client of its own: a new connection, behind all of those.
    let answer = trusting(&pem)?
        .get(format!("{}/readyz", server.url))
        .send()
        .await?;
    ensure!(answer.status().is_success(), "{}", answer.status());
    for mut stream in silent {
        let cut = tokio::time::timeout(crate::harness::PATIENCE, stream.read(&mut [0])).await?;
        ensure!(!matches!(cut, Ok(1..)), "nothing was said to it");
    }
    ensure!(server.stop().await?.success(), "a clean end");
    Ok(())
}
