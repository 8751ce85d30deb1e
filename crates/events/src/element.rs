//! What a message is made of.

use std::fmt;

use hansard_types::{GroupId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// One element of a message. `Debug` hides what was said.
///
/// What a sender's element has besides the fields of its kind is in `extra`: a JSON object as a
/// text, empty when there is nothing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type")]
pub enum Element {
    #[serde(rename = "text")]
    Text {
        text: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        extra: String,
    },
    #[serde(rename = "face")]
    Face {
        index: i64,
        data: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        extra: String,
    },
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
        #[serde(default, skip_serializing_if = "String::is_empty")]
        extra: String,
    },
    #[serde(rename = "location")]
    Location(Location),
    #[serde(rename = "sound")]
    Sound(Sound),
    #[serde(rename = "image")]
    Image(Image),
    #[serde(rename = "file")]
    File(File),
    #[serde(rename = "video")]
    Video(Video),
    /// Messages from elsewhere, put together.
    #[serde(rename = "merged")]
    Merged(Merged),
}

/// A place on the earth. Degrees are decimal numbers in a text: bodies of events hold no floats.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Location {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// -90 to 90.
    pub latitude: String,
    /// -180 to 180.
    pub longitude: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub extra: String,
}

/// A recording, kept elsewhere: it has a URL, or (of old clients) a UUID.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Sound {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub uuid: String,
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// How long it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub extra: String,
}

/// A picture, kept elsewhere in up to three sizes.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Image {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub uuid: String,
    /// 1 JPG, 2 GIF, 3 PNG, 4 BMP, 255 another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sizes: Vec<ImageSize>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub extra: String,
}

/// One size of a picture.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ImageSize {
    /// 1 as it was, 2 large, 3 a thumbnail.
    pub kind: u32,
    pub url: String,
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u64>,
    /// Pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u64>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub extra: String,
}

/// A file, kept elsewhere.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct File {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub uuid: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub extra: String,
}

/// A film with a picture of it, both kept elsewhere.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Video {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub uuid: String,
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// How long it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
    /// As `mp4`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub format: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub thumb_url: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub thumb_uuid: String,
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumb_size: Option<u64>,
    /// Pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumb_width: Option<u64>,
    /// Pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumb_height: Option<u64>,
    /// As `JPG`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub thumb_format: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub extra: String,
}

/// Messages from elsewhere, put together, as they were then.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Merged {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// Shown by clients that do not know merged messages.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub compatible_text: String,
    /// What is shown of them before they are opened.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub abstracts: Vec<String>,
    pub messages: Vec<MergedMessage>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub extra: String,
}

/// A message that was put together with others.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MergedMessage {
    pub sender: UserId,
    /// Whom it was said to, one-to-one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<UserId>,
    /// Which group it was said in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<GroupId>,
    /// Its number there: a group's seq, or the sender's own number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub random: Option<u32>,
    /// Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at_seconds: Option<u64>,
    pub elements: Vec<Element>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud_custom_data: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub extra: String,
}

impl Element {
    /// A plain text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Text {
            text: text.to_owned(),
            extra: String::new(),
        }
    }

    /// What it is called in a few letters, where it cannot be shown.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Face { .. } => "face",
            Self::Custom { .. } => "custom",
            Self::Location(_) => "location",
            Self::Sound(_) => "sound",
            Self::Image(_) => "image",
            Self::File(_) => "file",
            Self::Video(_) => "video",
            Self::Merged(_) => "merged",
        }
    }

    /// The bytes that count towards the limit of a message: the texts of a text, a face or a
    /// custom element, what others take in an event; of merged messages not the messages.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        match self {
            Self::Text { text, extra } => text.len() + extra.len(),
            Self::Face {
                index: _,
                data,
                extra,
            } => data.len() + extra.len(),
            Self::Custom {
                data,
                desc,
                ext,
                sound,
                extra,
            } => data.len() + desc.len() + ext.len() + sound.len() + extra.len(),
            Self::Merged(merged) => {
                let abstracts: usize = merged.abstracts.iter().map(String::len).sum();
                let texts = [&merged.title, &merged.compatible_text, &merged.extra];
                texts.map(String::len).iter().sum::<usize>() + abstracts
            }
            Self::Location(_)
            | Self::Sound(_)
            | Self::Image(_)
            | Self::File(_)
            | Self::Video(_) => encoded(self).len(),
        }
    }

    /// One of each kind, for a sample.
    #[must_use]
    pub(crate) fn samples() -> Vec<Self> {
        let mut samples = Self::text_samples();
        samples.extend(Self::media_samples());
        samples
    }

    fn text_samples() -> Vec<Self> {
        vec![
            Self::text("회의는 3시, 会议室见"),
            Self::Face {
                index: 6,
                data: "smile".to_owned(),
                extra: String::new(),
            },
            Self::Custom {
                data: "{\"kind\":\"invite\"}".to_owned(),
                desc: "an invitation".to_owned(),
                ext: "room=3".to_owned(),
                sound: "ding.caf".to_owned(),
                extra: "{\"Version\":2.5}".to_owned(),
            },
            Self::Location(Location {
                description: "정문".to_owned(),
                latitude: "37.5665".to_owned(),
                longitude: "126.978".to_owned(),
                extra: String::new(),
            }),
        ]
    }

    fn media_samples() -> Vec<Self> {
        let user = |id| UserId::new(id).expect("a valid id");
        let url = |name: &str| format!("https://media.example/{name}");
        vec![
            Self::Sound(Sound {
                url: url("hello.m4a"),
                uuid: "hello".to_owned(),
                size: Some(5123),
                seconds: Some(4),
                extra: String::new(),
            }),
            Self::Image(Image {
                uuid: "cat".to_owned(),
                format: Some(1),
                sizes: vec![ImageSize {
                    kind: 1,
                    url: url("cat.jpg"),
                    size: Some(80_000),
                    width: Some(1024),
                    height: Some(768),
                    extra: String::new(),
                }],
                extra: String::new(),
            }),
            Self::File(File {
                url: url("plan.pdf"),
                uuid: "plan".to_owned(),
                name: "plan.pdf".to_owned(),
                size: Some(90_000),
                extra: String::new(),
            }),
            Self::Video(Video {
                url: url("walk.mp4"),
                uuid: "walk".to_owned(),
                size: Some(1_194_603),
                seconds: Some(5),
                format: "mp4".to_owned(),
                thumb_url: url("walk.jpg"),
                thumb_uuid: "walk-thumb".to_owned(),
                thumb_size: Some(13_907),
                thumb_width: Some(720),
                thumb_height: Some(1280),
                thumb_format: "JPG".to_owned(),
                extra: String::new(),
            }),
            Self::Merged(Merged {
                title: "alice and bob".to_owned(),
                compatible_text: "[merged]".to_owned(),
                abstracts: vec!["alice: 你好".to_owned()],
                messages: vec![MergedMessage {
                    sender: user("alice"),
                    recipient: Some(user("bob")),
                    group_id: Some(GroupId::new("team").expect("a valid id")),
                    seq: Some(3),
                    random: Some(7),
                    sent_at_seconds: Some(1_794_000_000),
                    elements: vec![Self::text("你好")],
                    cloud_custom_data: Some("{}".to_owned()),
                    extra: String::new(),
                }],
                extra: String::new(),
            }),
        ]
    }
}

impl Merged {
    /// What its messages take in an event, bytes.
    #[must_use]
    pub fn messages_bytes(&self) -> usize {
        encoded(&self.messages).len()
    }
}

/// Whether a text is what [`Element`]'s `extra` is.
#[must_use]
pub fn is_json_object(text: &str) -> bool {
    let read: Result<serde_json::Map<String, serde_json::Value>, _> = serde_json::from_str(text);
    read.is_ok()
}

/// A number as JSON writes it: no infinity, and nothing that is none.
#[must_use]
pub fn json_number(text: &str) -> Option<f64> {
    serde_json::from_str(text).ok()
}

/// As it stands in an event.
fn encoded<T: Serialize>(value: &T) -> Vec<u8> {
    crate::codec::to_bytes(value).expect("texts, numbers and lists are encoded")
}

macro_rules! hides {
    ($($name:ident)+) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        })+
    };
}

hides!(Location Sound Image ImageSize File Video Merged MergedMessage);

impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(..)", self.kind())
    }
}

/// What a message says, digested: its elements and its custom data. A retry is told from another
/// message with the same random number by it. Read models keep it: it stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentDigest([u8; 32]);

impl ContentDigest {
    #[must_use]
    pub fn of(elements: &[Element], cloud_custom_data: Option<&str>) -> Self {
        let mut hasher = Sha256::new();
        for element in elements {
            add_element(&mut hasher, element);
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

/// A text with its length: no two contents that differ are the same bytes.
fn add(hasher: &mut Sha256, text: impl AsRef<[u8]>) {
    let text = text.as_ref();
    let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
    hasher.update(bytes.to_be_bytes());
    hasher.update(text);
}

fn add_element(hasher: &mut Sha256, element: &Element) {
    match element {
        Element::Text { text, extra } if extra.is_empty() => {
            hasher.update([1]);
            add(hasher, text);
        }
        Element::Face { index, data, extra } if extra.is_empty() => {
            hasher.update([2]);
            hasher.update(index.to_be_bytes());
            add(hasher, data);
        }
        Element::Custom {
            data,
            desc,
            ext,
            sound,
            extra,
        } if extra.is_empty() => {
            hasher.update([3]);
            for text in [data, desc, ext, sound] {
                add(hasher, text);
            }
        }
        // Texts, the most of what is said, are not encoded for it.
        Element::Text { .. }
        | Element::Face { .. }
        | Element::Custom { .. }
        | Element::Location(_)
        | Element::Sound(_)
        | Element::Image(_)
        | Element::File(_)
        | Element::Video(_)
        | Element::Merged(_) => {
            hasher.update([4]);
            add(hasher, encoded(element));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_that_differ_have_digests_that_differ() {
        let text = Element::text;
        let face = |index| Element::Face {
            index,
            data: "a".to_owned(),
            extra: String::new(),
        };
        let custom = |data: &str, desc: &str| Element::Custom {
            data: data.to_owned(),
            desc: desc.to_owned(),
            ext: String::new(),
            sound: String::new(),
            extra: String::new(),
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
    fn every_field_of_every_kind_is_said() {
        let samples = Element::samples();
        for (at, element) in samples.iter().enumerate() {
            let bytes = encoded(element);
            let read: Element = crate::codec::from_bytes(&bytes).expect("an element");
            assert_eq!(read, *element);
            let digest = |element| ContentDigest::of(&[element], None);
            let mut json = serde_json::to_value(element).expect("JSON");
            json["extra"] = "{\"a\":1}".into();
            let other: Element = serde_json::from_value(json).expect("an element");
            assert_ne!(digest(other), digest(element.clone()), "{at}");
        }
    }
}
