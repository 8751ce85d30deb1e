//! Lines of recorded chat, as `hansard import` sends them.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hansard_types::{ConversationId, GroupId, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// One line.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct ImportLine {
    /// When it happened, Unix milliseconds.
    pub(crate) at: u64,
    #[serde(rename = "type")]
    pub(crate) kind: LineType,
    /// What the conversation is called where it comes from: the GroupId of a group.
    pub(crate) conversation: String,
    #[serde(rename = "kind")]
    pub(crate) place: LineKind,
    /// Who said it, joined or left.
    pub(crate) sender: String,
    /// One-to-one only.
    #[serde(default)]
    pub(crate) recipient: Option<String>,
    /// What was said.
    #[serde(default)]
    pub(crate) text: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LineType {
    Message,
    Join,
    Leave,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LineKind {
    Group,
    C2c,
}

/// A line that was not taken, and why.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct RejectedLine {
    /// Its number in the request, from 1.
    pub(crate) line: usize,
    /// A stable word.
    pub(crate) code: &'static str,
    pub(crate) detail: String,
}

/// What a line says, checked.
pub(crate) struct Checked {
    pub(crate) at: Timestamp,
    pub(crate) kind: LineType,
    pub(crate) conversation: ConversationId,
    pub(crate) sender: UserId,
    pub(crate) recipient: Option<UserId>,
    pub(crate) text: String,
    pub(crate) identity: Identity,
}

/// What makes a line recognisable: the same for the same line, and for no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) key: String,
    pub(crate) random: u32,
    pub(crate) client_seq: u32,
}

type Refusal = (&'static str, String);

impl ImportLine {
    /// Reads one line.
    pub(crate) fn read(line: &[u8]) -> Result<Self, Refusal> {
        let malformed = |detail: String| ("line_malformed", detail);
        if hansard_desk::json::is_deeper_than(line, 8) {
            return Err(malformed("the line nests too deep".to_owned()));
        }
        serde_json::from_slice(line).map_err(|error| {
            // The error's own words may repeat what was said.
            let what = if error.is_data() {
                "is not a line of chat"
            } else {
                "is not JSON"
            };
            malformed(format!("column {}: it {what}", error.column()))
        })
    }

    pub(crate) fn check(self) -> Result<Checked, Refusal> {
        let identity = self.identity();
        let Self {
            at,
            kind,
            conversation,
            place,
            sender,
            recipient,
            text,
        } = self;
        let user = |id: &str| {
            UserId::new(id).map_err(|error| ("user_id_invalid", format!("{id:?}: {error}")))
        };
        let sender = user(&sender)?;
        let (conversation, recipient) = match place {
            LineKind::Group => {
                let group = GroupId::new(&conversation)
                    .map_err(|error| ("group_id_invalid", format!("{conversation:?}: {error}")))?;
                (ConversationId::Group(group), None)
            }
            LineKind::C2c => {
                if kind != LineType::Message {
                    let detail = "only groups are joined and left".to_owned();
                    return Err(("line_malformed", detail));
                }
                let recipient = recipient.ok_or_else(|| {
                    (
                        "line_malformed",
                        "a one-to-one message has a recipient".to_owned(),
                    )
                })?;
                let recipient = user(&recipient)?;
                (ConversationId::c2c(&sender, &recipient), Some(recipient))
            }
        };
        let text = match (kind, text) {
            (LineType::Message, None) => {
                return Err(("line_malformed", "a message has a text".to_owned()));
            }
            (_, text) => text.unwrap_or_default(),
        };
        let at = Timestamp(at);
        Ok(Checked {
            at,
            kind,
            conversation,
            sender,
            recipient,
            text,
            identity,
        })
    }

    /// From a hash over every field, each with its length before it.
    fn identity(&self) -> Identity {
        let Self {
            at,
            kind,
            conversation,
            place,
            sender,
            recipient,
            text,
        } = self;
        let kind = match kind {
            LineType::Message => "message",
            LineType::Join => "join",
            LineType::Leave => "leave",
        };
        let place = match place {
            LineKind::Group => "group",
            LineKind::C2c => "c2c",
        };
        let mut hasher = Sha256::new();
        hasher.update(b"hansard import line 1");
        hasher.update(at.to_be_bytes());
        let recipient = recipient.as_deref().unwrap_or_default();
        let text = text.as_deref().unwrap_or_default();
        for field in [kind, place, conversation, sender, recipient, text] {
            hasher.update(u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
            hasher.update(field.as_bytes());
        }
        let hash: [u8; 32] = hasher.finalize().into();
        let number =
            |at: usize| u32::from_be_bytes([hash[at], hash[at + 1], hash[at + 2], hash[at + 3]]);
        Identity {
            key: BASE64_URL_SAFE_NO_PAD.encode(&hash[..16]),
            random: number(16),
            client_seq: number(20),
        }
    }
}
