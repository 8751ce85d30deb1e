//! How events get into a stream: as a batch, whole or up to the first one that is refused.

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
    pub(super) events: Vec<&'a RawEvent>,
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
        let last = self.expected_last + self.events.len() as u64;
        match ack.error {
            None if ack.seq == last => Ok(last),
            None => Err(AppendError::Conflict {
                expected_last: self.expected_last,
            }),
            Some(error) => Err(refused(&error, self.expected_last)),
        }
    }

    async fn publish_fast(&self, wire: &mut Wire) -> Result<(), AppendError> {
        let count = self.events.len();
        for (expected, (index, event)) in (self.expected_last..).zip(self.events.iter().enumerate())
        {
            let operation = match index {
                _ if index + 1 == count => FAST_STORE_AND_COMMIT,
                0 => FAST_START,
                _ => FAST_APPEND,
            };
            let batch = &self.reply;
            let reply = format!("{batch}.{FAST_FLOW}.fail.{}.{operation}.$FI", index + 1);
            let expected = expected.to_string();
            let headers = [(NATS_EXPECTED_LAST_SEQUENCE.as_ref(), expected.as_str())];
            wire.publish(event, Some(&reply), &headers).await??;
        }
        Ok(())
    }

    async fn publish_atomic(&self, wire: &mut Wire) -> Result<(), AppendError> {
        let begin = format!("{}.begin", self.reply);
        let id = &self.reply[self.reply.len().saturating_sub(ATOMIC_ID_CHARS_MAX)..];
        let expected = self.expected_last.to_string();
        let count = self.events.len();
        for (index, event) in self.events.iter().enumerate() {
            let number = (index + 1).to_string();
            let mut headers = vec![
                ("Nats-Batch-Id", id),
                ("Nats-Batch-Sequence", number.as_str()),
            ];
            let mut reply = None;
            if index == 0 {
                headers.push((NATS_EXPECTED_LAST_SEQUENCE.as_ref(), &expected));
                reply = Some(begin.as_str());
            }
            if index + 1 == count {
                headers.push(("Nats-Batch-Commit", "1"));
                reply = Some(&self.reply);
            }
            wire.publish(event, reply, &headers).await??;
        }
        Ok(())
    }

    /// The server answers a fast batch below its reply subject.
    fn is_answered_by(&self, answer: &Answer) -> bool {
        let rest = answer.subject.strip_prefix(&self.reply);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
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
