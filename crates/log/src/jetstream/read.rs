//! Reading a stream: short ranges by one batched direct get, long ones by a consumer that the
//! next range goes on with.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::consumer::pull::{Ordered, OrderedConfig};
use async_nats::jetstream::consumer::{DeliverPolicy, ReplayPolicy};
use bytes::Bytes;
use futures::StreamExt;
use hansard_events::{RawEvent, header};
use parking_lot::Mutex;
use tokio::time::timeout;

use super::JetStreamLog;
use crate::{Error, Result, StoredEvent};

/// Up to here one direct get is cheaper than a consumer (measured in nats-server 2.15: about
/// 51,000 events a second by direct get, 120,000 and more by consumer, which takes 1-2 ms to set
/// up).
const DIRECT_EVENTS_MAX: usize = 256;
/// What one direct get may bring, bytes. The rest is asked for again.
const DIRECT_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Readers that can go on where they stopped, at the same time.
const CURSORS_MAX: usize = 4;
/// A consumer that does not deliver what is known to be there is given up after this long.
const SILENCE_MAX: Duration = Duration::from_secs(5);

/// Consumers that stand right behind the last event they delivered.
#[derive(Default)]
pub(super) struct Cursors(Mutex<Vec<Cursor>>);

impl Cursors {
    pub(super) fn clear(&self) {
        self.0.lock().clear();
    }
}

struct Cursor {
    next: u64,
    /// How often the connection had been lost before: a nats-server that died has forgotten it.
    lost: u64,
    messages: Ordered,
}

fn unavailable(error: impl std::fmt::Display) -> Error {
    Error::Unavailable(error.to_string())
}

impl JetStreamLog {
    pub(super) async fn read_from(&self, from: u64, wanted: usize) -> Result<Vec<StoredEvent>> {
        if wanted <= DIRECT_EVENTS_MAX {
            return self.read_direct(from, wanted).await;
        }
        let extent = crate::EventLog::extent(self).await?;
        // Nothing would come of what has aged out.
        let (from, end) = (from.max(extent.begins(self.id)), extent.last);
        let there = usize::try_from((end + 1).saturating_sub(from)).unwrap_or(usize::MAX);
        if there <= DIRECT_EVENTS_MAX {
            return self.read_direct(from, there).await;
        }
        self.read_on(from, wanted.min(there)).await
    }

    /// One request, many answers, and an empty one at the end.
    async fn read_direct(&self, from: u64, wanted: usize) -> Result<Vec<StoredEvent>> {
        if wanted == 0 {
            return Ok(Vec::new());
        }
        let client = &self.server.client;
        let inbox = client.new_inbox();
        let mut answers = client.subscribe(inbox.clone()).await.map_err(unavailable)?;
        let request = format!(
            r#"{{"seq":{from},"next_by_subj":"{}.>","batch":{wanted},"max_bytes":{DIRECT_BYTES_MAX}}}"#,
            self.id.subject_prefix()
        );
        let subject = format!("$JS.API.DIRECT.GET.{}", self.name);
        client
            .publish_with_reply(subject, inbox, Bytes::from(request))
            .await
            .map_err(unavailable)?;
        let mut events = Vec::with_capacity(wanted);
        loop {
            let answer = timeout(self.server.options.answer_within, answers.next()).await;
            let message = answer.map_err(unavailable)?;
            let message = message.ok_or_else(|| unavailable("the subscription ended"))?;
            match message.status.map(|status| status.as_u16()) {
                None => {
                    let headers = message.headers.unwrap_or_default();
                    events.push(self.stored(&headers, &message.payload)?);
                }
                // The end of the batch; nothing there.
                Some(204 | 404) => return Ok(events),
                Some(status) => {
                    return Err(unavailable(format!(
                        "the log answered with status {status}"
                    )));
                }
            }
        }
    }

    /// An answer to a direct get says where it was stored in headers.
    fn stored(&self, headers: &HeaderMap, body: &[u8]) -> Result<StoredEvent> {
        let said = |name: &str| headers.get(name).map(|value| value.as_str());
        let sequence = said("Nats-Sequence").and_then(|text| text.parse().ok());
        let found = sequence.zip(said("Nats-Subject"));
        let (sequence, subject) = found.ok_or_else(|| Error::Malformed {
            log: self.id.to_string(),
            sequence: 0,
            reason: "the log's answer does not say which event it is".to_owned(),
        })?;
        Ok(StoredEvent {
            sequence,
            event: raw(subject, Some(headers), body),
        })
    }

    /// Goes on with the consumer that stands there, or begins one.
    async fn read_on(&self, from: u64, wanted: usize) -> Result<Vec<StoredEvent>> {
        let mut cursor = match self.take_cursor(from) {
            Some(cursor) => cursor,
            None => self.begin_cursor(from).await?,
        };
        let mut events = Vec::with_capacity(wanted);
        while events.len() < wanted {
            let Ok(next) = timeout(SILENCE_MAX, cursor.messages.next()).await else {
                // What was counted may be lost: a direct get says at once what is there.
                let rest = (wanted - events.len()).min(DIRECT_EVENTS_MAX);
                events.extend(self.read_direct(cursor.next, rest).await?);
                return Ok(events);
            };
            let message = next.ok_or_else(|| unavailable("the consumer ended"))?;
            let message = message.map_err(unavailable)?;
            let info = message.info().map_err(unavailable)?;
            let (sequence, pending) = (info.stream_sequence, info.pending);
            let event = raw(&message.subject, message.headers.as_ref(), &message.payload);
            events.push(StoredEvent { sequence, event });
            cursor.next = sequence + 1;
            // Nothing follows, though more was counted: events before this one are lost.
            if pending == 0 {
                break;
            }
        }
        let mut cursors = self.cursors.0.lock();
        cursors.push(cursor);
        if cursors.len() > CURSORS_MAX {
            cursors.remove(0);
        }
        drop(cursors);
        Ok(events)
    }

    fn take_cursor(&self, from: u64) -> Option<Cursor> {
        let lost = *self.server.lost.borrow();
        let mut cursors = self.cursors.0.lock();
        cursors.retain(|cursor| cursor.lost == lost);
        let index = cursors.iter().position(|cursor| cursor.next == from)?;
        Some(cursors.remove(index))
    }

    async fn begin_cursor(&self, from: u64) -> Result<Cursor> {
        let lost = *self.server.lost.borrow();
        let stream = self
            .server
            .context
            .get_stream(&self.name)
            .await
            .map_err(unavailable)?;
        let config = OrderedConfig {
            deliver_policy: DeliverPolicy::ByStartSequence {
                start_sequence: from,
            },
            replay_policy: ReplayPolicy::Instant,
            ..OrderedConfig::default()
        };
        let consumer = stream.create_consumer(config).await.map_err(unavailable)?;
        let messages = consumer.messages().await.map_err(unavailable)?;
        Ok(Cursor {
            next: from,
            lost,
            messages,
        })
    }
}

/// Drops the headers that the log itself has added.
fn raw(subject: &str, headers: Option<&HeaderMap>, body: &[u8]) -> RawEvent {
    let mut own: Vec<(&str, &str)> = Vec::with_capacity(header::ALL.len());
    for (name, values) in headers.map(HeaderMap::iter).into_iter().flatten() {
        let name: &str = name.as_ref();
        let begins = name.get(.."nats-".len());
        if begins.is_some_and(|begins| begins.eq_ignore_ascii_case("nats-")) {
            continue;
        }
        if let Some(value) = values.first() {
            own.push((name, value.as_str()));
        }
    }
    own.sort_by_key(|(name, _)| order_of(name));
    RawEvent::new(subject, own.into_iter(), body)
}

/// The map that headers arrive in has no order: they are put back into the one they are written
/// in, so that what was read equals what was appended.
fn order_of(name: &str) -> usize {
    let written = header::ALL.iter().position(|known| *known == name);
    written.unwrap_or(header::ALL.len())
}
