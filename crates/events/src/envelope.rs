use std::borrow::Cow;
use std::fmt;

use hansard_types::{Actor, LogId, Timestamp};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use uuid::Uuid;

use crate::{Event, chain};

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

/// What of an event is hashed, wherever its bytes are.
pub trait EventView {
    fn subject(&self) -> &str;
    /// The value of a header as it is written: see [`text_of_header`] for what can be free text.
    fn header(&self, name: &str) -> Option<&str>;
    fn body(&self) -> &[u8];
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

/// An event as the log holds it. `Debug` hides the body.
#[derive(Clone, PartialEq, Eq)]
pub struct RawEvent {
    pub subject: String,
    /// Names of [`header`], each at most once, plus whatever the log itself added.
    pub headers: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    pub body: Vec<u8>,
}

impl EventView for RawEvent {
    fn subject(&self) -> &str {
        &self.subject
    }

    fn header(&self, name: &str) -> Option<&str> {
        Self::header(self, name)
    }

    fn body(&self) -> &[u8] {
        &self.body
    }
}

impl RawEvent {
    /// The value of a header, as it is written.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_ref())
    }

    /// The value of a header that can hold free text, decoded. `None` when it is absent or does
    /// not decode.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.header(name).and_then(text_of_header)
    }

    /// Whether its content was erased: of salt and body only the commitment is left.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        self.header(header::COMMITMENT).is_some()
    }

    /// The same event without its content; it has the same place in the chain. `None` when it
    /// holds neither salt and body nor a commitment.
    #[must_use]
    pub fn erased(&self) -> Option<Self> {
        let commitment = chain::to_hex(&chain::commitment_of(self)?);
        let mut headers: Vec<_> = self
            .headers
            .iter()
            .filter(|(name, _)| name != header::COMMITMENT)
            .cloned()
            .collect();
        let left = (Cow::Borrowed(header::COMMITMENT), Cow::Owned(commitment));
        match headers.iter_mut().find(|(name, _)| name == header::SALT) {
            Some(salt) => *salt = left,
            None => headers.push(left),
        }
        headers.sort_by_key(|(name, _)| header::ALL.iter().position(|known| known == name));
        Some(Self {
            subject: self.subject.clone(),
            headers,
            body: Vec::new(),
        })
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
pub(crate) fn header_of_text(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// The free text that a header's value stands for; `None` when it stands for none.
#[must_use]
pub fn text_of_header(value: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(value).decode_utf8().ok()
}
