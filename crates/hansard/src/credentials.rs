//! Which app a command is about, and the secret that it signs with.

use std::fmt;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use hansard_client::{Client, Options, usersig};
use hansard_types::AppId;

use crate::clock::now;
use crate::data_dir::{DataDir, Lock};

/// How long the signature of one command is valid: longer than any import takes.
const SIGNATURE_SECONDS: u64 = 24 * 60 * 60;
const URL_DEFAULT: &str = "http://127.0.0.1:8080";

/// The app.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct App {
    /// The app (sdkappid)
    #[arg(
        long,
        value_name = "ID",
        env = "HANSARD_APP_ID",
        default_value_t = 1_400_000_001
    )]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) app: u32,
}

impl App {
    pub(crate) fn id(self) -> AppId {
        AppId(self.app)
    }
}

/// Where the secret comes from. `Debug` hides it.
#[derive(Clone, Args)]
pub(crate) struct Secret {
    /// The app's secret; better left to --data-dir or the environment, where no one sees it
    #[arg(
        long,
        value_name = "KEY",
        env = "HANSARD_APP_SECRET",
        hide_env_values = true
    )]
    secret: Option<String>,
    /// The server's data directory, which keeps the secret
    #[arg(long, value_name = "DIR", env = "HANSARD_DATA")]
    pub(crate) data_dir: Option<PathBuf>,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret")
            .field("data_dir", &self.data_dir)
            .finish_non_exhaustive()
    }
}

impl Secret {
    /// The secret of an app: from the command line, the environment or the data directory.
    pub(crate) fn of(&self, app: AppId) -> Result<String> {
        if let Some(secret) = self.secret.as_ref().filter(|secret| !secret.is_empty()) {
            return Ok(secret.clone());
        }
        let Some(root) = &self.data_dir else {
            bail!(
                "the secret of app {app} is needed: give --secret KEY, set HANSARD_APP_SECRET, or \
                 give the server's --data-dir DIR"
            );
        };
        let data = DataDir::existing(root)?;
        match data.read_secret(app)? {
            Some(secret) => Ok(secret),
            None => bail!(
                "{} is not there: is {app} an app of this server? give --app ID or --secret KEY",
                data.secret(app).display()
            ),
        }
    }
}

/// A running server, and the administrator that talks to it.
#[derive(Debug, Clone, Args)]
pub(crate) struct Server {
    /// The server's address; without it the one running on --data-dir, or http://127.0.0.1:8080
    #[arg(long, value_name = "URL", env = "HANSARD_URL")]
    url: Option<String>,
    /// Certificates in PEM that may vouch for an https server, instead of those that this machine
    /// trusts
    #[arg(long, value_name = "FILE", env = "HANSARD_CA")]
    ca: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) app: App,
    #[command(flatten)]
    pub(crate) secret: Secret,
    /// The administrator to act as
    #[arg(
        long,
        value_name = "USER",
        env = "HANSARD_APP_ADMIN",
        default_value = "administrator"
    )]
    pub(crate) admin: String,
}

impl Server {
    /// The address that was given, or that the server of the data directory has left there.
    pub(crate) fn url(&self) -> Result<String> {
        if let Some(url) = &self.url {
            return Ok(url.clone());
        }
        let Some(root) = &self.secret.data_dir else {
            return Ok(URL_DEFAULT.to_owned());
        };
        let running = DataDir::existing(root)?.running()?;
        Ok(running.map_or_else(|| URL_DEFAULT.to_owned(), |running| running.url))
    }

    /// The data directory, when it was given instead of an address and no server is using it.
    pub(crate) fn stopped_server(&self) -> Result<Option<(DataDir, Lock)>> {
        let (None, Some(root)) = (&self.url, &self.secret.data_dir) else {
            return Ok(None);
        };
        let data = DataDir::existing(root)?;
        Ok(data.try_lock()?.ok().map(|lock| (data, lock)))
    }

    /// Whom an https server's certificate must come from, if not from those that the machine
    /// trusts: what was given, or the one that a server for trying has left in its data directory.
    fn ca(&self) -> Result<Option<Vec<u8>>> {
        if let Some(file) = &self.ca {
            let pem = std::fs::read(file)
                .with_context(|| format!("--ca {} cannot be read", file.display()))?;
            return Ok(Some(pem));
        }
        let (None, Some(root)) = (&self.url, &self.secret.data_dir) else {
            return Ok(None);
        };
        let (kept, _) = DataDir::existing(root)?.self_signed();
        if !kept.try_exists()? {
            return Ok(None);
        }
        let pem = std::fs::read(&kept);
        Ok(Some(pem.with_context(|| {
            format!("{} cannot be read", kept.display())
        })?))
    }

    pub(crate) fn client(&self) -> Result<Client> {
        let secret = self.secret.of(self.app.id())?;
        let (app, now) = (self.app.app, now().seconds());
        let signature = usersig::generate(app, &secret, &self.admin, now, SIGNATURE_SECONDS);
        let mut options = Options::new(&self.url()?, app, &signature);
        options.identifier.clone_from(&self.admin);
        options.ca = self.ca()?;
        Ok(Client::new(&options)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_comes_from_the_option_or_the_data_directory() {
        let folder = tempfile::tempdir().expect("a directory");
        let data = DataDir::create(&folder.path().join("data")).expect("made");
        std::fs::create_dir(data.nats()).expect("made");
        data.write_secret(AppId(7), "kept").expect("written");
        let from = |secret: Option<&str>, dir: bool| {
            Secret {
                secret: secret.map(str::to_owned),
                data_dir: dir.then(|| data.root().to_owned()),
            }
            .of(AppId(7))
        };
        assert_eq!(from(Some("given"), true).expect("given"), "given");
        assert_eq!(from(None, true).expect("kept"), "kept");
        assert!(
            from(None, false)
                .expect_err("none")
                .to_string()
                .contains("--data-dir")
        );
    }

    #[test]
    fn a_secret_is_not_shown() {
        let secret = Secret {
            secret: Some("s3cr3t".to_owned()),
            data_dir: None,
        };
        assert!(!format!("{secret:?}").contains("s3cr3t"));
    }
}
