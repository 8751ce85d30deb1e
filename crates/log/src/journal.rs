use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hansard_events::RawEvent;
use hansard_store::key::{Key, Parts};
use hansard_store::{Access, Batch, Direction, Durability, Error, KeyRange, Result, Store, Table};
use hansard_types::{LogId, limits};
use parking_lot::Mutex;
use uuid::Uuid;

use crate::StoredEvent;

/// Events that were appended together, by log and the sequence of the first: one large row costs
/// RocksDB a fraction of one for each event.
static ROUND: Table = Table {
    name: "journal.round",
    kind: 0x0003,
    access: Access::Scan,
};
/// What the journal knows of itself.
static META: Table = Table {
    name: "journal.meta",
    kind: 0x0002,
    access: Access::Point,
};

/// How much of a round goes into one row, bytes; one event always fits.
const ROUND_ROW_BYTES: usize = 1024 * 1024;
const INCARNATION: &[u8] = b"incarnation";
/// Old rounds are dropped this often, not with every round: each drop leaves a range tombstone.
const DROP_EVERY: Duration = Duration::from_secs(10);

/// The last minutes of appended events, on disk before anyone is answered. It mends the log's
/// tail after a power loss.
pub struct Journal {
    store: Arc<dyn Store>,
    incarnation: String,
    logs: Mutex<HashMap<LogId, Held>>,
}

/// What the journal holds of one log.
struct Held {
    first: u64,
    last: u64,
    rounds: VecDeque<HeldRound>,
    bytes: u64,
    dropped_at: Instant,
}

struct HeldRound {
    last: u64,
    bytes: u64,
    at: Instant,
}

impl Journal {
    /// What its store must have.
    pub const TABLES: &'static [&'static Table] = &[&ROUND, &META];

    /// Opens the journal in a store, or begins one.
    ///
    /// # Errors
    /// When the store fails.
    #[expect(
        clippy::disallowed_methods,
        reason = "a journal's own name, no event's"
    )]
    pub fn open(store: Arc<dyn Store>) -> Result<Self> {
        let incarnation = match store.get(&META, INCARNATION)? {
            Some(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            None => {
                let new = Uuid::now_v7().to_string();
                let mut batch = Batch::default();
                batch.put(&META, INCARNATION.to_vec(), new.clone().into_bytes());
                store.write(batch, Durability::Disk)?;
                new
            }
        };
        let logs = held(&*store)?;
        Ok(Self {
            store,
            incarnation,
            logs: Mutex::new(logs),
        })
    }

    /// The journal's own name: a data directory remembers it, to notice one that was replaced.
    #[must_use]
    pub fn incarnation(&self) -> &str {
        &self.incarnation
    }

    /// The first and the last sequence held of a log.
    #[must_use]
    pub fn bounds(&self, log: LogId) -> Option<(u64, u64)> {
        self.logs
            .lock()
            .get(&log)
            .map(|held| (held.first, held.last))
    }

    /// Writes a round with one fsync, and drops what has been held long enough.
    ///
    /// `first` is the sequence of the first event; the round continues what is held.
    ///
    /// # Errors
    /// When the store fails, or the round does not continue what is held.
    pub fn append(&self, log: LogId, first: u64, events: &[&RawEvent]) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        let mut logs = self.logs.lock();
        let now = Instant::now();
        let held = logs.entry(log).or_insert_with(|| Held {
            first,
            last: first - 1,
            rounds: VecDeque::new(),
            bytes: 0,
            dropped_at: now,
        });
        if first != held.last + 1 {
            return Err(Error::Row {
                table: ROUND.name,
                reason: format!("event {first} does not continue {}", held.last),
            });
        }
        let mut batch = Batch::default();
        let mut bytes = 0;
        let mut at = first;
        while let Some(rest) = usize::try_from(at - first)
            .ok()
            .and_then(|done| events.get(done..))
            && !rest.is_empty()
        {
            let (count, value) = encode_round(rest);
            bytes += value.len() as u64;
            batch.put(&ROUND, round_key(log, at), value);
            at += count;
        }
        let drop_to = held.due(now);
        if let Some(to) = drop_to {
            batch.delete_range(&ROUND, round_key(log, held.first), round_key(log, to + 1));
        }
        self.store.write(batch, Durability::Disk)?;
        if let Some(to) = drop_to {
            held.dropped(to, now);
        }
        held.last = first + events.len() as u64 - 1;
        held.bytes += bytes;
        held.rounds.push_back(HeldRound {
            last: held.last,
            bytes,
            at: now,
        });
        Ok(())
    }

    /// At most `events_max` events of a log from a sequence (included), in order, without holes.
    ///
    /// # Errors
    /// When the store fails, an entry does not read, or one is missing.
    pub fn entries(&self, log: LogId, from: u64, events_max: usize) -> Result<Vec<StoredEvent>> {
        let up_to_from = KeyRange::between(round_key(log, 0), round_key(log, from + 1));
        let round = self
            .store
            .first(&ROUND, &up_to_from, Direction::Descending)?;
        let begin = round.and_then(|(key, _)| sequence_of(&key)).unwrap_or(from);
        let range = KeyRange::between(round_key(log, begin), round_key(log, u64::MAX));
        let mut entries = Vec::new();
        let mut next = begin;
        let mut failed = None;
        self.store
            .scan(&ROUND, &range, Direction::Ascending, &mut |key, value| {
                if entries.len() >= events_max {
                    return ControlFlow::Break(());
                }
                if sequence_of(key) != Some(next) {
                    failed = Some(format!("event {next} is missing"));
                    return ControlFlow::Break(());
                }
                for event in decode_round(value) {
                    if entries.len() >= events_max {
                        return ControlFlow::Break(());
                    }
                    let Some(event) = event else {
                        failed = Some(format!("event {next} does not read"));
                        return ControlFlow::Break(());
                    };
                    if next >= from {
                        entries.push(StoredEvent {
                            sequence: next,
                            event,
                        });
                    }
                    next += 1;
                }
                ControlFlow::Continue(())
            })?;
        match failed {
            None => Ok(entries),
            Some(reason) => Err(Error::Row {
                table: ROUND.name,
                reason,
            }),
        }
    }

    /// Forgets a log, to begin it anew.
    ///
    /// # Errors
    /// When the store fails.
    pub fn forget(&self, log: LogId) -> Result<()> {
        let mut batch = Batch::default();
        batch.delete_range(&ROUND, round_key(log, 0), round_key(log, u64::MAX));
        self.store.write(batch, Durability::Disk)?;
        self.logs.lock().remove(&log);
        Ok(())
    }
}

impl Held {
    /// The last sequence that may go now: what is older than the time kept, or over the size
    /// kept; never the newest round.
    fn due(&self, now: Instant) -> Option<u64> {
        if now.duration_since(self.dropped_at) < DROP_EVERY {
            return None;
        }
        let keep = Duration::from_millis(limits::JOURNAL_KEEP_MS);
        let mut bytes = self.bytes;
        let mut to = None;
        for round in self.rounds.iter().take(self.rounds.len().saturating_sub(1)) {
            let old = now.duration_since(round.at) > keep;
            if !old && bytes <= limits::JOURNAL_BYTES_MAX {
                break;
            }
            bytes -= round.bytes;
            to = Some(round.last);
        }
        to
    }

    fn dropped(&mut self, to: u64, now: Instant) {
        while let Some(round) = self.rounds.front().filter(|round| round.last <= to) {
            self.bytes -= round.bytes;
            self.rounds.pop_front();
        }
        self.first = to + 1;
        self.dropped_at = now;
    }
}

/// What a journal holds when it is opened. How old it is is not known, so it counts as new.
fn held(store: &dyn Store) -> Result<HashMap<LogId, Held>> {
    let mut logs = HashMap::new();
    let mut from = Vec::new();
    let now = Instant::now();
    loop {
        let range = KeyRange {
            lower: from,
            upper: None,
        };
        let Some((key, _)) = store.first(&ROUND, &range, Direction::Ascending)? else {
            return Ok(logs);
        };
        let unreadable = || Error::Row {
            table: ROUND.name,
            reason: "a key does not read".to_owned(),
        };
        let (log, first) = log_of(&key).zip(sequence_of(&key)).ok_or_else(unreadable)?;
        let range = KeyRange::between(round_key(log, first), round_key(log, u64::MAX));
        let (key, value) = store
            .first(&ROUND, &range, Direction::Descending)?
            .ok_or_else(unreadable)?;
        let last =
            sequence_of(&key).ok_or_else(unreadable)? + decode_round(&value).count() as u64 - 1;
        let rounds = VecDeque::from([HeldRound {
            last,
            bytes: 0,
            at: now,
        }]);
        logs.insert(
            log,
            Held {
                first,
                last,
                rounds,
                bytes: 0,
                dropped_at: now,
            },
        );
        from = round_key(log, u64::MAX);
    }
}

fn round_key(log: LogId, sequence: u64) -> Vec<u8> {
    Key::of(log.app).u16(log.partition).u64(sequence).bytes()
}

fn log_of(key: &[u8]) -> Option<LogId> {
    let mut parts = Parts::of(key);
    Some(LogId::new(parts.app()?, parts.u16()?))
}

fn sequence_of(key: &[u8]) -> Option<u64> {
    key.last_chunk::<8>()
        .map(|bytes| u64::from_be_bytes(*bytes))
}

/// The first of these events as a row's value, as many as it takes, and how many those are.
fn encode_round(events: &[&RawEvent]) -> (u64, Vec<u8>) {
    let mut bytes = Vec::new();
    let mut count = 0;
    for event in events {
        if count > 0 && bytes.len() + event.size_bytes() > ROUND_ROW_BYTES {
            break;
        }
        let begin = bytes.len();
        bytes.extend_from_slice(&[0; LENGTH_BYTES]);
        encode(event, &mut bytes);
        let length = length_of(bytes.len() - begin - LENGTH_BYTES);
        bytes[begin..begin + LENGTH_BYTES].copy_from_slice(&length);
        count += 1;
    }
    (count, bytes)
}

/// The events of a row; `None` for the first one that does not read, and nothing behind it.
fn decode_round(bytes: &[u8]) -> impl Iterator<Item = Option<RawEvent>> {
    let mut rest = Some(bytes);
    std::iter::from_fn(move || {
        let bytes = rest.take().filter(|bytes| !bytes.is_empty())?;
        let Some((event, after)) = split_field(bytes) else {
            return Some(None);
        };
        let event = decode(event);
        rest = event.is_some().then_some(after);
        Some(event)
    })
}

const LENGTH_BYTES: usize = 4;

fn length_of(bytes: usize) -> [u8; LENGTH_BYTES] {
    u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes()
}

/// A field, its length before it, and what follows.
fn split_field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<LENGTH_BYTES>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

/// Subject, body and headers, each with its length before it.
fn encode(event: &RawEvent, bytes: &mut Vec<u8>) {
    bytes.reserve(event.size_bytes() + 2 * LENGTH_BYTES * (event.headers.len() + 1));
    let mut field = |text: &[u8]| {
        bytes.extend_from_slice(&length_of(text.len()));
        bytes.extend_from_slice(text);
    };
    field(event.subject.as_bytes());
    field(&event.body);
    for (name, value) in &event.headers {
        field(name.as_bytes());
        field(value.as_bytes());
    }
}

fn decode(bytes: &[u8]) -> Option<RawEvent> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    let (subject, rest) = split_field(bytes)?;
    let (body, mut rest) = split_field(rest)?;
    let mut headers = Vec::new();
    while !rest.is_empty() {
        let (name, after) = split_field(rest)?;
        let (value, after) = split_field(after)?;
        headers.push((Cow::Owned(text(name)?), text(value)?));
        rest = after;
    }
    Some(RawEvent {
        subject: text(subject)?,
        headers,
        body: body.to_vec(),
    })
}

#[cfg(test)]
mod tests;
