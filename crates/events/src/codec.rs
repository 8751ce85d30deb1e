use std::borrow::Cow;
use std::fmt::{self, Display};
use std::io::Write as _;

use hansard_types::{AppId, LogId, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Event;
use crate::catalogue::CATALOGUE;
use crate::chain::{self, Chain, Salt};
use crate::envelope::{
    Envelope, EventId, Provenance, Recorded, header, header_of_text, text_of_header,
};
use crate::raw_event::{Known, RawEvent, at, known, write_head};
use crate::subject::{bucket, subject};

/// Why bytes are not an event.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    #[error("the event has no header {0}")]
    HeaderMissing(&'static str),
    #[error("the header {0} is malformed")]
    HeaderMalformed(&'static str),
    #[error("the body does not encode")]
    Encode(#[from] rmp_serde::encode::Error),
    #[error("the body does not decode")]
    Decode(#[from] rmp_serde::decode::Error),
    #[error("{0} bytes follow the body")]
    TrailingBytes(usize),
}

const CONTENT_TYPE: &str = "application/msgpack";
const SPEC_VERSION: &str = "1.0";
/// What most bodies fit into without growing.
const BODY_BYTES: usize = 512;

/// What makes an event unlike any other.
#[derive(Debug, Clone, Copy)]
pub struct Identity {
    pub id: EventId,
    /// Random, and never used again.
    pub salt: Salt,
}

/// Writes an event for the log, in one buffer, and chains it to what stands before.
///
/// Returns the event, and the envelope with the new chain value.
///
/// # Errors
/// [`CodecError::Encode`], which would be a mistake of ours.
pub fn encode(
    event: &Event,
    identity: Identity,
    log: LogId,
    time: Timestamp,
    provenance: Provenance,
    previous: &Chain,
) -> Result<(RawEvent, Envelope), CodecError> {
    let Identity { id, salt } = identity;
    let mut texts = [0; TEXTS_BYTES];
    let mut texts = texts.as_mut_slice();
    let subject = subject(log, event.name(), bucket(&event.bucket_key()));
    let subject = shown(subject, &mut texts);
    let correlation = provenance.correlation.as_deref().map(header_of_text);
    let causation = provenance.causation.map(|id| shown(id, &mut texts));
    let mut salt_digits = [0; 2 * size_of::<Salt>()];
    let headers = [
        (at::ID, Some(shown(id, &mut texts))),
        (at::TYPE, Some(event.name())),
        (at::SOURCE, Some(shown(source(log), &mut texts))),
        (at::TIME, Some(shown(rfc3339(time), &mut texts))),
        (at::SPECVERSION, Some(SPEC_VERSION)),
        (at::DATACONTENTTYPE, Some(CONTENT_TYPE)),
        (at::SCHEMA, Some(shown(event.version(), &mut texts))),
        (at::ACTOR, Some(&*header_of_text(&provenance.actor))),
        (at::CORRELATION, correlation.as_deref()),
        (at::CAUSATION, causation),
        (at::SALT, Some(chain::put_hex(&salt, &mut salt_digits))),
        (at::CHAIN, Some(CHAIN_TO_COME)),
    ];
    let headers = headers.iter();
    let headers = headers.filter_map(|(place, value)| Some(known(*place, (*value)?)));
    let mut bytes = Vec::new();
    write_head(subject, headers, BODY_BYTES, &mut bytes);
    let head_bytes = bytes.len();
    event.encode_body(&mut bytes)?;
    let mut raw = RawEvent::written(bytes);
    let chain = chain::next(previous, &raw).expect("it has a salt");
    raw.set_chain(head_bytes, &chain);
    let envelope = Envelope {
        id,
        name: Cow::Borrowed(event.name()),
        version: event.version(),
        log,
        time,
        provenance,
        chain,
    };
    Ok((raw, envelope))
}

/// What the texts that [`encode`] makes take at most: a subject, two ids, a source, a time and a
/// version.
const TEXTS_BYTES: usize = 320;
/// In the place of the chain value, which is a digest of everything else.
const CHAIN_TO_COME: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Writes a text to the beginning of a place, which gets shorter by it.
fn shown<'a>(text: impl Display, place: &mut &'a mut [u8]) -> &'a str {
    let free = std::mem::take(place);
    let mut rest = &mut *free;
    write!(rest, "{text}").expect("there is room for all of them");
    let left = rest.len();
    let (text, rest) = free.split_at_mut(free.len() - left);
    *place = rest;
    std::str::from_utf8(text).expect("it is a text")
}

/// Reads an event back. A name or version that this release does not know is no error, nor is one
/// whose content was erased: its [`Recorded::event`] is `None`.
///
/// # Errors
/// [`CodecError`] when a header is missing or malformed, or the body is not what its type says.
pub fn decode(sequence: u64, raw: &RawEvent) -> Result<Recorded, CodecError> {
    let raw = raw.view();
    let headers = raw.known();
    let envelope = decode_envelope(&headers)?;
    let erased = headers.get(at::COMMITMENT).is_some();
    let event = if erased {
        None
    } else {
        Event::decode_body(&envelope.name, envelope.version, raw.body)?
    };
    Ok(Recorded {
        sequence,
        envelope,
        event,
        erased,
    })
}

fn decode_envelope(headers: &Known<'_>) -> Result<Envelope, CodecError> {
    let required =
        |place, name: &'static str| headers.get(place).ok_or(CodecError::HeaderMissing(name));
    let name = required(at::TYPE, header::TYPE)?;
    let known = CATALOGUE
        .iter()
        .find(|row| row.name == name)
        .map(|row| row.name);
    let causation = match headers.get(at::CAUSATION) {
        None => None,
        Some(text) => {
            let parsed = EventId::parse_str(text);
            Some(parsed.map_err(|_| CodecError::HeaderMalformed(header::CAUSATION))?)
        }
    };
    Ok(Envelope {
        id: EventId::parse_str(required(at::ID, header::ID)?)
            .map_err(|_| CodecError::HeaderMalformed(header::ID))?,
        name: known.map_or_else(|| Cow::Owned(name.to_owned()), Cow::Borrowed),
        version: required(at::SCHEMA, header::SCHEMA)?
            .parse()
            .map_err(|_| CodecError::HeaderMalformed(header::SCHEMA))?,
        log: parse_source(required(at::SOURCE, header::SOURCE)?)
            .ok_or(CodecError::HeaderMalformed(header::SOURCE))?,
        time: parse_rfc3339(required(at::TIME, header::TIME)?)
            .ok_or(CodecError::HeaderMalformed(header::TIME))?,
        provenance: Provenance {
            actor: text(header::ACTOR, required(at::ACTOR, header::ACTOR)?)?,
            correlation: headers
                .get(at::CORRELATION)
                .map(|value| text(header::CORRELATION, value))
                .transpose()?,
            causation,
        },
        chain: chain::from_hex(required(at::CHAIN, header::CHAIN)?)
            .ok_or(CodecError::HeaderMalformed(header::CHAIN))?,
    })
}

fn text(name: &'static str, value: &str) -> Result<String, CodecError> {
    let text = text_of_header(value).ok_or(CodecError::HeaderMalformed(name))?;
    Ok(text.into_owned())
}

fn source(log: LogId) -> impl Display {
    fmt::from_fn(move |f| {
        if log.is_control() {
            f.write_str("/control")
        } else {
            write!(f, "/apps/{}/{}", log.app, log.partition)
        }
    })
}

fn parse_source(text: &str) -> Option<LogId> {
    if text == "/control" {
        return Some(LogId::CONTROL);
    }
    let (app, partition) = text.strip_prefix("/apps/")?.split_once('/')?;
    Some(LogId::new(
        AppId(app.parse().ok()?),
        partition.parse().ok()?,
    ))
}

/// `2026-11-23T10:08:00.123Z`. A time past the year 9999 is written as its last millisecond.
fn rfc3339(time: Timestamp) -> impl Display {
    let time = i64::try_from(time.0)
        .ok()
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
        .unwrap_or(jiff::Timestamp::MAX);
    fmt::from_fn(move |f| write!(f, "{time:.3}"))
}

fn parse_rfc3339(text: &str) -> Option<Timestamp> {
    let time: jiff::Timestamp = text.parse().ok()?;
    Some(Timestamp(u64::try_from(time.as_millisecond()).ok()?))
}

#[expect(clippy::disallowed_methods, reason = "this is the codec")]
pub(crate) fn write_body<T: Serialize>(body: &T, out: &mut Vec<u8>) -> Result<(), CodecError> {
    rmp_serde::encode::write_named(out, body)?;
    Ok(())
}

pub(crate) fn to_bytes<T: Serialize>(body: &T) -> Result<Vec<u8>, CodecError> {
    let mut bytes = Vec::with_capacity(BODY_BYTES);
    write_body(body, &mut bytes)?;
    Ok(bytes)
}

/// Refuses bytes behind the body, which `rmp_serde::from_slice` would accept silently.
pub(crate) fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    let mut rest = bytes;
    let mut deserializer = rmp_serde::Deserializer::new(&mut rest);
    let body = T::deserialize(&mut deserializer)?;
    drop(deserializer);
    if rest.is_empty() {
        Ok(body)
    } else {
        Err(CodecError::TrailingBytes(rest.len()))
    }
}

impl RawEvent {
    /// When it was decided; `None` when its header does not say.
    #[must_use]
    pub fn time(&self) -> Option<Timestamp> {
        self.header(header::TIME).and_then(parse_rfc3339)
    }
}

impl Event {
    /// Its body alone, as the log holds it: for golden vectors and documentation.
    ///
    /// # Errors
    /// [`CodecError::Encode`], which would be a mistake of ours.
    pub fn body_bytes(&self) -> Result<Vec<u8>, CodecError> {
        let mut bytes = Vec::with_capacity(BODY_BYTES);
        self.encode_body(&mut bytes)?;
        Ok(bytes)
    }

    /// Reads a body back, of any version that was ever written; `None` for a name or a version
    /// that this release does not know.
    ///
    /// # Errors
    /// [`CodecError`] when the body is not what its name says.
    pub fn from_body(name: &str, version: u16, body: &[u8]) -> Result<Option<Self>, CodecError> {
        Self::decode_body(name, version, body)
    }
}

/// Any event's body as JSON, known to this release or not.
///
/// # Errors
/// [`CodecError`] when the body is not one MessagePack value.
pub fn json_of_body(body: &[u8]) -> Result<serde_json::Value, CodecError> {
    from_bytes(body)
}

#[cfg(test)]
mod tests;
