//! The first app, and the secrets of all of them.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use hansard_domain::Command;
use hansard_domain::account::ImportAccount;
use hansard_domain::app::CreateApp;
use hansard_engine::{Engine, SubmitError};
use hansard_events::{Origin, chain};
use hansard_types::{AppId, LogId, UserId};
use rand::TryRngCore as _;
use rand::rngs::OsRng;
use sha2::{Digest as _, Sha256};

use crate::data_dir::DataDir;

/// Random bytes of a secret that we make.
const SECRET_BYTES: usize = 32;

/// What the first app is made of.
pub(crate) struct FirstApp<'a> {
    pub(crate) app: AppId,
    pub(crate) secret: Option<&'a str>,
    pub(crate) administrator: &'a str,
    /// Of its log.
    pub(crate) partitions: u16,
}

/// The secrets by app.
pub(crate) struct Secrets(HashMap<AppId, Arc<str>>);

impl hansard_desk::Secrets for Secrets {
    fn secret(&self, app: AppId) -> Option<Arc<str>> {
        self.0.get(&app).cloned()
    }
}

/// What the operator is told.
pub(crate) struct Made {
    pub(crate) app: AppId,
    pub(crate) administrator: String,
    /// To be shown once; `None` when it was there or given.
    pub(crate) new_secret: Option<String>,
}

/// Makes the first app where there is none. Broken off anywhere, it is made by the next start.
pub(crate) async fn make_first(
    engine: &mut Engine,
    data: &DataDir,
    first: &FirstApp<'_>,
) -> Result<Made> {
    let handle = engine.handle();
    let administrator =
        UserId::new(first.administrator).context("HANSARD_APP_ADMIN is not an account's id")?;
    let mut new_secret = None;
    if handle.apps().is_empty() {
        let kept = data.read_secret(first.app)?;
        let secret = match (first.secret, kept) {
            (Some(given), _) => given.to_owned(),
            (None, Some(kept)) => kept,
            (None, None) => new_secret.insert(random_secret()?).clone(),
        };
        // First the secret: an app whose secret nobody has could not be used.
        data.write_secret(first.app, &secret)?;
        let command = CreateApp {
            app_id: first.app,
            administrators: vec![administrator],
            secret_fingerprint: fingerprint(&secret),
            partitions: first.partitions,
        };
        engine.create_app(command).await?;
    }
    let app = if handle.app(first.app).is_some() {
        first.app
    } else {
        *handle.apps().first().context("there is an app")?
    };
    let row = handle.app(app).context("the app is there")?;
    for administrator in &row.administrators {
        import_account(engine, app, administrator).await?;
    }
    let administrator = row
        .administrators
        .first()
        .map_or_else(String::new, ToString::to_string);
    Ok(Made {
        app,
        administrator,
        new_secret,
    })
}

async fn import_account(engine: &Engine, app: AppId, user: &UserId) -> Result<()> {
    let handle = engine.handle();
    if handle.account(app, user)?.is_some() {
        return Ok(());
    }
    let command = ImportAccount {
        user_id: user.clone(),
        nick: None,
        face_url: None,
    };
    let by_system = Origin::system();
    match handle
        .submit(
            LogId::directory(app),
            Command::ImportAccount(command),
            by_system,
        )
        .await
    {
        // The next start does it; a fenced-off server must still come up to say so.
        Err(error @ (SubmitError::Unavailable(_) | SubmitError::OutcomeUnknown(_))) => {
            tracing::warn!(%app, %error, "the administrator's account was not imported");
            Ok(())
        }
        other => Ok(other.map(drop)?),
    }
}

/// The secrets of all apps; a secret that is not the app's is refused.
pub(crate) fn secrets(engine: &Engine, data: &DataDir, first: &FirstApp<'_>) -> Result<Secrets> {
    let handle = engine.handle();
    let mut secrets = HashMap::new();
    for app in handle.apps() {
        let row = handle.app(app).context("the app is there")?;
        let given = first.secret.filter(|_| app == first.app);
        let secret = match (data.read_secret(app)?, given) {
            (Some(kept), given) => {
                if given.is_some_and(|given| given != kept) {
                    tracing::warn!(
                        %app,
                        "HANSARD_APP_SECRET is not the secret that is kept, and is not used"
                    );
                }
                kept
            }
            (None, Some(given)) if fingerprint(given) == row.secret_fingerprint => {
                data.write_secret(app, given)?;
                given.to_owned()
            }
            (None, _) => bail!(
                "the secret of app {app} is missing: restore {} from a copy, or give it once in \
                 HANSARD_APP_SECRET with HANSARD_APP_ID={app}",
                data.secret(app).display()
            ),
        };
        if fingerprint(&secret) != row.secret_fingerprint {
            bail!(
                "{} is not the secret of app {app}: restore it from a copy",
                data.secret(app).display()
            );
        }
        secrets.insert(app, Arc::from(secret));
    }
    Ok(Secrets(secrets))
}

fn random_secret() -> Result<String> {
    let mut bytes = [0; SECRET_BYTES];
    OsRng
        .try_fill_bytes(&mut bytes)
        .context("the system has no random numbers")?;
    Ok(chain::to_hex(&bytes))
}

/// The first 16 hex digits of the secret's SHA-256: tells which secret belongs to an app.
fn fingerprint(secret: &str) -> String {
    chain::to_hex(&Sha256::digest(secret.as_bytes())[..8])
}
