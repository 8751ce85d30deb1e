//! Live rooms: who is there, and what is said.

use std::collections::{BTreeMap, BTreeSet};

use hansard_domain::group::AppointAdmins;
use hansard_domain::live::{EnterRoom, LeaveRoom};
use hansard_domain::message::SendGroup;
use hansard_events::group::{GroupType, JoinOption, Role};
use hansard_types::{Actor, GroupId, Reason, Seq, UserId, limits};

use super::rights::{account, is_account};
use super::{Answered, Expected, Membership, Model};

/// A room: its id, and the how manieth that had it.
type Room = (GroupId, u64);

#[derive(Debug, Default)]
pub(in crate::tests) struct Live {
    /// How many groups had an id.
    made: BTreeMap<GroupId, u64>,
    /// No visit ends by itself while a simulation lasts.
    pub(in crate::tests) visits: BTreeSet<(Room, UserId)>,
    said: Vec<(Room, Seq, SendGroup)>,
    /// Events of the live partition.
    end: u64,
}

impl Live {
    fn append(&mut self) -> Seq {
        self.end += 1;
        Seq(self.end)
    }
}

impl Model {
    pub(super) fn made(&mut self, group: &GroupId) {
        *self.live.made.entry(group.clone()).or_default() += 1;
    }

    pub(in crate::tests) fn room(&self, group: &GroupId) -> (GroupId, u64) {
        let made = self.live.made.get(group).copied().unwrap_or(0);
        (group.clone(), made)
    }

    fn live_room(&mut self, group: &GroupId) -> Result<&super::Group, Reason> {
        let room = self.existing(group)?;
        if room.group_type != GroupType::AvChatRoom {
            return Err(Reason::GroupTypeForbids);
        }
        Ok(room)
    }

    pub(super) fn enter_room(&mut self, actor: &Actor, command: &EnterRoom) -> Expected {
        if !limits::VISIT_SECONDS.contains(&command.seconds) {
            return Err(Reason::VisitTimeInvalid);
        }
        self.known(&command.user, Reason::AccountUnknown)?;
        let room = self.live_room(&command.group_id)?;
        if room.banned.contains(&command.user) {
            return Err(Reason::MemberBanned);
        }
        if is_account(actor) && room.apply_join_option == JoinOption::Disabled {
            return Err(Reason::JoinRequestsRefused);
        }
        let visit = (self.room(&command.group_id), command.user.clone());
        if self.live.visits.insert(visit) {
            self.live.append();
        }
        Ok(Answered::Done)
    }

    pub(super) fn appoint_admins(&mut self, actor: &Actor, command: &AppointAdmins) -> Expected {
        self.live_room(&command.group_id)?;
        let group = self.existing(&command.group_id)?.clone();
        let is_owner = account(actor).is_none_or(|user| group.owner.as_ref() == Some(user));
        if !is_owner {
            return Err(Reason::GroupRoleForbids);
        }
        let mut changed = BTreeSet::new();
        for user in &command.accounts {
            self.known(user, Reason::AccountUnknown)?;
            let is_admin = group.members.contains_key(user);
            if group.owner.as_ref() != Some(user) && is_admin != command.are_admins {
                changed.insert(user.clone());
            }
        }
        let others = group.members.len() - usize::from(group.owner.is_some());
        if command.are_admins && !changed.is_empty() && others + changed.len() > 5 {
            return Err(Reason::GroupFull);
        }
        let group = self.existing(&command.group_id)?;
        for user in changed {
            if command.are_admins {
                group.members.insert(user, Membership::new(Role::Admin));
            } else {
                group.members.remove(&user);
            }
        }
        Ok(Answered::Done)
    }

    pub(super) fn leave_room(&mut self, command: &LeaveRoom) -> Expected {
        self.live_room(&command.group_id)?;
        let visit = (self.room(&command.group_id), command.user.clone());
        if self.live.visits.remove(&visit) {
            self.live.append();
        }
        Ok(Answered::Done)
    }

    pub(super) fn is_visitor(&self, command: &SendGroup) -> bool {
        let visit = (self.room(&command.group_id), command.from.clone());
        command.live && self.live.visits.contains(&visit)
    }

    /// The same, said in the same room before.
    pub(super) fn said_live(&self, command: &SendGroup) -> Option<Seq> {
        let room = self.room(&command.group_id);
        let is_it = |said: &SendGroup| {
            (&said.from, said.random, &said.content.elements)
                == (&command.from, command.random, &command.content.elements)
        };
        let said = self.live.said.iter();
        let found = said.rev().find(|(of, _, said)| *of == room && is_it(said));
        found.map(|(_, seq, _)| *seq)
    }

    pub(super) fn say_live(&mut self, command: &SendGroup) -> Expected {
        let seq = self.live.append();
        let room = self.room(&command.group_id);
        self.live.said.push((room, seq, command.clone()));
        Ok(Answered::Sent {
            seq,
            duplicate: false,
        })
    }
}
