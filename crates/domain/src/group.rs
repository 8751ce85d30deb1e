//! Groups and their members.

mod add_members;
mod change_group_profile;
mod create_group;
mod dissolve_group;
mod remove_members;
mod rules;

pub use add_members::{AddMembers, AddOutcome};
pub use change_group_profile::ChangeGroupProfile;
pub use create_group::CreateGroup;
pub use dissolve_group::DissolveGroup;
pub use remove_members::RemoveMembers;

use hansard_types::{ConversationId, GroupId, Reason, Timestamp};

use crate::view::Group;
use crate::{Halt, View};

/// A group that exists and is not dissolved.
pub(crate) fn existing(view: &dyn View, group_id: &GroupId) -> Result<Group, Halt> {
    let group = view.group(group_id)?.filter(|group| !group.dissolved);
    group.ok_or_else(|| Reason::GroupUnknown.into())
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
