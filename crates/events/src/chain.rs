//! The hash chain: each event carries a SHA-256 over the previous event's chain value, its own
//! subject, identity headers and a commitment to its body. JetStream was measured to lose or
//! renumber events silently after disk corruption; the chain is how we, and auditors, notice.
//!
//! The commitment is a SHA-256 over a random salt and the body. When an event's content is erased,
//! salt and body go and the commitment takes their place: the chain still verifies, and without
//! the salt nobody can guess a short text from its digest.

use hansard_types::LogId;
use sha2::{Digest, Sha256};

use crate::EventRef;
use crate::raw_event::{Known, at};

/// A chain value.
pub type Chain = [u8; 32];

/// What goes before a body in its commitment: random, so that a digest tells nothing of the body.
pub type Salt = [u8; 16];

/// The SHA-256 over a salt and a body.
pub type Commitment = [u8; 32];

/// The headers that the chain covers, in this order. Absent ones count as empty.
const COVERED: [usize; 8] = [
    at::ID,
    at::TYPE,
    at::SOURCE,
    at::TIME,
    at::SCHEMA,
    at::ACTOR,
    at::CORRELATION,
    at::CAUSATION,
];

/// The value before a log's first event: each log has its own, so events cannot be moved between
/// logs.
#[must_use]
pub fn genesis(log: LogId) -> Chain {
    let mut hashed = Hashed::default();
    hashed.field(b"hansard chain 2");
    hashed.field(log.stream_name().as_bytes());
    hashed.finish()
}

/// What an event's chain value holds of a body.
#[must_use]
pub fn commitment(salt: &Salt, body: &[u8]) -> Commitment {
    let mut hash = Sha256::new();
    hash.update(salt);
    hash.update(body);
    hash.finalize().into()
}

/// The commitment of an event: made from its salt and body, or what is left of them when its
/// content was erased. `None` when the event holds neither, or both.
#[must_use]
pub fn commitment_of<'a>(event: impl Into<EventRef<'a>>) -> Option<Commitment> {
    let event = event.into();
    commitment_in(&event.known(), event.body)
}

fn commitment_in(headers: &Known<'_>, body: &[u8]) -> Option<Commitment> {
    match (headers.get(at::SALT), headers.get(at::COMMITMENT)) {
        (Some(salt), None) => Some(commitment(&salt_from_hex(salt)?, body)),
        (None, Some(kept)) if body.is_empty() => from_hex(kept),
        (None | Some(_), None | Some(_)) => None,
    }
}

/// The value after an event, computed from what it says (not from its own chain header). `None`
/// when it holds neither a body with its salt nor the commitment of an erased one.
#[must_use]
pub fn next<'a>(previous: &Chain, event: impl Into<EventRef<'a>>) -> Option<Chain> {
    let event = event.into();
    let headers = event.known();
    let commitment = commitment_in(&headers, event.body)?;
    let mut hashed = Hashed::default();
    hashed.push(previous);
    hashed.field(event.subject.as_bytes());
    for place in COVERED {
        let value = headers.get(place).unwrap_or_default();
        hashed.field(value.as_bytes());
    }
    hashed.field(&commitment);
    Some(hashed.finish())
}

/// What most events' identities fit into.
const HASHED_BYTES: usize = 512;

/// What goes into one digest. Hashing each short field on its own costs more than copying it.
struct Hashed {
    digest: Sha256,
    /// The beginning of it is not digested yet.
    copied: [u8; HASHED_BYTES],
    length: usize,
}

impl Default for Hashed {
    fn default() -> Self {
        Self {
            digest: Sha256::new(),
            copied: [0; HASHED_BYTES],
            length: 0,
        }
    }
}

impl Hashed {
    /// A length goes before each field, so no two different events hash the same text.
    fn field(&mut self, bytes: &[u8]) {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.push(&length.to_be_bytes());
        self.push(bytes);
    }

    fn push(&mut self, bytes: &[u8]) {
        if self.length + bytes.len() > HASHED_BYTES {
            self.digest.update(&self.copied[..self.length]);
            self.length = 0;
        }
        match self.copied[self.length..].get_mut(..bytes.len()) {
            Some(place) => {
                place.copy_from_slice(bytes);
                self.length += bytes.len();
            }
            None => self.digest.update(bytes),
        }
    }

    fn finish(&mut self) -> Chain {
        self.digest.update(&self.copied[..self.length]);
        self.digest.finalize_reset().into()
    }
}

/// Lower-case hex.
#[must_use]
pub fn to_hex(bytes: &[u8]) -> String {
    let mut text = vec![0; 2 * bytes.len()];
    put_hex(bytes, &mut text).to_owned()
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Lower-case hex in the place of as many digits.
pub(crate) fn put_hex<'a>(bytes: &[u8], place: &'a mut [u8]) -> &'a str {
    for (digits, byte) in place.chunks_exact_mut(2).zip(bytes) {
        digits[0] = DIGITS[usize::from(byte >> 4)];
        digits[1] = DIGITS[usize::from(byte & 15)];
    }
    std::str::from_utf8(place).expect("digits are a text")
}

/// Reads the 64 hex digits of a chain value or a commitment.
#[must_use]
pub fn from_hex(text: &str) -> Option<Chain> {
    bytes_from_hex(text)
}

/// Reads the 32 hex digits of a salt.
#[must_use]
pub fn salt_from_hex(text: &str) -> Option<Salt> {
    bytes_from_hex(text)
}

/// Lower-case digits only: what is read is written again in the same way.
fn bytes_from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    // Every event is read through here several times: a table, and one check at the end.
    let (mut bytes, mut all) = ([0; N], 0);
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let (high, low) = (VALUES[usize::from(pair[0])], VALUES[usize::from(pair[1])]);
        all |= high | low;
        *byte = high << 4 | low & 15;
    }
    (all < NOT_A_DIGIT).then_some(bytes)
}

const NOT_A_DIGIT: u8 = 16;

/// What each byte means as a digit.
const VALUES: [u8; 256] = {
    let mut values = [NOT_A_DIGIT; 256];
    let mut value = 0;
    while value < 16 {
        values[DIGITS[value as usize] as usize] = value;
        value += 1;
    }
    values
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_written_is_read_as_hex() {
        let value: Chain = std::array::from_fn(|at| u8::try_from(at * 8 + 7).expect("small"));
        let text = to_hex(&value);
        assert_eq!(from_hex(&text), Some(value));
        assert_eq!(from_hex(&text.to_uppercase()), None);
        assert_eq!(from_hex(&text[2..]), None);
        for other in (0..=u8::MAX).map(char::from) {
            let read = from_hex(&format!("{other}{}", &text[other.len_utf8()..]));
            let is_digit = matches!(other, '0'..='9' | 'a'..='f');
            assert_eq!(read.is_some(), is_digit, "{other:?}");
        }
    }
}
