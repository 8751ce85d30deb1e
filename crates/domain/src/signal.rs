use std::fmt;

use hansard_events::message::MessageSent;
use hansard_types::{GroupId, TopicId, UserId};

/// What those who are there are told and nobody keeps: it is in no log and no read model.
#[derive(Debug, Clone, PartialEq)]
pub enum Signal {
    /// A message for those who are online only, as one that is stored would be; its seq is 0,
    /// which is no stored message's.
    Message(MessageSent),
    /// A backend's notice to a group.
    GroupNotice(GroupNotice),
}

/// A backend's notice to a group. `Debug` hides what it says.
#[derive(Clone, PartialEq, Eq)]
pub struct GroupNotice {
    pub group_id: GroupId,
    /// Of which it is; absent: of the group itself.
    pub topic_id: Option<TopicId>,
    pub content: String,
    /// Members that it is for; empty: all of them.
    pub to: Vec<UserId>,
}

impl fmt::Debug for GroupNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupNotice")
            .field("group_id", &self.group_id)
            .field("to", &self.to)
            .finish_non_exhaustive()
    }
}
