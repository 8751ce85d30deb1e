//! What a group keeps of each of its members, and who may not speak in it.

use std::collections::BTreeMap;

use hansard_types::{GroupId, Seq, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Role, group_bucket, sample_group, sample_user};
use crate::Sample;

/// What a member wants to be told of a group's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ReceiveOption {
    /// Told, and pushed to while away.
    AcceptAndNotify,
    /// Told, and not pushed to.
    AcceptNotNotify,
    /// Not told.
    Discard,
}

/// A member that a group begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FirstMember {
    pub user_id: UserId,
    pub role: Role,
    /// Custom fields, by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
}

impl FirstMember {
    #[must_use]
    pub fn new(user_id: UserId, role: Role) -> Self {
        Self {
            user_id,
            role,
            fields: BTreeMap::new(),
        }
    }
}

/// What a member is in its group, and what is kept of it there. The one list of these fields, as
/// [`super::GroupProfile`] is of a group's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberProfile {
    pub role: Role,
    /// Empty: none.
    pub name_card: String,
    /// `None`: as the group's type has it.
    pub receive: Option<ReceiveOption>,
    /// Custom fields, by key; an empty value is none.
    pub fields: BTreeMap<String, String>,
}

impl MemberProfile {
    /// As a member begins.
    #[must_use]
    pub fn new(role: Role) -> Self {
        Self {
            role,
            name_card: String::new(),
            receive: None,
            fields: BTreeMap::new(),
        }
    }

    /// Takes the new values over.
    pub fn apply(&mut self, change: &MemberChange) {
        let MemberChange {
            role,
            name_card,
            receive,
            fields,
        } = change;
        self.role = role.unwrap_or(self.role);
        if let Some(name_card) = name_card {
            self.name_card.clone_from(name_card);
        }
        self.receive = receive.or(self.receive);
        apply_fields(&mut self.fields, fields);
    }

    /// What of a change is one: its fields that are not so already.
    #[must_use]
    pub fn diff(&self, wanted: MemberChange) -> MemberChange {
        let MemberChange {
            role,
            name_card,
            receive,
            fields,
        } = wanted;
        MemberChange {
            role: role.filter(|role| *role != self.role),
            name_card: name_card.filter(|card| *card != self.name_card),
            receive: receive.filter(|receive| Some(*receive) != self.receive),
            fields: diff_fields(&self.fields, fields),
        }
    }
}

/// Fields of a [`MemberProfile`]: a present one is the new value, an absent one does not change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MemberChange {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_card: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receive: Option<ReceiveOption>,
    /// Custom fields by key; an empty value takes the field away.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
}

impl MemberChange {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Sets custom fields; those with an empty value go.
pub(super) fn apply_fields(
    fields: &mut BTreeMap<String, String>,
    change: &BTreeMap<String, String>,
) {
    for (key, value) in change {
        if value.is_empty() {
            fields.remove(key);
        } else {
            fields.insert(key.clone(), value.clone());
        }
    }
}

/// The custom fields of a change that are not so already.
pub(super) fn diff_fields(
    fields: &BTreeMap<String, String>,
    mut wanted: BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    wanted.retain(|key, value| fields.get(key).map_or("", String::as_str) != value);
    wanted
}

/// `group.member_changed`: exactly the fields that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MemberChanged {
    pub group_id: GroupId,
    pub user_id: UserId,
    #[serde(flatten)]
    pub change: MemberChange,
    /// The seq of its notice among the group's messages; 0: those who are there are told, and it is
    /// not kept; absent: nobody is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Seq>,
}

/// `group.members_muted`: until when accounts may not speak in the group, members or not: a mute
/// outlives leaving.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MembersMuted {
    pub group_id: GroupId,
    /// Only accounts for which that is new.
    pub accounts: Vec<UserId>,
    /// Unix milliseconds; 0 lifts the mute, 18446744073709551615 (2^64 - 1) is for good.
    pub until: Timestamp,
    /// The seq of its notice among the group's messages; 0: those who are there are told, and it is
    /// not kept; absent: nobody is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Seq>,
}

/// `group.owner_changed`: the former owner, if there was one, stays as a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OwnerChanged {
    pub group_id: GroupId,
    /// A member until now.
    pub owner: UserId,
    /// In whose name, if not the actor's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_as: Option<UserId>,
    /// The seq of its notice among the group's messages; 0: those who are there are told, and it is
    /// not kept; absent: nobody is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Seq>,
}

impl Sample for MemberChanged {
    fn sample() -> Self {
        Self {
            group_id: sample_group(),
            user_id: sample_user("bob"),
            change: MemberChange {
                role: Some(Role::Admin),
                name_card: Some("밥".to_owned()),
                receive: Some(ReceiveOption::AcceptNotNotify),
                fields: BTreeMap::from([("Desk".to_owned(), "3F-12".to_owned())]),
            },
            notice: Some(Seq(42)),
        }
    }

    fn bucket_key(&self) -> String {
        group_bucket(&self.group_id)
    }
}

impl Sample for MembersMuted {
    fn sample() -> Self {
        Self {
            group_id: sample_group(),
            accounts: vec![sample_user("bob"), sample_user("carol")],
            until: Timestamp(1_794_000_600_000),
            notice: Some(Seq(42)),
        }
    }

    fn bucket_key(&self) -> String {
        group_bucket(&self.group_id)
    }
}

impl Sample for OwnerChanged {
    fn sample() -> Self {
        Self {
            group_id: sample_group(),
            owner: sample_user("bob"),
            shown_as: Some(sample_user("alice")),
            notice: Some(Seq(42)),
        }
    }

    fn bucket_key(&self) -> String {
        group_bucket(&self.group_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_that_takes_its_difference_over_is_what_was_wanted() {
        let before = MemberProfile::new(Role::Member);
        let wanted = MemberChanged::sample().change;
        assert_eq!(before.diff(wanted.clone()), wanted, "every field differs");
        let mut after = before.clone();
        after.apply(&wanted);
        assert!(after.diff(wanted).is_empty());
        let gone = MemberChange {
            fields: BTreeMap::from([("Desk".to_owned(), String::new())]),
            ..MemberChange::default()
        };
        assert!(before.diff(gone.clone()).is_empty(), "it is not there");
        after.apply(&after.diff(gone.clone()));
        assert!(after.fields.is_empty());
        assert!(after.diff(gone).is_empty());
    }
}
