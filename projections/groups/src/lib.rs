//! Groups and their rosters.
//!
//! Not here: what is said in a group, and from where its members may read it (conversations).
//!
//! Beside the roster stand the mutes of a group and who waits to be let in (`aside`). Who is in a
//! live room stands in that room's other partition (`visits`).
//!
//! Invariants: the roster and the list of a user's groups say the same; `member_count` is the
//! number of the roster's rows; a dissolved group has no members, and keeps its profile until a
//! group is made that has its id.
//!
//! Dissolving a group and deleting an account are one small change each, whatever their size: they
//! make rows void, which nobody sees from then on, and the rows themselves go a few at a time with
//! the events that follow (`sweep`). Until then, an account that was deleted out of more groups
//! than one slice still counts in `member_count` of the rest.

mod apply;
mod aside;
mod extras;
mod marks;
mod reader;
mod sweep;
#[cfg(test)]
mod tests;
mod topics;
mod visits;

use hansard_events::group::{GroupProfile, GroupType, MemberProfile};
use hansard_events::{AccountEvent, Event, GroupEvent, LiveEvent, MessageEvent, Recorded};
use hansard_projector::Projection;
use hansard_store::key::Key;
use hansard_store::{Access, Overlay, Result, Table};
use hansard_types::{GroupId, LogId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::sweep::{SWEEP, Task};

pub use extras::AttributesRow;
pub use reader::{Membership, Page, Reader};
pub use topics::TopicRow;
pub use visits::{VisitRow, Visitors};

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
/// The groups of a user: the roster that it is on.
pub(crate) static JOINED: Table = Table {
    name: "groups.user_group",
    kind: 0x0203,
    access: Access::Scan,
};

/// Until when accounts may not speak in a group, members or not.
pub(crate) static MUTE: Table = Table {
    name: "groups.group_mute",
    kind: 0x0207,
    access: Access::Point,
};
/// Until when accounts are kept out of a group.
pub(crate) static BAN: Table = Table {
    name: "groups.group_ban",
    kind: 0x020a,
    access: Access::Point,
};
/// Who waits to be let into a group.
pub(crate) static REQUEST: Table = Table {
    name: "groups.group_request",
    kind: 0x0208,
    access: Access::Point,
};
/// The groups in which a user is muted, or was, or waits: the roster of the rows.
pub(crate) static TRACE: Table = Table {
    name: "groups.user_trace",
    kind: 0x0209,
    access: Access::Scan,
};

/// The tables of this projection.
pub static TABLES: &[&Table] = &[
    &GROUP,
    &MEMBER,
    &JOINED,
    &MUTE,
    &REQUEST,
    &TRACE,
    &BAN,
    &topics::TOPIC,
    &marks::MARK,
    &extras::ATTRIBUTES,
    &extras::COUNTERS,
    &extras::LISTED,
    &extras::COUNT,
    &sweep::VOID,
    &sweep::QUEUE,
    &sweep::TASK,
    &visits::VISIT,
    &visits::VISIT_END,
    &visits::VISIT_ORDER,
    &visits::VISITORS,
];
/// Its stable name.
pub const NAME: &str = "groups";
/// Raised whenever a row, a key or what is written changes.
pub const VERSION: u32 = 8;

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRow {
    /// Which roster is the group's: the log's sequence of its making; 0 when it has none.
    pub roster: u64,
    pub group_type: GroupType,
    pub owner: Option<UserId>,
    pub profile: GroupProfile,
    pub member_count: u32,
    pub created_at: Timestamp,
    /// When the profile last changed.
    pub changed_at: Timestamp,
    /// How often it has changed.
    pub changes: u64,
    pub dissolved: bool,
    /// No mute of anyone in the group or one of its topics ends after this.
    pub mutes_until: Timestamp,
    /// No ban of anyone from the group ends after this.
    pub bans_until: Timestamp,
    /// How many accounts wait to be let in.
    pub requests: u32,
    /// How many topics there are.
    pub topics: u32,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRow {
    pub profile: MemberProfile,
    pub joined_at: Timestamp,
    /// The log's sequence of the joining: rows of an account deleted after it are void.
    pub since: u64,
}

/// Mutes of an account in a group and in its topics.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MuteRow {
    /// In the whole group; 0: it is muted in topics alone.
    pub(crate) until: Timestamp,
    /// As a member's.
    pub(crate) since: u64,
    /// By the log's sequence of the topic's making: another topic of its id has another.
    pub(crate) topics: BTreeMap<u64, Timestamp>,
}

/// A ban.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UntilRow {
    pub(crate) until: Timestamp,
    /// As a member's.
    pub(crate) since: u64,
}

/// Someone who waits to be let into a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRow {
    pub reason: String,
    /// The member that invited; `None`: it asks itself.
    pub invited_by: Option<UserId>,
    pub asked_at: Timestamp,
    /// As a member's.
    pub since: u64,
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
        log: LogId,
        recorded: &Recorded,
        event: &Event,
        state: &mut Overlay<'_>,
    ) -> Result<()> {
        let time = recorded.envelope.time;
        let at = recorded.sequence;
        SWEEP.slice::<Task>(log, state)?;
        match event {
            Event::Group(event) => match event {
                GroupEvent::Created(event) => apply::created(log, event, at, state),
                GroupEvent::MembersAdded(event) => apply::members_added(log, event, at, state),
                GroupEvent::MembersRemoved(event) => apply::members_removed(log, event, state),
                GroupEvent::ProfileChanged(event) => {
                    apply::profile_changed(log, event, time, state)
                }
                GroupEvent::MemberChanged(event) => apply::member_changed(log, event, state),
                GroupEvent::OwnerChanged(event) => apply::owner_changed(log, event, time, state),
                GroupEvent::RoomAdminsChanged(event) => {
                    apply::room_admins_changed(log, event, at, state)
                }
                GroupEvent::MembersMuted(event) => aside::muted(log, event, at, state),
                GroupEvent::MembersBanned(event) => aside::banned(log, event, at, state),
                GroupEvent::MembersUnbanned(event) => aside::unbanned(log, event, state),
                GroupEvent::MembersImported(event) => {
                    apply::members_imported(log, event, at, state)
                }
                GroupEvent::AttributesChanged(event) => {
                    extras::attributes_changed(log, event, time, state)
                }
                GroupEvent::CountersChanged(event) => extras::counters_changed(log, event, state),
                GroupEvent::JoinRequested(event) => {
                    aside::join_requested(log, event, (at, time), state)
                }
                GroupEvent::JoinRefused(event) => aside::join_refused(log, event, state),
                GroupEvent::MembersMarked(event) => marks::marked(log, event, at, state),
                GroupEvent::TopicCreated(event) => topics::created(log, event, at, state),
                GroupEvent::TopicChanged(event) => topics::changed(log, event, state),
                GroupEvent::TopicsDestroyed(event) => topics::destroyed(log, event, state),
                GroupEvent::TopicMembersMuted(event) => {
                    aside::muted_in_topic(log, event, (at, time), state)
                }
                GroupEvent::Dissolved(event) => apply::dissolved(log, event, time, state),
            },
            Event::Message(event) => match event {
                MessageEvent::Sent(event) => apply::sender_joins(log, event, at, state),
                MessageEvent::Edited(_)
                | MessageEvent::Recalled(_)
                | MessageEvent::ExtensionsChanged(_) => Ok(()),
            },
            Event::Account(event) => match event {
                AccountEvent::Deleted(event) => sweep::account(log, &event.user_id, at, state),
                AccountEvent::Forgotten(event) => {
                    let mut users = event.accounts.iter().map(|account| &account.user_id);
                    users.try_for_each(|user| sweep::account(log, user, at, state))
                }
                AccountEvent::Imported(_)
                | AccountEvent::SignaturesRevoked(_)
                | AccountEvent::Muted(_)
                | AccountEvent::ProfileChanged(_) => Ok(()),
            },
            Event::Live(event) => match event {
                LiveEvent::Entered(event) => visits::entered(log, event, time, state),
                LiveEvent::Left(event) => visits::left(log, event, state),
            },
            Event::Conversation(_) | Event::Relation(_) | Event::App(_) => Ok(()),
        }
    }
}

pub(crate) fn group_key(log: LogId, group: &GroupId) -> Vec<u8> {
    Key::of(log).text(group.as_str()).bytes()
}

/// Every row of a roster.
pub(crate) fn roster_prefix(log: LogId, group: &GroupId, roster: u64) -> Key {
    Key::of(log).text(group.as_str()).u64(roster)
}

pub(crate) fn member_key(log: LogId, group: &GroupId, roster: u64, user: &UserId) -> Vec<u8> {
    roster_prefix(log, group, roster)
        .text(user.as_str())
        .bytes()
}

/// Every row of a user in [`JOINED`].
pub(crate) fn joined_prefix(log: LogId, user: &UserId) -> Vec<u8> {
    Key::of(log).text(user.as_str()).bytes()
}

pub(crate) fn joined_key(log: LogId, user: &UserId, group: &GroupId) -> Vec<u8> {
    Key::of(log)
        .text(user.as_str())
        .text(group.as_str())
        .bytes()
}
