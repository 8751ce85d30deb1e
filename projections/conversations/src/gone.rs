//! What goes: what was cleared, what a dissolved group or a destroyed topic said, and the inbox of a
//! deleted account. As ranges, however many rows they are.

use hansard_events::conversation::ConversationCleared;
use hansard_events::group::{GroupDissolved, TopicsDestroyed};
use hansard_store::key::Key;
use hansard_store::{Direction, KeyRange, Overlay, Result, row};
use hansard_types::{ConversationId, LogId, Seq, Timestamp, UserId};

use crate::extensions::EXTENSIONS;
use crate::reader::Reader;
use crate::rows::{
    CONFIRMED, CONTACT, HEAD, IMPORT, INBOX, MESSAGE, READER, RECEIPT, SENDERS, UNCOUNTED,
    conversation_key, inbox_prefix, message_key, page_of,
};

/// Whoever is imported under this name later has an empty inbox, and sees nothing of what was
/// said before. The others keep what they have.
pub(crate) fn account_deleted(log: LogId, user: &UserId, state: &mut Overlay<'_>) {
    let prefix = inbox_prefix(log, user);
    for table in [&INBOX, &CONTACT] {
        state.delete_prefix(table, &prefix);
    }
}

/// The rows go as ranges, however many they are; seqs go on.
pub(crate) fn cleared(
    log: LogId,
    event: &ConversationCleared,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let ConversationCleared {
        conversation,
        up_to,
    } = event;
    let mut head = Reader::new(state, log).head(conversation)?;
    let range = |end: Seq| {
        let lower = message_key(log, conversation, Seq(0));
        (lower, message_key(log, conversation, end))
    };
    for table in [&MESSAGE, &UNCOUNTED, &RECEIPT, &CONFIRMED, &EXTENSIONS] {
        let (lower, upper) = range(up_to.next());
        state.delete_range(table, lower, upper);
    }
    // A page with messages that stay stays.
    let (lower, upper) = range(page_of(up_to.next()));
    state.delete_range(&SENDERS, lower, upper);
    head.clear_seq = head.clear_seq.max(*up_to);
    if head.last_shown_seq <= *up_to {
        head.last_shown_seq = Seq(0);
        head.last_shown_at = Timestamp(0);
    }
    state.put(
        &HEAD,
        conversation_key(log, conversation),
        row::encode(&HEAD, &head)?,
    );
    Ok(())
}

/// Nothing of what was said is here any more: a group that has the id later begins at seq 1.
pub(crate) fn group_dissolved(
    log: LogId,
    event: &GroupDissolved,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let conversation = ConversationId::Group(event.group_id.clone());
    delete_said(&conversation_key(log, &conversation), state);
    // Few groups have topics, and a deleted range costs later reads: what was said in a topic has a head.
    let topics = Key::of(log).topics(&event.group_id).bytes();
    let up = Direction::Ascending;
    let queries = Reader::new(state, log);
    let heads = queries
        .store
        .rows(&HEAD, &KeyRange::prefix(&topics), up, 1, |_, _| {
            Ok(Some(()))
        })?;
    if !heads.is_empty() {
        delete_said(&topics, state);
    }
    Ok(())
}

/// As a dissolved group's: a topic that has the id later begins at seq 1.
pub(crate) fn topics_destroyed(log: LogId, event: &TopicsDestroyed, state: &mut Overlay<'_>) {
    let TopicsDestroyed { group_id, topics } = event;
    for topic in topics {
        let conversation = ConversationId::in_group(group_id, Some(topic));
        delete_said(&conversation_key(log, &conversation), state);
    }
}

/// All that is kept of conversations, whose keys begin with `prefix`.
fn delete_said(prefix: &[u8], state: &mut Overlay<'_>) {
    for table in [
        &HEAD,
        &MESSAGE,
        &IMPORT,
        &SENDERS,
        &UNCOUNTED,
        &READER,
        &RECEIPT,
        &CONFIRMED,
        &EXTENSIONS,
    ] {
        state.delete_prefix(table, prefix);
    }
}
