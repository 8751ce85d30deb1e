//! An event in one buffer. It is written once, when it is decided: it is hashed from these bytes,
//! sent to the log from them, and put into the files that are ours (the journal and the archive)
//! as they are.
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

use std::fmt;

use crate::chain::{self, Chain};
use crate::envelope::header;

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
/// What the two lengths before the shape take at most.
const LENGTHS_BYTES_MAX: usize = 10;

/// An event as the log holds it: a subject, headers (names of [`header`], each at most once, plus
/// whatever the log itself added) and a body. `Debug` hides the body.
#[derive(Clone, PartialEq, Eq)]
pub struct RawEvent {
    bytes: Vec<u8>,
}

impl RawEvent {
    /// The event with these parts.
    #[must_use]
    pub fn new<'a>(
        subject: &str,
        headers: impl Iterator<Item = (&'a str, &'a str)> + Clone,
        body: &[u8],
    ) -> Self {
        // Headers mostly come in the list's order.
        let coded = headers.scan(0, |guess, (name, value)| {
            let code = code_of(name, *guess);
            *guess = code.map_or(*guess, usize::from);
            Some((code.unwrap_or(WRITTEN_OUT), name, value))
        });
        let mut bytes = Vec::new();
        write_head(subject, coded, body.len(), &mut bytes);
        bytes.extend_from_slice(body);
        Self { bytes }
    }

    /// The event that a file holds in these bytes; `None` when they are not one.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        EventRef::parse(bytes)?;
        Some(Self {
            bytes: bytes.to_vec(),
        })
    }

    /// One that [`write_head`] and whoever wrote the body have made.
    pub(crate) fn written(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }

    /// Writes the chain value over the one that the head ends with.
    pub(crate) fn set_chain(&mut self, head_bytes: usize, chain: &Chain) {
        let digits = head_bytes - 2 * chain.len();
        chain::put_hex(chain, &mut self.bytes[digits..head_bytes]);
    }

    /// The one buffer, as the files hold it.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its parts.
    ///
    /// # Panics
    /// Never: its bytes were written here, or were checked when they were read.
    #[must_use]
    pub fn view(&self) -> EventRef<'_> {
        EventRef::split(&self.bytes).expect("the bytes are an event")
    }

    #[must_use]
    pub fn subject(&self) -> &str {
        self.view().subject
    }

    #[must_use]
    pub fn body(&self) -> &[u8] {
        let (_, _, body) = parts(&self.bytes).expect("the bytes are an event");
        body
    }

    /// Names and values, in order.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        self.view().headers()
    }

    /// The value of a header, as it is written.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.view().header(name)
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
        let is_content = |name: &str| name == header::SALT || name == header::COMMITMENT;
        let mut headers: Vec<(&str, &str)> = self
            .headers()
            .filter(|(name, _)| !is_content(name))
            .collect();
        headers.push((header::COMMITMENT, &commitment));
        headers.sort_by_key(|(name, _)| header::ALL.iter().position(|known| known == name));
        Some(Self::new(self.subject(), headers.into_iter(), &[]))
    }

    /// About how many bytes it takes in the log.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        let event = self.view();
        let headers: usize = event.headers().map(|(k, v)| k.len() + v.len() + 4).sum();
        event.subject.len() + headers + event.body.len()
    }
}

impl fmt::Debug for RawEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let event = self.view();
        f.debug_struct("RawEvent")
            .field("subject", &event.subject)
            .field("id", &event.header(header::ID))
            .field("body_bytes", &event.body.len())
            .finish_non_exhaustive()
    }
}

/// An event as it stands in someone's bytes: nothing is copied.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct EventRef<'a> {
    pub subject: &'a str,
    pub body: &'a [u8],
    /// The shape behind the subject's length.
    headers: &'a [u8],
    /// The texts behind the subject.
    texts: &'a str,
}

impl<'a> EventRef<'a> {
    /// `None` when the bytes are not an event.
    #[must_use]
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let event = Self::split(bytes)?;
        let mut fields = event.fields();
        while fields.next().is_some() {}
        // Nothing is left over, and nothing was cut off.
        (fields.shape.is_empty() && fields.texts.is_empty()).then_some(event)
    }

    /// Does not look at the headers.
    fn split(bytes: &'a [u8]) -> Option<Self> {
        let (mut shape, texts, body) = parts(bytes)?;
        let texts = std::str::from_utf8(texts).ok()?;
        let (subject, texts) = texts.split_at_checked(take_number(&mut shape)?)?;
        Some(Self {
            subject,
            body,
            headers: shape,
            texts,
        })
    }

    /// Names and values, in order.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, &'a str)> + Clone + use<'a> {
        self.fields().map(|(_, name, value)| (name, value))
    }

    /// The value of a header, as it is written: see [`crate::text_of_header`] for what can be free text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a str> {
        let wanted = code_of(name, 0).unwrap_or(WRITTEN_OUT);
        let is_it = |(code, key, _): &(u8, &str, &str)| {
            let is_certain = *code != WRITTEN_OUT && wanted != WRITTEN_OUT;
            if is_certain {
                *code == wanted
            } else {
                key.eq_ignore_ascii_case(name)
            }
        };
        self.fields().find(is_it).map(|(_, _, value)| value)
    }

    /// The values of all headers that are known, found in one go.
    pub(crate) fn known(&self) -> Known<'a> {
        let mut values = [None; KNOWN.len()];
        for (code, name, value) in self.fields() {
            let is_it = |known: &&str| known.eq_ignore_ascii_case(name);
            let place = match usize::from(code).checked_sub(1) {
                None => KNOWN.iter().position(is_it),
                place => place,
            };
            if let Some(held) = place.and_then(|place| values.get_mut(place)) {
                *held = held.or(Some(value));
            }
        }
        Known(values)
    }

    fn fields(&self) -> Fields<'a> {
        Fields {
            shape: self.headers,
            texts: self.texts,
        }
    }
}

/// Shape, texts and body.
fn parts(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let mut rest = bytes;
    let shape = take_number(&mut rest)?;
    let texts = take_number(&mut rest)?;
    let (shape, rest) = rest.split_at_checked(shape)?;
    let (texts, body) = rest.split_at_checked(texts)?;
    Some((shape, texts, body))
}

impl<'a> From<&'a RawEvent> for EventRef<'a> {
    fn from(event: &'a RawEvent) -> Self {
        event.view()
    }
}

/// The headers that are still to be read; it stops at the first one that does not read.
#[derive(Clone)]
struct Fields<'a> {
    shape: &'a [u8],
    texts: &'a str,
}

impl<'a> Iterator for Fields<'a> {
    /// The name's code, the name and the value.
    type Item = (u8, &'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let (code, mut shape) = self.shape.split_first()?;
        let mut texts = self.texts;
        let name = if *code == WRITTEN_OUT {
            let (name, rest) = texts.split_at_checked(take_number(&mut shape)?)?;
            texts = rest;
            name
        } else {
            KNOWN.get(usize::from(*code) - 1)?
        };
        let (value, texts) = texts.split_at_checked(take_number(&mut shape)?)?;
        (self.shape, self.texts) = (shape, texts);
        Some((*code, name, value))
    }
}

/// The values of the headers of an event, each in the place of its name among those known.
pub(crate) struct Known<'a>([Option<&'a str>; KNOWN.len()]);

impl<'a> Known<'a> {
    /// The value of the header that is [`at`] a place.
    pub(crate) fn get(&self, place: usize) -> Option<&'a str> {
        self.0[place]
    }
}

/// Where each name is in the list.
pub(crate) mod at {
    use super::{header, place};

    pub(crate) const ID: usize = place(header::ID);
    pub(crate) const TYPE: usize = place(header::TYPE);
    pub(crate) const SOURCE: usize = place(header::SOURCE);
    pub(crate) const TIME: usize = place(header::TIME);
    pub(crate) const SPECVERSION: usize = place(header::SPECVERSION);
    pub(crate) const DATACONTENTTYPE: usize = place(header::DATACONTENTTYPE);
    pub(crate) const SCHEMA: usize = place(header::SCHEMA);
    pub(crate) const ACTOR: usize = place(header::ACTOR);
    pub(crate) const CORRELATION: usize = place(header::CORRELATION);
    pub(crate) const CAUSATION: usize = place(header::CAUSATION);
    pub(crate) const SALT: usize = place(header::SALT);
    pub(crate) const COMMITMENT: usize = place(header::COMMITMENT);
    pub(crate) const CHAIN: usize = place(header::CHAIN);
}

/// A name that is not in the list does not compile.
const fn place(name: &str) -> usize {
    let mut place = 0;
    while !is_same(KNOWN[place].as_bytes(), name.as_bytes()) {
        place += 1;
    }
    place
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

/// A header whose name is [`at`] a place.
pub(crate) fn known(place: usize, value: &str) -> (u8, &str, &str) {
    (code_at(place), KNOWN[place], value)
}

/// Writes everything of an event but its body, for which it makes room. Headers come with the
/// codes of their names.
pub(crate) fn write_head<'a>(
    subject: &str,
    headers: impl Iterator<Item = (u8, &'a str, &'a str)> + Clone,
    body_bytes: usize,
    out: &mut Vec<u8>,
) {
    let (mut shape, mut texts) = (number_bytes(subject.len()), subject.len());
    for (code, name, value) in headers.clone() {
        if code == WRITTEN_OUT {
            shape += number_bytes(name.len());
            texts += name.len();
        }
        shape += 1 + number_bytes(value.len());
        texts += value.len();
    }
    out.reserve_exact(LENGTHS_BYTES_MAX + shape + texts + body_bytes);
    push_number(shape, out);
    push_number(texts, out);
    push_number(subject.len(), out);
    for (code, name, value) in headers.clone() {
        out.push(code);
        if code == WRITTEN_OUT {
            push_number(name.len(), out);
        }
        push_number(value.len(), out);
    }
    out.extend_from_slice(subject.as_bytes());
    for (code, name, value) in headers {
        if code == WRITTEN_OUT {
            out.extend_from_slice(name.as_bytes());
        }
        out.extend_from_slice(value.as_bytes());
    }
}

/// The code of a name. `guess` is the place where it probably is.
fn code_of(name: &str, guess: usize) -> Option<u8> {
    let place = match KNOWN.get(guess) {
        Some(known) if *known == name => guess,
        _ => KNOWN.iter().position(|known| *known == name)?,
    };
    Some(code_at(place))
}

fn code_at(place: usize) -> u8 {
    u8::try_from(place + 1).expect("the list is short")
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

/// How many bytes [`push_number`] writes.
fn number_bytes(number: usize) -> usize {
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    number
        .checked_ilog2()
        .map_or(1, |bits| bits as usize / 7 + 1)
}

fn take_number(bytes: &mut &[u8]) -> Option<usize> {
    // Most are short.
    if let [byte @ ..0x80, rest @ ..] = *bytes {
        *bytes = rest;
        return Some(usize::from(*byte));
    }
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
