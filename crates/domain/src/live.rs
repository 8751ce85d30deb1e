//! Live rooms: who is there. The room itself is a group like any other, in its own partition; what
//! is said there is a message like any other.

mod end_visits;
mod enter_room;
mod leave_room;
#[cfg(test)]
mod tests;

pub use end_visits::EndVisits;
pub use enter_room::EnterRoom;
pub use leave_room::LeaveRoom;

use hansard_events::group::GroupType;
use hansard_types::{GroupId, Reason};

use crate::group::existing;
use crate::view::Group;
use crate::{Halt, View};

fn existing_room(view: &dyn View, group: &GroupId) -> Result<Group, Halt> {
    let room = existing(view, group)?;
    if room.group_type != GroupType::AvChatRoom {
        return Err(Reason::GroupTypeForbids.into());
    }
    Ok(room)
}
