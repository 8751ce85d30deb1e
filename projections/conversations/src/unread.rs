//! Unread is computed, never counted.

use std::ops::ControlFlow;

use hansard_store::{Direction, KeyRange, Read, Result, row};
use hansard_types::{ConversationId, LogId, Seq, UserId};

use crate::reader::Reader;
use crate::rows::{HeadRow, SENDERS, Senders, UNCOUNTED, message_key, page_of};

/// Where a reader's unread messages can be: after the floor (the read position, the join and the
/// clearing), up to the conversation's end, and not more than a number of the newest.
pub(crate) struct Span {
    floor: Seq,
    head: HeadRow,
}

impl Span {
    /// How many messages lie in it.
    pub(crate) fn messages(&self) -> u64 {
        self.head.last_seq.0.saturating_sub(self.floor.0)
    }
}

pub(crate) fn span(
    queries: &Reader<'_>,
    conversation: &ConversationId,
    user: &UserId,
    messages_max: u64,
) -> Result<Span> {
    let head = queries.head(conversation)?;
    let floor = queries
        .reader(conversation, user)?
        .floor()
        .max(queries.clear_seq(conversation, user)?)
        .max(Seq(head.last_seq.0.saturating_sub(messages_max)));
    Ok(Span { floor, head })
}

/// How many messages of the span are by others and count. Costs scans of the pages of senders and
/// of the uncounted messages in it.
pub(crate) fn unread(
    store: &dyn Read,
    log: LogId,
    conversation: &ConversationId,
    user: &UserId,
    span: &Span,
) -> Result<u64> {
    let Span { floor, head } = span;
    let (floor, last) = (*floor, head.last_seq);
    if floor >= last {
        return Ok(0);
    }
    let own = own_after(store, log, conversation, user, floor, head)?;
    let uncounted = uncounted_by_others(store, log, conversation, user, floor, last)?;
    Ok(span
        .messages()
        .saturating_sub(own)
        .saturating_sub(uncounted))
}

/// How many messages a user has sent after the floor.
fn own_after(
    store: &dyn Read,
    log: LogId,
    conversation: &ConversationId,
    user: &UserId,
    floor: Seq,
    head: &HeadRow,
) -> Result<u64> {
    // The first page begins before the floor, or there.
    let (first, newest) = (page_of(floor.next()), page_of(head.last_seq.next()));
    let mut skipped = floor.next().0 - first.0;
    let range = KeyRange::between(
        message_key(log, conversation, first),
        message_key(log, conversation, newest),
    );
    let mut count = 0;
    store.walk(&SENDERS, &range, Direction::Ascending, &mut |_, page| {
        let senders: Senders = row::decode(&SENDERS, page)?;
        count += senders.by(user, std::mem::take(&mut skipped));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(count + head.senders.by(user, skipped))
}

fn uncounted_by_others(
    store: &dyn Read,
    log: LogId,
    conversation: &ConversationId,
    user: &UserId,
    after: Seq,
    last: Seq,
) -> Result<u64> {
    let range = KeyRange::between(
        message_key(log, conversation, after.next()),
        message_key(log, conversation, last.next()),
    );
    let mut count = 0;
    store.walk(&UNCOUNTED, &range, Direction::Ascending, &mut |_, value| {
        let sender: UserId = row::decode(&UNCOUNTED, value)?;
        count += u64::from(sender != *user);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(count)
}
