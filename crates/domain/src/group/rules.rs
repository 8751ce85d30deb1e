//! What each type of group allows and begins with: one table, a row a rule, a column a type. The
//! deciders read it; its page in the manual and the tests of its cells are made from it.

use hansard_events::group::{
    GroupProfile, GroupType, JoinOption, NoticeKind, ReceiveOption, Role, Telling,
};
use hansard_types::{GroupId, Reason, limits};

use crate::{Context, Halt, View};

/// Who may do something in a group, besides the administrators of its app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Not even an administrator of the app: it is not done in groups of the type.
    Nobody,
    /// Administrators of the app alone.
    App,
    Owner,
    /// The owner and the group's administrators.
    Admins,
    Members,
}

impl Who {
    /// Whether a member of a role is one of them; `None`: who is no member.
    #[must_use]
    pub fn includes(self, role: Option<Role>) -> bool {
        match self {
            Self::Nobody | Self::App => false,
            Self::Owner => role == Some(Role::Owner),
            Self::Admins => role >= Some(Role::Admin),
            Self::Members => role.is_some(),
        }
    }
}

/// How a cell of the table is written for people.
pub trait Cell {
    fn text(&self) -> String;
}

impl Cell for Who {
    fn text(&self) -> String {
        match self {
            Self::Nobody => "nobody",
            Self::App => "app administrators",
            Self::Owner => "owner",
            Self::Admins => "owner, admins",
            Self::Members => "every member",
        }
        .to_owned()
    }
}

impl Cell for bool {
    fn text(&self) -> String {
        if *self { "yes" } else { "no" }.to_owned()
    }
}

impl Cell for u32 {
    fn text(&self) -> String {
        if *self == Self::MAX {
            "no limit".to_owned()
        } else {
            self.to_string()
        }
    }
}

impl Cell for JoinOption {
    fn text(&self) -> String {
        match self {
            Self::FreeAccess => "free",
            Self::NeedPermission => "reviewed",
            Self::Disabled => "refused",
        }
        .to_owned()
    }
}

impl Cell for ReceiveOption {
    fn text(&self) -> String {
        format!("{self:?}")
    }
}

impl Cell for Telling {
    fn text(&self) -> String {
        match self {
            Self::Off => "no",
            Self::Told => "told",
            Self::Kept => "kept",
        }
        .to_owned()
    }
}

/// A row of the table, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The field of [`TypeRules`].
    pub name: &'static str,
    /// What it is, in a sentence.
    pub says: String,
    /// By type, as in [`GroupType::ALL`].
    pub cells: [String; 5],
}

macro_rules! rules {
    ($($(#[doc = $says:literal])+ $rule:ident: $kind:ty = [$($cell:expr),+];)*) => {
        /// What one type of group allows and begins with.
        #[derive(Debug)]
        pub struct TypeRules {
            $($(#[doc = $says])+ pub $rule: $kind,)*
        }

        /// The table, by type.
        static RULES: [TypeRules; 5] = {
            $(
                #[expect(non_upper_case_globals, reason = "it has the name of its row")]
                const $rule: [$kind; 5] = [$($cell),+];
            )*
            [
                TypeRules { $($rule: $rule[0],)* },
                TypeRules { $($rule: $rule[1],)* },
                TypeRules { $($rule: $rule[2],)* },
                TypeRules { $($rule: $rule[3],)* },
                TypeRules { $($rule: $rule[4],)* },
            ]
        };

        /// The table as people read it.
        #[must_use]
        pub fn rows() -> Vec<Row> {
            let columns = GroupType::ALL.map(rules);
            vec![$(Row {
                name: stringify!($rule),
                says: concat!($($says),+).trim().to_owned(),
                cells: columns.map(|rules| rules.$rule.text()),
            },)*]
        }
    };
}

use JoinOption::{Disabled, FreeAccess, NeedPermission};
use ReceiveOption::{AcceptAndNotify, AcceptNotNotify};
use Telling::{Kept, Off, Told};
use Who::{Admins, App, Members, Nobody, Owner};

const ORDINARY: u32 = limits::GROUP_MEMBERS_MAX;
const LARGE: u32 = limits::COMMUNITY_MEMBERS_MAX;
const EVER: u32 = u32::MAX;

// features.md, rows G1 to G20; reference, section 9.3.
// Columns: Work, Public, Meeting, AVChatRoom, Community.
rules! {
    /// The most members a group can be given room for.
    members_max: u32 = [ORDINARY, ORDINARY, ORDINARY, EVER, LARGE];
    /// Who changes name, introduction, notice and picture.
    edits_texts: Who = [Members, Admins, Owner, Owner, Admins];
    /// Who changes everything else of the profile: join options, room, custom fields, the mute of all.
    edits_settings: Who = [Owner, Admins, Owner, Owner, Admins];
    /// Who reads the list of members.
    lists_members: Who = [Members, Members, Members, App, Members];
    /// Who dissolves the group.
    dissolves: Who = [App, Owner, Owner, Owner, Owner];
    /// Whether anyone may ask to join.
    takes_requests: bool = [false, true, true, true, true];
    /// What becomes of who asks to join, unless the group says otherwise.
    apply_join_option: JoinOption = [Disabled, NeedPermission, FreeAccess, FreeAccess, FreeAccess];
    /// Whether a group can say otherwise.
    chooses_apply_option: bool = [false, true, true, true, false];
    /// Whether members can invite at all, as far as the group lets them.
    takes_invitations: bool = [true, true, true, false, true];
    /// What becomes of who is invited by a member, unless the group says otherwise.
    invite_join_option: JoinOption = [FreeAccess, Disabled, Disabled, Disabled, FreeAccess];
    /// Whether a backend adds members; else they come in by themselves only, and nobody is removed.
    has_roster: bool = [true, true, true, false, true];
    /// Whether the owner may leave, which leaves the group without one.
    owner_may_leave: bool = [true, false, false, false, false];
    /// Who makes members administrators of the group and takes it back.
    sets_admins: Who = [Nobody, Owner, Owner, Nobody, Owner];
    /// Who makes accounts administrators of a live room, up to 5, and takes it back.
    appoints_admins: Who = [Nobody, Nobody, Nobody, Owner, Nobody];
    /// Who makes another member the owner.
    changes_owner: Who = [Owner, Owner, Owner, Nobody, Owner];
    /// Who removes members; administrators of the group are removed by its owner only.
    removes_members: Who = [Owner, Admins, Admins, Nobody, Admins];
    /// Who mutes members; administrators of the group are muted by its owner only.
    mutes_members: Who = [Nobody, Admins, Admins, Admins, Admins];
    /// Whether members read what was said before they joined, unless the group says otherwise.
    history_before_join: bool = [false, false, true, false, true];
    /// Whether a group can say otherwise.
    chooses_history: bool = [true, true, true, false, false];
    /// What members are told of messages, unless they say otherwise.
    receive: ReceiveOption = [AcceptAndNotify, AcceptAndNotify, AcceptNotNotify, AcceptNotNotify, AcceptAndNotify];
    /// Whether groups and their past are imported.
    is_imported: bool = [true, true, true, false, true];
    /// Whether lists of an account's groups leave the group out until something was said in it.
    waits_for_a_message: bool = [true, false, false, false, false];
    /// Whether unread messages are counted.
    counts_unread: bool = [true, true, false, false, true];
    /// Whether messages can be for some members only.
    takes_targets: bool = [true, true, true, false, false];
    /// Who keeps accounts out for some time; administrators of the group are kept out by its owner only.
    bans_members: Who = [Owner, Admins, Admins, Admins, Nobody];
    /// Whether there are attributes.
    has_attributes: bool = [false, false, false, true, false];
    /// Whether there are counters.
    has_counters: bool = [true, true, true, true, false];
    /// Who makes, changes and destroys topics, once the group supports them.
    makes_topics: Who = [Nobody, Nobody, Nobody, Nobody, Admins];
    /// Whether messages can want receipts.
    has_receipts: bool = [true, true, true, false, false];
    /// Whether messages are recalled, or cleared.
    recalls: bool = [true, true, true, false, true];
    /// Whether members are told, unless the app says otherwise, of those who were brought in.
    tells_invited: Telling = [Kept, Kept, Off, Told, Kept];
    /// Whether members are told of who applied, or just joined.
    tells_joined: Telling = [Kept, Kept, Off, Told, Kept];
    /// Whether members are told of those who were removed.
    tells_removed: Telling = [Kept, Kept, Off, Told, Kept];
    /// Whether members are told of who left.
    tells_left: Telling = [Kept, Kept, Off, Told, Kept];
    /// Whether members are told of another name, introduction, notice or picture, or of another owner.
    tells_profile: Telling = [Kept, Kept, Kept, Told, Kept];
    /// Whether members are told that all are muted, or not any more.
    tells_mute_all: Telling = [Off, Off, Off, Off, Off];
    /// Whether members are told that outsiders or guests come in otherwise.
    tells_join_option: Telling = [Off, Off, Off, Off, Off];
    /// Whether members are told of mutes and new administrators among them.
    tells_members: Telling = [Kept, Kept, Off, Off, Kept];
}

/// The column of a type.
#[must_use]
pub fn rules(group_type: GroupType) -> &'static TypeRules {
    match group_type {
        GroupType::Work => &RULES[0],
        GroupType::Public => &RULES[1],
        GroupType::Meeting => &RULES[2],
        GroupType::AvChatRoom => &RULES[3],
        GroupType::Community => &RULES[4],
    }
}

impl TypeRules {
    /// Whether members are told of something, unless the app says otherwise.
    #[must_use]
    pub fn tells(&self, kind: NoticeKind) -> Telling {
        match kind {
            NoticeKind::Invited => self.tells_invited,
            NoticeKind::Joined => self.tells_joined,
            NoticeKind::Removed => self.tells_removed,
            NoticeKind::Left => self.tells_left,
            NoticeKind::Name
            | NoticeKind::Introduction
            | NoticeKind::Notification
            | NoticeKind::FaceUrl
            | NoticeKind::Owner => self.tells_profile,
            NoticeKind::MuteAll => self.tells_mute_all,
            NoticeKind::JoinOption => self.tells_join_option,
            NoticeKind::MemberMuted | NoticeKind::MemberRole => self.tells_members,
        }
    }

    /// The profile that a group of the type begins with when nothing is said of it.
    #[must_use]
    pub fn profile(&self) -> GroupProfile {
        GroupProfile::blank(
            self.members_max,
            self.apply_join_option,
            self.invite_join_option,
        )
    }
}

/// Whether members of a group read what was said before they joined.
#[must_use]
pub fn reads_before_join(group_type: GroupType, profile: &GroupProfile) -> bool {
    let by_type = rules(group_type).history_before_join;
    profile.history_before_join.unwrap_or(by_type)
}

/// Refuses who may not: an administrator of the app may all that is done in groups of the type,
/// an account what its role allows. The account's role is answered; `None` for an administrator.
pub(super) fn check(
    who: Who,
    view: &dyn View,
    context: &Context<'_>,
    group_id: &GroupId,
) -> Result<Option<Role>, Halt> {
    if who == Nobody {
        return Err(Reason::GroupTypeForbids.into());
    }
    let role = acting(view, context, group_id)?;
    if context.is_account() && !who.includes(role) {
        return Err(Reason::GroupRoleForbids.into());
    }
    Ok(role)
}

/// The role of an account that acts for itself; `None` when it has none, or others act.
pub(super) fn acting(
    view: &dyn View,
    context: &Context<'_>,
    group_id: &GroupId,
) -> Result<Option<Role>, Halt> {
    let Some(user) = context.account() else {
        return Ok(None);
    };
    let member = view.member(group_id, user)?;
    Ok(member.map(|member| member.profile.role))
}

/// Refuses an account that acts on a member of its own rank or a higher one.
pub(crate) fn check_rank(actor: Option<Role>, on: Role) -> Result<(), Reason> {
    match actor {
        Some(actor) if actor <= on => Err(Reason::GroupRoleForbids),
        Some(_) | None => Ok(()),
    }
}
