//! What JetStream does without us: the baselines that `hansard bench` puts our figures beside.
//!
//! Publishes here are acknowledged from memory and page cache, and expect nothing of the stream's
//! end: no fence, no journal, no order that anyone checks. Ours promise all of that.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::pull::OrderedConfig;
use async_nats::jetstream::consumer::{DeliverPolicy, ReplayPolicy};
use async_nats::jetstream::context::PublishAckFuture;
use async_nats::jetstream::stream::{Compression, Config, StorageType};
use async_nats::{HeaderMap, Subject};
use bytes::Bytes;
use futures::StreamExt;
use hansard_events::RawEvent;
use hansard_types::LogId;

use crate::{Error, JetStream, Result};

const STREAM: &str = "BENCH_BARE";
/// Goes before the subjects that the messages have in their log: as many, and as long.
const SUBJECT_PREFIX: &str = "bench.";

/// What a stretch of publishing took.
#[derive(Debug, Clone, Default)]
pub struct Published {
    pub elapsed: Duration,
    /// From publish to acknowledgement, one for each message.
    pub latencies: Vec<Duration>,
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Unavailable(error.to_string())
}

/// Publishes these messages over and over until the deadline, each acknowledged by itself, with so
/// many on their way at once, to a stream made as a log's is.
///
/// # Errors
/// [`Error::Unavailable`] when a publish fails.
pub async fn bare_publish(
    server: &JetStream,
    events: &[RawEvent],
    in_flight: usize,
    deadline: Instant,
) -> Result<Published> {
    let config = Config {
        name: STREAM.to_owned(),
        subjects: vec![format!("{SUBJECT_PREFIX}>")],
        storage: StorageType::File,
        allow_direct: true,
        compression: Some(Compression::None),
        ..Config::default()
    };
    server
        .context
        .get_or_create_stream(config)
        .await
        .map_err(failed)?;
    let messages: Vec<Message> = events.iter().map(message).collect();
    let begun = Instant::now();
    let mut latencies = Vec::new();
    let mut waiting: VecDeque<(Instant, PublishAckFuture)> = VecDeque::with_capacity(in_flight);
    for message in messages.iter().cycle() {
        let sent = Instant::now();
        if sent >= deadline {
            break;
        }
        if waiting.len() >= in_flight {
            acknowledged(&mut waiting, &mut latencies).await?;
        }
        let Message {
            subject,
            headers,
            body,
        } = message.clone();
        let publish = server.context.publish_with_headers(subject, headers, body);
        waiting.push_back((sent, publish.await.map_err(failed)?));
    }
    while !waiting.is_empty() {
        acknowledged(&mut waiting, &mut latencies).await?;
    }
    Ok(Published {
        elapsed: begun.elapsed(),
        latencies,
    })
}

async fn acknowledged(
    waiting: &mut VecDeque<(Instant, PublishAckFuture)>,
    latencies: &mut Vec<Duration>,
) -> Result<()> {
    if let Some((sent, ack)) = waiting.pop_front() {
        ack.await.map_err(failed)?;
        latencies.push(sent.elapsed());
    }
    Ok(())
}

#[derive(Clone)]
struct Message {
    subject: Subject,
    headers: HeaderMap,
    body: Bytes,
}

fn message(event: &RawEvent) -> Message {
    let mut headers = HeaderMap::new();
    for (name, value) in event.headers() {
        headers.insert(name, value);
    }
    Message {
        subject: Subject::from(format!("{SUBJECT_PREFIX}{}", event.subject())),
        headers,
        body: Bytes::copy_from_slice(event.body()),
    }
}

/// Takes the messages that [`bare_publish`] has left behind away.
///
/// # Errors
/// [`Error::Unavailable`]
pub async fn remove_bare(server: &JetStream) -> Result<()> {
    server
        .context
        .delete_stream(STREAM)
        .await
        .map(drop)
        .map_err(failed)
}

/// Receives a whole log through an ordered consumer and looks at nothing; returns how many
/// messages there were.
///
/// # Errors
/// [`Error::Unavailable`] when the log cannot be read.
pub async fn bare_replay(server: &JetStream, log: LogId) -> Result<u64> {
    let mut stream = server
        .context
        .get_stream(log.stream_name())
        .await
        .map_err(failed)?;
    let end = stream.info().await.map_err(failed)?.state.last_sequence;
    let config = OrderedConfig {
        deliver_policy: DeliverPolicy::All,
        replay_policy: ReplayPolicy::Instant,
        ..OrderedConfig::default()
    };
    let consumer = stream.create_consumer(config).await.map_err(failed)?;
    let mut messages = consumer.messages().await.map_err(failed)?;
    let mut received = 0;
    while received < end {
        let message = messages
            .next()
            .await
            .ok_or_else(|| failed("the consumer ended"))?;
        message.map_err(failed)?;
        received += 1;
    }
    Ok(received)
}
