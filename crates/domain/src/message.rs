//! Messages: sending, importing, recalling.

use hansard_events::group::{GroupType, Role};
use hansard_events::message::{Element, Mention, MessageRecalled, MessageSent};
use hansard_types::{ConversationId, GroupId, Reason, Seq, Timestamp, UserId, limits};

use crate::view::{Group, MessageKey, Sent};
use crate::{Decided, Decision, Halt, Reply, View};

/// What is said, whoever says it and wherever.
#[derive(Debug, Clone)]
pub struct Content {
    pub elements: Vec<Element>,
    pub cloud_custom_data: Option<String>,
    /// Not counted as unread.
    pub no_unread: bool,
    /// Does not become the conversation's last message.
    pub no_last: bool,
}

impl Content {
    /// A plain text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self {
            elements: vec![Element::Text {
                text: text.to_owned(),
            }],
            cloud_custom_data: None,
            no_unread: false,
            no_last: false,
        }
    }

    /// The bytes that count towards the message limit: the texts of the elements and the custom
    /// data.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        let elements: usize = self
            .elements
            .iter()
            .map(|element| match element {
                Element::Text { text } => text.len(),
                Element::Face { data, .. } => data.len(),
                Element::Custom {
                    data,
                    desc,
                    ext,
                    sound,
                } => data.len() + desc.len() + ext.len() + sound.len(),
            })
            .sum();
        elements + self.cloud_custom_data.as_ref().map_or(0, String::len)
    }

    fn check(&self) -> Result<(), Reason> {
        if self.size_bytes() > limits::MESSAGE_BYTES_MAX {
            return Err(Reason::MessageTooLarge);
        }
        Ok(())
    }
}

/// Sends a message from one account to another.
#[derive(Debug, Clone)]
pub struct SendC2c {
    pub from: UserId,
    pub to: UserId,
    pub content: Content,
    pub random: u32,
    /// The sender's own number for it. Absent, it is the random number, so that a retry within
    /// the same second is still recognised.
    pub client_seq: Option<u32>,
    /// The message's own time in whole seconds; absent: now.
    pub time_seconds: Option<u64>,
    /// Kept out of the sender's own history.
    pub hidden_from_sender: bool,
}

impl SendC2c {
    pub(crate) fn decide(&self, view: &dyn View, now: Timestamp) -> Decided {
        self.content.check()?;
        let sender = view.account(&self.from)?.ok_or(Reason::SenderUnknown)?;
        view.account(&self.to)?.ok_or(Reason::RecipientUnknown)?;
        let sent_at = self.time_seconds.map_or(now, Timestamp::from_seconds);
        if sent_at.0 > now.0.saturating_add(limits::MESSAGE_AHEAD_MS_MAX) {
            return Err(Reason::MessageTimeInvalid.into());
        }
        let key = MessageKey {
            client_seq: self.client_seq.unwrap_or(self.random),
            random: self.random,
            time_seconds: sent_at.seconds(),
        };
        let conversation = ConversationId::c2c(&self.from, &self.to);
        if let Some(first) = view.message_by_key(&conversation, key)? {
            return Ok(Decision::nothing(sent(first, Some(key), true)));
        }
        if sender.c2c_muted_until > now {
            return Err(Reason::SenderMuted.into());
        }
        if view.blocks(&self.to, &self.from)? {
            return Err(Reason::SenderBlocked.into());
        }
        let seq = view.head(&conversation)?.last_seq.next();
        let event = MessageSent {
            seq,
            sent_at,
            client_seq: Some(key.client_seq),
            hidden_from_sender: self.hidden_from_sender,
            ..plain(conversation, &self.from, &self.content, self.random)
        };
        Ok(Decision::one(
            event,
            sent(Sent { seq, sent_at }, Some(key), false),
        ))
    }
}

/// Sends a message to a group. An administrator may send in the name of any account: the sender
/// need not be a member.
#[derive(Debug, Clone)]
pub struct SendGroup {
    pub group_id: GroupId,
    pub from: UserId,
    pub content: Content,
    pub random: u32,
    /// 1 high, 2 normal, 3 low, 4 lowest.
    pub priority: u8,
    pub mentions: Vec<Mention>,
}

impl SendGroup {
    pub(crate) fn decide(&self, view: &dyn View, now: Timestamp) -> Decided {
        self.content.check()?;
        let group = existing(view, &self.group_id)?;
        let sender = view.account(&self.from)?.ok_or(Reason::SenderUnknown)?;
        let conversation = ConversationId::Group(self.group_id.clone());
        if let Some(first) = view.recent_message(&conversation, &self.from, self.random, now)? {
            return Ok(Decision::nothing(sent(first, None, true)));
        }
        if sender.group_muted_until > now {
            return Err(Reason::SenderMuted.into());
        }
        if group.mute_all {
            let member = view.member(&self.group_id, &self.from)?;
            if member.is_none_or(|member| member.role < Role::Admin) {
                return Err(Reason::GroupMuted.into());
            }
        }
        let seq = view.head(&conversation)?.last_seq.next();
        let event = MessageSent {
            seq,
            sent_at: now,
            priority: Some(self.priority),
            mentions: self.mentions.clone(),
            ..plain(conversation, &self.from, &self.content, self.random)
        };
        Ok(Decision::one(
            event,
            sent(Sent { seq, sent_at: now }, None, false),
        ))
    }
}

/// Takes a message over from elsewhere with its original time. Importing it again, whenever that
/// is, adds nothing. A sender who is not in the group joins with the message.
#[derive(Debug, Clone)]
pub struct ImportMessage {
    pub conversation: ConversationId,
    pub from: UserId,
    pub content: Content,
    pub sent_at: Timestamp,
    /// What makes it recognisable: the same for the same source line, and for no other.
    pub import_key: String,
    /// Derived from the key; for one-to-one messages they make its `MsgKey`.
    pub random: u32,
    pub client_seq: u32,
}

impl ImportMessage {
    pub(crate) fn decide(&self, view: &dyn View, now: Timestamp) -> Decided {
        let key = matches!(self.conversation, ConversationId::C2c(..)).then_some(MessageKey {
            client_seq: self.client_seq,
            random: self.random,
            time_seconds: self.sent_at.seconds(),
        });
        if let Some(seq) = view.imported(&self.conversation, &self.import_key)? {
            let first = Sent {
                seq,
                sent_at: self.sent_at,
            };
            return Ok(Decision::nothing(sent(first, key, true)));
        }
        self.content.check()?;
        if self.sent_at.0 > now.0.saturating_add(limits::MESSAGE_AHEAD_MS_MAX) {
            return Err(Reason::MessageTimeInvalid.into());
        }
        view.account(&self.from)?.ok_or(Reason::SenderUnknown)?;
        let sender_joins = match &self.conversation {
            ConversationId::C2c(one, other) => {
                let peer = if *one == self.from { other } else { one };
                view.account(peer)?.ok_or(Reason::RecipientUnknown)?;
                false
            }
            ConversationId::Group(group_id) => {
                let group = existing(view, group_id)?;
                if group.group_type == GroupType::AvChatRoom {
                    return Err(Reason::GroupTypeForbids.into());
                }
                let joins = view.member(group_id, &self.from)?.is_none();
                if joins && group.member_count >= group.max_members {
                    return Err(Reason::GroupFull.into());
                }
                joins
            }
        };
        let seq = view.head(&self.conversation)?.last_seq.next();
        let event = MessageSent {
            seq,
            sent_at: self.sent_at,
            client_seq: key.map(|key| key.client_seq),
            sender_joins,
            import_key: Some(self.import_key.clone()),
            ..plain(
                self.conversation.clone(),
                &self.from,
                &self.content,
                self.random,
            )
        };
        Ok(Decision::one(
            event,
            sent(
                Sent {
                    seq,
                    sent_at: self.sent_at,
                },
                key,
                false,
            ),
        ))
    }
}

/// Recalls a one-to-one message by its key. Administrators may at any time.
#[derive(Debug, Clone)]
pub struct RecallC2c {
    pub from: UserId,
    pub to: UserId,
    pub key: MessageKey,
    pub by: UserId,
}

impl RecallC2c {
    pub(crate) fn decide(&self, view: &dyn View) -> Decided {
        view.account(&self.from)?.ok_or(Reason::SenderUnknown)?;
        view.account(&self.to)?.ok_or(Reason::RecipientUnknown)?;
        let conversation = ConversationId::c2c(&self.from, &self.to);
        let found = view
            .message_by_key(&conversation, self.key)?
            .ok_or(Reason::MessageUnknown)?;
        let message = view
            .message(&conversation, found.seq)?
            .ok_or(Reason::MessageUnknown)?;
        if message.sender != self.from {
            return Err(Reason::MessageUnknown.into());
        }
        if message.recalled {
            return Err(Reason::MessageAlreadyRecalled.into());
        }
        let event = MessageRecalled {
            conversation,
            seqs: vec![found.seq],
            recalled_by: self.by.clone(),
            reason: None,
        };
        Ok(Decision::one(
            event,
            Reply::Recalled(vec![(found.seq, None)]),
        ))
    }
}

/// Recalls messages of a group; each is answered by itself.
#[derive(Debug, Clone)]
pub struct RecallGroup {
    pub group_id: GroupId,
    pub seqs: Vec<Seq>,
    pub by: UserId,
    pub reason: Option<String>,
}

impl RecallGroup {
    pub(crate) fn decide(&self, view: &dyn View) -> Decided {
        let group = existing(view, &self.group_id)?;
        if group.group_type == GroupType::AvChatRoom {
            return Err(Reason::GroupTypeForbids.into());
        }
        let conversation = ConversationId::Group(self.group_id.clone());
        let mut results = Vec::with_capacity(self.seqs.len());
        let mut recalled: Vec<Seq> = Vec::new();
        for seq in &self.seqs {
            let refused = match view.message(&conversation, *seq)? {
                None => Some(Reason::MessageUnknown),
                Some(message) if message.recalled || recalled.contains(seq) => {
                    Some(Reason::MessageAlreadyRecalled)
                }
                Some(_) => None,
            };
            if refused.is_none() {
                recalled.push(*seq);
            }
            results.push((*seq, refused));
        }
        let reply = Reply::Recalled(results);
        if recalled.is_empty() {
            return Ok(Decision::nothing(reply));
        }
        recalled.sort_unstable();
        let event = MessageRecalled {
            conversation,
            seqs: recalled,
            recalled_by: self.by.clone(),
            reason: self.reason.clone(),
        };
        Ok(Decision::one(event, reply))
    }
}

/// A group that exists and is not dissolved.
pub(crate) fn existing(view: &dyn View, group_id: &GroupId) -> Result<Group, Halt> {
    let group = view.group(group_id)?.filter(|group| !group.dissolved);
    group.ok_or_else(|| Reason::GroupUnknown.into())
}

fn sent(message: Sent, key: Option<MessageKey>, duplicate: bool) -> Reply {
    Reply::Sent {
        seq: message.seq,
        sent_at: message.sent_at,
        key,
        duplicate,
    }
}

/// A message with everything that only some kinds of message have left empty.
fn plain(
    conversation: ConversationId,
    sender: &UserId,
    content: &Content,
    random: u32,
) -> MessageSent {
    MessageSent {
        conversation,
        seq: Seq::default(),
        sender: sender.clone(),
        sent_at: Timestamp::default(),
        elements: content.elements.clone(),
        random,
        client_seq: None,
        cloud_custom_data: content.cloud_custom_data.clone(),
        priority: None,
        no_unread: content.no_unread,
        no_last: content.no_last,
        hidden_from_sender: false,
        sender_joins: false,
        mentions: Vec::new(),
        import_key: None,
    }
}
