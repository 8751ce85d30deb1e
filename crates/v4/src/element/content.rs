//! `MsgContent` of each kind of element. The names' casing is the contract's: `Url` of a sound or a
//! file, `URL` of an image, `VideoUrl` and `ThumbUrl` of a video.

use std::fmt;
use std::marker::PhantomData;

use hansard_events::message::{
    Element, File, Image, ImageSize, Location, Merged, MergedMessage, Sound, Video,
};
use hansard_types::limits::MERGED_MESSAGES_MAX;
use hansard_types::{GroupId, MergedKey, Reason, UserId};
use schemars::JsonSchema;
use serde::de::value::{MapAccessDeserializer, MapDeserializer};
use serde::de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Number, Value};

use super::{MsgElement, read_all, write_all};
use crate::typed::OrEmpty;

/// What an element has besides the fields of its kind.
type Extra = Map<String, Value>;

fn extra_text(extra: &Extra) -> String {
    if extra.is_empty() {
        return String::new();
    }
    serde_json::to_string(extra).expect("JSON is written")
}

fn extra_of(text: &str) -> Extra {
    // What does not read was not written by us: it is left out rather than the message.
    serde_json::from_str(text).unwrap_or_default()
}

/// A file that is kept elsewhere is read without the old services' keys: the flag is always 2.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(extend("const" = 2))]
pub(super) struct DownloadFlag(u8);

impl<'de> Deserialize<'de> for DownloadFlag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u8::deserialize(deserializer)? {
            2 => Ok(Self(2)),
            _ => Err(serde::de::Error::custom("a download flag is 2")),
        }
    }
}

/// An object that PHP writes as `[]` when it is empty. The reader of bodies knows of them, but not
/// inside of what serde has put aside until it knows the type.
pub(super) fn object<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    struct Object<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(fields))
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<T, A::Error> {
            if items.next_element::<IgnoredAny>()?.is_some() {
                return Err(A::Error::invalid_type(Unexpected::Seq, &self));
            }
            let nothing = std::iter::empty::<(&str, &str)>();
            T::deserialize(MapDeserializer::new(nothing))
        }
    }
    deserializer.deserialize_any(Object(PhantomData))
}

fn or_empty<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    OrEmpty::deserialize(deserializer).map(|OrEmpty(read)| read)
}

/// Shown with what has a URL.
fn flag_of(url: &str) -> Option<DownloadFlag> {
    (!url.is_empty()).then_some(DownloadFlag(2))
}

#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TextContent {
    /// What is said.
    text: String,
    #[serde(flatten)]
    extra: Extra,
}

impl TextContent {
    pub(super) fn of(text: String, extra: &str) -> Self {
        let extra = extra_of(extra);
        Self { text, extra }
    }
}

impl From<TextContent> for Element {
    fn from(TextContent { text, extra }: TextContent) -> Self {
        let extra = extra_text(&extra);
        Self::Text { text, extra }
    }
}

#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FaceContent {
    /// The app's own number of the face.
    index: i64,
    #[serde(default)]
    data: String,
    #[serde(flatten)]
    extra: Extra,
}

impl FaceContent {
    pub(super) fn of((index, data): (i64, String), extra: &str) -> Self {
        let extra = extra_of(extra);
        Self { index, data, extra }
    }
}

impl From<FaceContent> for Element {
    fn from(FaceContent { index, data, extra }: FaceContent) -> Self {
        let extra = extra_text(&extra);
        Self::Face { index, data, extra }
    }
}

#[derive(Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct CustomContent {
    data: String,
    /// Shown in an offline push.
    desc: String,
    ext: String,
    sound: String,
    #[serde(flatten)]
    extra: Extra,
}

impl CustomContent {
    pub(super) fn of([data, desc, ext, sound]: [String; 4], extra: &str) -> Self {
        Self {
            data,
            desc,
            ext,
            sound,
            extra: extra_of(extra),
        }
    }
}

impl From<CustomContent> for Element {
    fn from(content: CustomContent) -> Self {
        let CustomContent {
            data,
            desc,
            ext,
            sound,
            extra,
        } = content;
        Self::Custom {
            data,
            desc,
            ext,
            sound,
            extra: extra_text(&extra),
        }
    }
}

#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LocationContent {
    #[serde(default)]
    desc: String,
    /// Degrees, -90 to 90.
    latitude: Number,
    /// Degrees, -180 to 180.
    longitude: Number,
    #[serde(flatten)]
    extra: Extra,
}

impl From<LocationContent> for Element {
    fn from(content: LocationContent) -> Self {
        let LocationContent {
            desc,
            latitude,
            longitude,
            extra,
        } = content;
        Self::Location(Location {
            description: desc,
            latitude: latitude.to_string(),
            longitude: longitude.to_string(),
            extra: extra_text(&extra),
        })
    }
}

impl From<Location> for LocationContent {
    fn from(location: Location) -> Self {
        let Location {
            description,
            latitude,
            longitude,
            extra,
        } = location;
        // A decider has looked at them.
        let number = |text: String| serde_json::from_str(&text).unwrap_or_else(|_| 0.into());
        Self {
            desc: description,
            latitude: number(latitude),
            longitude: number(longitude),
            extra: extra_of(&extra),
        }
    }
}

/// The fields of a kind of element under the names of the contract, into the event's and back. The
/// flags are the contract's own: what has the URL beside them is shown with them.
macro_rules! content {
    ($content:ident, $kind:ident,
        [$($wire:literal $field:ident $type:ty, $empty:literal;)*],
        [$($flag:literal $name:ident $url:ident;)*]) => {
        #[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        pub(crate) struct $content {
            $(#[serde(rename = $wire, default, skip_serializing_if = $empty)]
            $field: $type,)*
            $(#[serde(rename = $flag, default, skip_serializing_if = "Option::is_none")]
            $name: Option<DownloadFlag>,)*
            #[serde(flatten)]
            extra: Extra,
        }

        impl From<$content> for Element {
            fn from(content: $content) -> Self {
                let $content { $($field,)* extra, .. } = content;
                Self::$kind($kind { $($field,)* extra: extra_text(&extra) })
            }
        }

        impl From<$kind> for $content {
            fn from(kind: $kind) -> Self {
                let $kind { $($field,)* extra } = kind;
                let extra = extra_of(&extra);
                $(let $name = flag_of(&$url);)*
                Self { $($field,)* $($name,)* extra }
            }
        }
    };
}

content!(SoundContent, Sound, [
    "Url" url String, "String::is_empty";
    "UUID" uuid String, "String::is_empty";
    "Size" size Option<u64>, "Option::is_none";
    "Second" seconds Option<u64>, "Option::is_none";
], [
    "Download_Flag" download_flag url;
]);

content!(FileContent, File, [
    "Url" url String, "String::is_empty";
    "UUID" uuid String, "String::is_empty";
    "FileName" name String, "String::is_empty";
    "FileSize" size Option<u64>, "Option::is_none";
], [
    "Download_Flag" download_flag url;
]);

content!(VideoContent, Video, [
    "VideoUrl" url String, "String::is_empty";
    "VideoUUID" uuid String, "String::is_empty";
    "VideoSize" size Option<u64>, "Option::is_none";
    "VideoSecond" seconds Option<u64>, "Option::is_none";
    "VideoFormat" format String, "String::is_empty";
    "ThumbUrl" thumb_url String, "String::is_empty";
    "ThumbUUID" thumb_uuid String, "String::is_empty";
    "ThumbSize" thumb_size Option<u64>, "Option::is_none";
    "ThumbWidth" thumb_width Option<u64>, "Option::is_none";
    "ThumbHeight" thumb_height Option<u64>, "Option::is_none";
    "ThumbFormat" thumb_format String, "String::is_empty";
], [
    "VideoDownloadFlag" video_download_flag url;
    "ThumbDownloadFlag" thumb_download_flag thumb_url;
]);

#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ImageContent {
    #[serde(rename = "UUID", default, skip_serializing_if = "String::is_empty")]
    uuid: String,
    /// 1 JPG, 2 GIF, 3 PNG, 4 BMP, 255 another.
    #[serde(rename = "ImageFormat", skip_serializing_if = "Option::is_none")]
    format: Option<u32>,
    /// At most 3.
    #[serde(rename = "ImageInfoArray", default)]
    sizes: Vec<ImageInfo>,
    #[serde(flatten)]
    extra: Extra,
}

#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct ImageInfo {
    /// 1 as it was, 2 large, 3 a thumbnail.
    r#type: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u64>,
    #[serde(rename = "URL")]
    url: String,
    #[serde(flatten)]
    extra: Extra,
}

impl From<ImageContent> for Element {
    fn from(content: ImageContent) -> Self {
        let ImageContent {
            uuid,
            format,
            sizes,
            extra,
        } = content;
        let one = |info: ImageInfo| ImageSize {
            kind: info.r#type,
            url: info.url,
            size: info.size,
            width: info.width,
            height: info.height,
            extra: extra_text(&info.extra),
        };
        Self::Image(Image {
            uuid,
            format,
            sizes: sizes.into_iter().map(one).collect(),
            extra: extra_text(&extra),
        })
    }
}

impl From<Image> for ImageContent {
    fn from(image: Image) -> Self {
        let Image {
            uuid,
            format,
            sizes,
            extra,
        } = image;
        let one = |size: ImageSize| ImageInfo {
            r#type: size.kind,
            size: size.size,
            width: size.width,
            height: size.height,
            url: size.url,
            extra: extra_of(&size.extra),
        };
        Self {
            uuid,
            format,
            sizes: sizes.into_iter().map(one).collect(),
            extra: extra_of(&extra),
        }
    }
}

/// Merged messages. Up to 12 KB of them are in `MsgList`; more are read by `JsonMsgKey`, which is
/// an answer's only.
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RelayContent {
    #[serde(default)]
    title: String,
    /// How many there are.
    msg_num: Option<usize>,
    #[serde(default)]
    compatible_text: String,
    /// At most 5 of 100 characters.
    #[serde(default)]
    abstract_list: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MERGED_MESSAGES_MAX))]
    msg_list: Option<Vec<RelayedMsg>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    json_msg_key: Option<String>,
    #[serde(flatten)]
    extra: Extra,
}

#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct RelayedMsg {
    #[serde(rename = "From_Account")]
    from_account: UserId,
    #[serde(
        rename = "To_Account",
        default,
        deserialize_with = "or_empty",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "OrEmpty<UserId>")]
    to_account: Option<UserId>,
    #[serde(
        default,
        deserialize_with = "or_empty",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "OrEmpty<GroupId>")]
    group_id: Option<GroupId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_random: Option<u32>,
    /// Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_time_stamp: Option<u64>,
    msg_body: Vec<MsgElement>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cloud_custom_data: Option<String>,
    #[serde(flatten)]
    extra: Extra,
}

impl RelayContent {
    pub(super) fn read(self) -> Result<Merged, Reason> {
        let Self {
            title,
            msg_num,
            compatible_text,
            abstract_list,
            msg_list,
            json_msg_key,
            extra,
        } = self;
        let messages = msg_list.unwrap_or_default();
        let is_counted = msg_num.is_none_or(|number| number == messages.len());
        if json_msg_key.is_some() || !is_counted {
            return Err(Reason::MergedInvalid);
        }
        let messages = messages.into_iter().map(RelayedMsg::read);
        Ok(Merged {
            title,
            compatible_text,
            abstracts: abstract_list,
            messages: messages.collect::<Result<_, _>>()?,
            extra: extra_text(&extra),
        })
    }

    /// In whole, or with the key that the messages are read by.
    pub(super) fn of(merged: Merged, key: Option<&MergedKey>) -> Self {
        let Merged {
            title,
            compatible_text,
            abstracts,
            messages,
            extra,
        } = merged;
        let msg_num = Some(messages.len());
        let in_whole = || messages.into_iter().map(RelayedMsg::of).collect();
        Self {
            title,
            msg_num,
            compatible_text,
            abstract_list: abstracts,
            msg_list: key.is_none().then(in_whole),
            json_msg_key: key.map(MergedKey::to_string),
            extra: extra_of(&extra),
        }
    }
}

impl RelayedMsg {
    fn read(self) -> Result<MergedMessage, Reason> {
        Ok(MergedMessage {
            sender: self.from_account,
            recipient: self.to_account,
            group_id: self.group_id,
            seq: self.msg_seq,
            random: self.msg_random,
            sent_at_seconds: self.msg_time_stamp,
            elements: read_all(self.msg_body)?,
            cloud_custom_data: self.cloud_custom_data,
            extra: extra_text(&self.extra),
        })
    }

    fn of(message: MergedMessage) -> Self {
        let MergedMessage {
            sender,
            recipient,
            group_id,
            seq,
            random,
            sent_at_seconds,
            elements,
            cloud_custom_data,
            extra,
        } = message;
        Self {
            from_account: sender,
            to_account: recipient,
            group_id,
            msg_seq: seq,
            msg_random: random,
            msg_time_stamp: sent_at_seconds,
            msg_body: write_all(elements),
            cloud_custom_data,
            extra: extra_of(&extra),
        }
    }
}
