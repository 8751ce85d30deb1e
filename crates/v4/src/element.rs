//! Message bodies: `MsgBody` and its elements (reference: section 12.1).

use hansard_events::message::Element;
use hansard_types::limits::MESSAGE_ELEMENTS_MAX;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One element of `MsgBody`: `TIMTextElem`, `TIMFaceElem`, or at most one `TIMCustomElem`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct MsgElement {
    /// `TIMTextElem`, `TIMFaceElem` or `TIMCustomElem`.
    msg_type: Option<String>,
    msg_content: Option<MsgContent>,
}

/// What an element holds; which fields depends on its type.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct MsgContent {
    /// `TIMTextElem`: what is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// `TIMFaceElem`: the app's own number of the face.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<i64>,
    /// `TIMFaceElem` and `TIMCustomElem`.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<String>,
    /// `TIMCustomElem`: shown in an offline push.
    #[serde(skip_serializing_if = "Option::is_none")]
    desc: Option<String>,
    /// `TIMCustomElem`.
    #[serde(skip_serializing_if = "Option::is_none")]
    ext: Option<String>,
    /// `TIMCustomElem`.
    #[serde(skip_serializing_if = "Option::is_none")]
    sound: Option<String>,
}

impl std::fmt::Debug for MsgContent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MsgContent(..)")
    }
}

/// Why a `MsgBody` is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ElementFault {
    #[error("MsgBody is missing")]
    Missing,
    #[error("MsgBody has no element")]
    Empty,
    #[error("MsgBody has more than {MESSAGE_ELEMENTS_MAX} elements")]
    TooMany,
    #[error("an element has no MsgType")]
    TypeMissing,
    #[error("MsgType must be TIMTextElem, TIMFaceElem or TIMCustomElem")]
    TypeUnknown,
    #[error("an element's MsgContent lacks what its MsgType needs")]
    ContentMissing,
    #[error("MsgBody has more than one TIMCustomElem")]
    CustomTwice,
}

/// Reads a `MsgBody`.
pub(crate) fn read(body: Option<Vec<MsgElement>>) -> Result<Vec<Element>, ElementFault> {
    let body = body.ok_or(ElementFault::Missing)?;
    if body.is_empty() {
        return Err(ElementFault::Empty);
    }
    if body.len() > MESSAGE_ELEMENTS_MAX {
        return Err(ElementFault::TooMany);
    }
    let mut elements = Vec::with_capacity(body.len());
    let mut has_custom = false;
    for MsgElement {
        msg_type,
        msg_content,
    } in body
    {
        let msg_type = msg_type.ok_or(ElementFault::TypeMissing)?;
        let content = || msg_content.ok_or(ElementFault::ContentMissing);
        let element = match msg_type.as_str() {
            "TIMTextElem" => Element::Text {
                text: content()?.text.ok_or(ElementFault::ContentMissing)?,
            },
            "TIMFaceElem" => {
                let content = content()?;
                Element::Face {
                    index: content.index.ok_or(ElementFault::ContentMissing)?,
                    data: content.data.unwrap_or_default(),
                }
            }
            "TIMCustomElem" => {
                if has_custom {
                    return Err(ElementFault::CustomTwice);
                }
                has_custom = true;
                let content = content()?;
                Element::Custom {
                    data: content.data.unwrap_or_default(),
                    desc: content.desc.unwrap_or_default(),
                    ext: content.ext.unwrap_or_default(),
                    sound: content.sound.unwrap_or_default(),
                }
            }
            _ => return Err(ElementFault::TypeUnknown),
        };
        elements.push(element);
    }
    Ok(elements)
}

/// Writes elements as a `MsgBody`.
pub(crate) fn write(elements: Vec<Element>) -> Vec<MsgElement> {
    elements.into_iter().map(write_one).collect()
}

fn write_one(element: Element) -> MsgElement {
    let (msg_type, content) = match element {
        Element::Text { text } => (
            "TIMTextElem",
            MsgContent {
                text: Some(text),
                ..MsgContent::default()
            },
        ),
        Element::Face { index, data } => (
            "TIMFaceElem",
            MsgContent {
                index: Some(index),
                data: Some(data),
                ..MsgContent::default()
            },
        ),
        Element::Custom {
            data,
            desc,
            ext,
            sound,
        } => (
            "TIMCustomElem",
            MsgContent {
                data: Some(data),
                desc: Some(desc),
                ext: Some(ext),
                sound: Some(sound),
                ..MsgContent::default()
            },
        ),
    };
    MsgElement {
        msg_type: Some(msg_type.to_owned()),
        msg_content: Some(content),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parse(body: Value) -> Result<Vec<Element>, ElementFault> {
        read(serde_json::from_value(body).expect("the right types"))
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
        let elements = parse(body.clone()).expect("valid");
        let written = serde_json::to_value(write(elements)).expect("it serialises");
        assert_eq!(written, body);
    }

    #[test]
    fn what_is_no_message_is_told() {
        let custom = json!({ "MsgType": "TIMCustomElem", "MsgContent": {} });
        let cases = [
            (json!(null), ElementFault::Missing),
            (json!([]), ElementFault::Empty),
            (json!([{}]), ElementFault::TypeMissing),
            (
                json!([{ "MsgType": "TIMImageElem", "MsgContent": {} }]),
                ElementFault::TypeUnknown,
            ),
            (
                json!([{ "MsgType": "TIMTextElem" }]),
                ElementFault::ContentMissing,
            ),
            (
                json!([{ "MsgType": "TIMTextElem", "MsgContent": {} }]),
                ElementFault::ContentMissing,
            ),
            (
                json!([{ "MsgType": "TIMFaceElem", "MsgContent": { "Data": "x" } }]),
                ElementFault::ContentMissing,
            ),
            (json!([custom, custom]), ElementFault::CustomTwice),
            (
                Value::Array(vec![text("a"); MESSAGE_ELEMENTS_MAX + 1]),
                ElementFault::TooMany,
            ),
        ];
        for (body, fault) in cases {
            assert_eq!(parse(body.clone()), Err(fault), "{body}");
        }
        assert!(parse(Value::Array(vec![text("a"); MESSAGE_ELEMENTS_MAX])).is_ok());
        assert!(
            parse(json!([custom])).is_ok(),
            "one custom element, everything in it optional"
        );
    }
}
