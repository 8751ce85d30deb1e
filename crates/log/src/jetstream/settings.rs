use std::time::Duration;

use async_nats::StatusCode;
use bytes::Bytes;
use futures::StreamExt as _;
use serde::Deserialize;
use tokio::time::timeout;

use super::JetStream;

/// What every server of a cluster answers with how its JetStream is set up. It is of the system
/// account, which may export it to others.
const SUBJECT: &str = "$SYS.REQ.SERVER.PING.JSZ";
/// How long the first answer, and each one after it, may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);
/// Servers of a cluster that are listened to.
const SERVERS_MAX: usize = 64;

/// How one nats-server is set up, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSettings {
    pub server: String,
    /// How often it brings its files to disk; zero: at once.
    pub sync_interval: Duration,
}

#[derive(Deserialize)]
struct Answer {
    server: Server,
    data: Data,
}

#[derive(Deserialize)]
struct Server {
    name: String,
}

#[derive(Deserialize)]
struct Data {
    config: Option<Config>,
}

#[derive(Deserialize)]
struct Config {
    /// Nanoseconds.
    #[serde(default)]
    sync_interval: Option<u64>,
    #[serde(default)]
    sync_always: bool,
}

impl JetStream {
    /// How the servers are set up, of those that tell: none tells a login whose account has not
    /// been given that.
    pub async fn settings(&self) -> Vec<ServerSettings> {
        let mut settings = Vec::new();
        let inbox = self.client.new_inbox();
        let Ok(mut answers) = self.client.subscribe(inbox.clone()).await else {
            return settings;
        };
        let asked = self.client.publish_with_reply(SUBJECT, inbox, Bytes::new());
        if let Err(error) = asked.await {
            tracing::debug!(%error, "nats-server was not asked for its settings");
            return settings;
        }
        for _ in 0..SERVERS_MAX {
            let Ok(Some(answer)) = timeout(ANSWER_WITHIN, answers.next()).await else {
                break;
            };
            if answer.status == Some(StatusCode::NO_RESPONDERS) {
                break;
            }
            settings.extend(read(&answer.payload));
        }
        settings
    }
}

fn read(answer: &[u8]) -> Option<ServerSettings> {
    let Answer { server, data } = serde_json::from_slice(answer).ok()?;
    let Config {
        sync_interval,
        sync_always,
    } = data.config?;
    let nanos = if sync_always { 0 } else { sync_interval? };
    Some(ServerSettings {
        server: server.name,
        sync_interval: Duration::from_nanos(nanos),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_nats_server_2_15_is_read() {
        let read = |config: &str| {
            let text = format!(r#"{{"server":{{"name":"n1"}},"data":{{"streams":0{config}}}}}"#);
            read(text.as_bytes()).map(|settings| settings.sync_interval)
        };
        let minutes = r#","config":{"store_dir":"/x","sync_interval":600000000000,"strict":true}"#;
        assert_eq!(read(minutes), Some(Duration::from_secs(600)));
        let always = r#","config":{"sync_interval":120000000000,"sync_always":true}"#;
        assert_eq!(read(always), Some(Duration::ZERO));
        assert_eq!(read(""), None, "a server without JetStream");
    }
}
