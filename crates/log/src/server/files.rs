//! What lies in a nats-server's folder.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rand::Rng;
use rand::distr::Alphanumeric;
use rustix::process::{Pid, Signal, kill_process};

use crate::jetstream::Credentials;

const USER: &str = "hansard";
const PASSWORD_CHARACTERS: usize = 40;
/// The log is rotated at this size, and so many old ones are kept.
const LOG_BYTES_MAX: u64 = 16 * 1024 * 1024;
const LOGS_KEPT: u32 = 3;

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

    #[expect(
        clippy::disallowed_methods,
        reason = "a password must not be foreseeable"
    )]
    pub(super) fn prepare(&self) -> Result<()> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.dir)?;
        if !self.password_file().try_exists()? {
            let password: String = rand::rng()
                .sample_iter(Alphanumeric)
                .take(PASSWORD_CHARACTERS)
                .map(char::from)
                .collect();
            write_private(&self.password_file(), &password)?;
        }
        Ok(())
    }

    fn password_file(&self) -> PathBuf {
        self.dir.join("password")
    }

    pub(crate) fn credentials(&self) -> Result<Credentials> {
        let password = std::fs::read_to_string(self.password_file())?
            .trim()
            .to_owned();
        Ok(Credentials {
            user: USER.to_owned(),
            password,
        })
    }

    /// The port of the last start if it is still free, else another; recorded.
    pub(super) fn choose_port(&self) -> Result<u16> {
        let file = self.dir.join("port");
        let recorded = std::fs::read_to_string(&file).ok();
        let recorded = recorded.and_then(|text| text.trim().parse().ok());
        let port = super::free_port(recorded)?;
        write_private(&file, &port.to_string())?;
        let Credentials { user, password } = self.credentials()?;
        write_private(
            &self.dir.join("url"),
            &format!("nats://{user}:{password}@127.0.0.1:{port}"),
        )?;
        Ok(port)
    }

    pub(super) fn write_config(&self, port: u16, sync_interval: &str) -> Result<()> {
        let Credentials { user, password } = self.credentials()?;
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
             listen: 127.0.0.1:{port}\n\
             pid_file: {pid_file}\n\
             log_file: {log_file}\n\
             logfile_size_limit: {LOG_BYTES_MAX}\n\
             logfile_max_num: {LOGS_KEPT}\n\
             authorization {{ user: \"{user}\", password: \"{password}\" }}\n\
             jetstream {{ store_dir: {store}, sync_interval: \"{sync_interval}\" }}\n",
            pid_file = quoted(self.pid_file())?,
            log_file = quoted(self.log_file())?,
            store = quoted(self.dir.join("jetstream"))?,
        );
        write_private(&self.config(), &config)
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

    /// The end of its log, for error messages.
    pub(super) fn log_tail(&self) -> String {
        const TAIL_LINES: usize = 5;
        let mut text = String::new();
        let read = std::fs::File::open(self.log_file())
            .and_then(|file| file.take(LOG_BYTES_MAX).read_to_string(&mut text));
        match read {
            Err(error) => format!("its log cannot be read: {error}"),
            Ok(_) => {
                let lines: Vec<&str> = text.lines().collect();
                lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
            }
        }
    }
}

/// Replaces a file that only its owner may read; never half written.
fn write_private(path: &Path, text: &str) -> Result<()> {
    let new = path.with_extension("new");
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(new, path)
}
