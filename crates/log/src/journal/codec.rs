//! How a round is written: each event with its length before it, and in it subject, body and
//! headers, each with its length before it.

use std::borrow::Cow;

use hansard_events::RawEvent;

const LENGTH_BYTES: usize = 4;

/// Adds events to a buffer.
pub(super) fn encode_round(events: &[&RawEvent], bytes: &mut Vec<u8>) {
    for event in events {
        let begin = bytes.len();
        bytes.extend_from_slice(&[0; LENGTH_BYTES]);
        encode(event, bytes);
        let length = length_of(bytes.len() - begin - LENGTH_BYTES);
        bytes[begin..begin + LENGTH_BYTES].copy_from_slice(&length);
    }
}

/// The events of a round; `None` for the first one that does not read, and nothing behind it.
pub(super) fn decode_round(bytes: &[u8]) -> impl Iterator<Item = Option<RawEvent>> {
    let mut rest = Some(bytes);
    std::iter::from_fn(move || {
        let bytes = rest.take().filter(|bytes| !bytes.is_empty())?;
        let Some((event, after)) = split_field(bytes) else {
            return Some(None);
        };
        let event = decode(event);
        rest = event.is_some().then_some(after);
        Some(event)
    })
}

fn length_of(bytes: usize) -> [u8; LENGTH_BYTES] {
    u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes()
}

/// A field, its length before it, and what follows.
fn split_field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<LENGTH_BYTES>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

fn encode(event: &RawEvent, bytes: &mut Vec<u8>) {
    bytes.reserve(event.size_bytes() + 2 * LENGTH_BYTES * (event.headers.len() + 1));
    let mut field = |text: &[u8]| {
        bytes.extend_from_slice(&length_of(text.len()));
        bytes.extend_from_slice(text);
    };
    field(event.subject.as_bytes());
    field(&event.body);
    for (name, value) in &event.headers {
        field(name.as_bytes());
        field(value.as_bytes());
    }
}

fn decode(bytes: &[u8]) -> Option<RawEvent> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    let (subject, rest) = split_field(bytes)?;
    let (body, mut rest) = split_field(rest)?;
    let mut headers = Vec::new();
    while !rest.is_empty() {
        let (name, after) = split_field(rest)?;
        let (value, after) = split_field(after)?;
        headers.push((Cow::Owned(text(name)?), Cow::Owned(text(value)?)));
        rest = after;
    }
    Some(RawEvent {
        subject: text(subject)?,
        headers,
        body: body.to_vec(),
    })
}
