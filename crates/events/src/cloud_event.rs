use std::borrow::Cow;

use hansard_types::Position;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{CodecError, RawEvent, header, json_of_body, text_of_header};

/// An event in the CloudEvents JSON format, with its position and what the log knows of it as
/// extension attributes: the one JSON form that every surface shows. The attributes are strings
/// but for `data`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CloudEvent<'a> {
    specversion: &'a str,
    /// UUIDv7.
    id: &'a str,
    /// `message.sent` and so on; see `schemas/catalogue.json`. There may be types that are newer
    /// than this description.
    #[serde(rename = "type")]
    kind: &'a str,
    source: &'a str,
    /// RFC 3339: when it was decided.
    time: &'a str,
    /// The subject it has in the log.
    subject: &'a str,
    datacontenttype: &'static str,
    /// The version of `data`'s schema.
    hansardschema: &'a str,
    /// `<partition>:<sequence>`.
    hansardposition: Position,
    /// Who caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hansardactor: Option<Cow<'a, str>>,
    /// The request or job it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    hansardcorrelation: Option<Cow<'a, str>>,
    /// The event that caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hansardcausation: Option<&'a str>,
    /// The body's commitment, when its content was erased; `data` is null then.
    #[serde(skip_serializing_if = "Option::is_none")]
    hansardcommitment: Option<&'a str>,
    /// The hash chain's value after this event.
    #[serde(skip_serializing_if = "Option::is_none")]
    hansardchain: Option<&'a str>,
    data: Value,
}

impl<'a> CloudEvent<'a> {
    /// An event at its position.
    ///
    /// # Errors
    /// [`CodecError`] when the body is no MessagePack: the log is damaged.
    pub fn new(event: &'a RawEvent, position: Position) -> Result<Self, CodecError> {
        let data = if event.is_erased() {
            Value::Null
        } else {
            json_of_body(event.body())?
        };
        Ok(Self::with_data(event, position, data))
    }

    /// An event whose body was read already.
    #[must_use]
    pub fn with_data(event: &'a RawEvent, position: Position, data: Value) -> Self {
        let event = event.view();
        let text = |name: &str| event.header(name).unwrap_or_default();
        let free_text = |name: &str| event.header(name).and_then(text_of_header);
        Self {
            specversion: event.header(header::SPECVERSION).unwrap_or("1.0"),
            id: text(header::ID),
            kind: text(header::TYPE),
            source: text(header::SOURCE),
            time: text(header::TIME),
            subject: event.subject,
            // The body is shown as JSON, whatever it is in the log.
            datacontenttype: "application/json",
            hansardschema: text(header::SCHEMA),
            hansardposition: position,
            hansardactor: free_text(header::ACTOR),
            hansardcorrelation: free_text(header::CORRELATION),
            hansardcausation: event.header(header::CAUSATION),
            hansardcommitment: event.header(header::COMMITMENT),
            hansardchain: event.header(header::CHAIN),
            data,
        }
    }

    /// One line of JSON, without the line's end.
    ///
    /// # Panics
    /// Never: texts and JSON serialise.
    #[must_use]
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).expect("texts and JSON serialise")
    }
}
