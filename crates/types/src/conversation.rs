use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{GroupId, IdError, TopicId, UserId};

/// RFC 3986's unreserved characters stay as they are.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Where messages live: an unordered pair of accounts, a group, or a topic of a community.
///
/// Written `c2c:<UserID>:<UserID>` with the smaller id first, `group:<GroupId>`, or
/// `topic:<GroupId>:<TopicId>`; ids are percent-encoded, so the written form has no spaces and
/// exactly the colons shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(with = "String")]
pub enum ConversationId {
    /// Two accounts; the first is never greater than the second. Both are equal in a
    /// conversation with oneself.
    C2c(UserId, UserId),
    Group(GroupId),
    Topic(GroupId, TopicId),
}

impl ConversationId {
    /// The conversation of two accounts, whatever their order.
    #[must_use]
    pub fn c2c(one: &UserId, other: &UserId) -> Self {
        if one <= other {
            Self::C2c(one.clone(), other.clone())
        } else {
            Self::C2c(other.clone(), one.clone())
        }
    }

    /// Where something is said in a group: in one of its topics, or in the group itself.
    #[must_use]
    pub fn in_group(group: &GroupId, topic: Option<&TopicId>) -> Self {
        match topic {
            None => Self::Group(group.clone()),
            Some(topic) => Self::Topic(group.clone(), topic.clone()),
        }
    }

    /// The group whose members read it; `None` for a one-to-one conversation.
    #[must_use]
    pub fn group(&self) -> Option<&GroupId> {
        match self {
            Self::C2c(..) => None,
            Self::Group(group) | Self::Topic(group, _) => Some(group),
        }
    }

    /// What its events are spread by, over buckets and partitions: a topic stands with its group,
    /// so that who reads a bucket or a partition has the two in one order.
    #[must_use]
    pub fn spread_key(&self) -> String {
        match self {
            Self::Topic(group, _) => Self::Group(group.clone()).to_string(),
            Self::C2c(..) | Self::Group(_) => self.to_string(),
        }
    }

    /// The other account of a one-to-one conversation; `None` for a group or a stranger.
    #[must_use]
    pub fn peer_of(&self, user: &UserId) -> Option<&UserId> {
        match self {
            Self::C2c(one, other) if one == user => Some(other),
            Self::C2c(one, other) if other == user => Some(one),
            Self::C2c(..) | Self::Group(_) | Self::Topic(..) => None,
        }
    }
}

impl fmt::Display for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::C2c(one, other) => write!(
                f,
                "c2c:{}:{}",
                utf8_percent_encode(one.as_str(), ENCODED),
                utf8_percent_encode(other.as_str(), ENCODED)
            ),
            Self::Group(group) => {
                write!(f, "group:{}", utf8_percent_encode(group.as_str(), ENCODED))
            }
            Self::Topic(group, topic) => write!(
                f,
                "topic:{}:{}",
                utf8_percent_encode(group.as_str(), ENCODED),
                utf8_percent_encode(topic.as_str(), ENCODED)
            ),
        }
    }
}

/// Why a text is not a conversation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConversationIdError {
    #[error(
        "a conversation is written group:<GroupId>, topic:<GroupId>:<TopicId> or c2c:<UserID>:<UserID>"
    )]
    Form,
    #[error("the smaller UserID comes first in a c2c conversation")]
    Order,
    #[error(transparent)]
    Id(#[from] IdError),
}

fn decode(text: &str) -> Result<String, ConversationIdError> {
    let decoded = percent_decode_str(text)
        .decode_utf8()
        .map_err(|_| ConversationIdError::Form)?;
    Ok(decoded.into_owned())
}

impl FromStr for ConversationId {
    type Err = ConversationIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, rest) = text.split_once(':').ok_or(ConversationIdError::Form)?;
        match kind {
            "group" => Ok(Self::Group(GroupId::new(&decode(rest)?)?)),
            "topic" => {
                let (group, topic) = rest.split_once(':').ok_or(ConversationIdError::Form)?;
                let group = GroupId::new(&decode(group)?)?;
                Ok(Self::Topic(group, TopicId::new(&decode(topic)?)?))
            }
            "c2c" => {
                let (one, other) = rest.split_once(':').ok_or(ConversationIdError::Form)?;
                let one = UserId::new(&decode(one)?)?;
                let other = UserId::new(&decode(other)?)?;
                if one > other {
                    return Err(ConversationIdError::Order);
                }
                Ok(Self::C2c(one, other))
            }
            _ => Err(ConversationIdError::Form),
        }
    }
}

impl Serialize for ConversationId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ConversationId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_ids_survive_being_written_and_read() {
        for (one, other) in [("a:b", "c d"), ("%", "100%"), ("@TGS#1", "~"), ("me", "me")] {
            let written = ConversationId::c2c(
                &UserId::new(other).expect("valid"),
                &UserId::new(one).expect("valid"),
            );
            let text = written.to_string();
            assert_eq!(text.matches(':').count(), 2, "{text}");
            assert_eq!(text.parse::<ConversationId>(), Ok(written));
        }
        let group = ConversationId::Group(GroupId::new("@TGS#2J4SZ:EAEL").expect("valid"));
        assert_eq!(
            group.to_string().parse::<ConversationId>(),
            Ok(group.clone())
        );
        let (id, part) = (group.group().expect("a group"), TopicId::new("@TOPIC#:1"));
        let topic = ConversationId::in_group(id, part.ok().as_ref());
        assert_eq!(
            topic.to_string(),
            "topic:%40TGS%232J4SZ%3AEAEL:%40TOPIC%23%3A1"
        );
        assert_eq!(topic.spread_key(), group.to_string());
        assert_eq!(topic.to_string().parse::<ConversationId>(), Ok(topic));
    }

    #[test]
    fn the_wrong_order_and_the_wrong_form_are_refused() {
        assert_eq!(
            "c2c:b:a".parse::<ConversationId>(),
            Err(ConversationIdError::Order)
        );
        for text in ["", "group", "c2c:a", "topic:x", "a:b"] {
            assert_eq!(
                text.parse::<ConversationId>(),
                Err(ConversationIdError::Form),
                "{text}"
            );
        }
        assert_eq!(
            "group:".parse::<ConversationId>(),
            Err(IdError::Empty.into())
        );
    }
}
