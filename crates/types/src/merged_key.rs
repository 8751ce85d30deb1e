use std::fmt;
use std::str::FromStr;

use crate::{ConversationId, Seq};

/// By which merged messages are read that are too many to be shown with their message (`JsonMsgKey`
/// of the server API): which element it is of which message. Written `<element>.<seq>.<conversation>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedKey {
    pub conversation: ConversationId,
    pub seq: Seq,
    /// The element's place in the message, from 0.
    pub at: usize,
}

/// A text is no key of merged messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key of merged messages is as JsonMsgKey gives it")]
pub struct MergedKeyError;

impl fmt::Display for MergedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            conversation,
            seq,
            at,
        } = self;
        write!(f, "{at}.{seq}.{conversation}")
    }
}

impl FromStr for MergedKey {
    type Err = MergedKeyError;

    fn from_str(text: &str) -> Result<Self, MergedKeyError> {
        let mut parts = text.splitn(3, '.');
        let mut part = || parts.next().ok_or(MergedKeyError);
        let at = part()?.parse().map_err(|_| MergedKeyError)?;
        let seq = part()?.parse().map(Seq).map_err(|_| MergedKeyError)?;
        let conversation = part()?.parse().map_err(|_| MergedKeyError)?;
        Ok(Self {
            conversation,
            seq,
            at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_as_it_is_written() {
        for conversation in ["c2c:a.b:c%20d", "group:team.1", "topic:%40TGS%23_a:b"] {
            let key = MergedKey {
                conversation: conversation.parse().expect("a conversation"),
                seq: Seq(42),
                at: 3,
            };
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        for text in [
            "",
            "1",
            "1.2",
            "1.2.x",
            "a.2.group:t",
            "1.b.group:t",
            "-1.2.group:t",
        ] {
            assert_eq!(text.parse::<MergedKey>(), Err(MergedKeyError), "{text}");
        }
    }
}
