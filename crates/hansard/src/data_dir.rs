//! Where things are on disk, and who may use them.
//!
//! ```text
//! <data>/LOCK                       held by the one server; its process id is inside
//! <data>/hansard.json               what belongs together: layout, journal
//! <data>/server.json                where the running server listens
//! <data>/tls/                       the self-signed certificate and its key, when one was asked for
//! <data>/secrets/app-<id>.key       the secret of an app, for its owner only
//! <data>/nats/                      nats-server: its configuration, credential, port and streams
//! <data>/journal/                   the last minutes of appended events, on disk before answers
//! <data>/archive/<stream>/          the journal's full segments, compressed: the second copy
//! <data>/state/<generation>/        the inline read models; made again from the log when needed
//! <data>/search/<version>/<app>/    the search index; made again from the log when needed
//! ```

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use hansard_log::files::{self, FILE_MODE, FOLDER_MODE};
use hansard_types::AppId;
use serde::{Deserialize, Serialize};

pub(crate) mod privacy;

/// A secret is a line of text; anything longer is a mistake.
const SECRET_BYTES_MAX: u64 = 4096;

/// A data directory.
#[derive(Debug, Clone)]
pub(crate) struct DataDir {
    root: PathBuf,
}

/// A server that uses the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Running {
    pub(crate) pid: u32,
    pub(crate) url: String,
}

/// Holds the data directory as long as it lives.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl DataDir {
    /// Makes the directory when it is missing. One that is there is closed to others: whatever is
    /// in it, and whoever made it, nobody gets at it from here on.
    pub(crate) fn create(root: &Path) -> Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(FOLDER_MODE)
            .create(root)
            .with_context(|| {
                format!(
                    "the data directory {} cannot be made; give another --data-dir",
                    root.display()
                )
            })?;
        privacy::close(root)?;
        let root = std::path::absolute(root)?;
        Ok(Self { root })
    }

    /// A directory that a server has been using.
    pub(crate) fn existing(root: &Path) -> Result<Self> {
        let is_ours = root.join("nats").is_dir() || root.join("hansard.json").is_file();
        if !is_ours {
            bail!(
                "{} is not a data directory of a Hansard server: give the --data-dir of `hansard serve`",
                root.display()
            );
        }
        Ok(Self {
            root: std::path::absolute(root)?,
        })
    }

    /// A directory that nothing is known of.
    pub(crate) fn unchecked(root: PathBuf) -> Self {
        Self { root }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn nats(&self) -> PathBuf {
        self.root.join("nats")
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.root.join("journal")
    }

    pub(crate) fn archive(&self) -> PathBuf {
        self.root.join("archive")
    }

    pub(crate) fn manifest(&self) -> PathBuf {
        self.root.join("hansard.json")
    }

    fn server(&self) -> PathBuf {
        self.root.join("server.json")
    }

    /// Where the server of this directory listens, as it said when it started.
    pub(crate) fn running(&self) -> Result<Option<Running>> {
        match std::fs::read(self.server()) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => {
                Err(error).with_context(|| format!("{} cannot be read", self.server().display()))
            }
        }
    }

    pub(crate) fn write_running(&self, running: &Running) -> Result<()> {
        write_private(&self.server(), serde_json::to_string(running)?.as_bytes())
    }

    pub(crate) fn remove_running(&self) {
        // The next server replaces it.
        drop(std::fs::remove_file(self.server()));
    }

    /// The certificate and the key that are made for trying.
    pub(crate) fn self_signed(&self) -> (PathBuf, PathBuf) {
        let folder = self.root.join("tls");
        (folder.join("cert.pem"), folder.join("key.pem"))
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.root.join("state")
    }

    pub(crate) fn search(&self) -> PathBuf {
        self.root.join("search")
    }

    pub(crate) fn secret(&self, app: AppId) -> PathBuf {
        self.secrets().join(format!("app-{app}.key"))
    }

    /// Takes the directory for this process; refused while another one has it.
    pub(crate) fn lock(&self) -> Result<Lock> {
        match self.try_lock()? {
            Ok(lock) => Ok(lock),
            Err(pid) => bail!(
                "another process{pid} uses {}: stop it first, or give another --data-dir",
                self.root.display()
            ),
        }
    }

    /// Takes the directory, or says who has it.
    pub(crate) fn try_lock(&self) -> Result<Result<Lock, String>> {
        let path = self.root.join("LOCK");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(FILE_MODE)
            .open(&path)
            .with_context(|| format!("{} cannot be opened", path.display()))?;
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0)?;
                writeln!(file, "{}", std::process::id())?;
                Ok(Ok(Lock { _file: file }))
            }
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                drop(file.read_to_string(&mut text));
                let pid = text.trim();
                Ok(Err(if pid.is_empty() {
                    String::new()
                } else {
                    format!(" ({pid})")
                }))
            }
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("{} cannot be locked", path.display()))
            }
        }
    }

    pub(crate) fn secrets(&self) -> PathBuf {
        self.root.join("secrets")
    }

    /// The secret of an app, if it is kept here.
    pub(crate) fn read_secret(&self, app: AppId) -> Result<Option<String>> {
        let path = self.secret(app);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| format!("{} cannot be read", path.display()));
            }
        };
        let mut text = String::new();
        file.take(SECRET_BYTES_MAX)
            .read_to_string(&mut text)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        let secret = text.trim_end_matches(['\r', '\n']);
        if secret.is_empty() {
            bail!("{} is empty: put the app's secret there", path.display());
        }
        Ok(Some(secret.to_owned()))
    }

    /// Keeps the secret of an app.
    pub(crate) fn write_secret(&self, app: AppId, secret: &str) -> Result<()> {
        write_private(&self.secret(app), format!("{secret}\n").as_bytes())
    }
}

/// Replaces a file whole, for its owner only, on disk when this returns.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().context("a file in a directory")?;
    files::make_folder(folder)
        .and_then(|()| files::replace(path, bytes))
        .with_context(|| format!("{} cannot be written", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_data_directory_is_used_by_one() {
        let folder = tempfile::tempdir().expect("a directory");
        let data = DataDir::create(&folder.path().join("data")).expect("made");
        let first = data.lock().expect("taken");
        let second = data.lock().expect_err("refused").to_string();
        assert!(second.contains(&std::process::id().to_string()), "{second}");
        drop(first);
        assert!(data.lock().is_ok(), "free again");
    }

    #[test]
    fn a_secret_is_kept_for_its_owner_only() {
        let folder = tempfile::tempdir().expect("a directory");
        let data = DataDir::create(&folder.path().join("data")).expect("made");
        let app = AppId(7);
        assert_eq!(data.read_secret(app).expect("read"), None);
        data.write_secret(app, "two words").expect("written");
        assert_eq!(
            data.read_secret(app).expect("read").as_deref(),
            Some("two words")
        );
        let mode = |path: &Path| path.metadata().expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(&data.secret(app)), 0o600);
        assert_eq!(mode(data.root()), 0o700);
    }

    #[test]
    fn what_is_no_data_directory_is_refused() {
        let folder = tempfile::tempdir().expect("a directory");
        assert!(DataDir::existing(folder.path()).is_err());
    }
}
