//! Message bodies: `MsgBody` and its elements (reference: section 12.1).

mod content;

use hansard_events::message::Element;
use hansard_types::limits::{MERGED_INLINE_BYTES_MAX, MESSAGE_ELEMENTS_MAX};
use hansard_types::{ConversationId, MergedKey, Reason, Seq};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::content::{
    CustomContent, FaceContent, FileContent, ImageContent, LocationContent, RelayContent,
    SoundContent, TextContent, VideoContent,
};
use crate::typed::Items;

/// `MsgBody` of a request.
pub(crate) type MsgBody = Items<MsgElement, MESSAGE_ELEMENTS_MAX>;

/// One element of `MsgBody`: what its `MsgContent` holds depends on its `MsgType`, and what it
/// holds besides stays with it. A body has at most one `TIMCustomElem`.
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "MsgType", content = "MsgContent")]
pub(crate) enum MsgElement {
    #[serde(rename = "TIMTextElem")]
    Text(TextContent),
    #[serde(rename = "TIMFaceElem")]
    Face(FaceContent),
    #[serde(rename = "TIMCustomElem")]
    Custom(#[serde(deserialize_with = "content::object")] CustomContent),
    #[serde(rename = "TIMLocationElem")]
    Location(LocationContent),
    #[serde(rename = "TIMSoundElem")]
    Sound(SoundContent),
    #[serde(rename = "TIMImageElem")]
    Image(ImageContent),
    #[serde(rename = "TIMFileElem")]
    File(FileContent),
    #[serde(rename = "TIMVideoFileElem")]
    Video(Box<VideoContent>),
    #[serde(rename = "TIMRelayElem")]
    Relay(RelayContent),
}

impl std::fmt::Debug for MsgElement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MsgElement(..)")
    }
}

/// Reads a `MsgBody`.
pub(crate) fn read(body: MsgBody) -> Result<Vec<Element>, Reason> {
    read_all(body.0)
}

fn read_all(body: Vec<MsgElement>) -> Result<Vec<Element>, Reason> {
    let one = |element| {
        Ok(match element {
            MsgElement::Text(content) => content.into(),
            MsgElement::Face(content) => content.into(),
            MsgElement::Custom(content) => content.into(),
            MsgElement::Location(content) => content.into(),
            MsgElement::Sound(content) => content.into(),
            MsgElement::Image(content) => content.into(),
            MsgElement::File(content) => content.into(),
            MsgElement::Video(content) => (*content).into(),
            MsgElement::Relay(content) => Element::Merged(content.read()?),
        })
    };
    body.into_iter().map(one).collect()
}

/// Writes the elements of a message, which has a seq in a conversation, as a `MsgBody`. Merged
/// messages that are too many to be shown with it are shown as the key that they are read by.
pub(crate) fn write(
    elements: Vec<Element>,
    conversation: &ConversationId,
    seq: Seq,
) -> Vec<MsgElement> {
    let elements = elements.into_iter().enumerate();
    let one = |(at, element)| {
        let is_large = matches!(&element, Element::Merged(merged)
            if merged.messages_bytes() > MERGED_INLINE_BYTES_MAX);
        let key = is_large.then(|| MergedKey {
            conversation: conversation.clone(),
            seq,
            at,
        });
        write_one(element, key.as_ref())
    };
    elements.map(one).collect()
}

/// Of a message that is merged with others: what it has is in it.
fn write_all(elements: Vec<Element>) -> Vec<MsgElement> {
    let one = |element| write_one(element, None);
    elements.into_iter().map(one).collect()
}

/// `key`: of merged messages that are not shown in whole.
fn write_one(element: Element, key: Option<&MergedKey>) -> MsgElement {
    match element {
        Element::Text { text, extra } => MsgElement::Text(TextContent::of(text, &extra)),
        Element::Face { index, data, extra } => {
            MsgElement::Face(FaceContent::of((index, data), &extra))
        }
        Element::Custom {
            data,
            desc,
            ext,
            sound,
            extra,
        } => MsgElement::Custom(CustomContent::of([data, desc, ext, sound], &extra)),
        Element::Location(location) => MsgElement::Location(location.into()),
        Element::Sound(sound) => MsgElement::Sound(sound.into()),
        Element::Image(image) => MsgElement::Image(image.into()),
        Element::File(file) => MsgElement::File(file.into()),
        Element::Video(video) => MsgElement::Video(Box::new(video.into())),
        Element::Merged(merged) => MsgElement::Relay(RelayContent::of(merged, key)),
    }
}

#[cfg(test)]
mod tests {
    use hansard_desk::json::{self, BodyFault, FieldFault};
    use serde_json::{Value, json};

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Request {
        #[serde(rename = "MsgBody")]
        body: MsgBody,
    }

    fn parse(body: &Value) -> Result<MsgBody, BodyFault> {
        let body = json!({ "MsgBody": body }).to_string();
        json::read(body.as_bytes()).map(|Request { body }| body)
    }

    fn text(text: &str) -> Value {
        json!({ "MsgType": "TIMTextElem", "MsgContent": { "Text": text } })
    }

    fn place() -> (ConversationId, Seq) {
        ("group:team".parse().expect("a conversation"), Seq(7))
    }

    fn written(body: &Value) -> Value {
        let elements = read(parse(body).expect("a body")).expect("valid");
        let (conversation, seq) = place();
        serde_json::to_value(write(elements, &conversation, seq)).expect("it serialises")
    }

    fn relay(messages: &Value, number: usize) -> Value {
        json!([{ "MsgType": "TIMRelayElem", "MsgContent": {
            "Title": "chat", "MsgNum": number, "CompatibleText": "[merged]",
            "AbstractList": ["alice: 네"], "MsgList": messages } }])
    }

    #[test]
    fn elements_survive_being_read_and_written() {
        let body = json!([
            text("회의 会议"),
            { "MsgType": "TIMTextElem", "MsgContent": { "Text": "a", "Own": { "a": [1, 2.5] } } },
            { "MsgType": "TIMFaceElem", "MsgContent": { "Index": 6, "Data": "smile", "Own": "x" } },
            { "MsgType": "TIMCustomElem", "MsgContent": {
                "Data": "{}", "Desc": "d", "Ext": "e", "Sound": "s", "Own": true } },
            { "MsgType": "TIMLocationElem", "MsgContent": {
                "Desc": "정문", "Latitude": 29.340656774469956, "Longitude": 116, "Own": 1 } },
            { "MsgType": "TIMSoundElem", "MsgContent": { "Url": "https://a.example/s",
                "UUID": "u", "Size": 62351, "Second": 1, "Download_Flag": 2, "Own": 1 } },
            { "MsgType": "TIMSoundElem", "MsgContent": { "UUID": "old", "Size": 1, "Second": 1 } },
            { "MsgType": "TIMImageElem", "MsgContent": { "UUID": "u", "ImageFormat": 1,
                "ImageInfoArray": [{ "Type": 1, "Size": 1853095, "Width": 2448, "Height": 3264,
                    "URL": "http://a.example/i", "Own": 1 }], "Own": 1 } },
            { "MsgType": "TIMFileElem", "MsgContent": { "Url": "https://a.example/f",
                "UUID": "u", "FileName": "a.txt", "FileSize": 1773552, "Download_Flag": 2,
                "Own": 1 } },
            { "MsgType": "TIMVideoFileElem", "MsgContent": { "VideoUrl": "https://a.example/v",
                "VideoUUID": "u", "VideoSize": 1194603, "VideoSecond": 5, "VideoFormat": "mp4",
                "ThumbUrl": "https://a.example/t", "ThumbUUID": "t", "ThumbSize": 13907,
                "ThumbWidth": 720, "ThumbHeight": 1280, "ThumbFormat": "JPG",
                "VideoDownloadFlag": 2, "ThumbDownloadFlag": 2, "Own": 1 } },
        ]);
        assert_eq!(written(&body), body);
        let merged = json!([
            { "From_Account": "alice", "To_Account": "bob", "MsgSeq": 85, "MsgRandom": 7,
                "MsgTimeStamp": 1_664_437_702, "MsgBody": body, "CloudCustomData": "c", "Own": 1 },
            { "From_Account": "bob", "GroupId": "team", "MsgBody": relay(&json!([
                { "From_Account": "alice", "MsgBody": [text("안")] }]), 1) },
        ]);
        let merged = relay(&merged, 2);
        assert_eq!(written(&merged), merged);
    }

    #[test]
    fn the_downloads_of_what_has_a_url_are_marked() {
        let body = json!([
            { "MsgType": "TIMFileElem", "MsgContent": { "Url": "https://a.example/f" } },
            { "MsgType": "TIMSoundElem", "MsgContent": { "UUID": "old" } },
        ]);
        let written = written(&body);
        assert_eq!(written[0]["MsgContent"]["Download_Flag"], 2);
        assert_eq!(written[1]["MsgContent"].get("Download_Flag"), None);
        let flag = json!([{ "MsgType": "TIMFileElem", "MsgContent": {
            "Url": "https://a.example/f", "Download_Flag": 1 } }]);
        assert!(parse(&flag).is_err());
    }

    #[test]
    fn many_merged_messages_are_shown_by_key() {
        let message = json!({ "From_Account": "alice", "MsgBody": [text(&"x".repeat(7000))] });
        let small = relay(&json!([message]), 1);
        assert_eq!(written(&small), small);
        let mut large = relay(&json!([message, message]), 2);
        let shown = written(&large);
        large[0]["MsgContent"]
            .as_object_mut()
            .expect("an object")
            .remove("MsgList");
        large[0]["MsgContent"]["JsonMsgKey"] = "0.7.group:team".into();
        assert_eq!(shown, large);
        // A key is an answer's: messages that are merged are brought along.
        for refused in [large, relay(&json!([message]), 2)] {
            let body = parse(&refused).expect("a body");
            assert_eq!(read(body), Err(Reason::MergedInvalid));
        }
    }

    #[test]
    fn what_is_no_message_is_told() {
        let none = "MsgBody[]";
        let no_text = json!({ "MsgType": "TIMTextElem", "MsgContent": {} });
        let no_index = json!({ "MsgType": "TIMFaceElem", "MsgContent": { "Data": "x" } });
        let image = json!({ "MsgType": "TIMNoSuchElem", "MsgContent": {} });
        for (body, at) in [
            (json!(null), "MsgBody"),
            (json!([]), "MsgBody"),
            (json!("hello"), "MsgBody"),
            (
                Value::Array(vec![text("a"); MESSAGE_ELEMENTS_MAX + 1]),
                "MsgBody",
            ),
            (json!(["hello"]), none),
            (json!([{}]), none),
            (json!([{ "MsgType": "TIMTextElem" }]), none),
            (json!([no_text]), none),
            (json!([no_index]), none),
            (json!([{ "MsgType": 0, "MsgContent": {} }]), none),
            (json!([image]), "MsgBody[].MsgType"),
        ] {
            match parse(&body) {
                Err(BodyFault::Field { path, fault }) => {
                    assert!(path.starts_with(at), "{body}: {path}");
                    let is_type =
                        matches!(fault, FieldFault::Invalid(_)) && path.ends_with("MsgType");
                    assert_eq!(is_type, body == json!([image]), "{body}: {path} {fault:?}");
                }
                other => panic!("{body}: {other:?}"),
            }
        }
        let full = Value::Array(vec![text("a"); MESSAGE_ELEMENTS_MAX]);
        assert!(parse(&full).is_ok());
        let custom = json!({ "MsgType": "TIMCustomElem", "MsgContent": {} });
        for custom in [
            custom,
            json!({ "MsgType": "TIMCustomElem", "MsgContent": [] }),
        ] {
            assert!(
                parse(&json!([custom])).is_ok(),
                "everything in it is optional"
            );
        }
    }

    #[test]
    fn the_order_of_type_and_content_does_not_matter() {
        for body in [
            r#"{"MsgBody":[{"MsgType":"TIMCustomElem","MsgContent":[]}]}"#,
            r#"{"MsgBody":[{"MsgContent":[],"MsgType":"TIMCustomElem"}]}"#,
            r#"{"MsgBody":[{"MsgContent":{"Data":null},"Other":1,"MsgType":"TIMCustomElem"}]}"#,
        ] {
            let Request { body: read } = json::read(body.as_bytes()).expect(body);
            assert_eq!(
                read.0,
                [MsgElement::Custom(CustomContent::default())],
                "{body}"
            );
        }
    }
}
