//! What the members of a group are told of what happens in it, among its messages.

use hansard_types::{Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{GroupProfileChange, GroupType, Joining, Leaving, Role};

/// A kind of change that members can be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// Members were brought in.
    Invited,
    /// Someone applied, or just joined.
    Joined,
    /// Members were removed, or kept out.
    Removed,
    /// A member left.
    Left,
    Name,
    Introduction,
    Notification,
    FaceUrl,
    Owner,
    MuteAll,
    /// How outsiders or guests come in.
    JoinOption,
    /// Who may not speak for some time.
    MemberMuted,
    /// Who became an administrator of the group, or is none any more.
    MemberRole,
}

/// Whether members are told of something.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Telling {
    /// Nobody is told.
    Off,
    /// Those who are there are told.
    Told,
    /// It is kept among the messages, under a seq of its own.
    Kept,
}

/// What an app has otherwise than the type of group has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoticeSetting {
    pub group_type: GroupType,
    pub kind: NoticeKind,
    pub telling: Telling,
}

/// What a kept notice says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Notice {
    MembersAdded {
        accounts: Vec<UserId>,
        how: Joining,
    },
    MembersRemoved {
        accounts: Vec<UserId>,
        how: Leaving,
    },
    ProfileChanged {
        change: GroupProfileChange,
    },
    OwnerChanged {
        owner: UserId,
    },
    MembersMuted {
        accounts: Vec<UserId>,
        until: Timestamp,
    },
    RoleChanged {
        account: UserId,
        role: Role,
    },
}

impl Notice {
    /// As a read model keeps it.
    ///
    /// # Errors
    /// [`crate::CodecError::Encode`], which would be a mistake of ours.
    pub fn encode(&self) -> Result<Vec<u8>, crate::CodecError> {
        crate::codec::to_bytes(self)
    }

    /// Reads [`Notice::encode`]'s bytes back.
    ///
    /// # Errors
    /// [`crate::CodecError::Decode`] when the bytes are something else.
    pub fn decode(bytes: &[u8]) -> Result<Self, crate::CodecError> {
        crate::codec::from_bytes(bytes)
    }
}
