//! Starts the binary in a directory of its own and talks to it.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

pub(crate) const APP: u32 = 1_400_000_001;
pub(crate) const SECRET: &str = "a secret of the tests, not of anyone else";
pub(crate) const ADMIN: &str = "administrator";
/// How long anything may take before a test calls it broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The binary under test, beside this test binary's folder.
pub(crate) fn binary() -> Result<PathBuf> {
    let test = std::env::current_exe()?;
    let folder = test
        .parent()
        .and_then(Path::parent)
        .context("a target folder")?;
    let binary = folder.join("hansard");
    ensure!(
        binary.try_exists()?,
        "{} is not built: run ops/test, or `cargo build --package hansard` first",
        binary.display()
    );
    Ok(binary)
}

/// Runs the binary to its end.
pub(crate) fn run(arguments: &[&str]) -> Result<Output> {
    Ok(Command::new(binary()?)
        .args(arguments)
        .stdin(Stdio::null())
        .output()?)
}

/// Runs the binary, which must succeed, and returns what it printed.
pub(crate) fn run_ok(arguments: &[&str]) -> Result<String> {
    let output = run(arguments)?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{arguments:?} failed ({}): {stderr}",
        output.status
    );
    Ok(String::from_utf8(output.stdout)?)
}

/// Polls until `ready` has a value.
pub(crate) async fn eventually<T, F>(what: &str, mut ready: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Option<T>>,
{
    let begun = Instant::now();
    let mut pause = tokio::time::interval(Duration::from_millis(20));
    while begun.elapsed() < PATIENCE {
        if let Some(value) = ready().await {
            return Ok(value);
        }
        pause.tick().await;
    }
    bail!("gave up waiting until {what}")
}

#[expect(
    clippy::disallowed_methods,
    reason = "signatures are made at the real time"
)]
pub(crate) fn now_seconds() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.expect("after 1970").as_secs()
}

pub(crate) fn usersig(user: &str) -> String {
    usersig_issued(user, now_seconds())
}

/// A signature that was issued at another time, Unix, and holds for an hour from then.
pub(crate) fn usersig_issued(user: &str, seconds: u64) -> String {
    hansard_client::usersig::generate(APP, SECRET, user, seconds, 3600)
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    pub(crate) data: PathBuf,
    pub(crate) url: String,
    http: reqwest::Client,
}

impl Server {
    /// Starts a server on a data directory and waits until it is ready.
    pub(crate) async fn start(data: &Path) -> Result<Self> {
        Self::start_with(data, &[]).await
    }

    pub(crate) async fn start_with(data: &Path, arguments: &[&str]) -> Result<Self> {
        let mut server = Self::spawn(data, arguments)?;
        server.wait_ready().await?;
        Ok(server)
    }

    /// Starts a server without waiting for it.
    pub(crate) fn spawn(data: &Path, arguments: &[&str]) -> Result<Self> {
        Self::spawn_as(data, arguments, Command::new(binary()?))
    }

    /// Starts a server from a shell that has set something before: `ulimit -n 1024`, `umask 0`.
    pub(crate) fn spawn_after(data: &Path, arguments: &[&str], setting: &str) -> Result<Self> {
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(format!("{setting} && exec \"$0\" \"$@\""))
            .arg(binary()?);
        Self::spawn_as(data, arguments, command)
    }

    /// Starts a server that trusts this certificate instead of the machine's.
    pub(crate) fn spawn_trusting(
        data: &Path,
        arguments: &[&str],
        certificate: &Path,
    ) -> Result<Self> {
        let mut command = Command::new(binary()?);
        command.env("SSL_CERT_FILE", certificate);
        Self::spawn_as(data, arguments, command)
    }

    fn spawn_as(data: &Path, arguments: &[&str], mut command: Command) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let listen = format!("127.0.0.1:{port}");
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(data.with_extension("server.log"))?;
        let child = command
            .arg("serve")
            .arg("--data-dir")
            .arg(data)
            .args(["--listen", &listen])
            .args(arguments)
            .env("HANSARD_APP_ID", APP.to_string())
            .env("HANSARD_APP_SECRET", SECRET)
            .env("HANSARD_APP_ADMIN", ADMIN)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let http = http_client().build()?;
        Ok(Self {
            child,
            data: data.to_owned(),
            url: format!("http://{listen}"),
            http,
        })
    }

    /// Calls the server over TLS from here on, trusting these certificates alone.
    pub(crate) fn over_tls(&mut self, pem: &[u8]) -> Result<()> {
        self.url = self.url.replace("http://", "https://");
        self.http = trusting(pem)?;
        Ok(())
    }

    /// Everything that the server printed.
    pub(crate) fn log(&self) -> Result<String> {
        Ok(std::fs::read_to_string(
            self.data.with_extension("server.log"),
        )?)
    }

    pub(crate) async fn wait_ready(&mut self) -> Result<()> {
        let begun = Instant::now();
        let mut pause = tokio::time::interval(Duration::from_millis(20));
        while begun.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended ({status}): {}", self.log_tail());
            }
            let answer = self.http.get(format!("{}/readyz", self.url)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            pause.tick().await;
        }
        bail!("the server was not ready in time: {}", self.log_tail())
    }

    /// Whether it says that it is ready.
    pub(crate) async fn is_ready(&self) -> bool {
        let answer = self.http.get(format!("{}/readyz", self.url)).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// What `/readyz` says.
    pub(crate) async fn readiness(&self) -> Result<(u16, Value)> {
        let answer = self.http.get(format!("{}/readyz", self.url)).send().await?;
        Ok((answer.status().as_u16(), answer.json().await?))
    }

    /// The end of what the server printed.
    pub(crate) fn log_tail(&self) -> String {
        let text = std::fs::read_to_string(self.data.with_extension("server.log"));
        let text = text.unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    /// Waits until the server has ended by itself.
    pub(crate) async fn wait_ended(&mut self) -> Result<std::process::ExitStatus> {
        let begun = Instant::now();
        let mut pause = tokio::time::interval(Duration::from_millis(20));
        while begun.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            pause.tick().await;
        }
        bail!("the server did not end in time")
    }

    /// SIGTERM, and the end it comes to.
    pub(crate) async fn stop(mut self) -> Result<std::process::ExitStatus> {
        signal(self.child.id(), Signal::TERM)?;
        self.wait_ended().await
    }

    /// SIGKILL for the server.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Forgets a server that was killed, and leaves whatever it left behind to its successor.
    pub(crate) fn leave_behind(mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        std::mem::forget(self);
    }

    /// The nats-server of this data directory.
    pub(crate) fn nats_pid(&self) -> Result<u32> {
        let text = std::fs::read_to_string(self.data.join("nats").join("nats.pid"))?;
        Ok(text.trim().parse()?)
    }

    /// SIGKILL for the nats-server of this data directory.
    pub(crate) fn kill_nats(&self) -> Result<()> {
        signal(self.nats_pid()?, Signal::KILL)
    }

    /// One call of the server API as the administrator; the envelope, whatever it says.
    pub(crate) async fn v4(&self, path: &str, body: &Value) -> Result<Value> {
        self.v4_as(ADMIN, &usersig(ADMIN), path, body.to_string().into_bytes())
            .await
    }

    pub(crate) async fn v4_as(
        &self,
        identifier: &str,
        sig: &str,
        path: &str,
        body: Vec<u8>,
    ) -> Result<Value> {
        let url = format!(
            "{}/v4/{path}?sdkappid={APP}&identifier={identifier}&usersig={}&random=1\
             &contenttype=json",
            self.url,
            sig.replace('+', "%2B"),
        );
        let answer = self.http.post(url).body(body).send().await?;
        ensure!(
            answer.status() == 200,
            "{path} answered {}",
            answer.status()
        );
        Ok(answer.json().await?)
    }

    /// A call that must succeed.
    pub(crate) async fn v4_ok(&self, path: &str, body: &Value) -> Result<Value> {
        let answer = self.v4(path, body).await?;
        ensure!(answer["ErrorCode"] == 0, "{path} answered {answer}");
        Ok(answer)
    }

    pub(crate) async fn v1(&self, path: &str) -> Result<Value> {
        let url = format!("{}/v1/apps/{APP}/{path}", self.url);
        let answer = self
            .http
            .get(url)
            .bearer_auth(usersig(ADMIN))
            .send()
            .await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "{path} answered {status}: {text}");
        Ok(serde_json::from_str(&text)?)
    }

    /// Changes the app's settings: whether it took them, and what it answered.
    pub(crate) async fn change_settings(&self, body: &Value) -> Result<(bool, Value)> {
        let url = format!("{}/v1/apps/{APP}/settings", self.url);
        let request = self.http.patch(url).bearer_auth(usersig(ADMIN));
        let answer = request.body(body.to_string()).send().await?;
        let status = answer.status();
        ensure!(!status.is_server_error(), "settings answered {status}");
        Ok((
            status.is_success(),
            serde_json::from_str(&answer.text().await?)?,
        ))
    }

    /// Every event of the app, as the HTTP surface shows them.
    pub(crate) async fn events(&self) -> Result<Vec<Value>> {
        let mut events: Vec<Value> = Vec::new();
        let mut next = "0:1".to_owned();
        loop {
            let url = format!("{}/v1/apps/{APP}/events?from={next}&limit=1000", self.url);
            let answer = self
                .http
                .get(url)
                .bearer_auth(usersig(ADMIN))
                .send()
                .await?;
            ensure!(
                answer.status().is_success(),
                "events answered {}",
                answer.status()
            );
            let after = answer.headers().get("hansard-next");
            after
                .context("where to go on")?
                .to_str()?
                .clone_into(&mut next);
            let text = answer.text().await?;
            let before = events.len();
            for line in text.lines() {
                events.push(serde_json::from_str(line)?);
            }
            if events.len() == before {
                return Ok(events);
            }
        }
    }

    pub(crate) async fn import_account(&self, id: &str) -> Result<()> {
        self.v4_ok("im_open_login_svc/account_import", &json!({ "UserID": id }))
            .await?;
        Ok(())
    }

    pub(crate) async fn create_group(&self, id: &str, owner: &str) -> Result<()> {
        let body = json!({
            "Type": "Public", "Name": id, "GroupId": id, "Owner_Account": owner,
        });
        self.v4_ok("group_open_http_svc/create_group", &body)
            .await?;
        Ok(())
    }

    pub(crate) async fn search(&self, query: &str) -> Result<Value> {
        let url = format!("{}/v1/apps/{APP}/search/messages", self.url);
        let answer = self
            .http
            .get(url)
            .query(&[("q", query), ("limit", "100")])
            .bearer_auth(usersig(ADMIN))
            .send()
            .await?;
        ensure!(
            answer.status().is_success(),
            "search answered {}",
            answer.status()
        );
        Ok(answer.json().await?)
    }

    /// Waits until the search index has reached the end of the log.
    pub(crate) async fn search_is_current(&self) -> Result<()> {
        eventually("search is current", async || {
            let rows = self.v1("projections").await.ok()?;
            let rows = rows["projections"].as_array()?.clone();
            let mut search = rows.iter().filter(|row| row["name"] == "search").peekable();
            search.peek()?;
            search.all(|row| row["lag_events"] == 0).then_some(())
        })
        .await?;
        // The lag counts what was applied; a commit, at most a second later, makes it searchable.
        let rows = self.v1("projections").await?["projections"].clone();
        let rows = rows.as_array().context("projections")?;
        let search = rows.iter().filter(|row| row["name"] == "search");
        let ends: Vec<&str> = search.filter_map(|row| row["log_end"].as_str()).collect();
        let end = json!(ends.join(","));
        eventually("everything is searchable", async || {
            let page = self.search("hello").await.ok()?;
            (page["searchable_to"] == end).then_some(())
        })
        .await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A test that fails must not leave processes behind.
        let nats = self.nats_pid();
        drop(self.child.kill());
        drop(self.child.wait());
        if let Ok(pid) = nats
            && is_ours(pid, &self.data)
        {
            drop(signal(pid, Signal::KILL));
        }
    }
}

/// A client that trusts whom this machine trusts. The product's own choice of cryptography is
/// installed: reqwest makes no client before there is one.
pub(crate) fn http_client() -> reqwest::ClientBuilder {
    // Installed by an earlier test of this process.
    drop(tokio_rustls::rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder().timeout(Duration::from_secs(40))
}

/// A client that trusts these certificates alone.
pub(crate) fn trusting(pem: &[u8]) -> Result<reqwest::Client> {
    let trusted = reqwest::Certificate::from_pem_bundle(pem)?;
    Ok(http_client().tls_certs_only(trusted).build()?)
}

/// Whether a process is the nats-server of a data directory.
fn is_ours(pid: u32, data: &Path) -> bool {
    let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let command = String::from_utf8_lossy(&command).into_owned();
    command.contains(&*data.to_string_lossy())
}

pub(crate) fn signal(pid: u32, signal: Signal) -> Result<()> {
    let pid = Pid::from_raw(i32::try_from(pid)?).context("a pid")?;
    Ok(kill_process(pid, signal)?)
}

/// Copies a directory tree.
/// Where the search indexes are: a folder by the version of the projection, and there is one.
pub(crate) fn indexes(data: &Path) -> Result<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(data.join("search"))? {
        found.push(entry?.path());
    }
    match found.pop() {
        Some(only) if found.is_empty() => Ok(only),
        other => bail!("one version of the search index was expected: {other:?}"),
    }
}

pub(crate) fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
