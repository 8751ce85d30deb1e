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
        self.conversation.to_string()
    }
}
