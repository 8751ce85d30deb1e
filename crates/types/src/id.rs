use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::limits::{GROUP_ID_BYTES_MAX, TOPIC_ID_BYTES_MAX, USER_ID_BYTES_MAX};

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error("an id may not be empty")]
    Empty,
    #[error("an id is at most {max} bytes, this one is {actual}")]
    TooLong { max: usize, actual: usize },
    #[error("an id holds printable ASCII (0x20 to 0x7e) only")]
    NotPrintable,
}

fn check(text: &str, bytes_max: usize) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    if text.len() > bytes_max {
        return Err(IdError::TooLong {
            max: bytes_max,
            actual: text.len(),
        });
    }
    if !text.bytes().all(|byte| (0x20..=0x7e).contains(&byte)) {
        return Err(IdError::NotPrintable);
    }
    Ok(())
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $max:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
        #[schemars(transparent)]
        pub struct $name(
            #[schemars(with = "String", length(min = 1, max = $max), regex(pattern = "^[ -~]+$"))]
            Arc<str>,
        );

        impl $name {
            /// Checks the text.
            ///
            /// # Errors
            /// [`IdError`] when it is empty, too long or not printable ASCII.
            pub fn new(text: &str) -> Result<Self, IdError> {
                check(text, $max)?;
                Ok(Self(Arc::from(text)))
            }

            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::new(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

text_id!(
    /// An account of an app: 1 to 32 bytes of printable ASCII.
    UserId,
    USER_ID_BYTES_MAX
);
text_id!(
    /// A group of an app: 1 to 48 bytes of printable ASCII.
    GroupId,
    GROUP_ID_BYTES_MAX
);
text_id!(
    /// A topic within its group: 1 to 48 bytes of printable ASCII. The server API's `TopicId` is
    /// the GroupId, `@TOPIC#_` and this.
    TopicId,
    TOPIC_ID_BYTES_MAX
);

/// An app (`sdkappid`): a tenant with a log of its own. Zero is not an app.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(transparent)]
pub struct AppId(pub u32);

impl fmt::Display for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_at_its_limit_is_taken_and_one_byte_more_is_refused() {
        assert!(UserId::new(&"u".repeat(32)).is_ok());
        assert_eq!(
            UserId::new(&"u".repeat(33)),
            Err(IdError::TooLong {
                max: 32,
                actual: 33
            })
        );
        assert!(GroupId::new(&"g".repeat(48)).is_ok());
        assert!(GroupId::new(&"g".repeat(49)).is_err());
    }

    #[test]
    fn empty_control_and_wide_characters_are_refused() {
        assert_eq!(UserId::new(""), Err(IdError::Empty));
        assert_eq!(UserId::new("a\u{7f}"), Err(IdError::NotPrintable));
        assert_eq!(UserId::new("a\n"), Err(IdError::NotPrintable));
        assert_eq!(UserId::new("박"), Err(IdError::NotPrintable));
    }

    #[test]
    fn a_bad_id_does_not_deserialise() {
        assert!(serde_json::from_str::<UserId>("\"\"").is_err());
        assert!(serde_json::from_str::<UserId>("\"bob\"").is_ok());
    }
}
