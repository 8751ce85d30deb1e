use std::collections::BTreeMap;

use hansard_types::{GroupId, Reason, Seq, Timestamp, TopicId, UserId};

use crate::Verb;
use crate::group::AddOutcome;
use crate::message::ExtensionOutcome;
use crate::view::MessageKey;

/// What a command that was not refused is answered with, whichever command it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// There is nothing more to say.
    Done,
    /// A message is in its conversation.
    Sent {
        seq: Seq,
        sent_at: Timestamp,
        /// One-to-one messages only.
        key: Option<MessageKey>,
        /// It was there already: this was a retry.
        duplicate: bool,
    },
    /// A group was spoken in too often: nobody gets it, and nobody keeps it.
    Dropped { at: Timestamp },
    /// Per message: recalled or imported, or why not.
    Recalled(Vec<(Seq, Option<Reason>)>),
    /// Per account, in the order asked.
    Members(Vec<(UserId, AddOutcome)>),
    /// What became of one account.
    Member(AddOutcome),
    /// A group's counters, by key.
    Counters(BTreeMap<String, i64>),
    /// A group exists.
    Group(GroupId),
    /// Per key: what it says now, or why not.
    Extended(Vec<ExtensionOutcome>),
    /// A topic exists.
    Topic(TopicId),
    /// Per topic: destroyed, or why not.
    Topics(Vec<(TopicId, Option<Reason>)>),
    /// Signatures of an account that were issued up to then no longer hold.
    Revoked { issued_up_to_seconds: u64 },
    /// A request to become friends waits for the other's answer.
    Requested,
    /// Per account: done, or why not.
    Relations(Vec<(UserId, Option<Reason>)>),
    /// The reader has read up to here.
    Read { up_to: Seq },
}

/// One command's own kind of reply, on its way through [`Reply`] and back.
pub trait Answer: Sized + Send + 'static {
    fn into_reply(self) -> Reply;
    /// `None` when the reply is of another kind.
    fn from_reply(reply: Reply) -> Option<Self>;
}

/// A command's reply as what that command is answered with. The table of commands has the decider
/// of `V` answer with `V::Reply`, so it is.
///
/// # Panics
/// When the reply is not a `V`'s.
#[must_use]
pub fn reply_to<V: Verb>(reply: Reply) -> V::Reply {
    V::Reply::from_reply(reply).expect("a command is answered with its own kind of reply")
}

/// A one-to-one message is in its conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentC2c {
    pub seq: Seq,
    pub sent_at: Timestamp,
    pub key: MessageKey,
    /// It was there already: this was a retry.
    pub duplicate: bool,
}

/// A message is in its conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentMessage {
    pub seq: Seq,
    pub sent_at: Timestamp,
    /// It was there already: this was a retry.
    pub duplicate: bool,
}

/// What became of a message to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupSend {
    Sent(SentMessage),
    /// The group was spoken in more often than its app lets it: nobody gets it.
    Dropped {
        at: Timestamp,
    },
}

/// Signatures of an account that were issued up to then no longer hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revoked {
    pub issued_up_to_seconds: u64,
}

/// The reader has read up to here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read {
    pub up_to: Seq,
}

/// What became of a wish to be friends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Friendship {
    Made,
    /// A request waits for the other's answer.
    Requested,
}

impl Answer for () {
    fn into_reply(self) -> Reply {
        Reply::Done
    }

    fn from_reply(reply: Reply) -> Option<Self> {
        (reply == Reply::Done).then_some(())
    }
}

impl Answer for SentC2c {
    fn into_reply(self) -> Reply {
        let Self {
            seq,
            sent_at,
            key,
            duplicate,
        } = self;
        Reply::Sent {
            seq,
            sent_at,
            key: Some(key),
            duplicate,
        }
    }

    fn from_reply(reply: Reply) -> Option<Self> {
        let Reply::Sent {
            seq,
            sent_at,
            key: Some(key),
            duplicate,
        } = reply
        else {
            return None;
        };
        Some(Self {
            seq,
            sent_at,
            key,
            duplicate,
        })
    }
}

impl Answer for SentMessage {
    fn into_reply(self) -> Reply {
        let Self {
            seq,
            sent_at,
            duplicate,
        } = self;
        Reply::Sent {
            seq,
            sent_at,
            key: None,
            duplicate,
        }
    }

    fn from_reply(reply: Reply) -> Option<Self> {
        let Reply::Sent {
            seq,
            sent_at,
            key: None,
            duplicate,
        } = reply
        else {
            return None;
        };
        Some(Self {
            seq,
            sent_at,
            duplicate,
        })
    }
}

impl Answer for Friendship {
    fn into_reply(self) -> Reply {
        match self {
            Self::Made => Reply::Done,
            Self::Requested => Reply::Requested,
        }
    }

    fn from_reply(reply: Reply) -> Option<Self> {
        if reply == Reply::Requested {
            return Some(Self::Requested);
        }
        <()>::from_reply(reply).map(|()| Self::Made)
    }
}

impl Answer for GroupSend {
    fn into_reply(self) -> Reply {
        match self {
            Self::Sent(sent) => sent.into_reply(),
            Self::Dropped { at } => Reply::Dropped { at },
        }
    }

    fn from_reply(reply: Reply) -> Option<Self> {
        if let Reply::Dropped { at } = reply {
            return Some(Self::Dropped { at });
        }
        SentMessage::from_reply(reply).map(Self::Sent)
    }
}

impl Answer for Vec<(Seq, Option<Reason>)> {
    fn into_reply(self) -> Reply {
        Reply::Recalled(self)
    }

    fn from_reply(reply: Reply) -> Option<Self> {
        let Reply::Recalled(results) = reply else {
            return None;
        };
        Some(results)
    }
}

impl Answer for Vec<ExtensionOutcome> {
    fn into_reply(self) -> Reply {
        Reply::Extended(self)
    }

    fn from_reply(reply: Reply) -> Option<Self> {
        let Reply::Extended(results) = reply else {
            return None;
        };
        Some(results)
    }
}

impl Answer for Vec<(TopicId, Option<Reason>)> {
    fn into_reply(self) -> Reply {
        Reply::Topics(self)
    }

    fn from_reply(reply: Reply) -> Option<Self> {
        let Reply::Topics(results) = reply else {
            return None;
        };
        Some(results)
    }
}

impl Answer for Vec<(UserId, AddOutcome)> {
    fn into_reply(self) -> Reply {
        Reply::Members(self)
    }

    fn from_reply(reply: Reply) -> Option<Self> {
        let Reply::Members(outcomes) = reply else {
            return None;
        };
        Some(outcomes)
    }
}

impl Answer for BTreeMap<String, i64> {
    fn into_reply(self) -> Reply {
        Reply::Counters(self)
    }

    fn from_reply(reply: Reply) -> Option<Self> {
        let Reply::Counters(counters) = reply else {
            return None;
        };
        Some(counters)
    }
}

impl Answer for AddOutcome {
    fn into_reply(self) -> Reply {
        Reply::Member(self)
    }

    fn from_reply(reply: Reply) -> Option<Self> {
        let Reply::Member(outcome) = reply else {
            return None;
        };
        Some(outcome)
    }
}

impl Answer for Vec<(UserId, Option<Reason>)> {
    fn into_reply(self) -> Reply {
        Reply::Relations(self)
    }

    fn from_reply(reply: Reply) -> Option<Self> {
        let Reply::Relations(outcomes) = reply else {
            return None;
        };
        Some(outcomes)
    }
}

impl Answer for GroupId {
    fn into_reply(self) -> Reply {
        Reply::Group(self)
    }

    fn from_reply(reply: Reply) -> Option<Self> {
        let Reply::Group(group) = reply else {
            return None;
        };
        Some(group)
    }
}

impl Answer for TopicId {
    fn into_reply(self) -> Reply {
        Reply::Topic(self)
    }

    fn from_reply(reply: Reply) -> Option<Self> {
        let Reply::Topic(topic) = reply else {
            return None;
        };
        Some(topic)
    }
}

impl Answer for Revoked {
    fn into_reply(self) -> Reply {
        let Self {
            issued_up_to_seconds,
        } = self;
        Reply::Revoked {
            issued_up_to_seconds,
        }
    }

    fn from_reply(reply: Reply) -> Option<Self> {
        let Reply::Revoked {
            issued_up_to_seconds,
        } = reply
        else {
            return None;
        };
        Some(Self {
            issued_up_to_seconds,
        })
    }
}

impl Answer for Read {
    fn into_reply(self) -> Reply {
        let Self { up_to } = self;
        Reply::Read { up_to }
    }

    fn from_reply(reply: Reply) -> Option<Self> {
        let Reply::Read { up_to } = reply else {
            return None;
        };
        Some(Self { up_to })
    }
}
