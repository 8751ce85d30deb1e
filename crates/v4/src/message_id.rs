use hansard_types::{ConversationId, Seq};
use sha2::{Digest, Sha256};

/// `MsgId` of an answer: the same for the same message whenever it is computed, and no other's:
/// 64 bits of the conversation, then the seq.
pub(crate) fn message_id(conversation: &ConversationId, seq: Seq) -> String {
    let hash: [u8; 32] = Sha256::digest(conversation.to_string().as_bytes()).into();
    let [a, b, c, d, e, f, g, h, ..] = hash;
    format!("{}-{seq}", u64::from_be_bytes([a, b, c, d, e, f, g, h]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_id_names_conversation_and_seq() {
        let team = "group:team".parse().expect("a conversation");
        assert_eq!(message_id(&team, Seq(7)), message_id(&team, Seq(7)));
        assert_ne!(message_id(&team, Seq(7)), message_id(&team, Seq(8)));
        let other = "group:other".parse().expect("a conversation");
        assert_ne!(message_id(&team, Seq(7)), message_id(&other, Seq(7)));
    }
}
