use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hansard_types::{ConversationId, Seq, Timestamp};

use crate::{Error, Hit};

/// What the first byte says, so that another form can be told apart one day.
const FORM: u8 = 1;
/// Far above the longest conversation, so that no long text is decoded for nothing.
const TEXT_BYTES_MAX: usize = 1024;

/// Where a page of hits ended: the last hit's place in the order. Written as URL-safe text that
/// callers do not look into.
///
/// It names a message and not a number of hits to skip, so messages that come or go between two
/// pages neither double nor hide a hit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    pub(crate) sent_at: Timestamp,
    pub(crate) conversation: ConversationId,
    pub(crate) seq: Seq,
}

impl Cursor {
    pub(crate) fn at(hit: &Hit) -> Self {
        Self {
            sent_at: hit.sent_at,
            conversation: hit.conversation.clone(),
            seq: hit.seq,
        }
    }
}

/// The place of a message in the order of hits, least first: the newest, then by conversation as
/// written, then the higher seq. Total, because conversation and seq identify a message.
pub(crate) fn order(
    sent_at: Timestamp,
    conversation: &str,
    seq: Seq,
) -> (Reverse<Timestamp>, &str, Reverse<Seq>) {
    (Reverse(sent_at), conversation, Reverse(seq))
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let conversation = self.conversation.to_string();
        let mut bytes = Vec::with_capacity(17 + conversation.len());
        bytes.push(FORM);
        bytes.extend_from_slice(&self.sent_at.0.to_be_bytes());
        bytes.extend_from_slice(&self.seq.0.to_be_bytes());
        bytes.extend_from_slice(conversation.as_bytes());
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for Cursor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(Error::CursorMalformed);
        }
        decode(text).ok_or(Error::CursorMalformed)
    }
}

fn decode(text: &str) -> Option<Cursor> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    let (form, rest) = bytes.split_first()?;
    if *form != FORM {
        return None;
    }
    let (sent_at, rest) = rest.split_first_chunk()?;
    let (seq, conversation) = rest.split_first_chunk()?;
    Some(Cursor {
        sent_at: Timestamp(u64::from_be_bytes(*sent_at)),
        seq: Seq(u64::from_be_bytes(*seq)),
        conversation: std::str::from_utf8(conversation).ok()?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_being_written_and_read() {
        for conversation in ["c2c:alice:bob", "group:%40TGS%231", "c2c:a%3Ab:c"] {
            let cursor = Cursor {
                sent_at: Timestamp(u64::MAX),
                conversation: conversation.parse().expect("a valid conversation"),
                seq: Seq(7),
            };
            let text = cursor.to_string();
            let url_safe = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
            assert!(text.bytes().all(url_safe), "{text}");
            assert_eq!(text.parse::<Cursor>().ok(), Some(cursor));
        }
    }

    #[test]
    fn a_malformed_cursor_is_an_error_value() {
        let short = BASE64_URL_SAFE_NO_PAD.encode([FORM; 9]);
        let other_form = BASE64_URL_SAFE_NO_PAD.encode([&[9; 17][..], b"group:a"].concat());
        let no_conversation = BASE64_URL_SAFE_NO_PAD.encode([&[FORM; 17][..], b"group:"].concat());
        let long = "A".repeat(TEXT_BYTES_MAX + 1);
        for text in [
            "",
            "1",
            "%%%",
            "会",
            &short,
            &other_form,
            &no_conversation,
            &long,
        ] {
            assert!(
                matches!(text.parse::<Cursor>(), Err(Error::CursorMalformed)),
                "{text}"
            );
        }
    }
}
