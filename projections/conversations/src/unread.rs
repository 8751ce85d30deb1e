//! Unread is computed, never counted.

use std::ops::ControlFlow;

use hansard_store::{Direction, KeyRange, Read, Result, row};
use hansard_types::{AppId, ConversationId, Seq, UserId};

use crate::reader::Reader;
use crate::rows::{OWN, OwnPage, ReaderRow, UNCOUNTED, message_key, own_prefix};

/// How many messages a reader has not read: those after the read position, the join and the
/// clearing, by others, that count. Costs at most three look-ups and a scan of the uncounted
/// messages in the range.
pub(crate) fn unread(
    store: &dyn Read,
    app: AppId,
    conversation: &ConversationId,
    user: &UserId,
) -> Result<u64> {
    let queries = Reader::new(store, app);
    let last = queries.head(conversation)?.last_seq;
    let reader = queries.reader(conversation, user)?;
    let floor = reader.floor();
    if floor >= last {
        return Ok(0);
    }
    let own = reader.sent - sent_up_to(store, app, conversation, user, &reader)?;
    let uncounted = uncounted_by_others(store, app, conversation, user, floor, last)?;
    Ok((last.0 - floor.0)
        .saturating_sub(own)
        .saturating_sub(uncounted))
}

/// How many messages a reader had sent up to the floor (included).
fn sent_up_to(
    store: &dyn Read,
    app: AppId,
    conversation: &ConversationId,
    user: &UserId,
    reader: &ReaderRow,
) -> Result<u64> {
    let floor = reader.floor();
    let up_to_floor = |seqs: &[Seq]| seqs.partition_point(|seq| *seq <= floor) as u64;
    let newest = reader.newest_sent.as_slice();
    let in_pages = reader.sent - newest.len() as u64;
    if in_pages == 0 || newest.first().is_some_and(|first| *first <= floor) {
        return Ok(in_pages + up_to_floor(newest));
    }
    let prefix = own_prefix(app, conversation, user);
    let range = KeyRange::between(prefix.clone().bytes(), prefix.u64(floor.0 + 1).bytes());
    let Some((_, page)) = store.first(&OWN, &range, Direction::Descending)? else {
        return Ok(0);
    };
    let OwnPage { before, seqs } = row::decode(&OWN, &page)?;
    Ok(before + up_to_floor(&seqs))
}

fn uncounted_by_others(
    store: &dyn Read,
    app: AppId,
    conversation: &ConversationId,
    user: &UserId,
    after: Seq,
    last: Seq,
) -> Result<u64> {
    let range = KeyRange::between(
        message_key(app, conversation, after.next()),
        message_key(app, conversation, last.next()),
    );
    let mut count = 0;
    let mut failed = None;
    store.scan(&UNCOUNTED, &range, Direction::Ascending, &mut |_, value| {
        match row::decode::<UserId>(&UNCOUNTED, value) {
            Ok(sender) if sender == *user => {}
            Ok(_) => count += 1,
            Err(error) => {
                failed = Some(error);
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    })?;
    failed.map_or(Ok(count), Err)
}
