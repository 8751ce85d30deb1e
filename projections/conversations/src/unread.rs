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
        .floor(head.unread_floor)
        .max(queries.joined_topic_at(conversation, user)?)
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
        // Of a notice it is empty.
        let sender: String = row::decode(&UNCOUNTED, value)?;
        count += u64::from(sender != user.as_str());
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(count)
}

/// How many messages are looked at together.
const CHUNK: u64 = 1024;

/// Who sent the messages `first..=last`, in order. Costs the pages of senders that they are on.
pub(crate) fn senders(
    store: &dyn Read,
    log: LogId,
    conversation: &ConversationId,
    head: &HeadRow,
    (first, last): (Seq, Seq),
) -> Result<Vec<(Seq, String)>> {
    let newest = page_of(head.last_seq.next());
    let range = KeyRange::between(
        message_key(log, conversation, page_of(first)),
        message_key(log, conversation, newest.min(last.next())),
    );
    let mut senders = Vec::new();
    let mut at = page_of(first);
    let mut add = |page: &Senders| {
        for sender in page.iter() {
            if at >= first && at <= last {
                senders.push((at, sender.to_owned()));
            }
            at = at.next();
        }
    };
    if range.lower < range.upper.clone().unwrap_or_default() {
        store.walk(&SENDERS, &range, Direction::Ascending, &mut |_, page| {
            add(&row::decode(&SENDERS, page)?);
            Ok(ControlFlow::Continue(()))
        })?;
    }
    if last >= newest {
        add(&head.senders);
    }
    Ok(senders)
}

/// Up to where a user must have read for `wanted` messages to be unread, or as many as there are
/// among the newest `span_max` that were not cleared.
pub(crate) fn seq_before(
    store: &dyn Read,
    log: LogId,
    conversation: &ConversationId,
    user: &UserId,
    head: &HeadRow,
    (wanted, span_max): (u64, u64),
) -> Result<Seq> {
    let lowest = head
        .clear_seq
        .0
        .max(head.last_seq.0.saturating_sub(span_max));
    let (mut at, mut found) = (head.last_seq.0, 0);
    while at > lowest && found < wanted {
        let first = Seq(at.saturating_sub(CHUNK).max(lowest) + 1);
        let chunk = (first, Seq(at));
        let said = senders(store, log, conversation, head, chunk)?;
        let range = KeyRange::between(
            message_key(log, conversation, first),
            message_key(log, conversation, Seq(at + 1)),
        );
        let mut uncounted = std::collections::BTreeSet::new();
        store.walk(&UNCOUNTED, &range, Direction::Ascending, &mut |key, _| {
            let seq = key
                .last_chunk::<8>()
                .map(|bytes| u64::from_be_bytes(*bytes));
            uncounted.extend(seq);
            Ok(ControlFlow::Continue(()))
        })?;
        for (seq, sender) in said.into_iter().rev() {
            if found == wanted {
                return Ok(seq);
            }
            found += u64::from(sender != user.as_str() && !uncounted.contains(&seq.0));
        }
        at = first.0 - 1;
    }
    Ok(Seq(at))
}
