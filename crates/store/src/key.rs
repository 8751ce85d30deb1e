//! Keys: app and partition first, fixed-width big-endian numbers, texts closed by a zero byte, so that scans are
//! ranges and key order is value order. Texts are printable ASCII (ids), so none holds the zero.

use hansard_types::{AppId, ConversationId, GroupId, LogId, TopicId, UserId};

/// Builds a key from its parts, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(Vec<u8>);

impl Key {
    /// Every key begins with its log: the app, so that an app is one range, and its partition.
    #[must_use]
    pub fn of(log: LogId) -> Self {
        let LogId { app, partition } = log;
        let mut bytes = Vec::with_capacity(64);
        bytes.extend_from_slice(&app.0.to_be_bytes());
        Self(bytes).u16(partition)
    }

    #[must_use]
    pub fn u64(mut self, number: u64) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    #[must_use]
    pub fn u32(mut self, number: u32) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    #[must_use]
    pub fn u16(mut self, number: u16) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    /// A text and its closing zero byte.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        debug_assert!(
            !text.as_bytes().contains(&0),
            "a key's text holds no zero byte"
        );
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(0);
        self
    }

    /// A conversation: its kind, then its ids.
    #[must_use]
    pub fn conversation(mut self, conversation: &ConversationId) -> Self {
        match conversation {
            ConversationId::C2c(one, other) => {
                self.0.push(b'c');
                self.text(one.as_str()).text(other.as_str())
            }
            ConversationId::Group(group) => {
                self.0.push(b'g');
                self.text(group.as_str())
            }
            ConversationId::Topic(group, topic) => self.topics(group).text(topic.as_str()),
        }
    }

    /// What all conversations of a group's topics begin with.
    #[must_use]
    pub fn topics(mut self, group: &GroupId) -> Self {
        self.0.push(b't');
        self.text(group.as_str())
    }

    #[must_use]
    pub fn bytes(self) -> Vec<u8> {
        self.0
    }
}

/// Takes a key apart again, in order. Every method is `None` when what is left does not begin with
/// such a part.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a>(&'a [u8]);

impl<'a> Parts<'a> {
    #[must_use]
    pub fn of(key: &'a [u8]) -> Self {
        Self(key)
    }

    pub fn log(&mut self) -> Option<LogId> {
        let app = self.u32().map(AppId)?;
        Some(LogId::new(app, self.u16()?))
    }

    pub fn u64(&mut self) -> Option<u64> {
        let (head, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_be_bytes(*head))
    }

    pub fn u32(&mut self) -> Option<u32> {
        let (head, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*head))
    }

    pub fn u16(&mut self) -> Option<u16> {
        let (head, rest) = self.0.split_first_chunk::<2>()?;
        self.0 = rest;
        Some(u16::from_be_bytes(*head))
    }

    pub fn text(&mut self) -> Option<&'a str> {
        let end = self.0.iter().position(|byte| *byte == 0)?;
        let text = std::str::from_utf8(&self.0[..end]).ok()?;
        self.0 = &self.0[end + 1..];
        Some(text)
    }

    /// What [`Key::conversation`] wrote.
    pub fn conversation(&mut self) -> Option<ConversationId> {
        let (kind, rest) = self.0.split_first()?;
        self.0 = rest;
        match kind {
            b'c' => {
                let one = UserId::new(self.text()?).ok()?;
                let other = UserId::new(self.text()?).ok()?;
                (one <= other).then_some(ConversationId::C2c(one, other))
            }
            b'g' => GroupId::new(self.text()?).ok().map(ConversationId::Group),
            b't' => {
                let group = GroupId::new(self.text()?).ok()?;
                let topic = TopicId::new(self.text()?).ok()?;
                Some(ConversationId::Topic(group, topic))
            }
            _ => None,
        }
    }

    /// Whether every part was taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests;
