//! Groups and their rosters.
//!
//! Not here: what is said in a group, and from where its members may read it (conversations).
//!
//! Invariants: `member_count` is the number of the roster's rows; the roster and the list of a
//! user's groups say the same; a dissolved group keeps its profile, so that its id is not used
//! again, and has no members.

mod apply;
mod reader;
#[cfg(test)]
mod tests;

use hansard_events::group::{GroupType, JoinOption, Role};
use hansard_events::{AccountEvent, Event, GroupEvent, MessageEvent, Recorded};
use hansard_projector::Projection;
use hansard_store::key::Key;
use hansard_store::{Access, Overlay, Result, Table};
use hansard_types::{AppId, GroupId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

pub use reader::{Membership, Reader};

pub(crate) static GROUP: Table = Table {
    name: "groups.group_profile",
    kind: 0x0201,
    access: Access::Hot,
};
pub(crate) static MEMBER: Table = Table {
    name: "groups.group_member",
    kind: 0x0202,
    access: Access::Hot,
};
pub(crate) static JOINED: Table = Table {
    name: "groups.user_group",
    kind: 0x0203,
    access: Access::Scan,
};

/// The tables of this projection.
pub static TABLES: &[&Table] = &[&GROUP, &MEMBER, &JOINED];
/// Its stable name.
pub const NAME: &str = "groups";
/// Raised whenever a row, a key or what is written changes.
pub const VERSION: u32 = 2;

/// A group's profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRow {
    pub group_type: GroupType,
    pub name: String,
    pub owner: Option<UserId>,
    pub introduction: String,
    pub notification: String,
    pub face_url: String,
    pub max_members: u32,
    pub member_count: u32,
    pub apply_join_option: JoinOption,
    pub invite_join_option: JoinOption,
    pub mute_all: bool,
    pub created_at: Timestamp,
    /// When the profile last changed.
    pub changed_at: Timestamp,
    pub dissolved: bool,
}

/// A member of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRow {
    pub role: Role,
    pub joined_at: Timestamp,
}

/// Folds group events, and messages that bring their sender in.
#[derive(Debug, Default)]
pub struct Groups;

impl Projection for Groups {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> u32 {
        VERSION
    }

    fn tables(&self) -> &'static [&'static Table] {
        TABLES
    }

    fn apply(
        &self,
        app: AppId,
        recorded: &Recorded,
        event: &Event,
        state: &mut Overlay<'_>,
    ) -> Result<()> {
        let time = recorded.envelope.time;
        match event {
            Event::Group(event) => match event {
                GroupEvent::Created(event) => apply::created(app, event, state),
                GroupEvent::MembersAdded(event) => apply::members_added(app, event, state),
                GroupEvent::MembersRemoved(event) => apply::members_removed(app, event, state),
                GroupEvent::ProfileChanged(event) => {
                    apply::profile_changed(app, event, time, state)
                }
                GroupEvent::Dissolved(event) => apply::dissolved(app, event, time, state),
            },
            Event::Message(event) => match event {
                MessageEvent::Sent(event) => apply::sender_joins(app, event, state),
                MessageEvent::Recalled(_) => Ok(()),
            },
            Event::Account(event) => match event {
                AccountEvent::Deleted(event) => apply::account_deleted(app, event, state),
                AccountEvent::Imported(_)
                | AccountEvent::SignaturesRevoked(_)
                | AccountEvent::Muted(_)
                | AccountEvent::ProfileChanged(_) => Ok(()),
            },
            Event::Conversation(_) | Event::Relation(_) | Event::App(_) => Ok(()),
        }
    }
}

pub(crate) fn group_key(app: AppId, group: &GroupId) -> Vec<u8> {
    Key::of(app).text(group.as_str()).bytes()
}

pub(crate) fn member_key(app: AppId, group: &GroupId, user: &UserId) -> Vec<u8> {
    Key::of(app)
        .text(group.as_str())
        .text(user.as_str())
        .bytes()
}

pub(crate) fn joined_key(app: AppId, user: &UserId, group: &GroupId) -> Vec<u8> {
    Key::of(app)
        .text(user.as_str())
        .text(group.as_str())
        .bytes()
}
