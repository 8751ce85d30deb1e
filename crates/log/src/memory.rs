use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::sync::Arc;

use async_trait::async_trait;
use hansard_events::RawEvent;
use hansard_types::LogId;
use parking_lot::Mutex;

use crate::event_log::malformed_header;
use crate::{AppendError, Error, EventLog, Extent, Result, StoredEvent, Unit};

/// What goes wrong with the next append.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Everything is stored; the caller does not learn of it.
    LostAcknowledgement,
    /// Nothing is stored yet; it arrives late, before the next call, if it still fits then.
    Timeout,
    /// The first units are stored; the caller does not learn of it.
    PartialThenUnknown(usize),
    /// Nothing is stored.
    Unavailable,
    /// Someone else's event is stored first.
    SecondWriter(Box<RawEvent>),
}

#[derive(Debug, Default)]
struct Inner {
    /// `None`: lost, as in a damaged block.
    events: Vec<Option<RawEvent>>,
    faults: VecDeque<Fault>,
    failing_reads: usize,
    events_read: u64,
    /// Appends that have not arrived yet: the expected last sequence, and the units.
    late: Vec<(u64, Vec<Unit>)>,
}

/// A log in memory that can be told to fail. Clones share the events, so an engine can die and a
/// new one open what it left.
#[derive(Debug, Clone)]
pub struct MemoryLog {
    id: LogId,
    inner: Arc<Mutex<Inner>>,
}

impl MemoryLog {
    #[must_use]
    pub fn new(id: LogId) -> Self {
        Self {
            id,
            inner: Arc::default(),
        }
    }

    /// Makes one of the next appends fail; faults are used up in order.
    pub fn inject(&self, fault: Fault) {
        self.inner.lock().faults.push_back(fault);
    }

    /// Makes the next reads fail.
    pub fn fail_reads(&self, reads: usize) {
        self.inner.lock().failing_reads = reads;
    }

    /// How many events were read so far.
    #[must_use]
    pub fn events_read(&self) -> u64 {
        self.inner.lock().events_read
    }

    /// Takes back what was to fail; what is late arrives now.
    pub fn clear_faults(&self) {
        let mut inner = self.inner.lock();
        inner.faults.clear();
        inner.failing_reads = 0;
        inner.arrive();
    }

    /// Forgets everything behind a sequence, as a power loss would.
    pub fn truncate(&self, sequence: u64) {
        let mut inner = self.inner.lock();
        inner.late.clear();
        inner
            .events
            .truncate(usize::try_from(sequence).unwrap_or(usize::MAX));
    }

    /// Changes a stored event, as a damaged disk would.
    pub fn tamper(&self, sequence: u64, change: impl FnOnce(&mut RawEvent)) {
        let mut inner = self.inner.lock();
        let index = usize::try_from(sequence.saturating_sub(1)).unwrap_or(usize::MAX);
        if let Some(Some(event)) = inner.events.get_mut(index) {
            change(event);
        }
    }

    /// Loses stored events, as a damaged block does; later ones keep their sequences.
    pub fn lose(&self, sequences: RangeInclusive<u64>) {
        let mut inner = self.inner.lock();
        for sequence in sequences {
            let index = usize::try_from(sequence.saturating_sub(1)).unwrap_or(usize::MAX);
            if let Some(event) = inner.events.get_mut(index) {
                *event = None;
            }
        }
    }
}

impl Inner {
    fn last(&self) -> u64 {
        self.events.len() as u64
    }

    fn store(&mut self, expected_last: u64, units: &[Unit]) -> Result<(), AppendError> {
        if self.last() != expected_last {
            return Err(AppendError::Conflict { expected_last });
        }
        for unit in units {
            // As on the real log: what stood before the refused unit is in.
            if let Some(name) = unit.iter().find_map(malformed_header) {
                let refused = format!("the header {name} of the event is malformed");
                return Err(AppendError::Refused(refused));
            }
            let events = unit.iter().map(as_clients_read);
            self.events.extend(events.map(Some));
        }
        Ok(())
    }

    fn arrive(&mut self) {
        for (expected_last, units) in std::mem::take(&mut self.late) {
            // What does not fit any more is refused by its expectation.
            drop(self.store(expected_last, &units));
        }
    }

    fn read_fails(&mut self) -> Result<()> {
        if self.failing_reads > 0 {
            self.failing_reads -= 1;
            return Err(Error::Unavailable("a read was told to fail".to_owned()));
        }
        Ok(())
    }
}

/// NATS clients trim the values of headers.
fn as_clients_read(event: &RawEvent) -> RawEvent {
    let trimmed = event.headers().map(|(name, value)| (name, value.trim()));
    RawEvent::new(event.subject(), trimmed, event.body())
}

fn unknown() -> AppendError {
    AppendError::Unknown("an append was told to fail".into())
}

#[async_trait]
impl EventLog for MemoryLog {
    fn id(&self) -> LogId {
        self.id
    }

    async fn append(&self, expected_last: u64, units: &[Unit]) -> Result<(), AppendError> {
        // A real log takes its time: others run meanwhile, and a crash can happen here.
        tokio::task::yield_now().await;
        let outcome = {
            let mut inner = self.inner.lock();
            inner.arrive();
            match inner.faults.pop_front() {
                None => inner.store(expected_last, units),
                Some(Fault::LostAcknowledgement) => {
                    inner.store(expected_last, units).and(Err(unknown()))
                }
                Some(Fault::PartialThenUnknown(count)) => {
                    let count = count.min(units.len());
                    inner
                        .store(expected_last, &units[..count])
                        .and(Err(unknown()))
                }
                Some(Fault::Timeout) => {
                    inner.late.push((expected_last, units.to_vec()));
                    Err(unknown())
                }
                Some(Fault::Unavailable) => Err(unknown()),
                Some(Fault::SecondWriter(event)) => {
                    inner.events.push(Some(*event));
                    inner.store(expected_last, units)
                }
            }
        };
        tokio::task::yield_now().await;
        outcome
    }

    async fn extent(&self) -> Result<Extent> {
        let mut inner = self.inner.lock();
        inner.read_fails()?;
        inner.arrive();
        let there = |event: &Option<RawEvent>| event.is_some();
        let first = inner.events.iter().position(there);
        let first = first.unwrap_or(inner.events.len());
        Ok(Extent {
            first: first as u64 + 1,
            last: inner.last(),
            events: inner.events.iter().filter(|event| there(event)).count() as u64,
        })
    }

    async fn absent(&self) -> Result<Vec<u64>> {
        let mut inner = self.inner.lock();
        inner.read_fails()?;
        inner.arrive();
        let numbered = (1..).zip(&inner.events);
        let aged_out = |event: &Option<RawEvent>| self.id.is_live() && event.is_none();
        let numbered = numbered.skip_while(|(_, event)| aged_out(event));
        let absent = numbered.filter(|(_, event)| event.is_none());
        Ok(absent.map(|(sequence, _)| sequence).collect())
    }

    async fn begin_again(&self, first: u64) -> Result<()> {
        let mut inner = self.inner.lock();
        inner.late.clear();
        inner.events.clear();
        let before = usize::try_from(first.saturating_sub(1)).unwrap_or(usize::MAX);
        inner.events.resize(before, None);
        Ok(())
    }

    async fn read(&self, from: u64, events_max: usize) -> Result<Vec<StoredEvent>> {
        let mut inner = self.inner.lock();
        inner.read_fails()?;
        inner.arrive();
        let skipped = usize::try_from(from.max(1) - 1).unwrap_or(usize::MAX);
        let events = inner
            .events
            .iter()
            .enumerate()
            .skip(skipped)
            .filter_map(|(index, event)| Some((index, event.as_ref()?)))
            .take(events_max);
        let read: Vec<StoredEvent> = events
            .map(|(index, event)| StoredEvent {
                sequence: index as u64 + 1,
                event: event.clone(),
            })
            .collect();
        inner.events_read += read.len() as u64;
        Ok(read)
    }
}
