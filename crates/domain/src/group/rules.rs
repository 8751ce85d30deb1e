//! What each type of group allows and begins with.

use hansard_events::group::{GroupProfile, GroupType, JoinOption};
use hansard_types::limits;

/// What a type of group allows and begins with (features.md, section G).
pub(super) struct TypeRules {
    pub(super) members_max: u32,
    pub(super) apply_join_option: JoinOption,
    pub(super) invite_join_option: JoinOption,
    /// Members but the owner come in by the client SDK only, and nobody is removed or imported.
    pub(super) open_room: bool,
    /// The owner may be removed, which leaves the group without one.
    pub(super) owner_may_leave: bool,
}

impl TypeRules {
    /// The profile that a group of the type begins with when nothing is said of it.
    pub(super) fn profile(&self) -> GroupProfile {
        GroupProfile::blank(
            self.members_max,
            self.apply_join_option,
            self.invite_join_option,
        )
    }
}

pub(super) fn rules(group_type: GroupType) -> TypeRules {
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
