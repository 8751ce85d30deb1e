//! Events in the CloudEvents JSON format, with their position and what the log knows of them as
//! extension attributes.

use hansard_engine::StoredEvent;
use hansard_events::{header, json_of_body};
use hansard_types::Position;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// A line of events. The attributes are strings but for `data`.
#[derive(Serialize, JsonSchema)]
pub(crate) struct CloudEvent<'a> {
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
    hansardactor: Option<&'a str>,
    /// The request or job it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    hansardcorrelation: Option<&'a str>,
    /// The event that caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hansardcausation: Option<&'a str>,
    /// The hash chain's value after this event.
    #[serde(skip_serializing_if = "Option::is_none")]
    hansardchain: Option<&'a str>,
    data: Value,
}

/// The event as one line of JSON, without the line's end.
///
/// # Errors
/// When the body is no MessagePack: the log is damaged.
pub(crate) fn line(stored: &StoredEvent) -> Result<String, hansard_events::CodecError> {
    let data = json_of_body(&stored.event.body)?;
    Ok(line_of(stored, data))
}

pub(crate) fn line_of(stored: &StoredEvent, data: Value) -> String {
    let event = &stored.event;
    let text = |name: &str| event.header(name).unwrap_or_default();
    let line = CloudEvent {
        specversion: event.header(header::SPECVERSION).unwrap_or("1.0"),
        id: text(header::ID),
        kind: text(header::TYPE),
        source: text(header::SOURCE),
        time: text(header::TIME),
        subject: &event.subject,
        datacontenttype: "application/json",
        hansardschema: text(header::SCHEMA),
        hansardposition: Position::new(0, stored.sequence),
        hansardactor: event.header(header::ACTOR),
        hansardcorrelation: event.header(header::CORRELATION),
        hansardcausation: event.header(header::CAUSATION),
        hansardchain: event.header(header::CHAIN),
        data,
    };
    serde_json::to_string(&line).expect("texts and JSON serialise")
}
