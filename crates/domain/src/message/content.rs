//! What is said.

use hansard_events::message::{ContentDigest, Element};
use hansard_types::{Reason, limits};

use super::elements;

/// What is said, whoever says it and wherever.
#[derive(Debug, Clone)]
pub struct Content {
    pub elements: Vec<Element>,
    pub cloud_custom_data: Option<String>,
    /// Not counted as unread.
    pub no_unread: bool,
    /// Does not become the conversation's last message.
    pub no_last: bool,
    /// Clients may keep keys and values with it.
    pub extensible: bool,
    /// How it is shown to who is not there: `OfflinePushInfo` of the server API as JSON.
    pub offline_push: Option<String>,
}

impl Content {
    /// A plain text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self {
            elements: vec![Element::text(text)],
            cloud_custom_data: None,
            no_unread: false,
            no_last: false,
            extensible: false,
            offline_push: None,
        }
    }

    /// The bytes that count towards the message limit: the elements and the custom data.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        let elements: usize = self.elements.iter().map(Element::size_bytes).sum();
        elements + self.cloud_custom_data.as_ref().map_or(0, String::len)
    }

    /// What tells it from another content.
    #[must_use]
    pub fn digest(&self) -> ContentDigest {
        ContentDigest::of(&self.elements, self.cloud_custom_data.as_deref())
    }

    pub(super) fn check(&self) -> Result<(), Reason> {
        if self.size_bytes() > limits::MESSAGE_BYTES_MAX {
            return Err(Reason::MessageTooLarge);
        }
        elements::check(&self.elements)
    }
}
