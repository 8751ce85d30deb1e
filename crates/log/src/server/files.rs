//! What lies in a nats-server's folder.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Read, Result};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rand::Rng;
use rand::distr::Alphanumeric;
use rustix::process::{Pid, Signal, kill_process};

use super::identity::{self, HOST};
use crate::jetstream::{Credentials, JetStream, JetStreamOptions};
use crate::{OpenError, files};

const USER: &str = "hansard";
/// Who asks for the health of every stream: only the system's account is answered. It sees no
/// event.
const SYSTEM_USER: &str = "hansard-system";
const SYSTEM_ACCOUNT: &str = "HANSARD_SYSTEM";
const PASSWORD_CHARACTERS: usize = 40;
/// The log is rotated at this size, and so many old ones are kept.
const LOG_BYTES_MAX: u64 = 16 * 1024 * 1024;
const LOGS_KEPT: u32 = 3;
/// How long a client may take to begin TLS: a busy machine is no reason to turn it away.
const TLS_WITHIN_SECONDS: u32 = 10;

/// A nats-server's folder.
#[derive(Debug, Clone)]
pub struct NatsFiles {
    dir: PathBuf,
}

impl NatsFiles {
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
        }
    }

    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn config(&self) -> PathBuf {
        self.dir.join("nats.conf")
    }

    fn pid_file(&self) -> PathBuf {
        self.dir.join("nats.pid")
    }

    fn log_file(&self) -> PathBuf {
        self.dir.join("nats.log")
    }

    /// The recorded URL with the credential in it, for tools that connect beside the server; the
    /// file can be read by its owner only.
    ///
    /// # Errors
    /// When no server was started in this folder yet.
    pub fn url(&self) -> Result<String> {
        Ok(std::fs::read_to_string(self.dir.join("url"))?
            .trim()
            .to_owned())
    }

    /// Connects as the server itself does, and to nobody else who listens there.
    ///
    /// # Errors
    /// [`OpenError::Server`]
    pub async fn connect(
        &self,
        options: JetStreamOptions,
    ) -> std::result::Result<JetStream, OpenError> {
        let failed = |error: Error| super::failed(&self.dir, &error);
        let address = self.address().map_err(failed)?;
        let credentials = self.credentials().map_err(failed)?;
        JetStream::connect(&address, Some(&credentials), options).await
    }

    /// Where it listens, without the credential.
    pub(super) fn address(&self) -> Result<String> {
        let port = std::fs::read_to_string(self.port_file())?;
        Ok(format!("tls://{HOST}:{}", port.trim()))
    }

    /// Makes the folder and what must be in it, readable by its owner only, whoever made it.
    pub(super) fn prepare(&self) -> Result<()> {
        files::make_folder(&self.dir)?;
        make_private(&self.dir)?;
        for file in [self.password_file(), self.system_password_file()] {
            if !file.try_exists()? {
                files::replace(&file, new_password().as_bytes())?;
            }
        }
        identity::prepare(&self.certificate(), &self.key())
    }

    fn password_file(&self) -> PathBuf {
        self.dir.join("password")
    }

    fn system_password_file(&self) -> PathBuf {
        self.dir.join("system-password")
    }

    fn port_file(&self) -> PathBuf {
        self.dir.join("port")
    }

    /// The certificate that the server shows, in a file that its clients can be given.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.dir.join("certificate.pem")
    }

    fn key(&self) -> PathBuf {
        self.dir.join("key.pem")
    }

    fn store(&self) -> PathBuf {
        self.dir.join("jetstream")
    }

    /// The credential of the server itself.
    ///
    /// # Errors
    /// When no server was started in this folder yet.
    pub fn credentials(&self) -> Result<Credentials> {
        self.credentials_in(USER, &self.password_file())
    }

    pub(super) fn system_credentials(&self) -> Result<Credentials> {
        self.credentials_in(SYSTEM_USER, &self.system_password_file())
    }

    fn credentials_in(&self, user: &str, password: &Path) -> Result<Credentials> {
        Ok(Credentials {
            user: user.to_owned(),
            password: std::fs::read_to_string(password)?.trim().to_owned(),
            certificate: Some(self.certificate()),
        })
    }

    /// The bytes of all streams' blocks: what a server reads at its start after an unclean end.
    pub(super) fn block_bytes(&self) -> u64 {
        let mut bytes = 0;
        let walked = walk(&self.store(), &mut |path, found| {
            if found.is_file() && path.extension().is_some_and(|one| one == "blk") {
                bytes += found.len();
            }
            Ok(())
        });
        if let Err(error) = walked {
            tracing::debug!(%error, "the store's size is not known");
        }
        bytes
    }

    /// What is free on the disk of the store.
    pub(super) fn free_bytes(&self) -> Option<u64> {
        let disk = rustix::fs::statvfs(&self.dir).ok()?;
        Some(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    /// The port of the last start if it is still free, else another; recorded.
    pub(super) fn choose_port(&self) -> Result<u16> {
        let file = self.port_file();
        let recorded = std::fs::read_to_string(&file).ok();
        let recorded = recorded.and_then(|text| text.trim().parse().ok());
        let port = super::free_port(recorded)?;
        files::replace(&file, port.to_string().as_bytes())?;
        let Credentials { user, password, .. } = self.credentials()?;
        let url = format!("tls://{user}:{password}@{HOST}:{port}");
        files::replace(&self.dir.join("url"), url.as_bytes())?;
        Ok(port)
    }

    pub(super) fn write_config(&self, port: u16, sync_interval: &str) -> Result<()> {
        let Credentials { user, password, .. } = self.credentials()?;
        let system = self.system_credentials()?;
        let quoted = |path: PathBuf| {
            let text = path.to_str().map(str::to_owned);
            let text = text.filter(|text| !text.contains(['"', '\\', '\n']));
            text.map(|text| format!("\"{text}\"")).ok_or_else(|| {
                Error::new(
                    ErrorKind::InvalidInput,
                    "the path holds quotes or is no UTF-8",
                )
            })
        };
        let config = format!(
            "# Written at each start of Hansard: changes are lost.\n\
             server_name: hansard\n\
             listen: {HOST}:{port}\n\
             pid_file: {pid_file}\n\
             log_file: {log_file}\n\
             logfile_size_limit: {LOG_BYTES_MAX}\n\
             logfile_max_num: {LOGS_KEPT}\n\
             tls {{ cert_file: {certificate}, key_file: {key}, timeout: {TLS_WITHIN_SECONDS} }}\n\
             authorization {{ users: [ {{ user: \"{user}\", password: \"{password}\" }} ] }}\n\
             accounts {{ {SYSTEM_ACCOUNT} {{ users: [ \
             {{ user: \"{SYSTEM_USER}\", password: \"{system}\" }} ] }} }}\n\
             system_account: {SYSTEM_ACCOUNT}\n\
             jetstream {{ store_dir: {store}, sync_interval: \"{sync_interval}\" }}\n",
            pid_file = quoted(self.pid_file())?,
            log_file = quoted(self.log_file())?,
            certificate = quoted(self.certificate())?,
            key = quoted(self.key())?,
            system = system.password,
            store = quoted(self.store())?,
        );
        files::replace(&self.config(), config.as_bytes())
    }

    /// The pid of the nats-server that runs on this folder's configuration.
    #[must_use]
    pub fn running(&self) -> Option<u32> {
        let pid: u32 = std::fs::read_to_string(self.pid_file())
            .ok()?
            .trim()
            .parse()
            .ok()?;
        let command = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let config = self.config();
        let mut arguments = command.split(|byte| *byte == 0);
        arguments
            .any(|argument| argument == config.as_os_str().as_encoded_bytes())
            .then_some(pid)
    }

    pub(super) fn signal(&self, pid: u32, signal: Signal) -> Result<()> {
        let raw = i32::try_from(pid).ok().and_then(Pid::from_raw);
        let pid = raw.ok_or_else(|| Error::new(ErrorKind::InvalidInput, "no pid"))?;
        Ok(kill_process(pid, signal)?)
    }

    fn last_words_file(&self) -> PathBuf {
        self.dir.join("nats.stderr")
    }

    /// Where a server says why it cannot start: that does not get into its log.
    pub(super) fn last_words(&self) -> Result<File> {
        private().open(self.last_words_file())
    }

    /// The end of its log, for error messages.
    pub(super) fn log_tail(&self) -> String {
        const TAIL_LINES: usize = 5;
        let mut tail = Vec::new();
        for file in [self.log_file(), self.last_words_file()] {
            let mut text = String::new();
            let read = File::open(file)
                .and_then(|file| file.take(LOG_BYTES_MAX).read_to_string(&mut text));
            if let Err(error) = read {
                text = format!("its log cannot be read: {error}");
            }
            let lines: Vec<&str> = text.lines().collect();
            let last = &lines[lines.len().saturating_sub(TAIL_LINES)..];
            tail.extend(last.iter().map(|line| (*line).to_owned()));
        }
        tail.join("\n")
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a password must not be foreseeable"
)]
fn new_password() -> String {
    rand::rng()
        .sample_iter(Alphanumeric)
        .take(PASSWORD_CHARACTERS)
        .map(char::from)
        .collect()
}

/// Takes everyone else's rights to a folder and all that is in it.
fn make_private(root: &Path) -> Result<()> {
    walk(root, &mut |path, found| {
        let mode = found.permissions().mode();
        if mode & 0o077 == 0 || found.is_symlink() {
            return Ok(());
        }
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode & 0o700))
    })
}

/// Shows a folder and everything in it; links are shown and not followed.
fn walk(root: &Path, show: &mut impl FnMut(&Path, &std::fs::Metadata) -> Result<()>) -> Result<()> {
    let mut folders = vec![root.to_owned()];
    show(root, &std::fs::symlink_metadata(root)?)?;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            // Something that has gone meanwhile has no rights to take.
            let Ok(found) = entry.metadata() else {
                continue;
            };
            show(&entry.path(), &found)?;
            if found.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    Ok(())
}

/// How a file is made, or made empty, that only its owner may read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options
}
