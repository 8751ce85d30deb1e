use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

use crate::{audit, bench, doctor, import, projections, replay, serve, usersig};

/// The version of this release.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

const ABOUT: &str = "\
Hansard: a self-hosted chat backend whose event log is the product.

A first round on this machine:
  hansard serve --data-dir ~/hansard --listen 127.0.0.1:8080
  hansard import --url http://127.0.0.1:8080 --data-dir ~/hansard chat.jsonl
  hansard replay --data-dir ~/hansard
  hansard audit verify --data-dir ~/hansard

Exit codes: 0 done, 1 failed or found something wrong, 2 wrong usage.";

const ENVIRONMENT: &str = "\
Environment (an option on the command line goes first):
  HANSARD_DATA         --data-dir         where everything is kept
  HANSARD_LISTEN       --listen           address and port of the server
  HANSARD_TLS_CERT     --tls-cert         the server's certificate
  HANSARD_TLS_KEY      --tls-key          the certificate's private key
  HANSARD_CA           --ca               whom a client trusts to vouch for an https server
  HANSARD_URL          --url              address of a running server
  HANSARD_NATS         --nats             a nats-server that you run
  HANSARD_NATS_SERVER  --nats-server      the nats-server program
  HANSARD_APP_ID       --app              the app (1400000001)
  HANSARD_APP_SECRET   --secret           the app's secret
  HANSARD_APP_ADMIN    --admin            the app's administrator (administrator)
  HANSARD_LOG          (none)             what serve logs: info, debug, hansard_engine=debug, …";

#[derive(Debug, Parser)]
#[command(
    name = "hansard",
    version,
    about = "A chat backend whose event log is the product"
)]
#[command(long_about = ABOUT, after_long_help = ENVIRONMENT, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Arguments),
    Usersig(usersig::Arguments),
    Import(import::Arguments),
    Replay(replay::Arguments),
    Audit(audit::Arguments),
    Projections(projections::Arguments),
    Doctor(doctor::Arguments),
    Bench(bench::Arguments),
}

impl Cli {
    /// Runs the command to its end.
    ///
    /// # Errors
    /// Whatever kept it from its end; the error says what to do.
    pub(crate) fn run(self) -> Result<ExitCode> {
        match self.command {
            Command::Usersig(arguments) => usersig::run(&arguments),
            Command::Serve(arguments) => runtime()?.block_on(serve::run(arguments)),
            Command::Import(arguments) => runtime()?.block_on(import::run(arguments)),
            Command::Replay(arguments) => runtime()?.block_on(replay::run(arguments)),
            Command::Audit(arguments) => runtime()?.block_on(audit::run(arguments)),
            Command::Projections(arguments) => runtime()?.block_on(projections::run(arguments)),
            Command::Doctor(arguments) => runtime()?.block_on(doctor::run(arguments)),
            Command::Bench(arguments) => runtime()?.block_on(bench::run(arguments)),
        }
    }
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime could not be started")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_fixed_names_parse() {
        for line in [
            "hansard usersig --app 1400000001 --secret k --user alice",
            "hansard usersig --app 1400000001 --secret k --user alice --expire 60",
            "hansard serve --data-dir d --listen 127.0.0.1:8080 --durability interval",
            "hansard serve --data-dir d --tls-cert c.pem --tls-key k.pem",
            "hansard serve --data-dir d --tls-self-signed",
            "hansard import --url https://h --ca c.pem --app 1 --secret k a.jsonl",
            "hansard serve --data-dir d --nats nats://u:p@127.0.0.1:4222 --nats-server /bin/x",
            "hansard replay --data-dir d --app 1 --conversation group:a --since 0:4 --until 2h",
            "hansard replay --nats nats://127.0.0.1:4222 --app 1 --json",
            "hansard audit verify --data-dir d --app 1 --json",
            "hansard projections status --url http://h:1 --app 1 --secret k",
            "hansard projections retry search --data-dir d",
            "hansard projections rebuild search --url http://h:1 --app 1 --secret k --json",
            "hansard doctor --data-dir d --json",
            "hansard bench --json --seconds 1 --connections 8 --payload 10 --corpus a --corpus b",
            "hansard import --url http://h:1 --app 1 --secret k a.jsonl b.jsonl.gz -",
        ] {
            let parsed = Cli::try_parse_from(line.split(' '));
            assert!(parsed.is_ok(), "{line}: {:?}", parsed.err());
        }
    }

    #[test]
    fn a_certificate_comes_with_its_key_and_instead_of_one_for_trying() {
        for line in [
            "hansard serve --data-dir d --tls-cert c.pem",
            "hansard serve --data-dir d --tls-key k.pem",
            "hansard serve --data-dir d --tls-self-signed --tls-cert c.pem --tls-key k.pem",
        ] {
            assert!(Cli::try_parse_from(line.split(' ')).is_err(), "{line}");
        }
    }

    #[test]
    fn every_subcommand_teaches_with_an_example() {
        fn check(command: &clap::Command, path: &str) {
            let subcommands: Vec<_> = command.get_subcommands().collect();
            if subcommands.is_empty() {
                let help = command.get_after_long_help().or(command.get_after_help());
                let help = help.map(ToString::to_string).unwrap_or_default();
                assert!(
                    help.contains(&format!("hansard {path}")),
                    "{path} has no example: {help}"
                );
            }
            for sub in subcommands {
                check(sub, format!("{path} {}", sub.get_name()).trim());
            }
        }
        check(&Cli::command(), "");
    }

    #[test]
    fn no_help_shows_a_secret_of_the_environment() {
        for sub in Cli::command().get_subcommands() {
            for argument in sub.get_arguments().filter(|one| one.get_id() == "secret") {
                assert!(argument.is_hide_env_values_set(), "{}", sub.get_name());
            }
        }
    }
}
