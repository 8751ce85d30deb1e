//! The hash chain: each event carries a SHA-256 over the previous event's chain value, its own
//! subject, identity headers and body. JetStream was measured to lose or renumber events silently
//! after disk corruption; the chain is how we, and auditors, notice.

use hansard_types::LogId;
use sha2::{Digest, Sha256};

use crate::{RawEvent, header};

/// A chain value.
pub type Chain = [u8; 32];

/// The headers that the chain covers, in this order. Absent ones count as empty.
const COVERED: [&str; 8] = [
    header::ID,
    header::TYPE,
    header::SOURCE,
    header::TIME,
    header::SCHEMA,
    header::ACTOR,
    header::CORRELATION,
    header::CAUSATION,
];

/// The value before a log's first event: each log has its own, so events cannot be moved between
/// logs.
#[must_use]
pub fn genesis(log: LogId) -> Chain {
    let mut hashed = Vec::new();
    field(&mut hashed, b"hansard chain 1");
    field(&mut hashed, log.stream_name().as_bytes());
    Sha256::digest(&hashed).into()
}

/// The value after an event, computed from what it says (not from its own chain header).
#[must_use]
pub fn next(previous: &Chain, event: &RawEvent) -> Chain {
    // One digest of everything: hashing each short field on its own costs more than copying it.
    let mut hashed = Vec::with_capacity(previous.len() + event.size_bytes() + LENGTHS_BYTES);
    hashed.extend_from_slice(previous);
    field(&mut hashed, event.subject.as_bytes());
    for name in COVERED {
        field(
            &mut hashed,
            event.header(name).unwrap_or_default().as_bytes(),
        );
    }
    field(&mut hashed, &event.body);
    Sha256::digest(&hashed).into()
}

/// What the lengths of an event's fields take.
const LENGTHS_BYTES: usize = 8 * (COVERED.len() + 2);

/// A length goes before each field, so no two different events hash the same text.
fn field(hashed: &mut Vec<u8>, bytes: &[u8]) {
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    hashed.extend_from_slice(&length.to_be_bytes());
    hashed.extend_from_slice(bytes);
}

/// Lower-case hex.
#[must_use]
pub fn to_hex(chain: &Chain) -> String {
    let mut text = String::with_capacity(2 * chain.len());
    for byte in chain {
        push_hex(&mut text, *byte);
    }
    text
}

/// Two lower-case digits.
pub(crate) fn push_hex(text: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for digit in [byte >> 4, byte & 15] {
        text.push(char::from(DIGITS[usize::from(digit)]));
    }
}

/// Reads 64 hex digits.
#[must_use]
pub fn from_hex(text: &str) -> Option<Chain> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut chain = [0; 32];
    for (index, byte) in chain.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[index * 2..index * 2 + 2], 16).ok()?;
    }
    Some(chain)
}
