//! How one event is written in the files that are ours: the journal and the archive.
//!
//! ```text
//! shape length, texts length     numbers of one to five bytes, seven bits each, lowest first
//! shape                          the subject's length; then for each header the code of its name
//!                                (0: the name is written out, its length follows) and the
//!                                length of its value
//! texts                          subject, names that are written out, and values: one UTF-8 text
//! body                           the rest
//! ```
//!
//! All texts are one run of bytes, so that reading checks their encoding once. Lengths and
//! checksum of the whole are kept by whoever holds it.

use std::borrow::Cow;

use hansard_events::{EventView, RawEvent, header};

/// The names that are written as a code, which is the place in this list, from 1. The list only
/// grows at its end: the codes are on disk.
const KNOWN: &[&str] = &[
    header::ID,
    header::TYPE,
    header::SOURCE,
    header::TIME,
    header::SPECVERSION,
    header::DATACONTENTTYPE,
    header::SCHEMA,
    header::ACTOR,
    header::CORRELATION,
    header::CAUSATION,
    header::SALT,
    header::COMMITMENT,
    header::CHAIN,
];
/// The code of a name that is written out.
const WRITTEN_OUT: u8 = 0;
/// What the shape of most events fits into.
const SHAPE_BYTES: usize = 48;

/// Adds an event to a buffer.
pub(crate) fn encode_event(event: &RawEvent, out: &mut Vec<u8>) {
    let RawEvent {
        subject,
        headers,
        body,
    } = event;
    let mut shape = Vec::with_capacity(SHAPE_BYTES);
    let mut texts = subject.len();
    push_number(subject.len(), &mut shape);
    // Headers mostly come in the list's order.
    let mut guess = 0;
    for (name, value) in headers {
        let code = code_of(name, guess);
        shape.push(code.unwrap_or(WRITTEN_OUT));
        match code {
            Some(code) => guess = usize::from(code),
            None => {
                push_number(name.len(), &mut shape);
                texts += name.len();
            }
        }
        push_number(value.len(), &mut shape);
        texts += value.len();
    }
    out.reserve(shape.len() + texts + body.len() + 10);
    push_number(shape.len(), out);
    push_number(texts, out);
    out.extend_from_slice(&shape);
    out.extend_from_slice(subject.as_bytes());
    guess = 0;
    for (name, value) in headers {
        match code_of(name, guess) {
            Some(code) => guess = usize::from(code),
            None => out.extend_from_slice(name.as_bytes()),
        }
        out.extend_from_slice(value.as_bytes());
    }
    out.extend_from_slice(body);
}

/// Reads an event back; `None` when the bytes are not one.
pub(crate) fn decode_event(bytes: &[u8]) -> Option<RawEvent> {
    let event = EventRef::parse(bytes)?;
    let mut headers = Vec::with_capacity(KNOWN.len() + 1);
    for (name, value) in event.fields() {
        let name = match name {
            Name::Known(name) => Cow::Borrowed(name),
            Name::Other(name) => Cow::Owned(name.to_owned()),
        };
        headers.push((name, Cow::Owned(value.to_owned())));
    }
    Some(RawEvent {
        subject: event.subject.to_owned(),
        headers,
        body: event.body.to_vec(),
    })
}

/// An event as it stands in a file's bytes: nothing is copied.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct EventRef<'a> {
    pub(crate) subject: &'a str,
    pub(crate) body: &'a [u8],
    /// The shape behind the subject's length.
    headers: &'a [u8],
    /// The texts behind the subject.
    texts: &'a str,
}

impl<'a> EventRef<'a> {
    /// `None` when the bytes are not an event.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = bytes;
        let shape = take_number(&mut rest)?;
        let texts = take_number(&mut rest)?;
        let (mut shape, rest) = rest.split_at_checked(shape)?;
        let (texts, body) = rest.split_at_checked(texts)?;
        let texts = std::str::from_utf8(texts).ok()?;
        let (subject, texts) = texts.split_at_checked(take_number(&mut shape)?)?;
        let event = Self {
            subject,
            body,
            headers: shape,
            texts,
        };
        let mut fields = event.fields();
        while fields.next().is_some() {}
        // Nothing is left over, and nothing was cut off.
        (fields.shape.is_empty() && fields.texts.is_empty()).then_some(event)
    }

    /// Names and values, in order.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        self.fields().map(|(name, value)| match name {
            Name::Known(name) | Name::Other(name) => (name, value),
        })
    }

    /// The value of a header, as [`RawEvent::header`].
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "for whoever reads events where they stand")
    )]
    pub(crate) fn header(&self, name: &str) -> Option<&'a str> {
        self.headers()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    fn fields(&self) -> Fields<'a> {
        Fields {
            shape: self.headers,
            texts: self.texts,
        }
    }
}

impl EventView for EventRef<'_> {
    fn subject(&self) -> &str {
        self.subject
    }

    fn header(&self, name: &str) -> Option<&str> {
        EventRef::header(self, name)
    }

    fn body(&self) -> &[u8] {
        self.body
    }
}

enum Name<'a> {
    Known(&'static str),
    Other(&'a str),
}

/// The headers that are still to be read; it stops at the first one that does not read.
struct Fields<'a> {
    shape: &'a [u8],
    texts: &'a str,
}

impl<'a> Iterator for Fields<'a> {
    type Item = (Name<'a>, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let (code, mut shape) = self.shape.split_first()?;
        let mut texts = self.texts;
        let name = if *code == WRITTEN_OUT {
            let (name, rest) = texts.split_at_checked(take_number(&mut shape)?)?;
            texts = rest;
            Name::Other(name)
        } else {
            Name::Known(KNOWN.get(usize::from(*code) - 1)?)
        };
        let (value, texts) = texts.split_at_checked(take_number(&mut shape)?)?;
        (self.shape, self.texts) = (shape, texts);
        Some((name, value))
    }
}

/// The code of a name. `guess` is the place where it probably is.
fn code_of(name: &str, guess: usize) -> Option<u8> {
    let place = match KNOWN.get(guess) {
        Some(known) if *known == name => guess,
        _ => KNOWN.iter().position(|known| *known == name)?,
    };
    u8::try_from(place + 1).ok()
}

/// Lengths of events: an event is far smaller than 4 GiB.
fn push_number(number: usize, out: &mut Vec<u8>) {
    let mut rest = u32::try_from(number).unwrap_or(u32::MAX);
    loop {
        let [low, ..] = rest.to_le_bytes();
        rest >>= 7;
        if rest == 0 {
            out.push(low & 0x7f);
            return;
        }
        out.push(low | 0x80);
    }
}

fn take_number(bytes: &mut &[u8]) -> Option<usize> {
    let mut number = 0;
    for place in 0..5 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            let number = u32::try_from(number).ok()?;
            return usize::try_from(number).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests;
