//! Whether a nats-server does its work: it takes a real event.

use std::time::Duration;

use async_nats::jetstream::stream::{Config, StorageType};
use bytes::Bytes;
use tokio::time::timeout;

use crate::jetstream::{Credentials, JetStream, JetStreamOptions};

/// A stream that holds one message, and whose disk freezes with that of all others.
const STREAM: &str = "HANSARD_PROBE";
const SUBJECT: &str = "hansard.probe";
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Whether JetStream answers at all.
pub(super) async fn answers(url: &str, credentials: &Credentials) -> bool {
    let connect = JetStream::connect(url, Some(credentials), JetStreamOptions::default());
    match timeout(ANSWER_WITHIN, connect).await {
        Ok(Ok(server)) => {
            let account = timeout(ANSWER_WITHIN, server.context.query_account()).await;
            matches!(account, Ok(Ok(_)))
        }
        Ok(Err(_)) | Err(_) => false,
    }
}

/// Stores one message.
pub(super) async fn stores(server: &JetStream) -> Result<(), String> {
    let config = Config {
        name: STREAM.to_owned(),
        subjects: vec![SUBJECT.to_owned()],
        max_messages: 1,
        storage: StorageType::File,
        ..Config::default()
    };
    let publish = async {
        let context = &server.context;
        context
            .get_or_create_stream(config)
            .await
            .map_err(|error| error.to_string())?;
        let ack = context.publish(SUBJECT, Bytes::from_static(b"probe")).await;
        ack.map_err(|error| error.to_string())?
            .await
            .map_err(|error| error.to_string())?;
        Ok(())
    };
    match timeout(ANSWER_WITHIN, publish).await {
        Ok(outcome) => outcome,
        Err(_elapsed) => Err("it does not answer".to_owned()),
    }
}
