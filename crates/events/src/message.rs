//! Events about messages.

use std::fmt;

use hansard_types::{ConversationId, Seq, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Sample;
pub use crate::element::{
    ContentDigest, Element, File, Image, ImageSize, Location, Merged, MergedMessage, Sound, Video,
    is_json_object, json_number,
};

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
    /// How it is shown to who is not there: a JSON object as a text, as `OfflinePushInfo` of the server
    /// API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offline_push: Option<String>,
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
            elements: Element::samples(),
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
            offline_push: Some("{\"PushFlag\":0,\"Title\":\"새 메시지\"}".to_owned()),
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
    fn a_digest_that_is_kept_stays_as_it_is() {
        let elements = [
            Element::text("회의는 3시, 会议室见"),
            Element::Face {
                index: 6,
                data: "smile".to_owned(),
                extra: String::new(),
            },
            Element::Custom {
                data: "{\"kind\":\"invite\"}".to_owned(),
                desc: "an invitation".to_owned(),
                ext: "room=3".to_owned(),
                sound: "ding.caf".to_owned(),
                extra: String::new(),
            },
        ];
        let digest = ContentDigest::of(&elements, Some("{\"trace\":1}"));
        assert_eq!(digest.number(), 144_692_995);
        let carol = [UserId::new("carol").expect("a valid id")];
        assert_eq!(digest.to(&[]), digest);
        assert_ne!(digest.to(&carol), digest);
        assert_eq!(digest.in_room(None), digest);
        assert_ne!(digest.in_room(Some(1)), digest);
    }
}
