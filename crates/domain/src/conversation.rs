//! What readers do in a conversation.

use hansard_events::conversation::{
    ConversationCleared, ConversationRead, ReceiptsSent, UnreadSet,
};
use hansard_types::{ConversationId, GroupId, Reason, Seq, Timestamp, UserId};

use crate::group::existing;
use crate::group::rules::rules;
use crate::{Context, Decided, Decision, Halt, Read, View};

/// An account must be in the conversation: one of the two, or a member.
pub(crate) fn check_party(
    view: &dyn View,
    context: &Context<'_>,
    conversation: &ConversationId,
) -> Result<(), Halt> {
    let Some(user) = context.account() else {
        return Ok(());
    };
    let is_there = match conversation.group() {
        Some(group) => view.member(group, user)?.is_some(),
        None => conversation.peer_of(user).is_some(),
    };
    if !is_there {
        return Err(Reason::MemberUnknown.into());
    }
    Ok(())
}

/// How far a reader has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpTo {
    /// Everything there is.
    Last,
    /// Everything whose time is not after this one (one-to-one).
    Time(Timestamp),
    /// Everything up to a message; past the last one means the last one.
    Seq(Seq),
}

/// Marks a conversation read. The read position only moves forward.
#[derive(Debug, Clone)]
pub struct MarkRead {
    pub conversation: ConversationId,
    pub reader: UserId,
    pub up_to: UpTo,
}

impl MarkRead {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided<Read> {
        let now = context.now;
        view.account(&self.reader)?.ok_or(Reason::AccountUnknown)?;
        if let Some(peer) = self.conversation.peer_of(&self.reader) {
            view.account(peer)?.ok_or(Reason::RecipientUnknown)?;
        }
        check_party(view, context, &self.conversation)?;
        let last = view.head(&self.conversation)?.last_seq;
        let up_to = match self.up_to {
            UpTo::Last => last,
            UpTo::Time(time) => view.last_seq_at(&self.conversation, time)?,
            UpTo::Seq(seq) => seq.min(last),
        };
        let before = view.read_position(&self.conversation, &self.reader)?;
        if up_to <= before {
            return Ok(Decision::nothing(Read { up_to: before }));
        }
        let event = ConversationRead {
            conversation: self.conversation.clone(),
            reader: self.reader.clone(),
            up_to,
            read_at: now,
        };
        Ok(Decision::event(event, Read { up_to }))
    }
}

/// Sets how many messages of a group a member has not read: at most as many as there are. Where
/// unread messages are not counted, nothing happens.
#[derive(Debug, Clone)]
pub struct SetUnread {
    pub group_id: GroupId,
    pub reader: UserId,
    pub unread: u64,
}

impl SetUnread {
    pub(crate) fn decide(&self, view: &dyn View, _context: &Context<'_>) -> Decided {
        let group = existing(view, &self.group_id)?;
        let member = view.member(&self.group_id, &self.reader)?;
        if !rules(group.group_type).counts_unread {
            return Ok(Decision::nothing(()));
        }
        member.ok_or(Reason::MemberUnknown)?;
        let conversation = ConversationId::Group(self.group_id.clone());
        if view.unread(&conversation, &self.reader)? == self.unread {
            return Ok(Decision::nothing(()));
        }
        let read_seq = view.seq_before_unread(&conversation, &self.reader, self.unread)?;
        let event = UnreadSet {
            conversation,
            reader: self.reader.clone(),
            read_seq,
        };
        Ok(Decision::event(event, ()))
    }
}

/// A reader confirms that it has read messages which want receipts, of a group or of two. Others, its
/// own, those from before it came, and what it has confirmed already make nothing happen.
#[derive(Debug, Clone)]
pub struct ConfirmRead {
    pub conversation: ConversationId,
    pub reader: UserId,
    pub seqs: Vec<Seq>,
}

impl ConfirmRead {
    pub(crate) fn decide(&self, view: &dyn View, _context: &Context<'_>) -> Decided {
        let conversation = &self.conversation;
        let came_at = self.came_at(view)?;
        let mut seqs: Vec<Seq> = Vec::with_capacity(self.seqs.len());
        for seq in &self.seqs {
            let Some(message) = view.message(conversation, *seq)? else {
                continue;
            };
            let is_its = message.sender == self.reader || message.sent_at < came_at;
            let confirmed = view.has_confirmed(conversation, *seq, &self.reader)?;
            if !is_its && !message.recalled && confirmed == Some(false) && !seqs.contains(seq) {
                seqs.push(*seq);
            }
        }
        if seqs.is_empty() {
            return Ok(Decision::nothing(()));
        }
        seqs.sort_unstable();
        let event = ReceiptsSent {
            conversation: conversation.clone(),
            reader: self.reader.clone(),
            seqs,
        };
        Ok(Decision::event(event, ()))
    }

    /// From when on messages are for the reader.
    fn came_at(&self, view: &dyn View) -> Result<Timestamp, Halt> {
        let group_id = match &self.conversation {
            ConversationId::Group(group_id) => group_id,
            // No message of a community wants receipts.
            ConversationId::Topic(..) => return Err(Reason::GroupTypeForbids.into()),
            ConversationId::C2c(..) => {
                let peer = self.conversation.peer_of(&self.reader);
                let peer = peer.ok_or(Reason::MemberUnknown)?;
                view.account(&self.reader)?.ok_or(Reason::AccountUnknown)?;
                view.account(peer)?.ok_or(Reason::RecipientUnknown)?;
                return Ok(Timestamp(0));
            }
        };
        let group = existing(view, group_id)?;
        if !rules(group.group_type).has_receipts {
            return Err(Reason::GroupTypeForbids.into());
        }
        let member = view.member(group_id, &self.reader)?;
        Ok(member.ok_or(Reason::MemberUnknown)?.joined_at)
    }
}

/// Clears what was said in a group, for everyone.
#[derive(Debug, Clone)]
pub struct ClearGroup {
    pub group_id: GroupId,
    /// The last message that goes; absent: all of them.
    pub up_to: Option<Seq>,
}

impl ClearGroup {
    pub(crate) fn decide(&self, view: &dyn View, _context: &Context<'_>) -> Decided {
        let group = existing(view, &self.group_id)?;
        if !rules(group.group_type).recalls {
            return Err(Reason::GroupTypeForbids.into());
        }
        let conversation = ConversationId::Group(self.group_id.clone());
        let last = view.head(&conversation)?.last_seq;
        let up_to = self.up_to.unwrap_or(last).min(last);
        if up_to <= view.cleared_up_to(&conversation)? {
            return Ok(Decision::nothing(()));
        }
        let event = ConversationCleared {
            conversation,
            up_to,
        };
        Ok(Decision::event(event, ()))
    }
}

#[cfg(test)]
mod tests;
