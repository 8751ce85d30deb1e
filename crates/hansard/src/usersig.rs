//! `hansard usersig`: a signature for an account.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Args;
use hansard_client::usersig::{EXPIRE_SECONDS_DEFAULT, generate};
use hansard_types::UserId;
use serde_json::json;

use crate::clock::now;
use crate::credentials::{App, Secret};
use crate::term;

const EXAMPLES: &str = "\
Examples:
  hansard usersig --data-dir ~/hansard --user alice
  hansard usersig --app 1400000001 --secret KEY --user alice --expire 86400
  curl -d '{\"UserID\":\"alice\"}' \"http://127.0.0.1:8080/v4/im_open_login_svc/account_import?\\
sdkappid=1400000001&identifier=administrator&random=1&contenttype=json&\\
usersig=$(hansard usersig --data-dir ~/hansard --user administrator)\"";

/// Make a UserSig: what an account logs in with, and an administrator calls the API with
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    app: App,
    #[command(flatten)]
    secret: Secret,
    /// The account to sign for
    #[arg(long, value_name = "ID")]
    user: String,
    /// How long it is valid, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = EXPIRE_SECONDS_DEFAULT)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=10 * 366 * 24 * 60 * 60))]
    expire: u64,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let Arguments {
        app,
        secret,
        user,
        expire,
        json,
    } = arguments;
    UserId::new(user).context("--user is not an account's id")?;
    let secret = secret.of(app.id())?;
    let now = now().seconds();
    let signature = generate(app.app, &secret, user, now, *expire);
    if *json {
        term::json(&json!({
            "app": app.app,
            "user": user,
            "usersig": signature,
            "expires_at": now.saturating_add(*expire),
        }))?;
    } else {
        term::line(signature)?;
    }
    Ok(ExitCode::SUCCESS)
}
