//! Messages: sending, importing, editing, recalling.

mod change_extensions;
mod content;
mod edit_message;
mod elements;
mod import_group_messages;
mod import_message;
mod notify_group;
mod recall_by_sender;
mod recall_c2c;
mod recall_group;
mod recaller;
mod send_c2c;
mod send_group;
mod voice;

pub use change_extensions::{ChangeExtensions, ExtensionChange, ExtensionOutcome, NewExtension};
pub use content::Content;
pub use edit_message::{EditMessage, Which};
pub use import_group_messages::{ImportGroupMessages, MessageToImport};
pub use import_message::ImportMessage;
pub use notify_group::NotifyGroup;
pub use recall_by_sender::RecallBySender;
pub use recall_c2c::RecallC2c;
pub use recall_group::RecallGroup;
pub use send_c2c::SendC2c;
pub use send_group::SendGroup;

use hansard_events::message::MessageSent;
use hansard_types::{ConversationId, Reason, Seq, Timestamp, UserId, limits};

use crate::view::{MessageKey, Sent};
use crate::{Decision, Halt, SentC2c, SentMessage, Signal, View};

/// A message that is not stored has the seq 0, which is no stored message's.
fn next_seq(
    view: &dyn View,
    conversation: &ConversationId,
    online_only: bool,
) -> Result<Seq, Halt> {
    if online_only {
        return Ok(Seq(0));
    }
    Ok(view.head(conversation)?.last_seq.next())
}

/// A caller's own time may be a little ahead of the log's.
fn check_time(sent_at: Timestamp, now: Timestamp) -> Result<(), Reason> {
    if sent_at.0 > now.0.saturating_add(limits::MESSAGE_AHEAD_MS_MAX) {
        return Err(Reason::MessageTimeInvalid);
    }
    Ok(())
}

fn delivered<R>(message: MessageSent, online_only: bool, reply: R) -> Decision<R> {
    if online_only {
        Decision::signal(Signal::Message(message), reply)
    } else {
        Decision::event(message, reply)
    }
}

fn sent_c2c(message: Sent, key: MessageKey, duplicate: bool) -> SentC2c {
    let Sent { seq, sent_at } = message;
    SentC2c {
        seq,
        sent_at,
        key,
        duplicate,
    }
}

fn sent(message: Sent, duplicate: bool) -> SentMessage {
    let Sent { seq, sent_at } = message;
    SentMessage {
        seq,
        sent_at,
        duplicate,
    }
}

/// A message with everything that only some kinds of message have left empty.
fn plain(
    conversation: ConversationId,
    sender: &UserId,
    content: &Content,
    random: u32,
) -> MessageSent {
    MessageSent {
        conversation,
        seq: Seq::default(),
        sender: sender.clone(),
        sent_at: Timestamp::default(),
        elements: content.elements.clone(),
        random,
        client_seq: None,
        cloud_custom_data: content.cloud_custom_data.clone(),
        priority: None,
        no_unread: content.no_unread,
        no_last: content.no_last,
        hidden_from_sender: false,
        sender_joins: false,
        mentions: Vec::new(),
        targets: Vec::new(),
        import_key: None,
        resets_unread: false,
        receipts_of: None,
        extensible: content.extensible,
        offline_push: content.offline_push.clone(),
        room: None,
    }
}
