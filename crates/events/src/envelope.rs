use std::borrow::Cow;

use hansard_types::{Actor, LogId, Timestamp};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use uuid::Uuid;

use crate::Event;

/// The names of the headers: CloudEvents 1.0 (NATS binding), then ours.
pub mod header {
    /// UUIDv7 of the event.
    pub const ID: &str = "ce-id";
    /// The wire name, `family.event`.
    pub const TYPE: &str = "ce-type";
    /// `/apps/<app>/<partition>`, or `/control`.
    pub const SOURCE: &str = "ce-source";
    /// RFC 3339, UTC, milliseconds: when it was decided.
    pub const TIME: &str = "ce-time";
    pub const SPECVERSION: &str = "ce-specversion";
    pub const DATACONTENTTYPE: &str = "datacontenttype";
    /// The schema version of the body.
    pub const SCHEMA: &str = "hansard-schema";
    /// Who caused it. Percent-encoded, because it can hold what a user chose.
    pub const ACTOR: &str = "hansard-actor";
    /// What request or job it belongs to. Percent-encoded.
    pub const CORRELATION: &str = "hansard-correlation";
    /// The event that caused it, if one did.
    pub const CAUSATION: &str = "hansard-causation";
    /// The 16 random bytes that go before the body in its commitment, lower-case hex.
    pub const SALT: &str = "hansard-salt";
    /// In the place of salt and body once those were erased: the commitment, lower-case hex.
    pub const COMMITMENT: &str = "hansard-commitment";
    /// The chain value after this event, lower-case hex.
    pub const CHAIN: &str = "hansard-chain";

    /// Every header of an event, in the order in which they are written.
    pub const ALL: [&str; 13] = [
        ID,
        TYPE,
        SOURCE,
        TIME,
        SPECVERSION,
        DATACONTENTTYPE,
        SCHEMA,
        ACTOR,
        CORRELATION,
        CAUSATION,
        SALT,
        COMMITMENT,
        CHAIN,
    ];
}

/// An event's identity, UUIDv7.
pub type EventId = Uuid;

/// Who gives a command, and for what: what it brings along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub actor: Actor,
    /// What request or job it belongs to.
    pub correlation: Option<String>,
}

impl Origin {
    /// What the system does by itself, for no request.
    #[must_use]
    pub fn system() -> Self {
        Self {
            actor: Actor::System,
            correlation: None,
        }
    }

    /// What the command's events keep of it.
    #[must_use]
    pub fn provenance(&self) -> Provenance {
        Provenance {
            actor: self.actor.name().to_owned(),
            correlation: self.correlation.clone(),
            causation: None,
        }
    }
}

/// Who did it and why: what an event keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// The account that acted (an administrator for the server API).
    pub actor: String,
    /// What request or job it belongs to.
    pub correlation: Option<String>,
    /// The event that caused it, if one did.
    pub causation: Option<EventId>,
}

/// What is known of an event without reading its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    pub id: EventId,
    /// The wire name; not necessarily one that this release knows.
    pub name: Cow<'static, str>,
    /// The schema version of the body.
    pub version: u16,
    pub log: LogId,
    /// When it was decided.
    pub time: Timestamp,
    pub provenance: Provenance,
    /// The chain value after this event.
    pub chain: [u8; 32],
}

/// An event read back from the log, or about to be appended at the sequence it says.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Its stream sequence in its log, from 1.
    pub sequence: u64,
    pub envelope: Envelope,
    /// `None` when this release does not know the name or the version, or the content was erased.
    pub event: Option<Event>,
    /// Whether its content was erased: what is left of it is its identity.
    pub erased: bool,
}

/// What is written as it is in a header that can hold free text: the rest is percent-encoded.
/// NATS clients trim values, and an id may end in a space.
///
/// Source: CloudEvents 1.0, HTTP binding, 3.1.3.2, which the NATS binding follows: space, double
/// quote, percent and everything outside U+0021 to U+007E.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%');

/// Free text as the value of a header.
pub(crate) fn header_of_text(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, ENCODED).into()
}

/// The free text that a header's value stands for; `None` when it stands for none.
#[must_use]
pub fn text_of_header(value: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(value).decode_utf8().ok()
}
