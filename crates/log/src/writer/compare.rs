//! What the stream and our own copies hold of the same events. Each is read once.

use std::sync::Arc;

use hansard_events::chain;
use hansard_types::{LogId, limits};

use super::repair::{follow, not_following};
use crate::reader::blocking;
use crate::{Copies, CopyError, EventLog, Extent, OpenError, StoredEvent};

/// Events of the overlap that are compared, newest first to go missing: more than any sync
/// interval lets through, and far less than a journal can hold.
pub(super) const OVERLAP_COMPARED_MAX: u64 = 10_000;

/// What a comparison has found.
#[derive(Default)]
pub(super) struct Compared {
    /// The stream lacks events whose content was not erased.
    pub(super) stream_lacks_events: bool,
    /// The first event that is another one in the stream, or does not follow the one before it.
    pub(super) wrong: Option<OpenError>,
}

/// Compares the last events before the end of both: both hold them, they are the same ones, and
/// each follows the one before it. `extent` is what the stream says that it holds.
pub(super) async fn compare(
    log: &Arc<dyn EventLog>,
    copies: &Copies,
    extent: Extent,
) -> Result<Compared, OpenError> {
    let mut compared = Compared::default();
    let (begins, last) = (extent.begins(log.id()), extent.last);
    let (mut next, end) = overlap(copies, begins, last);
    let mut previous = (next == 1).then(|| chain::genesis(log.id()));
    while next <= end {
        let wanted = usize::try_from(end - next + 1).unwrap_or(usize::MAX);
        let wanted = wanted.min(limits::READ_BATCH_MAX);
        let own = copies.clone();
        let reading = blocking(move || read_on(&own, next, wanted));
        let (there, ours) = tokio::join!(log.read(next, wanted), reading);
        let there = there?;
        let mut ours = ours?.map_err(|error| OpenError::Log(crate::Error::Copies(error)))?;
        if there.len() < wanted
            && let Some(newest) = there.last()
        {
            // The rest is asked for again.
            ours.retain(|own| own.sequence <= newest.sequence);
        }
        if lacks(&there, &ours, &mut compared.wrong, log.id()) {
            compared.stream_lacks_events = true;
            return Ok(compared);
        }
        let whole = follow(next, &ours, &mut previous);
        if whole < ours.len() || whole == 0 {
            let error = || not_following(log.id(), next + whole as u64);
            compared.wrong.get_or_insert_with(error);
        }
        if ours.is_empty() {
            return Ok(compared);
        }
        next += ours.len() as u64;
    }
    Ok(compared)
}

/// Reads on where the archive ends and the journal begins.
fn read_on(copies: &Copies, from: u64, wanted: usize) -> Result<Vec<StoredEvent>, CopyError> {
    let mut events = copies.read(from, wanted)?;
    while events.len() < wanted {
        let more = copies.read(from + events.len() as u64, wanted - events.len());
        match more {
            Ok(more) if !more.is_empty() => events.extend(more),
            // Whoever needs what follows reads it again, and is told.
            Ok(_) | Err(_) => break,
        }
    }
    Ok(events)
}

/// The end of what both the stream, from `begins` to `last`, and our own copies hold.
fn overlap(copies: &Copies, begins: u64, last: u64) -> (u64, u64) {
    let ranges = copies.ranges();
    let Some(newest) = ranges.last() else {
        return (1, 0);
    };
    let end = last.min(*newest.end());
    let from = end.saturating_sub(OVERLAP_COMPARED_MAX).max(begins);
    (from.max(*newest.start()), end)
}

/// Whether the stream lacks one of our own events; notes the first one that is another one there.
fn lacks(
    there: &[StoredEvent],
    ours: &[StoredEvent],
    wrong: &mut Option<OpenError>,
    log: LogId,
) -> bool {
    let mut there = there.iter().peekable();
    for own in ours {
        match there.next_if(|other| other.sequence == own.sequence) {
            None if own.event.is_erased() => {}
            None => return true,
            Some(other) if own.is_same_as(other) => {}
            Some(_) => {
                wrong.get_or_insert_with(|| another(log, own.sequence));
            }
        }
    }
    false
}

/// An event of the log that is not the one that our own copies hold.
fn another(log: LogId, sequence: u64) -> OpenError {
    OpenError::Contradiction {
        log: log.to_string(),
        what: format!(
            "event {sequence} of the log is not the one that was journaled: the log was changed or \
             replaced. Run `hansard audit verify`; restore the log from a copy"
        ),
    }
}
