//! What is said.

use hansard_events::message::{ContentDigest, Element};
use hansard_types::{Reason, limits};

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
}

impl Content {
    /// A plain text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self {
            elements: vec![Element::Text {
                text: text.to_owned(),
            }],
            cloud_custom_data: None,
            no_unread: false,
            no_last: false,
            extensible: false,
        }
    }

    /// The bytes that count towards the message limit: the texts of the elements and the custom
    /// data.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        let elements: usize = self
            .elements
            .iter()
            .map(|element| match element {
                Element::Text { text } => text.len(),
                Element::Face { data, .. } => data.len(),
                Element::Custom {
                    data,
                    desc,
                    ext,
                    sound,
                } => data.len() + desc.len() + ext.len() + sound.len(),
            })
            .sum();
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
        Ok(())
    }
}
