//! Several partitions as one story: each in its order, between them by time, and of the same
//! millisecond by partition.

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::sync::Arc;

use anyhow::Result;
use hansard_events::chain::{self, Chain};
use hansard_log::{Reader, StoredEvent};
use hansard_types::{Timestamp, limits};

use super::Lines;
use crate::term;

/// Prints what is in the range of each.
pub(super) async fn print(parts: Vec<(Reader, RangeInclusive<u64>, Arc<Lines>)>) -> Result<()> {
    let mut parts: Vec<Part> = parts.into_iter().map(Part::of).collect();
    let mut text = String::new();
    loop {
        for part in &mut parts {
            part.fill().await?;
        }
        // The first of those of the same time is the one of the lower partition.
        let ready = parts.iter_mut().filter(|part| !part.ready.is_empty());
        let Some(next) = ready.min_by_key(|part| part.time()) else {
            break;
        };
        next.take(&mut text)?;
        if text.len() >= TEXT_BYTES {
            term::text(&text)?;
            text.clear();
        }
    }
    term::text(&text)?;
    Ok(())
}

/// Printed at once.
const TEXT_BYTES: usize = 64 * 1024;

struct Part {
    reader: Reader,
    lines: Arc<Lines>,
    /// The next one to read, and the last that is wanted.
    at: u64,
    last: u64,
    /// The chain value before the next event that is taken.
    before: Option<Chain>,
    ready: VecDeque<StoredEvent>,
}

impl Part {
    fn of((reader, range, lines): (Reader, RangeInclusive<u64>, Arc<Lines>)) -> Self {
        let (at, last) = range.into_inner();
        Self {
            before: (at == 1).then(|| chain::genesis(reader.id())),
            reader,
            lines,
            at,
            last,
            ready: VecDeque::new(),
        }
    }

    fn time(&self) -> Option<Timestamp> {
        self.ready.front().and_then(|stored| stored.event.time())
    }

    async fn fill(&mut self) -> Result<()> {
        if self.ready.is_empty() && self.at <= self.last {
            let left = usize::try_from(self.last - self.at + 1).unwrap_or(usize::MAX);
            let events = self
                .reader
                .read(self.at, left.min(limits::READ_BATCH_MAX))
                .await?;
            self.at += events.len() as u64;
            self.ready.extend(events);
        }
        Ok(())
    }

    /// Adds the line of the next event.
    fn take(&mut self, text: &mut String) -> Result<()> {
        let Some(stored) = self.ready.pop_front() else {
            return Ok(());
        };
        let after = stored.chain();
        let before = std::mem::replace(&mut self.before, after);
        let (line, failed) = self.lines.of(&[stored], before);
        text.push_str(&line);
        failed.map_or(Ok(()), Err)
    }
}
