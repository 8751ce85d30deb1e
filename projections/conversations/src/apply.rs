use std::collections::BTreeSet;

use hansard_events::conversation::{ConversationRead, UnreadSet};
use hansard_events::group::{MembersAdded, MembersImported, MembersRemoved};
use hansard_events::message::{MessageEdited, MessageRecalled, MessageSent, encode_elements};
use hansard_store::{Error, Overlay, Result, Table, row};
use hansard_types::{ConversationId, LogId, Seq, Timestamp, UserId};

use crate::reader::Reader;
use crate::rows::{
    CONTACT, HEAD, HeadRow, IMPORT, INBOX, InboxRow, KEY, MESSAGE, MessageRow, READER, ReaderRow,
    Recall, SENDERS, SENDERS_PAGE, Senders, TIME, UNCOUNTED, contact_key, conversation_key,
    import_key, inbox_key, key_key, message_key, page_of, reader_key, time_key,
};
use crate::{extensions, receipts, recent};

pub(crate) fn sent(
    log: LogId,
    event: &MessageSent,
    sequence: u64,
    state: &mut Overlay<'_>,
) -> Result<()> {
    if log.is_live() {
        return recent::sent(log, event, state);
    }
    let conversation = &event.conversation;
    let mut before = (Seq(0), Timestamp(0));
    let at = (conversation, event.seq);
    let head = enter_head(
        log,
        at,
        Some(&event.sender),
        |head| {
            before = (head.last_shown_seq, head.last_shown_at);
            head.last_sent_at = event.sent_at;
            if !event.no_last {
                head.last_shown_seq = event.seq;
                head.last_shown_at = head.last_shown_at.max(event.sent_at);
            }
            if event.resets_unread {
                head.unread_floor = event.seq;
            }
        },
        state,
    )?;
    if let ConversationId::C2c(one, other) = conversation {
        enter_contact(log, (one, other), before, &head, state)?;
        enter_contact(log, (other, one), before, &head, state)?;
    }
    put_message(log, event, sequence, state)?;
    if event.sender_joins {
        let mut sender = Reader::new(state, log).reader(conversation, &event.sender)?;
        sender.join_seq = Seq(event.seq.0 - 1);
        sender.joined = sequence;
        sender.pinned_at = Seq(0);
        put_reader(log, conversation, &event.sender, &sender, state)?;
    }
    if event.no_unread {
        put_uncounted(log, conversation, event.seq, event.sender.as_str(), state)?;
    }
    if let Some(readers) = event.receipts_of {
        receipts::wanted(log, (conversation, event.seq), readers, state)?;
    }
    if let Some(key) = &event.import_key {
        let encoded = row::encode(&IMPORT, &event.seq)?;
        state.put(&IMPORT, import_key(log, conversation, key), encoded);
    }
    match conversation {
        ConversationId::C2c(..) => sent_c2c(log, event, state),
        // What is imported is recognised by its import key, whenever that is.
        ConversationId::Group(_) | ConversationId::Topic(..) if event.import_key.is_some() => {
            Ok(())
        }
        ConversationId::Group(_) | ConversationId::Topic(..) => recent::sent(log, event, state),
    }
}

/// Gives the next seq of a conversation to what is there now; `change`: what else it changes of
/// the end. `sender`: `None` of a notice.
pub(crate) fn enter_head(
    log: LogId,
    (conversation, seq): (&ConversationId, Seq),
    sender: Option<&UserId>,
    change: impl FnOnce(&mut HeadRow),
    state: &mut Overlay<'_>,
) -> Result<HeadRow> {
    let mut head = Reader::new(state, log).head(conversation)?;
    if seq != head.last_seq.next() {
        return Err(Error::Row {
            table: HEAD.name,
            reason: format!("message {seq} came after {}", head.last_seq),
        });
    }
    head.last_seq = seq;
    change(&mut head);
    head.senders.push(sender);
    if seq.0.is_multiple_of(SENDERS_PAGE) {
        let page = std::mem::take(&mut head.senders);
        let key = message_key(log, conversation, page_of(seq));
        state.put(&SENDERS, key, row::encode(&SENDERS, &page)?);
        note_senders(log, conversation, seq, &page, state)?;
    }
    let encoded = row::encode(&HEAD, &head)?;
    state.put(&HEAD, conversation_key(log, conversation), encoded);
    Ok(head)
}

/// When members sent last is asked of groups: noted once a page, not with each message.
fn note_senders(
    log: LogId,
    conversation: &ConversationId,
    last: Seq,
    page: &Senders,
    state: &mut Overlay<'_>,
) -> Result<()> {
    if !matches!(conversation, ConversationId::Group(_)) {
        return Ok(());
    }
    let mut noted = BTreeSet::new();
    for (seq, sender) in (0..=last.0).rev().zip(page.iter().rev()) {
        if sender.is_empty() || !noted.insert(sender) {
            continue;
        }
        let sender = UserId::new(sender).map_err(|_| Error::key(&SENDERS))?;
        let mut reader = Reader::new(state, log).reader(conversation, &sender)?;
        reader.sent_seq = Seq(seq);
        put_reader(log, conversation, &sender, &reader, state)?;
    }
    Ok(())
}

fn put_message(
    log: LogId,
    event: &MessageSent,
    sequence: u64,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let MessageSent {
        conversation,
        seq,
        sender,
        sent_at,
        elements,
        random,
        client_seq,
        cloud_custom_data,
        priority,
        no_unread,
        no_last: _,
        hidden_from_sender,
        sender_joins: _,
        mentions,
        targets,
        import_key: _,
        resets_unread: _,
        receipts_of,
        extensible,
        offline_push: _,
        room: _,
    } = event;
    let elements = encode_elements(elements).map_err(|error| Error::Row {
        table: MESSAGE.name,
        reason: error.to_string(),
    })?;
    let mut message = MessageRow {
        sender: sender.clone(),
        sent_at: *sent_at,
        elements,
        random: *random,
        client_seq: *client_seq,
        cloud_custom_data: cloud_custom_data.clone(),
        priority: *priority,
        no_unread: *no_unread,
        hidden_from_sender: *hidden_from_sender,
        mentioned: Vec::new(),
        mentions_all: false,
        targets: targets.clone(),
        recall: None,
        is_notice: false,
        sequence,
        extensible: *extensible,
        wants_receipts: receipts_of.is_some(),
    };
    message.set_mentions(mentions);
    let encoded = row::encode(&MESSAGE, &message)?;
    state.put(&MESSAGE, message_key(log, conversation, *seq), encoded);
    Ok(())
}

/// Moves a conversation to its place among an account's contacts, which `head` says. Its place
/// before is known from the head `before` (the last shown seq and time), without a search.
fn enter_contact(
    log: LogId,
    (user, peer): (&UserId, &UserId),
    before: (Seq, Timestamp),
    head: &HeadRow,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let inbox = Reader::new(state, log).inbox_row(user, peer)?;
    let clear_seq = match inbox {
        Some(InboxRow { clear_seq }) => clear_seq,
        None => {
            let clear_seq = Seq(head.last_seq.0.saturating_sub(1));
            let encoded = row::encode(&INBOX, &InboxRow { clear_seq })?;
            state.put(&INBOX, inbox_key(log, user, peer), encoded);
            clear_seq
        }
    };
    let place = |(seq, at): (Seq, Timestamp)| {
        let seconds = if seq > clear_seq { at.seconds() } else { 0 };
        contact_key(log, user, seconds, peer)
    };
    let (old, new) = (
        place(before),
        place((head.last_shown_seq, head.last_shown_at)),
    );
    if inbox.is_some() && old == new {
        return Ok(());
    }
    if inbox.is_some() {
        state.delete(&CONTACT, old);
    }
    state.put(&CONTACT, new, Vec::new());
    Ok(())
}

fn sent_c2c(log: LogId, event: &MessageSent, state: &mut Overlay<'_>) -> Result<()> {
    let conversation = &event.conversation;
    let client_seq = event.client_seq.unwrap_or_default();
    let key = key_key(
        log,
        conversation,
        client_seq,
        event.random,
        event.sent_at.seconds(),
    );
    // Imports may repeat a key: the first message keeps it.
    if is_none(state, &KEY, &key)? {
        state.put(&KEY, key, row::encode(&KEY, &event.seq)?);
    }
    state.put(
        &TIME,
        time_key(log, conversation, event.sent_at, event.seq),
        Vec::new(),
    );
    Ok(())
}

fn is_none(state: &Overlay<'_>, table: &'static Table, key: &[u8]) -> Result<bool> {
    use hansard_store::Read as _;
    Ok(state.get(table, key)?.is_none())
}

pub(crate) fn edited(log: LogId, event: &MessageEdited, state: &mut Overlay<'_>) -> Result<()> {
    let MessageEdited {
        conversation,
        seq,
        sender: _,
        sent_at: _,
        elements,
        cloud_custom_data,
        edited_by: _,
    } = event;
    let Some(mut message) = Reader::new(state, log).message(conversation, *seq)? else {
        return Ok(());
    };
    if message.recall.is_some() || message.is_notice {
        return Ok(());
    }
    message.elements = encode_elements(elements).map_err(|error| Error::Row {
        table: MESSAGE.name,
        reason: error.to_string(),
    })?;
    message.cloud_custom_data.clone_from(cloud_custom_data);
    let encoded = row::encode(&MESSAGE, &message)?;
    state.put(&MESSAGE, message_key(log, conversation, *seq), encoded);
    Ok(())
}

pub(crate) fn recalled(
    log: LogId,
    event: &MessageRecalled,
    time: Timestamp,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let MessageRecalled {
        conversation,
        seqs,
        recalled_by,
        reason,
    } = event;
    for seq in seqs {
        let Some(before) = Reader::new(state, log).message(conversation, *seq)? else {
            continue;
        };
        if before.recall.is_some() || before.is_notice {
            continue;
        }
        let recall = Recall {
            by: recalled_by.clone(),
            at: time,
            reason: reason.clone(),
        };
        let message = MessageRow {
            elements: Vec::new(),
            cloud_custom_data: None,
            mentioned: Vec::new(),
            mentions_all: false,
            targets: before.targets,
            recall: Some(recall),
            is_notice: false,
            sequence: before.sequence,
            extensible: before.extensible,
            wants_receipts: before.wants_receipts,
            sender: before.sender,
            sent_at: before.sent_at,
            random: before.random,
            client_seq: before.client_seq,
            priority: before.priority,
            no_unread: before.no_unread,
            hidden_from_sender: before.hidden_from_sender,
        };
        let encoded = row::encode(&MESSAGE, &message)?;
        state.put(&MESSAGE, message_key(log, conversation, *seq), encoded);
        put_uncounted(log, conversation, *seq, message.sender.as_str(), state)?;
        if message.extensible {
            extensions::recalled(log, conversation, *seq, state);
        }
    }
    Ok(())
}

pub(crate) fn read(log: LogId, event: &ConversationRead, state: &mut Overlay<'_>) -> Result<()> {
    let ConversationRead {
        conversation,
        reader,
        up_to,
        read_at: _,
    } = event;
    let mut row = Reader::new(state, log).reader(conversation, reader)?;
    row.read_seq = row.read_seq.max(*up_to);
    put_reader(log, conversation, reader, &row, state)
}

/// What was said before a member joined is not unread.
pub(crate) fn members_added(
    log: LogId,
    event: &MembersAdded,
    sequence: u64,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let MembersAdded {
        group_id,
        accounts,
        how: _,
        joined_at: _,
        silent: _,
        import_key,
        notice: _,
    } = event;
    let conversation = ConversationId::Group(group_id.clone());
    let last_seq = Reader::new(state, log).head(&conversation)?.last_seq;
    for user in accounts {
        let mut row = Reader::new(state, log).reader(&conversation, user)?;
        row.join_seq = last_seq;
        row.joined = sequence;
        row.pinned_at = Seq(0);
        put_reader(log, &conversation, user, &row, state)?;
    }
    remember_import(log, &conversation, import_key.as_deref(), state)
}

/// What was said before a member had joined elsewhere is not its.
pub(crate) fn members_imported(
    log: LogId,
    event: &MembersImported,
    sequence: u64,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let conversation = ConversationId::Group(event.group_id.clone());
    let last_seq = Reader::new(state, log).head(&conversation)?.last_seq;
    for member in &event.members {
        let user = &member.user_id;
        let mut row = Reader::new(state, log).reader(&conversation, user)?;
        row.join_seq = Reader::new(state, log)
            .last_where(&conversation, |said| said.sent_at <= member.joined_at)?;
        row.joined = sequence;
        row.read_seq = member.read_seq;
        row.pinned_at = last_seq;
        put_reader(log, &conversation, user, &row, state)?;
    }
    Ok(())
}

pub(crate) fn unread_set(log: LogId, event: &UnreadSet, state: &mut Overlay<'_>) -> Result<()> {
    let UnreadSet {
        conversation,
        reader,
        read_seq,
    } = event;
    let last_seq = Reader::new(state, log).head(conversation)?.last_seq;
    let mut row = Reader::new(state, log).reader(conversation, reader)?;
    row.read_seq = *read_seq;
    row.pinned_at = last_seq;
    put_reader(log, conversation, reader, &row, state)
}

pub(crate) fn members_removed(
    log: LogId,
    event: &MembersRemoved,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let conversation = ConversationId::Group(event.group_id.clone());
    remember_import(log, &conversation, event.import_key.as_deref(), state)
}

fn remember_import(
    log: LogId,
    conversation: &ConversationId,
    key: Option<&str>,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let Some(key) = key else { return Ok(()) };
    let encoded = row::encode(&IMPORT, &Seq(0))?;
    state.put(&IMPORT, import_key(log, conversation, key), encoded);
    Ok(())
}

fn put_reader(
    log: LogId,
    conversation: &ConversationId,
    user: &UserId,
    reader: &ReaderRow,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let encoded = row::encode(&READER, reader)?;
    state.put(&READER, reader_key(log, conversation, user), encoded);
    Ok(())
}

/// `sender`: empty of a notice.
pub(crate) fn put_uncounted(
    log: LogId,
    conversation: &ConversationId,
    seq: Seq,
    sender: &str,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let encoded = row::encode(&UNCOUNTED, &sender)?;
    state.put(&UNCOUNTED, message_key(log, conversation, seq), encoded);
    Ok(())
}
