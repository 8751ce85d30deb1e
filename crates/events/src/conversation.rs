//! Events about what readers did in a conversation.

use hansard_types::{ConversationId, Seq, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Sample;

/// `conversation.read`: the read position only ever moves forward.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConversationRead {
    pub conversation: ConversationId,
    pub reader: UserId,
    /// The last message read.
    pub up_to: Seq,
    /// When, Unix milliseconds.
    pub read_at: Timestamp,
}

/// `conversation.unread_set`: the only thing that moves a read position back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnreadSet {
    pub conversation: ConversationId,
    pub reader: UserId,
    /// What was said up to here is read, and nothing after it.
    pub read_seq: Seq,
}

/// `conversation.cleared`: the messages are gone from what anyone can read, find or count; seqs go
/// on where they were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConversationCleared {
    pub conversation: ConversationId,
    /// The last message that is gone.
    pub up_to: Seq,
}

/// `conversation.receipts_sent`: a reader has confirmed messages that asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReceiptsSent {
    pub conversation: ConversationId,
    pub reader: UserId,
    /// The messages, ascending: none that it had confirmed before.
    pub seqs: Vec<Seq>,
}

impl Sample for ReceiptsSent {
    fn sample() -> Self {
        Self {
            conversation: "group:team".parse().expect("a valid conversation"),
            reader: UserId::new("bob").expect("a valid id"),
            seqs: vec![Seq(3), Seq(7)],
        }
    }

    fn bucket_key(&self) -> String {
        self.conversation.spread_key()
    }
}

impl Sample for UnreadSet {
    fn sample() -> Self {
        Self {
            conversation: "group:team".parse().expect("a valid conversation"),
            reader: UserId::new("bob").expect("a valid id"),
            read_seq: Seq(3),
        }
    }

    fn bucket_key(&self) -> String {
        self.conversation.spread_key()
    }
}

impl Sample for ConversationCleared {
    fn sample() -> Self {
        Self {
            conversation: "group:team".parse().expect("a valid conversation"),
            up_to: Seq(42),
        }
    }

    fn bucket_key(&self) -> String {
        self.conversation.spread_key()
    }
}

impl Sample for ConversationRead {
    fn sample() -> Self {
        Self {
            conversation: "c2c:alice:bob".parse().expect("a valid conversation"),
            reader: UserId::new("bob").expect("a valid id"),
            up_to: Seq(7),
            read_at: Timestamp(1_794_000_000_000),
        }
    }

    fn bucket_key(&self) -> String {
        self.conversation.spread_key()
    }
}
