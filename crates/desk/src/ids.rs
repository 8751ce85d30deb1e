//! Names for requests and for groups that come without one.

use std::sync::atomic::{AtomicU64, Ordering};

use hansard_events::group::GroupType;
use hansard_types::{GroupId, Reason, TopicId};
use sha2::{Digest, Sha256};

/// A request id that a caller brings along, bytes.
const REQUEST_ID_BYTES_MAX: usize = 64;
/// Random letters of a group's id: 60 bits.
const GROUP_LETTERS: usize = 12;
/// Letters and digits that cannot be mistaken for each other.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// Makes ids that no other start of this or another server makes.
#[derive(Debug)]
pub(crate) struct Ids {
    start: u64,
    next: AtomicU64,
}

impl Ids {
    #[expect(
        clippy::disallowed_methods,
        reason = "nothing is decided by these: they only have to differ from those of other starts"
    )]
    pub(crate) fn new() -> Self {
        Self {
            start: rand::random(),
            next: AtomicU64::new(0),
        }
    }

    /// The caller's own id for the request if it is short and printable, else a new one.
    pub(crate) fn request(&self, given: Option<&str>) -> String {
        let usable = |id: &&str| {
            (1..=REQUEST_ID_BYTES_MAX).contains(&id.len())
                && id.bytes().all(|b| b.is_ascii_graphic())
        };
        match given.filter(usable) {
            Some(id) => id.to_owned(),
            None => format!("{:016x}-{:x}", self.start, self.take()),
        }
    }

    /// A random topic's part of its id.
    pub(crate) fn topic(&self) -> TopicId {
        let id = format!("@TOPIC#c{}", self.letters(GROUP_LETTERS));
        TopicId::new(&id).expect("it is short and printable")
    }

    /// A group's own id, or a random one.
    pub(crate) fn group(
        &self,
        group_type: GroupType,
        own: Option<GroupId>,
    ) -> Result<GroupId, Reason> {
        let is_community = group_type == GroupType::Community;
        let Some(id) = own else {
            let prefix = if is_community {
                "@TGS#_@TGS#c"
            } else {
                "@TGS#2"
            };
            let id = format!("{prefix}{}", self.letters(GROUP_LETTERS));
            return GroupId::new(&id).map_err(|_| Reason::GroupIdInvalid);
        };
        let is_ours = id.as_str().starts_with("@TGS#");
        let is_a_community = id.as_str().starts_with("@TGS#_");
        let is_allowed = if is_community {
            is_a_community
        } else {
            !is_ours
        };
        is_allowed.then_some(id).ok_or(Reason::GroupIdInvalid)
    }

    /// `letters_max` (at most 32) letters that make a group id unique.
    fn letters(&self, letters_max: usize) -> String {
        let mut hasher = Sha256::new();
        hasher.update(self.start.to_be_bytes());
        hasher.update(self.take().to_be_bytes());
        let hash = hasher.finalize();
        let letter = |byte: &u8| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]);
        hash.iter().take(letters_max).map(letter).collect()
    }

    fn take(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_and_a_usable_one_of_the_caller_is_kept() {
        let ids = Ids::new();
        assert_ne!(ids.request(None), ids.request(None));
        assert_eq!(ids.request(Some("trace-7")), "trace-7");
        for unusable in ["", "a b", "a\nb", "会", &"x".repeat(65)] {
            assert_ne!(ids.request(Some(unusable)), unusable);
        }
        let (one, other) = (ids.letters(12), ids.letters(12));
        assert_eq!((one.len(), other.len()), (12, 12));
        assert_ne!(one, other);
    }
}
