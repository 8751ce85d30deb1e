//! Whether a nats-server does its work: it takes a real event, and no stream of it has stopped.

use std::time::Duration;

use async_nats::jetstream::stream::{Config, StorageType};
use async_nats::{Client, ConnectOptions};
use bytes::Bytes;
use serde::Deserialize;
use tokio::time::timeout;

use super::files::NatsFiles;
use crate::jetstream::{JetStream, JetStreamOptions};

/// A stream that holds one message.
const STREAM: &str = "HANSARD_PROBE";
const SUBJECT: &str = "hansard.probe";
/// What the server is asked for its health by, in the system's account.
const HEALTH: &str = "$SYS.REQ.SERVER.PING.HEALTHZ";
/// What stands in its answer when a stream has stopped at a write that failed. It stays stopped,
/// and leaves publishes to it unanswered, until nats-server is restarted; other streams go on.
const STOPPED: &str = "write error";
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Why a probe failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failed {
    /// No answer, or not the right one: it may pass.
    Unanswered(String),
    /// A stream has stopped: nothing but a restart helps, once there is room.
    Stopped(String),
}

fn unanswered(error: impl std::fmt::Display) -> Failed {
    Failed::Unanswered(error.to_string())
}

/// The connections that a server is probed over.
pub(super) struct Probe {
    server: JetStream,
    system: Client,
}

impl Probe {
    /// Connects; an error when JetStream does not answer.
    pub(super) async fn connect(files: &NatsFiles) -> Result<Self, Failed> {
        let connecting = async {
            let options = JetStreamOptions::default();
            let server = files.connect(options).await.map_err(unanswered)?;
            let account = server.context.query_account().await;
            account.map_err(unanswered)?;
            let system = files.system_credentials().map_err(unanswered)?;
            let mut connect = ConnectOptions::new().name("hansard supervisor");
            if let Some(certificate) = system.certificate {
                connect = connect.require_tls(true).add_root_certificates(certificate);
            }
            let connect = connect.user_and_password(system.user, system.password);
            let address = files.address().map_err(unanswered)?;
            let system = connect.connect(address).await.map_err(unanswered)?;
            Ok(Self { server, system })
        };
        within(connecting).await
    }

    /// Stores a message, and asks for every stream's health.
    pub(super) async fn check(&self) -> Result<(), Failed> {
        let (stored, health) = tokio::join!(within(self.store()), within(self.health()));
        match health {
            Err(stopped @ Failed::Stopped(_)) => Err(stopped),
            health => stored.and(health),
        }
    }

    async fn store(&self) -> Result<(), Failed> {
        let config = Config {
            name: STREAM.to_owned(),
            subjects: vec![SUBJECT.to_owned()],
            max_messages: 1,
            storage: StorageType::File,
            ..Config::default()
        };
        let context = &self.server.context;
        context
            .get_or_create_stream(config)
            .await
            .map_err(unanswered)?;
        let ack = context.publish(SUBJECT, Bytes::from_static(b"probe")).await;
        ack.map_err(unanswered)?.await.map_err(unanswered)?;
        Ok(())
    }

    async fn health(&self) -> Result<(), Failed> {
        let request = self.system.request(HEALTH, Bytes::from_static(b"{}"));
        let answer = request.await.map_err(unanswered)?;
        health_of(&answer.payload)
    }
}

async fn within<T>(work: impl Future<Output = Result<T, Failed>>) -> Result<T, Failed> {
    match timeout(ANSWER_WITHIN, work).await {
        Ok(outcome) => outcome,
        Err(_elapsed) => Err(unanswered("it does not answer")),
    }
}

#[derive(Deserialize)]
struct Answer {
    data: Health,
}

#[derive(Deserialize)]
struct Health {
    status: String,
    #[serde(default)]
    error: String,
}

fn health_of(answer: &[u8]) -> Result<(), Failed> {
    let Answer { data } = serde_json::from_slice(answer).map_err(unanswered)?;
    match data {
        Health { status, .. } if status == "ok" => Ok(()),
        Health { error, .. } if error.contains(STOPPED) => Err(Failed::Stopped(error)),
        Health { error, status } => {
            // It takes events all the same, as the probe has seen: a restart would not mend it.
            tracing::debug!(%status, %error, "nats-server is not well");
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_has_stopped_is_told_from_other_news() {
        let answer =
            |data: &str| health_of(format!("{{\"server\":{{}},\"data\":{data}}}").as_bytes());
        assert_eq!(answer(r#"{"status":"ok","status_code":200}"#), Ok(()));
        let stopped = answer(
            r#"{"status":"unavailable","status_code":503,"error":"JetStream stream '$G > A' write error: write 1.blk: no space left on device"}"#,
        );
        assert!(matches!(stopped, Err(Failed::Stopped(_))), "{stopped:?}");
        let other =
            r#"{"status":"unavailable","error":"JetStream stream 'A' could not be recovered"}"#;
        assert_eq!(answer(other), Ok(()));
        assert!(matches!(health_of(b"{}"), Err(Failed::Unanswered(_))));
    }
}
