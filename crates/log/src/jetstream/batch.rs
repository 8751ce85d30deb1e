//! How events get into a stream: as a batch, whole or up to the first one that is refused.

use std::fmt::{self, Write as _};

use async_nats::header::NATS_EXPECTED_LAST_SEQUENCE;
use hansard_events::RawEvent;

use super::ack::{Ack, refused};
use super::unknown;
use super::wire::{Answer, Wire};
use crate::{AppendError, Unit};

/// What nats-server takes as one atomic batch.
const ATOMIC_EVENTS_MAX: usize = 1000;
/// What nats-server takes as a batch's id, characters.
const ATOMIC_ID_CHARS_MAX: usize = 64;
/// Operations of a fast batch, a part of each message's reply subject.
const FAST_START: u8 = 0;
const FAST_APPEND: u8 = 1;
const FAST_STORE_AND_COMMIT: u8 = 2;
/// What an operation makes a reply subject longer by, at most.
const REPLY_BYTES: usize = 64;
/// What the headers of an event besides its own fit into.
const HEADERS_BYTES: usize = 192;
/// The server tells how far it is after so many messages of a fast batch: rounds end before.
const FAST_FLOW: usize = 10_000;

/// Source: ADR-50 of nats-architecture-and-design.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// Each event goes under the sequence that it expects, in gap mode `fail`: the first one that
    /// is refused or missing ends the batch, so that nothing behind it gets in. Only the last one
    /// is acknowledged.
    ///
    /// Without the batch the sequences would not do: when someone else's event has taken the first
    /// place, the second event's expected sequence is right again, and it would be stored without
    /// the first.
    Fast,
    /// All events or none.
    Atomic,
}

/// Events on their way to a stream.
pub(super) struct Batch<'a> {
    pub(super) kind: Kind,
    /// Its own for every try: an earlier try of the same events must not look like this one.
    pub(super) reply: String,
    pub(super) expected_last: u64,
    pub(super) units: &'a [Unit],
}

impl Batch<'_> {
    /// Publishes the events, waits for their acknowledgement, and returns the last one's sequence.
    pub(super) async fn append(&self, wire: &mut Wire) -> Result<u64, AppendError> {
        match self.kind {
            Kind::Fast => self.publish_fast(wire).await?,
            Kind::Atomic => self.publish_atomic(wire).await?,
        }
        wire.flush().await?;
        let ack = loop {
            let answer = wire.answer().await?;
            // Other answers are to an earlier try, or to the first message of a batch.
            if self.is_answered_by(&answer)
                && let Some(ack) = final_ack(&answer)?
            {
                break ack;
            }
        };
        let last = self.expected_last + self.events().count() as u64;
        match ack.error {
            None if ack.seq == last => Ok(last),
            None => Err(AppendError::Conflict {
                expected_last: self.expected_last,
            }),
            Some(error) => Err(refused(&error, self.expected_last)),
        }
    }

    fn events(&self) -> impl Iterator<Item = &RawEvent> {
        self.units.iter().flatten()
    }

    async fn publish_fast(&self, wire: &mut Wire) -> Result<(), AppendError> {
        let count = self.events().count();
        let mut reply = String::with_capacity(self.reply.len() + REPLY_BYTES);
        let mut headers = String::with_capacity(HEADERS_BYTES);
        for (expected, (number, event)) in (self.expected_last..).zip((1..).zip(self.events())) {
            let operation = match number {
                _ if number == count => FAST_STORE_AND_COMMIT,
                1 => FAST_START,
                _ => FAST_APPEND,
            };
            let batch = &self.reply;
            reply.clear();
            headers.clear();
            add(
                &mut reply,
                format_args!("{batch}.{FAST_FLOW}.fail.{number}.{operation}.$FI"),
            );
            add(
                &mut headers,
                format_args!("{NATS_EXPECTED_LAST_SEQUENCE}: {expected}\r\n"),
            );
            wire.publish(event, Some(&reply), &headers).await??;
        }
        Ok(())
    }

    async fn publish_atomic(&self, wire: &mut Wire) -> Result<(), AppendError> {
        let Self {
            reply,
            expected_last,
            ..
        } = self;
        let begin = format!("{reply}.begin");
        let id = &reply[reply.len().saturating_sub(ATOMIC_ID_CHARS_MAX)..];
        let count = self.events().count();
        let mut headers = String::with_capacity(HEADERS_BYTES);
        for (number, event) in (1..).zip(self.events()) {
            headers.clear();
            let mut add = |line: fmt::Arguments<'_>| add(&mut headers, line);
            add(format_args!(
                "Nats-Batch-Id: {id}\r\nNats-Batch-Sequence: {number}\r\n"
            ));
            let mut answered = None;
            if number == 1 {
                add(format_args!(
                    "{NATS_EXPECTED_LAST_SEQUENCE}: {expected_last}\r\n"
                ));
                answered = Some(begin.as_str());
            }
            if number == count {
                add(format_args!("Nats-Batch-Commit: 1\r\n"));
                answered = Some(reply);
            }
            wire.publish(event, answered, &headers).await??;
        }
        Ok(())
    }

    /// The server answers a fast batch below its reply subject.
    fn is_answered_by(&self, answer: &Answer) -> bool {
        let rest = answer.subject.strip_prefix(&self.reply);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

fn add(text: &mut String, more: fmt::Arguments<'_>) {
    text.write_fmt(more)
        .expect("writing to a text does not fail");
}

/// What a batch came to; `None` when the server only tells how far it is.
fn final_ack(answer: &Answer) -> Result<Option<Ack>, AppendError> {
    if answer.is_status {
        return Err(unknown("nobody takes events for this stream at the moment"));
    }
    // The first message of an atomic batch is answered with nothing.
    if answer.payload.is_empty() {
        return Ok(None);
    }
    let ack: Ack = serde_json::from_slice(&answer.payload).map_err(unknown)?;
    Ok(ack.is_final().then_some(ack))
}

/// How many whole units go into one atomic batch; at least one.
pub(super) fn units_of_batch(units: &[Unit]) -> usize {
    let mut events = 0;
    let fitting = units.iter().take_while(|unit| {
        events += unit.len();
        events <= ATOMIC_EVENTS_MAX
    });
    fitting.count().max(1)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use allocation_counter::measure;
    use futures::FutureExt as _;

    use super::*;
    use crate::conformance::{events, units};

    /// The texts that its events share, and the answer.
    const BATCH_ALLOCATIONS_MAX: u64 = 8;

    /// Allocations of sending a batch of so many events, after one like it.
    fn sent(kind: Kind, count: usize) -> u64 {
        let all = units(&events(hansard_types::LogId::CONTROL, count));
        let answer = format!(r#"{{"stream":"HANSARD_CONTROL","seq":{count}}}"#);
        let answer = format!("MSG inbox.1 1 {}\r\n{answer}\r\n", answer.len()).repeat(2);
        let server = tokio::io::join(Cursor::new(answer), tokio::io::sink());
        let mut wire = Wire::over(Box::new(server), 1024 * 1024);
        let mut append = || {
            let batch = Batch {
                kind,
                reply: "inbox.1".to_owned(),
                expected_last: 0,
                units: &all,
            };
            let appended = batch.append(&mut wire).now_or_never();
            let last = appended.expect("never waits").expect("is answered");
            assert_eq!(last, count as u64);
        };
        append();
        measure(append).count_total
    }

    #[test]
    fn an_event_in_a_batch_allocates_nothing() {
        for kind in [Kind::Fast, Kind::Atomic] {
            let (one, many) = (sent(kind, 1), sent(kind, 101));
            assert_eq!(one, many, "all of it is the batch's");
            assert!(one <= BATCH_ALLOCATIONS_MAX, "{one}");
        }
    }

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
