use std::fmt;

use hansard_types::{ConversationId, LogId};
use sha2::{Digest, Sha256};

/// How many buckets there are: the last part of a subject, two hex digits.
pub const BUCKETS: u16 = 256;

/// A stable spread of things over buckets: the first byte of the key's SHA-256. Subscribers may
/// depend on it, so it never changes.
#[must_use]
pub fn bucket(key: &str) -> u8 {
    Sha256::digest(key.as_bytes())[0]
}

/// The partition that a conversation lives in, and a group with its roster and topics: of so many (at least
/// one), by the eight bytes behind the bucket's in the same digest, so that each partition has all
/// buckets. It never changes: a conversation does not move.
#[must_use]
pub fn partition_of(conversation: &ConversationId, partitions: u16) -> u16 {
    if partitions <= 1 {
        return 0;
    }
    let digest = Sha256::digest(conversation.spread_key().as_bytes());
    let number = digest[1..9]
        .iter()
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    u16::try_from(number % u64::from(partitions)).expect("less than the number of partitions")
}

/// `hansard.<app>.<partition>.<family>.<event>.<bucket>`: bounded in number (JetStream keeps every
/// distinct subject in memory), so ids never go in.
#[must_use]
pub fn subject(log: LogId, event_name: &str, bucket: u8) -> impl fmt::Display {
    let prefix = log.subject_prefix();
    fmt::from_fn(move |f| write!(f, "{prefix}.{event_name}.{bucket:02x}"))
}

#[cfg(test)]
mod tests {
    use hansard_types::AppId;

    use super::*;

    #[test]
    fn a_subject_names_app_partition_event_and_bucket() {
        let log = LogId::new(AppId(1_400_000_001), 0);
        assert_eq!(
            subject(log, "message.sent", bucket("group:team")).to_string(),
            "hansard.1400000001.0.message.sent.af"
        );
    }

    /// What lies somewhere stays there.
    #[test]
    fn a_conversation_lives_where_it_always_did() {
        for (conversation, expected) in [
            ("group:team", [0, 0, 0, 30]),
            ("group:%40TGS%231", [0, 0, 2, 58]),
            ("topic:team:news", [0, 0, 0, 30]),
            ("c2c:alice:bob", [0, 0, 1, 54]),
        ] {
            let conversation = conversation.parse().expect("a conversation");
            let homes = [1, 2, 3, 64].map(|count| partition_of(&conversation, count));
            assert_eq!(homes, expected, "{conversation}");
        }
    }

    #[test]
    fn conversations_are_spread_evenly() {
        const PARTITIONS: u16 = 5;
        let mut counts = [0; PARTITIONS as usize];
        for number in 0..5000 {
            let group = format!("group:team{number}")
                .parse()
                .expect("a conversation");
            counts[usize::from(partition_of(&group, PARTITIONS))] += 1;
        }
        let most = counts.iter().max().expect("some");
        let least = counts.iter().min().expect("some");
        assert!(*most < 1200 && *least > 800, "{counts:?}");
    }
}
