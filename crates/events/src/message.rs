//! Events about messages.

use std::fmt;

use hansard_types::{ConversationId, Seq, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::Sample;

/// One element of a message. `Debug` hides what was said.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type")]
pub enum Element {
    #[serde(rename = "text")]
    Text { text: String },
    #[serde(rename = "face")]
    Face { index: i64, data: String },
    /// What the app means by it is the app's own; at most one in a message.
    #[serde(rename = "custom")]
    Custom {
        data: String,
        /// Shown in an offline push.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        desc: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        ext: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        sound: String,
    },
}

impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text { .. } => "Text(..)",
            Self::Face { .. } => "Face(..)",
            Self::Custom { .. } => "Custom(..)",
        })
    }
}

/// What a message says, digested: its elements and its custom data. A retry is told from another
/// message with the same random number by it. Read models keep it: it stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentDigest([u8; 32]);

impl ContentDigest {
    #[must_use]
    pub fn of(elements: &[Element], cloud_custom_data: Option<&str>) -> Self {
        // Each text with its length: no two contents that differ are the same bytes.
        fn add(hasher: &mut Sha256, text: &str) {
            let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
            hasher.update(bytes.to_be_bytes());
            hasher.update(text);
        }
        let mut hasher = Sha256::new();
        for element in elements {
            match element {
                Element::Text { text } => {
                    hasher.update([1]);
                    add(&mut hasher, text);
                }
                Element::Face { index, data } => {
                    hasher.update([2]);
                    hasher.update(index.to_be_bytes());
                    add(&mut hasher, data);
                }
                Element::Custom {
                    data,
                    desc,
                    ext,
                    sound,
                } => {
                    hasher.update([3]);
                    for text in [data, desc, ext, sound] {
                        add(&mut hasher, text);
                    }
                }
            }
        }
        hasher.update([0]);
        add(&mut hasher, cloud_custom_data.unwrap_or_default());
        Self(hasher.finalize().into())
    }

    /// The same said to some members only: another message than the same said to others.
    #[must_use]
    pub fn to(self, targets: &[UserId]) -> Self {
        if targets.is_empty() {
            return self;
        }
        let mut hasher = Sha256::new();
        hasher.update(self.0);
        for target in targets {
            hasher.update(target.as_str());
            // No id holds it.
            hasher.update([0]);
        }
        Self(hasher.finalize().into())
    }

    /// The same said in one live room: another message than the same said in another room that had
    /// the id before.
    #[must_use]
    pub fn in_room(self, room: Option<u64>) -> Self {
        let Some(room) = room else {
            return self;
        };
        let hasher = Sha256::new().chain_update(self.0);
        Self(hasher.chain_update(room.to_be_bytes()).finalize().into())
    }

    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Its first 32 bits.
    #[must_use]
    pub fn number(&self) -> u32 {
        let [a, b, c, d, ..] = self.0;
        u32::from_be_bytes([a, b, c, d])
    }
}

fn is_false(flag: &bool) -> bool {
    !*flag
}

/// `message.sent`. `Debug` hides what was said.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MessageSent {
    pub conversation: ConversationId,
    /// Its number in the conversation: the one after the last.
    pub seq: Seq,
    pub sender: UserId,
    /// The message's own time, Unix milliseconds: when it was sent, or the original time of an
    /// imported message. The event's time is in the envelope.
    pub sent_at: Timestamp,
    pub elements: Vec<Element>,
    /// The sender's random number, part of what makes a retry recognisable.
    pub random: u32,
    /// One-to-one only: the sender's own number for it (`MsgSeq` of the server API).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_seq: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud_custom_data: Option<String>,
    /// Groups only: 1 high, 2 normal, 3 low, 4 lowest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
    /// Not counted as unread.
    #[serde(default, skip_serializing_if = "is_false")]
    pub no_unread: bool,
    /// Does not become the conversation's last message in lists of recent contacts.
    #[serde(default, skip_serializing_if = "is_false")]
    pub no_last: bool,
    /// One-to-one only: kept out of the sender's own history.
    #[serde(default, skip_serializing_if = "is_false")]
    pub hidden_from_sender: bool,
    /// Groups only: the sender was no member and joined with this message (imports).
    #[serde(default, skip_serializing_if = "is_false")]
    pub sender_joins: bool,
    /// Groups only: who was mentioned; `@all` is an entry of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<Mention>,
    /// Groups only: who besides the sender may read it; empty: whoever may read the group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<UserId>,
    /// Imports only: what makes importing it again recognisable, whenever that happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_key: Option<String>,
    /// Imports only: whoever has not read it, or anything before it, has read it all.
    #[serde(default, skip_serializing_if = "is_false")]
    pub resets_unread: bool,
    /// Groups only: a receipt is wanted of whoever reads it, and how many there are that can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipts_of: Option<u32>,
    /// Clients may keep keys and values with it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub extensible: bool,
    /// Live rooms only: which of the rooms that had the id, as [`crate::live::LiveEntered::room`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<u64>,
}

impl MessageSent {
    /// What tells a retry of it from another message with its random number.
    #[must_use]
    pub fn digest(&self) -> ContentDigest {
        let said = ContentDigest::of(&self.elements, self.cloud_custom_data.as_deref());
        said.to(&self.targets).in_room(self.room)
    }
}

/// Who a group message calls on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type")]
pub enum Mention {
    #[serde(rename = "all")]
    All,
    #[serde(rename = "account")]
    Account { user_id: UserId },
}

impl fmt::Debug for MessageSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageSent")
            .field("conversation", &self.conversation)
            .field("seq", &self.seq)
            .field("sender", &self.sender)
            .field("sent_at", &self.sent_at)
            .field("random", &self.random)
            .finish_non_exhaustive()
    }
}

/// `message.edited`: it says something else from now on, under its seq.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MessageEdited {
    pub conversation: ConversationId,
    pub seq: Seq,
    pub sender: UserId,
    /// The message's own time, as when it was sent.
    pub sent_at: Timestamp,
    /// All of it, also what has not changed.
    pub elements: Vec<Element>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud_custom_data: Option<String>,
    /// The account that edited, or the administrator that did.
    pub edited_by: UserId,
}

impl fmt::Debug for MessageEdited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageEdited")
            .field("conversation", &self.conversation)
            .field("seq", &self.seq)
            .field("edited_by", &self.edited_by)
            .finish_non_exhaustive()
    }
}

/// A key that clients keep with a message. `Debug` hides what it says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Extension {
    pub key: String,
    /// Empty: it is deleted.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// Of all changes of the message's extensions, from 1.
    pub number: u64,
}

impl fmt::Debug for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Extension")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

/// `message.extensions_changed`: what clients keep with a message; exactly what changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExtensionsChanged {
    pub conversation: ConversationId,
    pub seq: Seq,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<Extension>,
    /// What has a number up to this one is gone, before the changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleared_up_to: Option<u64>,
    /// The account that changed it, or the administrator that did.
    pub changed_by: UserId,
}

impl Sample for ExtensionsChanged {
    fn sample() -> Self {
        let (key, number) = ("option-1".to_owned(), 8);
        Self {
            conversation: "group:team".parse().expect("a valid conversation"),
            seq: Seq(42),
            changed: vec![Extension {
                key,
                value: "찬성".to_owned(),
                number,
            }],
            cleared_up_to: Some(7),
            changed_by: UserId::new("bob").expect("a valid id"),
        }
    }

    fn bucket_key(&self) -> String {
        self.conversation.spread_key()
    }
}

/// `message.recalled`: from any state a message goes to recalled once and stays there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MessageRecalled {
    pub conversation: ConversationId,
    /// The recalled messages, ascending.
    pub seqs: Vec<Seq>,
    /// The account that recalled, or the administrator that did.
    pub recalled_by: UserId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Sample for MessageEdited {
    fn sample() -> Self {
        let MessageSent {
            conversation,
            seq,
            sender,
            sent_at,
            elements,
            cloud_custom_data,
            ..
        } = MessageSent::sample();
        Self {
            conversation,
            seq,
            sender,
            sent_at,
            elements,
            cloud_custom_data,
            edited_by: UserId::new("administrator").expect("a valid id"),
        }
    }

    fn bucket_key(&self) -> String {
        self.conversation.spread_key()
    }
}

impl Sample for MessageSent {
    fn sample() -> Self {
        Self {
            conversation: "group:team".parse().expect("a valid conversation"),
            seq: Seq(42),
            sender: UserId::new("alice").expect("a valid id"),
            sent_at: Timestamp(1_794_000_000_000),
            elements: vec![
                Element::Text {
                    text: "회의는 3시, 会议室见".to_owned(),
                },
                Element::Face {
                    index: 6,
                    data: "smile".to_owned(),
                },
                Element::Custom {
                    data: "{\"kind\":\"invite\"}".to_owned(),
                    desc: "an invitation".to_owned(),
                    ext: "room=3".to_owned(),
                    sound: "ding.caf".to_owned(),
                },
            ],
            random: 287_657,
            client_seq: Some(93_847_636),
            cloud_custom_data: Some("{\"trace\":1}".to_owned()),
            priority: Some(2),
            no_unread: true,
            no_last: true,
            hidden_from_sender: true,
            sender_joins: true,
            mentions: vec![
                Mention::All,
                Mention::Account {
                    user_id: UserId::new("bob").expect("a valid id"),
                },
            ],
            targets: vec![UserId::new("carol").expect("a valid id")],
            import_key: Some("3q2-7wAAAAAAAAAAAAAAAA".to_owned()),
            resets_unread: true,
            receipts_of: Some(3),
            extensible: true,
            room: Some(17),
        }
    }

    fn bucket_key(&self) -> String {
        self.conversation.spread_key()
    }
}

impl Sample for MessageRecalled {
    fn sample() -> Self {
        Self {
            conversation: "group:team".parse().expect("a valid conversation"),
            seqs: vec![Seq(41), Seq(42)],
            recalled_by: UserId::new("administrator").expect("a valid id"),
            reason: Some("sent to the wrong group".to_owned()),
        }
    }

    fn bucket_key(&self) -> String {
        self.conversation.spread_key()
    }
}

/// A message's elements as a read model keeps them.
///
/// # Errors
/// [`crate::CodecError::Encode`], which would be a mistake of ours.
pub fn encode_elements(elements: &[Element]) -> Result<Vec<u8>, crate::CodecError> {
    crate::codec::to_bytes(&elements)
}

/// Reads [`encode_elements`]' bytes back.
///
/// # Errors
/// [`crate::CodecError::Decode`] when the bytes are something else.
pub fn decode_elements(bytes: &[u8]) -> Result<Vec<Element>, crate::CodecError> {
    crate::codec::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_that_differ_have_digests_that_differ() {
        let text = |text: &str| Element::Text {
            text: text.to_owned(),
        };
        let face = |index| Element::Face {
            index,
            data: "a".to_owned(),
        };
        let custom = |data: &str, desc: &str| Element::Custom {
            data: data.to_owned(),
            desc: desc.to_owned(),
            ext: String::new(),
            sound: String::new(),
        };
        let contents: [(&[Element], Option<&str>); 10] = [
            (&[text("ab")], None),
            (&[text("a"), text("b")], None),
            (&[text("b"), text("a")], None),
            (&[text("ab")], Some("c")),
            (&[text("abc")], None),
            (&[face(1)], None),
            (&[face(2)], None),
            (&[custom("a", "b")], None),
            (&[custom("ab", "")], None),
            (&[], None),
        ];
        let digests = contents.map(|(elements, data)| ContentDigest::of(elements, data));
        for (at, digest) in digests.iter().enumerate() {
            assert!(!digests[..at].contains(digest), "content {at}");
        }
        assert_eq!(ContentDigest::of(&[text("ab")], Some("")), digests[0]);
    }

    #[test]
    fn a_digest_that_is_kept_stays_as_it_is() {
        let MessageSent {
            elements,
            cloud_custom_data,
            ..
        } = MessageSent::sample();
        let digest = ContentDigest::of(&elements, cloud_custom_data.as_deref());
        assert_eq!(digest.number(), 144_692_995);
        let carol = [UserId::new("carol").expect("a valid id")];
        assert_eq!(digest.to(&[]), digest);
        assert_ne!(digest.to(&carol), digest);
        assert_eq!(digest.in_room(None), digest);
        assert_ne!(digest.in_room(Some(1)), digest);
    }
}
