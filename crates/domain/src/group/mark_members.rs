use std::collections::{BTreeMap, BTreeSet};

use hansard_events::group::{Marking, MembersMarked};
use hansard_types::{GroupId, Reason, UserId, limits};

use super::existing;
use super::rules::rules;
use crate::{Context, Decided, Decision, View};

/// Gives accounts marks in a live room, or takes them back: whether they are there or not. What is so
/// already is passed over.
#[derive(Debug, Clone)]
pub struct MarkMembers {
    pub group_id: GroupId,
    pub are_set: bool,
    pub members: Vec<(UserId, Vec<u32>)>,
}

impl MarkMembers {
    pub(crate) fn decide(&self, view: &dyn View, _context: &Context<'_>) -> Decided {
        let group = existing(view, &self.group_id)?;
        if rules(group.group_type).has_roster {
            return Err(Reason::GroupTypeForbids.into());
        }
        let mut after = view.marks(&self.group_id)?;
        let mut changed: BTreeMap<&UserId, Vec<u32>> = BTreeMap::new();
        for (user, marks) in &self.members {
            view.account(user)?.ok_or(Reason::AccountUnknown)?;
            for mark in marks {
                if !limits::MARKS.contains(mark) {
                    return Err(Reason::MarkInvalid.into());
                }
                let marked = after.entry(*mark).or_default();
                let is_new = if self.are_set {
                    marked.insert(user.clone())
                } else {
                    marked.remove(user)
                };
                if is_new {
                    changed.entry(user).or_default().push(*mark);
                }
            }
        }
        let used = after.values().filter(|marked| !marked.is_empty());
        let is_over = |marked: &BTreeSet<UserId>| marked.len() > limits::MARKED_MAX;
        if self.are_set && (used.count() > limits::MARKS_MAX || after.values().any(is_over)) {
            return Err(Reason::MarksFull.into());
        }
        if changed.is_empty() {
            return Ok(Decision::nothing(()));
        }
        let members = changed.into_iter().map(|(user, mut marks)| {
            marks.sort_unstable();
            Marking {
                user_id: user.clone(),
                marks,
            }
        });
        let event = MembersMarked {
            group_id: self.group_id.clone(),
            are_set: self.are_set,
            members: members.collect(),
        };
        Ok(Decision::event(event, ()))
    }
}
