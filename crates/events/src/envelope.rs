use std::borrow::Cow;
use std::fmt;

use hansard_types::{LogId, Timestamp};
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
    /// Who caused it.
    pub const ACTOR: &str = "hansard-actor";
    /// What request or job it belongs to.
    pub const CORRELATION: &str = "hansard-correlation";
    /// The event that caused it, if one did.
    pub const CAUSATION: &str = "hansard-causation";
    /// The chain value after this event, lower-case hex.
    pub const CHAIN: &str = "hansard-chain";
}

/// An event's identity, UUIDv7.
pub type EventId = Uuid;

/// Who did it and why: what a command brings along and an event keeps.
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

/// An event as the log holds it. `Debug` hides the body.
#[derive(Clone, PartialEq, Eq)]
pub struct RawEvent {
    pub subject: String,
    /// Names of [`header`], each at most once, plus whatever the log itself added.
    pub headers: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    pub body: Vec<u8>,
}

impl RawEvent {
    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_ref())
    }

    /// About how many bytes it takes in the log.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        let headers: usize = self
            .headers
            .iter()
            .map(|(k, v)| k.len() + v.len() + 4)
            .sum();
        self.subject.len() + headers + self.body.len()
    }
}

impl fmt::Debug for RawEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawEvent")
            .field("subject", &self.subject)
            .field("id", &self.header(header::ID))
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// An event read back from the log, or about to be appended at the sequence it says.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Its stream sequence in its log, from 1.
    pub sequence: u64,
    pub envelope: Envelope,
    /// `None` when this release does not know the name or the version.
    pub event: Option<Event>,
}
