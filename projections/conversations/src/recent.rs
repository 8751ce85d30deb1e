//! Recognising a retry of a group message: the same sender, random number and content within the
//! window.
//!
//! What was sent stands in pages, in the order of the log: a send adds to a row that the round
//! writes once, and a row of its own would cost it a fifth of its time. Pages cannot be searched,
//! so whoever decides keeps an index of them in memory: [`Recents`].

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::ControlFlow;

use hansard_events::message::{ContentDigest, MessageSent};
use hansard_store::key::Key;
use hansard_store::{Access, Direction, Error, KeyRange, Overlay, Read, Result, Table, row};
use hansard_types::{ConversationId, LogId, Seq, Timestamp, UserId, limits};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Full pages, by the number of their first message.
pub(crate) static RECENT: Table = Table {
    name: "conversations.number_recent",
    kind: 0x030e,
    access: Access::Point,
};
/// Where an app's pages begin and end.
pub(crate) static RECENT_END: Table = Table {
    name: "conversations.app_recent_end",
    kind: 0x030f,
    access: Access::Hot,
};

/// How many messages share a page.
const PAGE: u64 = 32;
/// Messages are forgotten a bucket at a time: this one and the one before it cover the window.
const BUCKET_MS: u64 = limits::GROUP_DEDUP_WINDOW_MS;

const DIGEST_BYTES: usize = 16;
const ENTRY_BYTES: usize = DIGEST_BYTES + 8 + 8;
/// From so many messages on their pages are scanned: cheaper for each than a get, but not to begin.
const SCANNED_FROM: u64 = 16 * PAGE;

type Digest = [u8; DIGEST_BYTES];

/// One message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    digest: Digest,
    seq: Seq,
    sent_at: Timestamp,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct EndRow {
    /// How many messages there ever were: the number of the next one.
    count: u64,
    /// The newest message's bucket.
    bucket: u64,
    /// The number of that bucket's first message.
    first: u64,
    /// The number of the first message that is kept: the first of the bucket before.
    kept_from: u64,
    /// Entries that do not fill a page yet.
    #[serde(with = "serde_bytes")]
    newest: Vec<u8>,
}

impl Entry {
    fn write(self, out: &mut Vec<u8>) {
        let Self {
            digest,
            seq,
            sent_at,
        } = self;
        out.extend_from_slice(&digest);
        out.extend_from_slice(&seq.0.to_be_bytes());
        out.extend_from_slice(&sent_at.0.to_be_bytes());
    }

    fn read(bytes: &[u8; ENTRY_BYTES]) -> Option<Self> {
        let (digest, rest) = bytes.split_first_chunk::<DIGEST_BYTES>()?;
        let (seq, rest) = rest.split_first_chunk::<8>()?;
        let (sent_at, _) = rest.split_first_chunk::<8>()?;
        Some(Self {
            digest: *digest,
            seq: Seq(u64::from_be_bytes(*seq)),
            sent_at: Timestamp(u64::from_be_bytes(*sent_at)),
        })
    }
}

/// What makes a message the same as another: where it is said, by whom, its random number and what
/// it says.
type Wanted<'a> = (&'a ConversationId, &'a UserId, u32, ContentDigest);

fn digest((conversation, sender, random, content): Wanted<'_>) -> Digest {
    // The same text as a key's: no two messages that differ make the same.
    let text = Key::of(LogId::CONTROL)
        .conversation(conversation)
        .text(sender.as_str())
        .u32(random);
    let hasher = Sha256::new().chain_update(text.bytes());
    let whole: [u8; 32] = hasher.chain_update(content.bytes()).finalize().into();
    let (digest, _) = whole
        .split_first_chunk()
        .expect("a digest is longer than its part");
    *digest
}

fn page_key(log: LogId, number: u64) -> Vec<u8> {
    Key::of(log).u64(number / PAGE * PAGE).bytes()
}

fn end(store: &dyn Read, log: LogId) -> Result<EndRow> {
    let bytes = store.get(&RECENT_END, &Key::of(log).bytes())?;
    let row = bytes.map(|bytes| row::decode(&RECENT_END, &bytes));
    Ok(row.transpose()?.unwrap_or_default())
}

/// Remembers a message that was sent to a group.
pub(crate) fn sent(log: LogId, event: &MessageSent, state: &mut Overlay<'_>) -> Result<()> {
    let mut end = end(state, log)?;
    let bucket = event.sent_at.0 / BUCKET_MS;
    if bucket > end.bucket {
        let keep_from = if bucket == end.bucket + 1 {
            end.first
        } else {
            end.count
        };
        let [from, to] = [end.kept_from, keep_from].map(|number| page_key(log, number));
        state.delete_range(&RECENT, from, to);
        end.kept_from = keep_from;
        end.first = end.count;
        end.bucket = bucket;
    }
    let content = event.digest();
    let wanted = (&event.conversation, &event.sender, event.random, content);
    let entry = Entry {
        digest: digest(wanted),
        seq: event.seq,
        sent_at: event.sent_at,
    };
    entry.write(&mut end.newest);
    let key = page_key(log, end.count);
    end.count += 1;
    if end.count.is_multiple_of(PAGE) {
        state.put(&RECENT, key, std::mem::take(&mut end.newest));
    }
    let encoded = row::encode(&RECENT_END, &end)?;
    state.put(&RECENT_END, Key::of(log).bytes(), encoded);
    Ok(())
}

/// An index, in memory, of what was sent to an app's groups within the window. It is read from
/// the state ahead ([`Recents::load`]), or at the first look-up, and follows it from there, also
/// back, when a round was given up.
///
/// It holds at least the newest `RECENT_MESSAGES_MAX` messages of the window: with more of them
/// than that, the oldest are forgotten early, which is logged.
pub struct Recents {
    /// Messages that a generation holds before another one is begun.
    held_max: usize,
    /// How many messages of the state it has seen.
    seen: u64,
    bucket: u64,
    /// Beginnings of digests, with the newest message's number; this bucket's and those before.
    newer: HashMap<u64, u64>,
    older: HashMap<u64, u64>,
}

impl Default for Recents {
    fn default() -> Self {
        Self::holding(limits::RECENT_MESSAGES_MAX)
    }
}

impl std::fmt::Debug for Recents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recents")
            .field("seen", &self.seen)
            .field("held", &(self.newer.len() + self.older.len()))
            .finish_non_exhaustive()
    }
}

impl Recents {
    fn holding(held_max: usize) -> Self {
        Self {
            held_max,
            seen: 0,
            bucket: 0,
            newer: HashMap::new(),
            older: HashMap::new(),
        }
    }

    /// The sender's last message with this random number and content, if it was sent within the
    /// window before `now`: its seq and time. `store` is the app's state, always the same app's.
    ///
    /// # Errors
    /// When the store fails.
    pub fn find(
        &mut self,
        store: &dyn Read,
        log: LogId,
        wanted: Wanted<'_>,
        now: Timestamp,
    ) -> Result<Option<(Seq, Timestamp)>> {
        let end = end(store, log)?;
        self.follow(store, log, &end)?;
        let digest = digest(wanted);
        for generation in [&self.newer, &self.older] {
            let Some(number) = generation.get(&beginning(&digest)) else {
                continue;
            };
            let page = page(store, log, &end, *number)?;
            let found = entries(&page).nth(usize::try_from(number % PAGE).unwrap_or(usize::MAX));
            let within = |entry: &Entry| {
                let age = now.0.saturating_sub(entry.sent_at.0);
                entry.digest == digest && age <= limits::GROUP_DEDUP_WINDOW_MS
            };
            if let Some(entry) = found.filter(within) {
                return Ok(Some((entry.seq, entry.sent_at)));
            }
        }
        Ok(None)
    }

    /// Reads what the window holds, so that no look-up has to: it can be minutes of messages. It
    /// goes on for as long as `go_on` says so, which is asked for each page; a look-up reads what
    /// is left.
    ///
    /// `store` may be older than what was looked up in: nothing is read then.
    ///
    /// # Errors
    /// When the store fails.
    pub fn load(&mut self, store: &dyn Read, log: LogId, go_on: &dyn Fn() -> bool) -> Result<()> {
        let end = end(store, log)?;
        if end.count > self.seen {
            self.seen = self.seen.max(self.needed_from(&end));
            self.scan(store, log, &end, go_on)?;
        }
        Ok(())
    }

    /// The first message that is still of use: what two full generations would have forgotten is
    /// not read to begin with.
    fn needed_from(&self, end: &EndRow) -> u64 {
        let held = u64::try_from(self.held_max).unwrap_or(u64::MAX);
        let held_from = end.count.saturating_sub(held.saturating_mul(2));
        end.kept_from.max(held_from)
    }

    /// Adds what stands on full pages.
    fn scan(
        &mut self,
        store: &dyn Read,
        log: LogId,
        end: &EndRow,
        go_on: &dyn Fn() -> bool,
    ) -> Result<()> {
        let wanted = if self.seen < end.first {
            end.first
        } else {
            end.count
        } - self.seen;
        let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
        self.newer.reserve(wanted.min(self.held_max));
        let range = KeyRange {
            lower: page_key(log, self.seen),
            upper: Some(page_key(log, end.count)),
        };
        let mut hole = None;
        let visit = &mut |key: &[u8], page: &[u8]| {
            if key != page_key(log, self.seen) {
                hole = Some(self.seen);
                return ControlFlow::Break(());
            }
            let skipped = usize::try_from(self.seen % PAGE).unwrap_or(usize::MAX);
            for entry in entries(page).skip(skipped) {
                self.add(entry);
            }
            if go_on() {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        };
        store.scan(&RECENT, &range, Direction::Ascending, visit)?;
        hole.map_or(Ok(()), |number| Err(missing(number)))
    }

    fn follow(&mut self, store: &dyn Read, log: LogId, end: &EndRow) -> Result<()> {
        if end.count < self.seen {
            *self = Self::holding(self.held_max);
        }
        self.seen = self.seen.max(self.needed_from(end));
        if end.count - self.seen >= SCANNED_FROM {
            self.scan(store, log, end, &|| true)?;
        }
        while self.seen < end.count {
            let page = page(store, log, end, self.seen)?;
            let skipped = usize::try_from(self.seen % PAGE).unwrap_or(usize::MAX);
            let before = self.seen;
            for entry in entries(&page).skip(skipped) {
                self.add(entry);
            }
            if self.seen == before {
                return Err(missing(before));
            }
        }
        Ok(())
    }

    fn add(&mut self, entry: Entry) {
        let bucket = entry.sent_at.0 / BUCKET_MS;
        let is_full = self.newer.len() >= self.held_max;
        if bucket > self.bucket || is_full {
            if is_full && bucket == self.bucket {
                tracing::warn!(
                    held = self.newer.len(),
                    "so many messages within five minutes that retries of the oldest are not \
                     recognised any more"
                );
            }
            let newer = std::mem::take(&mut self.newer);
            self.older = if bucket <= self.bucket + 1 {
                newer
            } else {
                HashMap::new()
            };
            self.bucket = self.bucket.max(bucket);
        }
        self.newer.insert(beginning(&entry.digest), self.seen);
        self.seen += 1;
    }
}

/// Enough to find an entry by: whether it is the one, the whole digest tells.
fn beginning(digest: &Digest) -> u64 {
    digest
        .first_chunk()
        .map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// The page that a message is on.
fn page<'a>(store: &dyn Read, log: LogId, end: &'a EndRow, number: u64) -> Result<Cow<'a, [u8]>> {
    if number / PAGE == end.count / PAGE {
        return Ok(Cow::Borrowed(&end.newest));
    }
    let page = store.get(&RECENT, &page_key(log, number))?;
    page.map(Cow::Owned).ok_or_else(|| missing(number))
}

fn missing(number: u64) -> Error {
    Error::Row {
        table: RECENT.name,
        reason: format!("message {number} is missing"),
    }
}

fn entries(page: &[u8]) -> impl Iterator<Item = Entry> {
    let (entries, _) = page.as_chunks::<ENTRY_BYTES>();
    entries.iter().filter_map(Entry::read)
}

#[cfg(test)]
mod tests;
