//! Tables, rows and keys.

use std::fmt;

use hansard_events::message::Mention;
use hansard_store::key::Key;
use hansard_store::{Access, Table};
use hansard_types::{ConversationId, LogId, Seq, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::extensions::EXTENSIONS;
use crate::recent::{RECENT, RECENT_END};

/// The end of each conversation.
pub(crate) static HEAD: Table = Table {
    name: "conversations.conversation_head",
    kind: 0x0301,
    access: Access::Hot,
};
/// The timeline.
pub(crate) static MESSAGE: Table = Table {
    name: "conversations.seq_message",
    kind: 0x0302,
    access: Access::Point,
};
/// One-to-one: the seq of a message's key (client seq, random, seconds).
pub(crate) static KEY: Table = Table {
    name: "conversations.key_seq",
    kind: 0x0303,
    access: Access::Point,
};
/// One-to-one: messages in the order of their own time.
pub(crate) static TIME: Table = Table {
    name: "conversations.time_seq",
    kind: 0x0304,
    access: Access::Scan,
};
/// What was imported, by import key.
pub(crate) static IMPORT: Table = Table {
    name: "conversations.import_seq",
    kind: 0x0305,
    access: Access::Point,
};
/// Who sent the messages of a conversation but the newest, which are in [`HEAD`]: pages of
/// `SENDERS_PAGE`, by the seq of their first message.
pub(crate) static SENDERS: Table = Table {
    name: "conversations.seq_senders",
    kind: 0x030d,
    access: Access::Scan,
};
/// Messages that do not count as unread (recalled, or sent so), with their sender.
pub(crate) static UNCOUNTED: Table = Table {
    name: "conversations.seq_uncounted",
    kind: 0x0309,
    access: Access::Scan,
};
/// What is known of each reader or sender of a conversation.
pub(crate) static READER: Table = Table {
    name: "conversations.user_reader",
    kind: 0x030a,
    access: Access::Hot,
};
/// One-to-one conversations of an account, by the other's id: every send reads the two rows.
pub(crate) static INBOX: Table = Table {
    name: "conversations.user_inbox",
    kind: 0x030b,
    access: Access::Hot,
};
/// The same conversations, the latest first: what a page of them costs is its length.
pub(crate) static CONTACT: Table = Table {
    name: "conversations.user_contact",
    kind: 0x0310,
    access: Access::Scan,
};

/// Messages that receipts are wanted of: how many readers there are, and how many have confirmed.
pub(crate) static RECEIPT: Table = Table {
    name: "conversations.seq_receipt",
    kind: 0x0311,
    access: Access::Point,
};
/// Who has confirmed a message.
pub(crate) static CONFIRMED: Table = Table {
    name: "conversations.seq_confirmed",
    kind: 0x0312,
    access: Access::Scan,
};

/// The tables of this projection.
pub static TABLES: &[&Table] = &[
    &HEAD,
    &MESSAGE,
    &KEY,
    &TIME,
    &IMPORT,
    &RECENT,
    &RECENT_END,
    &SENDERS,
    &UNCOUNTED,
    &READER,
    &INBOX,
    &CONTACT,
    &RECEIPT,
    &CONFIRMED,
    &EXTENSIONS,
];

/// How far the readers of a message have confirmed that they read it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptRow {
    /// How many could read it when it was sent, without its sender.
    pub readers: u32,
    /// How many have confirmed it.
    pub confirmed: u32,
}

/// The end of a conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadRow {
    pub last_seq: Seq,
    /// The last message's own time.
    pub last_sent_at: Timestamp,
    /// The last message that lists of recent contacts show; 0 if none does.
    pub last_shown_seq: Seq,
    /// The latest time of those: an old message that is imported does not move it back.
    pub last_shown_at: Timestamp,
    /// What was imported up to here is unread to nobody.
    pub(crate) unread_floor: Seq,
    /// What was said up to here is gone.
    pub clear_seq: Seq,
    /// Who sent the newest messages: what does not fill a page yet.
    pub(crate) senders: Senders,
}

/// How many messages share a page of [`SENDERS`]. To write a row for each message, or for each of
/// its sender's, would cost a send as much as the message's own row. More of them would make
/// every head longer, fewer a count of unread messages slower.
pub(crate) const SENDERS_PAGE: u64 = 32;

/// The senders of messages that follow each other, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Senders(
    /// Each closed by a zero byte, which no id holds: adding one copies the others once.
    String,
);

impl Senders {
    /// `None`: a notice, which nobody sent.
    pub(crate) fn push(&mut self, sender: Option<&UserId>) {
        self.0.push_str(sender.map_or("", UserId::as_str));
        self.0.push('\0');
    }

    /// Who they are, in order.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split_terminator('\0')
    }

    /// How many messages are by a user, the first `skipped` left out.
    pub(crate) fn by(&self, user: &UserId, skipped: u64) -> u64 {
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
        let senders = self.0.split_terminator('\0').skip(skipped);
        senders.filter(|sender| *sender == user.as_str()).count() as u64
    }
}

/// The seq of the first message on the page that a message is on.
pub(crate) fn page_of(seq: Seq) -> Seq {
    Seq(seq.0.saturating_sub(1) / SENDERS_PAGE * SENDERS_PAGE + 1)
}

/// A recall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recall {
    pub by: UserId,
    pub at: Timestamp,
    pub reason: Option<String>,
}

/// A message. `Debug` hides what was said.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRow {
    pub sender: UserId,
    pub sent_at: Timestamp,
    /// [`hansard_events::message::encode_elements`]; empty once recalled.
    #[serde(with = "serde_bytes")]
    pub elements: Vec<u8>,
    pub random: u32,
    pub client_seq: Option<u32>,
    pub cloud_custom_data: Option<String>,
    pub priority: Option<u8>,
    pub no_unread: bool,
    pub hidden_from_sender: bool,
    /// Empty once recalled.
    pub mentioned: Vec<UserId>,
    pub mentions_all: bool,
    /// Who besides the sender may read it; empty: whoever may read the group.
    pub targets: Vec<UserId>,
    pub recall: Option<Recall>,
    /// `elements` is a [`hansard_events::group::Notice`], encoded: `sender` did what it tells of.
    pub is_notice: bool,
    /// The log's sequence of the event that said it.
    pub sequence: u64,
    /// Clients may keep keys and values with it.
    pub extensible: bool,
    /// Whoever reads it is to confirm that: it has a [`ReceiptRow`].
    pub wants_receipts: bool,
}

impl MessageRow {
    /// Whether someone who may read the conversation sees it: it may be for some only, or kept out of
    /// its sender's own history.
    #[must_use]
    pub fn is_shown_to(&self, reader: &UserId) -> bool {
        if self.sender == *reader {
            return !self.hidden_from_sender;
        }
        self.targets.is_empty() || self.targets.contains(reader)
    }

    pub(crate) fn set_mentions(&mut self, mentions: &[Mention]) {
        for mention in mentions {
            match mention {
                Mention::All => self.mentions_all = true,
                Mention::Account { user_id } => self.mentioned.push(user_id.clone()),
            }
        }
    }
}

impl fmt::Debug for MessageRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageRow")
            .field("sender", &self.sender)
            .field("sent_at", &self.sent_at)
            .field("recall", &self.recall)
            .finish_non_exhaustive()
    }
}

/// What is known of someone who reads or writes in a conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReaderRow {
    /// The last message read.
    pub read_seq: Seq,
    /// The conversation's last seq when this member joined: what came before is not unread.
    pub join_seq: Seq,
    /// Groups: the log's sequence of this member's joining; 0: with the group. It says of the
    /// group's topics what is unread.
    pub(crate) joined: u64,
    /// Groups: the last message that it sent, of those that fill a page of senders.
    pub(crate) sent_seq: Seq,
    /// Where the conversation ended when what it has not read was set: floors from before hold no
    /// more.
    pub(crate) pinned_at: Seq,
}

impl ReaderRow {
    /// Nothing up to here is unread; `imported`: as the head has it.
    pub(crate) fn floor(&self, imported: Seq) -> Seq {
        let holds = |floor: &Seq| *floor > self.pinned_at;
        let floors = [self.join_seq, imported];
        let highest = floors.into_iter().filter(holds).max();
        self.read_seq.max(highest.unwrap_or_default())
    }
}

/// One entry of an inbox: made by the first message after the account came to be, so that a
/// deleted account's inbox goes as one range, whatever it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InboxRow {
    /// What came before is an earlier account's of that name, and not this one's.
    pub(crate) clear_seq: Seq,
}

pub(crate) fn conversation_key(log: LogId, conversation: &ConversationId) -> Vec<u8> {
    Key::of(log).conversation(conversation).bytes()
}

pub(crate) fn message_key(log: LogId, conversation: &ConversationId, seq: Seq) -> Vec<u8> {
    Key::of(log).conversation(conversation).u64(seq.0).bytes()
}

pub(crate) fn confirmed_key(
    log: LogId,
    conversation: &ConversationId,
    seq: Seq,
    reader: &UserId,
) -> Vec<u8> {
    let key = Key::of(log).conversation(conversation).u64(seq.0);
    key.text(reader.as_str()).bytes()
}

pub(crate) fn key_key(
    log: LogId,
    conversation: &ConversationId,
    client_seq: u32,
    random: u32,
    time_seconds: u64,
) -> Vec<u8> {
    Key::of(log)
        .conversation(conversation)
        .u32(client_seq)
        .u32(random)
        .u64(time_seconds)
        .bytes()
}

pub(crate) fn time_key(
    log: LogId,
    conversation: &ConversationId,
    sent_at: Timestamp,
    seq: Seq,
) -> Vec<u8> {
    Key::of(log)
        .conversation(conversation)
        .u64(sent_at.0)
        .u64(seq.0)
        .bytes()
}

pub(crate) fn import_key(log: LogId, conversation: &ConversationId, key: &str) -> Vec<u8> {
    // The key comes from outside: only its printable part may stand in a key of ours.
    let text: String = key.chars().filter(char::is_ascii_graphic).collect();
    Key::of(log).conversation(conversation).text(&text).bytes()
}

pub(crate) fn reader_key(log: LogId, conversation: &ConversationId, user: &UserId) -> Vec<u8> {
    Key::of(log)
        .conversation(conversation)
        .text(user.as_str())
        .bytes()
}

pub(crate) fn inbox_key(log: LogId, user: &UserId, peer: &UserId) -> Vec<u8> {
    Key::of(log).text(user.as_str()).text(peer.as_str()).bytes()
}

/// Every row of an account in [`INBOX`], and in [`CONTACT`].
pub(crate) fn inbox_prefix(log: LogId, user: &UserId) -> Vec<u8> {
    Key::of(log).text(user.as_str()).bytes()
}

/// The latest first. `shown_seconds`: of the last message that is shown, 0 while none is. Seconds
/// are what lists of contacts know, and a second of sends moves an entry once.
pub(crate) fn contact_key(log: LogId, user: &UserId, shown_seconds: u64, peer: &UserId) -> Vec<u8> {
    Key::of(log)
        .text(user.as_str())
        .u64(u64::MAX - shown_seconds)
        .text(peer.as_str())
        .bytes()
}
