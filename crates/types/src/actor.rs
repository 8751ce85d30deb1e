use crate::UserId;

/// Who acts. What a command may do is decided from it; a surface only says who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// The server itself, by its operator's word.
    System,
    /// A take-over of recorded chat, by an administrator's word.
    Import(UserId),
    /// An administrator of the app, in anyone's name.
    Administrator(UserId),
    /// An account, in its own name.
    Account(UserId),
}

impl Actor {
    /// What events name as their actor.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::System => "hansard",
            Self::Import(user) | Self::Administrator(user) | Self::Account(user) => user.as_str(),
        }
    }
}
