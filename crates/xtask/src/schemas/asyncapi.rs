use hansard_events::header;
use hansard_types::LogId;
use serde_json::{Map, Value, json};

use super::{Code, EventType};

/// AsyncAPI 3.0: what a subscriber of the log finds, one channel per event.
pub(super) fn document(code: &Code) -> Value {
    let mut channels = Map::new();
    let mut operations = Map::new();
    let mut messages = Map::new();
    for event in &code.events {
        let name = event.name.as_str();
        let channel = format!("#/channels/{name}");
        channels.insert(name.to_owned(), channel_of(event));
        operations.insert(
            format!("receive.{name}"),
            json!({
                "action": "receive",
                "summary": event.summary,
                "channel": { "$ref": channel },
                "messages": [{ "$ref": format!("{channel}/messages/{name}") }],
            }),
        );
        messages.insert(name.to_owned(), message_of(event));
    }
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Hansard: the event log",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Every fact is one message of a NATS JetStream stream. The stream of an \
                app's partition is HANSARD_<app>_<partition>; the apps themselves are in \
                HANSARD_CONTROL. Events of one bucket keep their order.",
            "license": { "name": "Apache-2.0" },
        },
        "defaultContentType": "application/msgpack",
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": messages,
            "schemas": { "headers": headers() },
            "parameters": parameters(),
        },
    })
}

fn channel_of(event: &EventType) -> Value {
    let name = event.name.as_str();
    let control = event.family == "app";
    let (address, parameters): (String, &[&str]) = if control {
        (
            format!("{}.{name}.{{bucket}}", LogId::CONTROL.subject_prefix()),
            &["bucket"],
        )
    } else {
        (
            format!("hansard.{{app}}.{{partition}}.{name}.{{bucket}}"),
            &["app", "partition", "bucket"],
        )
    };
    let parameters: Map<String, Value> = parameters
        .iter()
        .map(|&parameter| {
            let reference = json!({ "$ref": format!("#/components/parameters/{parameter}") });
            (parameter.to_owned(), reference)
        })
        .collect();
    json!({
        "address": address,
        "title": name,
        "summary": event.summary,
        "parameters": parameters,
        "messages": { name: { "$ref": format!("#/components/messages/{name}") } },
    })
}

fn message_of(event: &EventType) -> Value {
    json!({
        "name": event.name,
        "title": format!("{} v{}", event.name, event.version),
        "summary": event.summary,
        "contentType": "application/msgpack",
        "headers": { "$ref": "#/components/schemas/headers" },
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": { "$ref": format!("./{}", event.path("schema.json")) },
        },
        "examples": [{ "name": "sample", "payload": event.sample }],
    })
}

fn parameters() -> Value {
    json!({
        "app": { "description": "The app's number (sdkappid)." },
        "partition": { "description": "The partition of the app's log, from 0." },
        "bucket": {
            "description": "Two lower-case hex digits, a stable hash of the conversation, account \
                or app that the event is about: the first byte of the key's SHA-256.",
        },
    })
}

fn headers() -> Value {
    let text = |description: &str| json!({ "type": "string", "description": description });
    json!({
        "type": "object",
        "properties": {
            header::ID: { "type": "string", "format": "uuid", "description": "UUIDv7 of the event." },
            header::TYPE: text("The wire name, family.event."),
            header::SOURCE: text("/apps/<app>/<partition>, or /control."),
            header::TIME: {
                "type": "string",
                "format": "date-time",
                "description": "When it was decided: UTC, milliseconds.",
            },
            header::SPECVERSION: { "type": "string", "const": "1.0" },
            header::DATACONTENTTYPE: { "type": "string", "const": "application/msgpack" },
            header::SCHEMA: {
                "type": "string",
                "pattern": "^[1-9][0-9]*$",
                "description": "The schema version of the body.",
            },
            header::ACTOR: text("Who caused it."),
            header::CORRELATION: text("What request or job it belongs to."),
            header::CAUSATION: {
                "type": "string",
                "format": "uuid",
                "description": "The event that caused it, if one did.",
            },
            header::CHAIN: {
                "type": "string",
                "pattern": "^[0-9a-f]{64}$",
                "description": "SHA-256 over the chain value before, the subject, the identity \
                    headers and the body.",
            },
        },
        "required": [
            header::ID,
            header::TYPE,
            header::SOURCE,
            header::TIME,
            header::SPECVERSION,
            header::DATACONTENTTYPE,
            header::SCHEMA,
            header::ACTOR,
            header::CHAIN,
        ],
    })
}
