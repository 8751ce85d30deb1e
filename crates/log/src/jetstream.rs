use std::borrow::Cow;
use std::str::FromStr;
use std::time::Duration;

use async_nats::header::{HeaderMap, HeaderName, HeaderValue, NATS_EXPECTED_LAST_SEQUENCE};
use async_nats::jetstream::context::{GetStreamError, GetStreamErrorKind};
use async_nats::jetstream::stream::{
    Compression, Config, DiscardPolicy, RetentionPolicy, StorageType,
};
use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectOptions, Event, Message, ServerAddr, Subscriber};
use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use hansard_events::RawEvent;
use hansard_types::LogId;
use tokio::sync::{Mutex, watch};
use tokio::time::timeout;

use crate::{AppendError, Error, EventLog, OpenError, Result, StoredEvent, Unit};

mod ack;
mod credentials;
mod read;

use ack::{Ack, refused};
pub use credentials::Credentials;
use read::Cursors;

/// What streams are made with.
#[derive(Debug, Clone, Copy)]
pub struct JetStreamOptions {
    /// Copies of each stream, 1 to 5.
    pub replicas: usize,
    /// How long an acknowledgement or an answer may take before the outcome is unknown.
    pub answer_within: Duration,
}

impl Default for JetStreamOptions {
    fn default() -> Self {
        Self {
            replicas: 1,
            answer_within: Duration::from_secs(5),
        }
    }
}

/// A connection to a nats-server, which comes back by itself when it is lost.
#[derive(Clone)]
pub struct JetStream {
    pub(crate) client: Client,
    pub(crate) context: Context,
    options: JetStreamOptions,
    /// How often the connection was lost.
    losses: watch::Receiver<u64>,
}

const RECONNECT_AFTER_MAX: Duration = Duration::from_millis(250);

impl JetStream {
    /// Connects to a URL (`nats://host:port`, with or without user and password in it, percent
    /// encoded). `credentials` go before those in the URL.
    ///
    /// # Errors
    /// [`OpenError::Server`] when nobody answers there, the credentials are not taken, or the
    /// server is too old.
    pub async fn connect(
        url: &str,
        credentials: Option<&Credentials>,
        options: JetStreamOptions,
    ) -> Result<Self, OpenError> {
        let (lost, losses) = watch::channel(0_u64);
        let mut connect = ConnectOptions::new()
            .name("hansard")
            .reconnect_delay_callback(|attempts| {
                let attempts = u32::try_from(attempts).unwrap_or(u32::MAX);
                Duration::from_millis(10)
                    .saturating_mul(attempts)
                    .min(RECONNECT_AFTER_MAX)
            })
            .event_callback(move |event| {
                let lost = lost.clone();
                async move {
                    if matches!(event, Event::Disconnected | Event::Closed) {
                        lost.send_modify(|count| *count += 1);
                    }
                    tracing::debug!(%event, "the connection to nats-server");
                }
            });
        // The parse error is left out: it could repeat the password.
        let address: ServerAddr = url.parse().map_err(|_| {
            OpenError::Server("a nats-server's URL is written nats://host:port".to_owned())
        })?;
        if let Some(Credentials { user, password }) =
            credentials.cloned().or(Credentials::in_url(&address))
        {
            connect = connect.user_and_password(user, password);
        }
        let client = connect.connect(address).await.map_err(|error| {
            OpenError::Server(format!("nats-server does not answer at its URL: {error}"))
        })?;
        crate::server::check_version(&client.server_info().version).map_err(OpenError::Server)?;
        let mut context = jetstream::new(client.clone());
        context.set_timeout(options.answer_within);
        Ok(Self {
            client,
            context,
            options,
            losses,
        })
    }

    /// The nats-server's version.
    #[must_use]
    pub fn server_version(&self) -> String {
        self.client.server_info().version
    }

    /// Opens a log; makes its stream when it is missing.
    ///
    /// # Errors
    /// [`OpenError::Server`] when the stream cannot be made, or is not a log of ours.
    pub async fn open_log(&self, id: LogId) -> Result<JetStreamLog, OpenError> {
        let wanted = stream_config(id, self.options.replicas);
        let failed = |error: String| OpenError::Server(format!("stream {}: {error}", wanted.name));
        let stream = self
            .context
            .get_or_create_stream(wanted.clone())
            .await
            .map_err(|error| failed(error.to_string()))?;
        let config = &stream.cached_info().config;
        if config.subjects != wanted.subjects
            || config.max_age != Duration::ZERO
            || config.retention != RetentionPolicy::Limits
            || !config.deny_purge
            || !config.allow_direct
        {
            return Err(failed(
                "it exists with another configuration than a log's; another program made or \
                 changed it"
                    .to_owned(),
            ));
        }
        if !config.allow_batch_publish {
            let updated = Config {
                allow_batch_publish: true,
                ..config.clone()
            };
            let updated = self.context.update_stream(updated).await;
            updated.map_err(|error| failed(error.to_string()))?;
        }
        let is_replicated = config.num_replicas > 1;
        let inbox = self.client.new_inbox();
        let acks = self
            .client
            .subscribe(format!("{inbox}.>"))
            .await
            .map_err(|error| failed(error.to_string()))?;
        Ok(JetStreamLog {
            id,
            is_replicated,
            server: self.clone(),
            name: wanted.name,
            appending: Mutex::new(Appending {
                inbox,
                acks,
                token: 0,
            }),
            cursors: Cursors::default(),
        })
    }

    /// Whether this server holds a log.
    ///
    /// # Errors
    /// [`Error::Unavailable`]
    pub async fn holds(&self, id: LogId) -> Result<bool> {
        match self.context.get_stream(id.stream_name()).await {
            Ok(_) => Ok(true),
            Err(error) if is_missing(&error) => Ok(false),
            Err(error) => Err(Error::Unavailable(error.to_string())),
        }
    }
}

fn is_missing(error: &GetStreamError) -> bool {
    matches!(
        error.kind(),
        GetStreamErrorKind::JetStream(reason)
            if reason.error_code() == jetstream::ErrorCode::STREAM_NOT_FOUND
    )
}

fn stream_config(id: LogId, replicas: usize) -> Config {
    Config {
        name: id.stream_name(),
        subjects: vec![format!("{}.>", id.subject_prefix())],
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::New,
        storage: StorageType::File,
        num_replicas: replicas,
        allow_direct: true,
        allow_atomic_publish: true,
        allow_batch_publish: true,
        deny_purge: true,
        compression: Some(Compression::S2),
        ..Config::default()
    }
}

/// Operations of a fast batch, a part of each message's reply subject.
const FAST_START: u8 = 0;
const FAST_APPEND: u8 = 1;
const FAST_STORE_AND_COMMIT: u8 = 2;
/// The server tells how far it is after so many messages of a fast batch: rounds end before.
const FAST_FLOW: usize = 10_000;
/// What nats-server takes as one atomic batch.
const BATCH_EVENTS_MAX: usize = 1000;

/// One stream on a real nats-server.
pub struct JetStreamLog {
    id: LogId,
    /// A replicated stream only ever gets atomic batches, which it stages in memory and commits
    /// through Raft at once.
    is_replicated: bool,
    server: JetStream,
    name: String,
    appending: Mutex<Appending>,
    cursors: Cursors,
}

/// Where acknowledgements arrive: one subscription for all of them, told apart by a token.
struct Appending {
    inbox: String,
    acks: Subscriber,
    token: u64,
}

fn unknown(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> AppendError {
    AppendError::Unknown(reason.into())
}

#[async_trait]
impl EventLog for JetStreamLog {
    fn id(&self) -> LogId {
        self.id
    }

    async fn append(&self, expected_last: u64, units: &[Unit]) -> Result<(), AppendError> {
        let mut appending = self.appending.lock().await;
        let mut expected = expected_last;
        let mut rest = units;
        while let Some(first) = rest.first() {
            // Everything up to the next command of several events goes out pipelined.
            let singles = rest.iter().take_while(|unit| unit.len() <= 1).count();
            if self.is_replicated {
                let count = units_of_batch(rest);
                let events: Vec<&RawEvent> = rest[..count].iter().flatten().collect();
                expected = self.append_batch(&mut appending, expected, &events).await?;
                rest = &rest[count..];
            } else if singles > 0 {
                let events: Vec<&RawEvent> = rest[..singles].iter().flatten().collect();
                expected = self
                    .append_singles(&mut appending, expected, &events)
                    .await?;
                rest = &rest[singles..];
            } else {
                let events: Vec<&RawEvent> = first.iter().collect();
                expected = self.append_batch(&mut appending, expected, &events).await?;
                rest = &rest[1..];
            }
        }
        Ok(())
    }

    async fn last(&self) -> Result<u64> {
        let unavailable = |error: String| Error::Unavailable(error);
        let stream = self.server.context.get_stream(&self.name).await;
        let stream = stream.map_err(|error| unavailable(error.to_string()))?;
        Ok(stream.cached_info().state.last_sequence)
    }

    async fn read(&self, from: u64, events_max: usize) -> Result<Vec<StoredEvent>> {
        self.read_from(from.max(1), events_max).await
    }
}

impl JetStreamLog {
    /// Publishes events as a fast batch, each under the sequence that it expects. The first one
    /// that is refused or missing ends the batch, so that nothing behind it gets in; only the last
    /// one is acknowledged. Source: ADR-50 of nats-architecture-and-design, gap mode `fail`.
    ///
    /// Without the batch the sequences would not do: when someone else's event has taken the first
    /// place, the second event's expected sequence is right again, and it would be stored without
    /// the first.
    async fn append_singles(
        &self,
        appending: &mut Appending,
        expected_last: u64,
        events: &[&RawEvent],
    ) -> Result<u64, AppendError> {
        let mut losses = self.server.losses.clone();
        losses.mark_unchanged();
        // Its own for every call: an earlier try of the same events must not look like this one.
        let batch = appending.next_reply();
        let last = events.len();
        for (expected, (index, event)) in (expected_last..).zip(events.iter().enumerate()) {
            let mut headers = headers_of(event)?;
            headers.insert(NATS_EXPECTED_LAST_SEQUENCE, HeaderValue::from(expected));
            let operation = match index {
                _ if index + 1 == last => FAST_STORE_AND_COMMIT,
                0 => FAST_START,
                _ => FAST_APPEND,
            };
            let reply = format!("{batch}.{FAST_FLOW}.fail.{}.{operation}.$FI", index + 1);
            self.publish(event, headers, Some(reply)).await?;
        }
        let expected = expected_last + last as u64;
        self.wait_for_ack(appending, &batch, expected, expected_last, &mut losses)
            .await?;
        Ok(expected)
    }

    /// Publishes events as an atomic batch.
    async fn append_batch(
        &self,
        appending: &mut Appending,
        expected_last: u64,
        events: &[&RawEvent],
    ) -> Result<u64, AppendError> {
        let mut losses = self.server.losses.clone();
        losses.mark_unchanged();
        let begin = appending.next_reply();
        let commit = appending.next_reply();
        let batch: String = commit
            .chars()
            .rev()
            .take(60)
            .collect::<Vec<_>>()
            .iter()
            .rev()
            .collect();
        let last = events.len();
        for (index, event) in events.iter().enumerate() {
            let mut headers = headers_of(event)?;
            headers.insert("Nats-Batch-Id", batch.as_str());
            headers.insert("Nats-Batch-Sequence", HeaderValue::from(index as u64 + 1));
            let mut reply = None;
            if index == 0 {
                headers.insert(
                    NATS_EXPECTED_LAST_SEQUENCE,
                    HeaderValue::from(expected_last),
                );
                reply = Some(begin.clone());
            }
            if index + 1 == last {
                headers.insert("Nats-Batch-Commit", "1");
                reply = Some(commit.clone());
            }
            self.publish(event, headers, reply).await?;
        }
        let expected = expected_last + last as u64;
        self.wait_for_ack(appending, &commit, expected, expected_last, &mut losses)
            .await?;
        Ok(expected)
    }

    async fn publish(
        &self,
        event: &RawEvent,
        headers: HeaderMap,
        reply: Option<String>,
    ) -> Result<(), AppendError> {
        let (subject, body) = (event.subject.clone(), Bytes::from(event.body.clone()));
        let client = &self.server.client;
        let published = match reply {
            None => client.publish_with_headers(subject, headers, body).await,
            Some(reply) => {
                client
                    .publish_with_reply_and_headers(subject, reply, headers, body)
                    .await
            }
        };
        published.map_err(|error| match error.kind() {
            async_nats::client::PublishErrorKind::MaxPayloadExceeded
            | async_nats::client::PublishErrorKind::InvalidSubject => {
                AppendError::Refused(error.to_string())
            }
            async_nats::client::PublishErrorKind::Send => unknown(error),
        })
    }

    /// Waits for the answer to a batch, which arrives at `reply` or below it.
    async fn wait_for_ack(
        &self,
        appending: &mut Appending,
        reply: &str,
        expected: u64,
        expected_last: u64,
        losses: &mut watch::Receiver<u64>,
    ) -> Result<(), AppendError> {
        let answer = timeout(self.server.options.answer_within, async {
            loop {
                // Cancel-safe: a message that is taken is looked at before the next wait.
                tokio::select! {
                    message = appending.acks.next() => match message {
                        None => return Err(unknown("the subscription for answers ended")),
                        Some(message) if answers(&message, reply) => {
                            if let Some(ack) = final_ack(&message)? {
                                return Ok(ack);
                            }
                        }
                        // The answer to an earlier try, or to the first message of a batch.
                        Some(_) => {}
                    },
                    _ = losses.changed() => {
                        return Err(unknown("the connection to nats-server was lost"));
                    }
                }
            }
        });
        let ack = match answer.await {
            Ok(answered) => answered?,
            Err(elapsed) => return Err(unknown(elapsed)),
        };
        match ack.error {
            None if ack.seq == expected => Ok(()),
            None => Err(AppendError::Conflict { expected_last }),
            Some(error) => Err(refused(&error, expected_last)),
        }
    }
}

fn answers(message: &Message, reply: &str) -> bool {
    let rest = message.subject.strip_prefix(reply);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// What a batch came to; `None` when the server only tells how far it is.
fn final_ack(message: &Message) -> Result<Option<Ack>, AppendError> {
    if message.status.is_some() {
        return Err(unknown("nobody takes events for this stream at the moment"));
    }
    let ack: Ack = serde_json::from_slice(&message.payload).map_err(unknown)?;
    Ok(ack.is_final().then_some(ack))
}

/// How many whole units go into one atomic batch; at least one.
fn units_of_batch(units: &[Unit]) -> usize {
    let mut events = 0;
    let fitting = units.iter().take_while(|unit| {
        events += unit.len();
        events <= BATCH_EVENTS_MAX
    });
    fitting.count().max(1)
}

impl Appending {
    fn next_reply(&mut self) -> String {
        self.token += 1;
        format!("{}.{}", self.inbox, self.token)
    }
}

fn headers_of(event: &RawEvent) -> Result<HeaderMap, AppendError> {
    let malformed = |name: &str| AppendError::Refused(format!("the header {name} is malformed"));
    let mut headers = HeaderMap::new();
    for (name, value) in &event.headers {
        let key = match name {
            Cow::Borrowed(name) => HeaderName::from_static(name),
            Cow::Owned(name) => HeaderName::from_str(name).map_err(|_| malformed(name))?,
        };
        let value = HeaderValue::from_str(value).map_err(|_| malformed(name))?;
        headers.insert(key, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::units_of_batch;
    use crate::conformance::{events, units};

    #[test]
    fn a_batch_holds_whole_units_and_at_least_one() {
        let all = events(hansard_types::LogId::CONTROL, 1200);
        let singles = units(&all);
        assert_eq!(units_of_batch(&singles), 1000);
        assert_eq!(units_of_batch(&singles[..7]), 7);
        let unit = |count: usize| all[..count].iter().map(|one| one.event.clone()).collect();
        assert_eq!(units_of_batch(&[unit(999), unit(2), unit(1)]), 1);
        assert_eq!(units_of_batch(&[unit(1001)]), 1, "the server refuses it");
    }
}
