//! Conversations that queries name, and what an account may read of them: the one place of the rule
//! for every read.

use hansard_conversations::MessageRow;
use hansard_desk::Reads;
use hansard_domain::group::rules::reads_before_join;
use hansard_types::{ConversationId, GroupId, Reason, Seq, UserId};

use crate::Problem;
use crate::access::refused;

/// A conversation that a query names.
pub(crate) fn conversation(text: &str) -> Result<ConversationId, Problem> {
    let parsed = text.parse();
    parsed.map_err(|error| Problem::invalid(format!("conversation: {error}")))
}

/// After which seq an account may read a conversation; `None`: it may not at all.
pub(crate) fn floor(
    reads: &Reads<'_>,
    viewer: &UserId,
    conversation: &ConversationId,
) -> Result<Option<Seq>, Problem> {
    match conversation {
        ConversationId::C2c(one, other) if one == viewer || other == viewer => {
            // What was said to an earlier account of that name is not the viewer's.
            let conversations = reads.conversations_with(conversation);
            let clear_seq = conversations.clear_seq(conversation, viewer);
            clear_seq.map(Some).map_err(Problem::broken)
        }
        ConversationId::C2c(..) => Ok(None),
        // Communities, which topics are of, hide nothing from before a member came.
        ConversationId::Group(group) | ConversationId::Topic(group, _) => {
            floor_of_group(reads, viewer, group)
        }
    }
}

/// A message that an account may read; others there are not.
pub(crate) fn message(
    reads: &Reads<'_>,
    viewer: &UserId,
    (conversation, seq): (&ConversationId, Seq),
) -> Result<MessageRow, Problem> {
    let floor = floor(reads, viewer, conversation)?;
    let conversations = reads.conversations_with(conversation);
    let message = conversations.message(conversation, seq);
    let is_read = |message: &MessageRow| {
        floor.is_some_and(|floor| seq > floor) && message.is_shown_to(viewer)
    };
    let message = message.map_err(Problem::broken)?.filter(is_read);
    let message = message.filter(|message| message.recall.is_none());
    message.ok_or_else(|| refused(Reason::MessageUnknown))
}

/// After which seq a member may read a group (features G12).
fn floor_of_group(
    reads: &Reads<'_>,
    viewer: &UserId,
    group_id: &GroupId,
) -> Result<Option<Seq>, Problem> {
    let groups = reads.groups_with(group_id);
    let member = groups.member(group_id, viewer).map_err(Problem::broken)?;
    let group = groups.group(group_id).map_err(Problem::broken)?;
    let (Some(_), Some(group)) = (member, group) else {
        return Ok(None);
    };
    if reads_before_join(group.group_type, &group.profile) {
        return Ok(Some(Seq(0)));
    }
    let conversation = ConversationId::Group(group_id.clone());
    let conversations = reads.conversations_with(&conversation);
    let reader = conversations.reader(&conversation, viewer);
    Ok(Some(reader.map_err(Problem::broken)?.join_seq))
}
