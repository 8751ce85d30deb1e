//! Message bodies: `MsgBody` and its elements (reference: section 12.1).

use hansard_events::message::Element;
use hansard_types::limits::MESSAGE_ELEMENTS_MAX;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::typed::Items;

/// `MsgBody` of a request.
pub(crate) type MsgBody = Items<MsgElement, MESSAGE_ELEMENTS_MAX>;

/// One element of `MsgBody`: what its `MsgContent` holds depends on its `MsgType`. A body has at
/// most one `TIMCustomElem`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "MsgType", content = "MsgContent")]
pub(crate) enum MsgElement {
    #[serde(rename = "TIMTextElem")]
    Text(TextContent),
    #[serde(rename = "TIMFaceElem")]
    Face(FaceContent),
    #[serde(rename = "TIMCustomElem")]
    Custom(CustomContent),
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TextContent {
    /// What is said.
    text: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FaceContent {
    /// The app's own number of the face.
    index: i64,
    #[serde(default)]
    data: String,
}

#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct CustomContent {
    data: String,
    /// Shown in an offline push.
    desc: String,
    ext: String,
    sound: String,
}

impl std::fmt::Debug for MsgElement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MsgElement(..)")
    }
}

/// A `MsgBody` with a second custom element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("MsgBody has more than one TIMCustomElem")]
pub(crate) struct CustomTwice;

/// Reads a `MsgBody`.
pub(crate) fn read(body: MsgBody) -> Result<Vec<Element>, CustomTwice> {
    let mut elements = Vec::with_capacity(body.0.len());
    let mut has_custom = false;
    for element in body.0 {
        elements.push(match element {
            MsgElement::Text(TextContent { text }) => Element::Text { text },
            MsgElement::Face(FaceContent { index, data }) => Element::Face { index, data },
            MsgElement::Custom(content) => {
                if has_custom {
                    return Err(CustomTwice);
                }
                has_custom = true;
                let CustomContent {
                    data,
                    desc,
                    ext,
                    sound,
                } = content;
                Element::Custom {
                    data,
                    desc,
                    ext,
                    sound,
                }
            }
        });
    }
    Ok(elements)
}

/// Writes elements as a `MsgBody`.
pub(crate) fn write(elements: Vec<Element>) -> Vec<MsgElement> {
    elements.into_iter().map(write_one).collect()
}

fn write_one(element: Element) -> MsgElement {
    match element {
        Element::Text { text } => MsgElement::Text(TextContent { text }),
        Element::Face { index, data } => MsgElement::Face(FaceContent { index, data }),
        Element::Custom {
            data,
            desc,
            ext,
            sound,
        } => MsgElement::Custom(CustomContent {
            data,
            desc,
            ext,
            sound,
        }),
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

    #[test]
    fn elements_survive_being_read_and_written() {
        let body = json!([
            text("회의 会议"),
            { "MsgType": "TIMFaceElem", "MsgContent": { "Index": 6, "Data": "smile" } },
            { "MsgType": "TIMCustomElem", "MsgContent": {
                "Data": "{}", "Desc": "d", "Ext": "e", "Sound": "s" } },
        ]);
        let elements = read(parse(&body).expect("a body")).expect("valid");
        let written = serde_json::to_value(write(elements)).expect("it serialises");
        assert_eq!(written, body);
    }

    #[test]
    fn what_is_no_message_is_told() {
        let none = "MsgBody[]";
        let no_text = json!({ "MsgType": "TIMTextElem", "MsgContent": {} });
        let no_index = json!({ "MsgType": "TIMFaceElem", "MsgContent": { "Data": "x" } });
        let image = json!({ "MsgType": "TIMImageElem", "MsgContent": {} });
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
        let custom = json!({ "MsgType": "TIMCustomElem", "MsgContent": {} });
        let read = |body: &Value| read(parse(body).expect("a body"));
        assert_eq!(read(&json!([custom, custom])), Err(CustomTwice));
        assert!(read(&Value::Array(vec![text("a"); MESSAGE_ELEMENTS_MAX])).is_ok());
        for custom in [
            custom,
            json!({ "MsgType": "TIMCustomElem", "MsgContent": [] }),
        ] {
            assert!(
                read(&json!([custom])).is_ok(),
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
