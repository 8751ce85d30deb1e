//! Groups and their members.

use hansard_events::group::{
    FirstMember, GroupCreated, GroupDissolved, GroupType, JoinOption, MembersAdded, MembersRemoved,
    ProfileChanged, Role,
};
use hansard_types::{ConversationId, GroupId, Reason, Timestamp, UserId, limits};

use crate::message::existing;
use crate::{Decided, Decision, Halt, Reply, View};

/// Creates a group.
#[derive(Debug, Clone)]
pub struct CreateGroup {
    /// Chosen by the caller, or random.
    pub group_id: GroupId,
    pub group_type: GroupType,
    pub name: String,
    pub owner: Option<UserId>,
    pub introduction: String,
    pub notification: String,
    pub face_url: String,
    /// Absent: the most the type allows.
    pub max_members: Option<u32>,
    /// Absent: the type's default.
    pub apply_join_option: Option<JoinOption>,
    pub invite_join_option: Option<JoinOption>,
    /// Besides the owner.
    pub members: Vec<FirstMember>,
    /// The original time of an imported group; absent: now.
    pub created_at: Option<Timestamp>,
}

/// What a type of group allows and begins with (features.md, section G).
struct TypeRules {
    members_max: u32,
    apply_join_option: JoinOption,
    invite_join_option: JoinOption,
    /// Members but the owner come in by the client SDK only, and nobody is removed or imported.
    open_room: bool,
    /// The owner may be removed, which leaves the group without one.
    owner_may_leave: bool,
}

fn rules(group_type: GroupType) -> TypeRules {
    use JoinOption::{Disabled, FreeAccess, NeedPermission};
    let row = |members_max, apply_join_option, invite_join_option, open_room, owner_may_leave| {
        TypeRules {
            members_max,
            apply_join_option,
            invite_join_option,
            open_room,
            owner_may_leave,
        }
    };
    let (ordinary, community) = (limits::GROUP_MEMBERS_MAX, limits::COMMUNITY_MEMBERS_MAX);
    match group_type {
        GroupType::Work => row(ordinary, Disabled, FreeAccess, false, true),
        GroupType::Public => row(ordinary, NeedPermission, Disabled, false, false),
        GroupType::Meeting => row(ordinary, FreeAccess, Disabled, false, false),
        GroupType::AvChatRoom => row(u32::MAX, FreeAccess, Disabled, true, false),
        GroupType::Community => row(community, FreeAccess, FreeAccess, false, false),
    }
}

impl CreateGroup {
    pub(crate) fn decide(&self, view: &dyn View, now: Timestamp) -> Decided {
        let rules = rules(self.group_type);
        if let Some(taken) = view.group(&self.group_id)? {
            let same_owner = !taken.dissolved && taken.owner.is_some() && taken.owner == self.owner;
            let reason = if same_owner {
                Reason::GroupIdTakenBySameOwner
            } else {
                Reason::GroupIdTaken
            };
            return Err(reason.into());
        }
        if rules.open_room && !self.members.is_empty() {
            return Err(Reason::GroupTypeForbids.into());
        }
        let members = self.first_members(view)?;
        let max_members = self
            .max_members
            .unwrap_or(rules.members_max)
            .min(rules.members_max);
        if members.len() > usize::try_from(max_members).unwrap_or(usize::MAX) {
            return Err(Reason::GroupFull.into());
        }
        let event = GroupCreated {
            group_id: self.group_id.clone(),
            group_type: self.group_type,
            name: self.name.clone(),
            owner: self.owner.clone(),
            introduction: self.introduction.clone(),
            notification: self.notification.clone(),
            face_url: self.face_url.clone(),
            max_members,
            apply_join_option: self.apply_join_option.unwrap_or(rules.apply_join_option),
            invite_join_option: self.invite_join_option.unwrap_or(rules.invite_join_option),
            created_at: self.created_at.unwrap_or(now),
            members,
        };
        Ok(Decision::one(event, Reply::Group(self.group_id.clone())))
    }

    /// The owner first, everyone once, everyone an account.
    fn first_members(&self, view: &dyn View) -> Result<Vec<FirstMember>, Halt> {
        let owner = self.owner.iter().map(|id| FirstMember {
            user_id: id.clone(),
            role: Role::Owner,
        });
        let mut members: Vec<FirstMember> = Vec::with_capacity(self.members.len() + 1);
        for member in owner.chain(self.members.iter().cloned()) {
            view.account(&member.user_id)?
                .ok_or(Reason::AccountUnknown)?;
            let known = members
                .iter()
                .any(|earlier| earlier.user_id == member.user_id);
            if !known {
                members.push(member);
            }
        }
        Ok(members)
    }
}

/// What became of one account that should be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddOutcome {
    Added,
    AlreadyMember,
    /// There is no such account.
    Unknown,
}

/// Adds accounts to a group.
#[derive(Debug, Clone)]
pub struct AddMembers {
    pub group_id: GroupId,
    pub accounts: Vec<UserId>,
    pub silent: bool,
    /// The original time and key of an imported join.
    pub imported: Option<(Timestamp, String)>,
}

impl AddMembers {
    pub(crate) fn decide(&self, view: &dyn View, now: Timestamp) -> Decided {
        let group = existing(view, &self.group_id)?;
        if rules(group.group_type).open_room {
            return Err(Reason::GroupTypeForbids.into());
        }
        if imported_before(view, &self.group_id, self.imported.as_ref())? {
            return Ok(Decision::nothing(Reply::Members(Vec::new())));
        }
        let mut outcomes: Vec<(UserId, AddOutcome)> = Vec::with_capacity(self.accounts.len());
        let mut accounts: Vec<UserId> = Vec::new();
        for user in &self.accounts {
            let outcome = if view.account(user)?.is_none() {
                AddOutcome::Unknown
            } else if accounts.contains(user) || view.member(&self.group_id, user)?.is_some() {
                AddOutcome::AlreadyMember
            } else {
                accounts.push(user.clone());
                AddOutcome::Added
            };
            outcomes.push((user.clone(), outcome));
        }
        if !outcomes.is_empty() && outcomes.iter().all(|(_, one)| *one == AddOutcome::Unknown) {
            return Err(Reason::AccountUnknown.into());
        }
        let added = u32::try_from(accounts.len()).unwrap_or(u32::MAX);
        if group.member_count.saturating_add(added) > group.max_members {
            return Err(Reason::GroupFull.into());
        }
        // An import is remembered even when everybody was there already: seen again after they
        // left, the same line would bring them back.
        if accounts.is_empty() && self.imported.is_none() {
            return Ok(Decision::nothing(Reply::Members(outcomes)));
        }
        let event = MembersAdded {
            group_id: self.group_id.clone(),
            accounts,
            joined_at: self.imported.as_ref().map_or(now, |(time, _)| *time),
            silent: self.silent,
            import_key: self.imported.as_ref().map(|(_, key)| key.clone()),
        };
        Ok(Decision::one(event, Reply::Members(outcomes)))
    }
}

/// Removes members from a group. Who is no member is passed over.
#[derive(Debug, Clone)]
pub struct RemoveMembers {
    pub group_id: GroupId,
    pub accounts: Vec<UserId>,
    pub silent: bool,
    pub reason: Option<String>,
    /// The original time and key of an imported leave.
    pub imported: Option<(Timestamp, String)>,
}

impl RemoveMembers {
    pub(crate) fn decide(&self, view: &dyn View, now: Timestamp) -> Decided {
        let group = existing(view, &self.group_id)?;
        let rules = rules(group.group_type);
        if rules.open_room {
            return Err(Reason::GroupTypeForbids.into());
        }
        if imported_before(view, &self.group_id, self.imported.as_ref())? {
            return Ok(Decision::nothing(Reply::Done));
        }
        let mut accounts: Vec<UserId> = Vec::new();
        for user in &self.accounts {
            let Some(member) = view.member(&self.group_id, user)? else {
                continue;
            };
            if member.role == Role::Owner && !rules.owner_may_leave {
                return Err(Reason::OwnerStays.into());
            }
            if !accounts.contains(user) {
                accounts.push(user.clone());
            }
        }
        // As in `AddMembers`: an import is remembered even when nobody was there to go.
        if accounts.is_empty() && self.imported.is_none() {
            return Ok(Decision::nothing(Reply::Done));
        }
        let event = MembersRemoved {
            group_id: self.group_id.clone(),
            accounts,
            removed_at: self.imported.as_ref().map_or(now, |(time, _)| *time),
            reason: self.reason.clone(),
            silent: self.silent,
            import_key: self.imported.as_ref().map(|(_, key)| key.clone()),
        };
        Ok(Decision::one(event, Reply::Done))
    }
}

fn imported_before(
    view: &dyn View,
    group_id: &GroupId,
    imported: Option<&(Timestamp, String)>,
) -> Result<bool, Halt> {
    let Some((_, key)) = imported else {
        return Ok(false);
    };
    Ok(view
        .imported(&ConversationId::Group(group_id.clone()), key)?
        .is_some())
}

/// Changes fields of a group's profile: an absent one stays as it is.
#[derive(Debug, Clone)]
pub struct ChangeGroupProfile {
    pub group_id: GroupId,
    pub name: Option<String>,
    pub introduction: Option<String>,
    pub notification: Option<String>,
    pub face_url: Option<String>,
    pub max_members: Option<u32>,
    pub apply_join_option: Option<JoinOption>,
    pub invite_join_option: Option<JoinOption>,
    pub mute_all: Option<bool>,
}

impl ChangeGroupProfile {
    pub(crate) fn decide(&self, view: &dyn View) -> Decided {
        fn changed<T: Clone + PartialEq>(new: &Option<T>, old: &T) -> Option<T> {
            new.clone().filter(|value| value != old)
        }
        let group = existing(view, &self.group_id)?;
        let members_max = rules(group.group_type).members_max;
        if self.max_members.is_some_and(|max| max < group.member_count) {
            return Err(Reason::GroupFull.into());
        }
        let max_members = self.max_members.map(|max| max.min(members_max));
        let event = ProfileChanged {
            group_id: self.group_id.clone(),
            name: changed(&self.name, &group.name),
            introduction: changed(&self.introduction, &group.introduction),
            notification: changed(&self.notification, &group.notification),
            face_url: changed(&self.face_url, &group.face_url),
            max_members: changed(&max_members, &group.max_members),
            apply_join_option: changed(&self.apply_join_option, &group.apply_join_option),
            invite_join_option: changed(&self.invite_join_option, &group.invite_join_option),
            mute_all: changed(&self.mute_all, &group.mute_all),
        };
        let unchanged = ProfileChanged {
            group_id: self.group_id.clone(),
            name: None,
            introduction: None,
            notification: None,
            face_url: None,
            max_members: None,
            apply_join_option: None,
            invite_join_option: None,
            mute_all: None,
        };
        if event == unchanged {
            return Ok(Decision::nothing(Reply::Done));
        }
        Ok(Decision::one(event, Reply::Done))
    }
}

/// Dissolves a group. Its id is not used again.
#[derive(Debug, Clone)]
pub struct DissolveGroup {
    pub group_id: GroupId,
}

impl DissolveGroup {
    pub(crate) fn decide(&self, view: &dyn View) -> Decided {
        existing(view, &self.group_id)?;
        Ok(Decision::one(
            GroupDissolved {
                group_id: self.group_id.clone(),
            },
            Reply::Done,
        ))
    }
}
