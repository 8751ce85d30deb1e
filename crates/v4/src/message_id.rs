use hansard_types::{ConversationId, Seq, Timestamp};
use sha2::{Digest, Sha256};

/// `MsgId` of an answer: the same for the same message whenever it is computed, and no other's:
/// 64 bits of the conversation and the message's time, then the seq. The time tells the message of
/// a dissolved group from that of a group that has its id later.
pub(crate) fn message_id(conversation: &ConversationId, seq: Seq, sent_at: Timestamp) -> String {
    let text = format!("{conversation} {}", sent_at.0);
    let hash: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let [a, b, c, d, e, f, g, h, ..] = hash;
    format!("{}-{seq}", u64::from_be_bytes([a, b, c, d, e, f, g, h]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_id_names_conversation_time_and_seq() {
        let id = |conversation: &str, seq, at| {
            let conversation = conversation.parse().expect("a conversation");
            message_id(&conversation, Seq(seq), Timestamp(at))
        };
        assert_eq!(id("group:team", 7, 1), id("group:team", 7, 1));
        for other in [
            id("group:team", 8, 1),
            id("group:other", 7, 1),
            id("group:team", 7, 2),
        ] {
            assert_ne!(id("group:team", 7, 1), other);
        }
    }
}
