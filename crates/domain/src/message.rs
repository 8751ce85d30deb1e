//! Messages: sending, importing, recalling.

use hansard_events::group::{GroupType, Role};
use hansard_events::message::{ContentDigest, Element, Mention, MessageRecalled, MessageSent};
use hansard_types::{ConversationId, GroupId, Reason, Seq, Timestamp, UserId, limits};

use crate::view::{Group, MessageKey, Sent};
use crate::{Context, Decided, Decision, Halt, SentC2c, SentMessage, Signal, View};

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

    pub(crate) fn digest(&self) -> ContentDigest {
        ContentDigest::of(&self.elements, self.cloud_custom_data.as_deref())
    }

    fn check(&self) -> Result<(), Reason> {
        if self.size_bytes() > limits::MESSAGE_BYTES_MAX {
            return Err(Reason::MessageTooLarge);
        }
        Ok(())
    }
}

/// Sends a message from one account to another. What the server API sends in an account's name
/// reaches also those who block it; what an account sends itself does not.
#[derive(Debug, Clone)]
pub struct SendC2c {
    pub from: UserId,
    pub to: UserId,
    pub content: Content,
    pub random: u32,
    /// The sender's own number for it; absent: drawn from what is said ([`Self::key`]).
    pub client_seq: Option<u32>,
    /// The message's own time in whole seconds; absent: now.
    pub time_seconds: Option<u64>,
    /// Kept out of the sender's own history.
    pub hidden_from_sender: bool,
    /// For those who are there, and not stored.
    pub online_only: bool,
}

impl SendC2c {
    /// The message's key, when its time is `sent_at`.
    ///
    /// An absent number is drawn from the content and from which of the two says it, so that a
    /// retry within the same second draws it again, and two messages with one random number (many
    /// clients take the clock's) draw two.
    #[must_use]
    pub fn key(&self, sent_at: Timestamp) -> MessageKey {
        let drawn = || (self.content.digest().number() & !1) | u32::from(self.from > self.to);
        MessageKey {
            client_seq: self.client_seq.unwrap_or_else(drawn),
            random: self.random,
            time_seconds: sent_at.seconds(),
        }
    }

    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided<SentC2c> {
        let now = context.now;
        self.content.check()?;
        let sender = view.account(&self.from)?.ok_or(Reason::SenderUnknown)?;
        view.account(&self.to)?.ok_or(Reason::RecipientUnknown)?;
        let sent_at = self.time_seconds.map_or(now, Timestamp::from_seconds);
        if sent_at.0 > now.0.saturating_add(limits::MESSAGE_AHEAD_MS_MAX) {
            return Err(Reason::MessageTimeInvalid.into());
        }
        let key = self.key(sent_at);
        let conversation = ConversationId::c2c(&self.from, &self.to);
        if let Some(first) = view.message_by_key(&conversation, key)? {
            return Ok(Decision::nothing(sent_c2c(first, key, true)));
        }
        if sender.c2c_muted_until > now {
            return Err(Reason::SenderMuted.into());
        }
        if context.is_account() && view.blocks(&self.to, &self.from)? {
            return Err(Reason::SenderBlocked.into());
        }
        let seq = next_seq(view, &conversation, self.online_only)?;
        let message = MessageSent {
            seq,
            sent_at,
            client_seq: Some(key.client_seq),
            hidden_from_sender: self.hidden_from_sender,
            ..plain(conversation, &self.from, &self.content, self.random)
        };
        let reply = sent_c2c(Sent { seq, sent_at }, key, false);
        Ok(delivered(message, self.online_only, reply))
    }
}

/// Sends a message to a group. What the server API sends may be in the name of any account: only
/// one that sends itself must be a member. A retry is the same sender, random number and content
/// within minutes.
#[derive(Debug, Clone)]
pub struct SendGroup {
    pub group_id: GroupId,
    pub from: UserId,
    pub content: Content,
    pub random: u32,
    /// 1 high, 2 normal, 3 low, 4 lowest.
    pub priority: u8,
    pub mentions: Vec<Mention>,
    /// For those who are there, and not stored.
    pub online_only: bool,
}

impl SendGroup {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided<SentMessage> {
        let now = context.now;
        self.content.check()?;
        let group = existing(view, &self.group_id)?;
        let sender = view.account(&self.from)?.ok_or(Reason::SenderUnknown)?;
        let conversation = ConversationId::Group(self.group_id.clone());
        if let Some(first) = self.first(view, &conversation, now)? {
            return Ok(Decision::nothing(sent(first, true)));
        }
        if sender.group_muted_until > now {
            return Err(Reason::SenderMuted.into());
        }
        if context.is_account() || group.mute_all {
            let member = view.member(&self.group_id, &self.from)?;
            if context.is_account() && member.is_none() {
                return Err(Reason::MemberUnknown.into());
            }
            if group.mute_all && member.is_none_or(|member| member.role < Role::Admin) {
                return Err(Reason::GroupMuted.into());
            }
        }
        let seq = next_seq(view, &conversation, self.online_only)?;
        let message = MessageSent {
            seq,
            sent_at: now,
            priority: Some(self.priority),
            mentions: self.mentions.clone(),
            ..plain(conversation, &self.from, &self.content, self.random)
        };
        let reply = sent(Sent { seq, sent_at: now }, false);
        Ok(delivered(message, self.online_only, reply))
    }
}

impl SendGroup {
    /// The message that this one says again.
    fn first(
        &self,
        view: &dyn View,
        conversation: &ConversationId,
        now: Timestamp,
    ) -> Result<Option<Sent>, Halt> {
        let content = self.content.digest();
        let recent = view.recent_message(conversation, &self.from, self.random, content, now)?;
        let Some(recent) = recent else {
            return Ok(None);
        };
        // What was said in a dissolved group is not said in the one that has its id now.
        let stored = view.message(conversation, recent.seq)?;
        let is_there = stored
            .is_some_and(|stored| stored.sender == self.from && stored.sent_at == recent.sent_at);
        Ok(is_there.then_some(recent))
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
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided<SentMessage> {
        let now = context.now;
        if let Some(seq) = view.imported(&self.conversation, &self.import_key)? {
            let first = Sent {
                seq,
                sent_at: self.sent_at,
            };
            return Ok(Decision::nothing(sent(first, true)));
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
                let joins = view.member(group_id, &self.from)?.is_none();
                if joins && group.member_count >= group.max_members {
                    return Err(Reason::GroupFull.into());
                }
                joins
            }
        };
        let is_c2c = matches!(self.conversation, ConversationId::C2c(..));
        let seq = view.head(&self.conversation)?.last_seq.next();
        let event = MessageSent {
            seq,
            sent_at: self.sent_at,
            client_seq: is_c2c.then_some(self.client_seq),
            sender_joins,
            import_key: Some(self.import_key.clone()),
            ..plain(
                self.conversation.clone(),
                &self.from,
                &self.content,
                self.random,
            )
        };
        let first = Sent {
            seq,
            sent_at: self.sent_at,
        };
        Ok(Decision::event(event, sent(first, false)))
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
    pub(crate) fn decide(&self, view: &dyn View, _context: &Context<'_>) -> Decided<Vec<(Seq, Option<Reason>)>> {
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
        Ok(Decision::event(
            event,
            vec![(found.seq, None)],
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
    pub(crate) fn decide(&self, view: &dyn View, _context: &Context<'_>) -> Decided<Vec<(Seq, Option<Reason>)>> {
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
        if recalled.is_empty() {
            return Ok(Decision::nothing(results));
        }
        recalled.sort_unstable();
        let event = MessageRecalled {
            conversation,
            seqs: recalled,
            recalled_by: self.by.clone(),
            reason: self.reason.clone(),
        };
        Ok(Decision::event(event, results))
    }
}

/// A group that exists and is not dissolved.
pub(crate) fn existing(view: &dyn View, group_id: &GroupId) -> Result<Group, Halt> {
    let group = view.group(group_id)?.filter(|group| !group.dissolved);
    group.ok_or_else(|| Reason::GroupUnknown.into())
}

/// A message that is not stored has the seq 0, which is no stored message's.
fn next_seq(
    view: &dyn View,
    conversation: &ConversationId,
    online_only: bool,
) -> Result<Seq, Halt> {
    if online_only {
        return Ok(Seq(0));
    }
    Ok(view.head(conversation)?.last_seq.next())
}

fn delivered<R>(message: MessageSent, online_only: bool, reply: R) -> Decision<R> {
    if online_only {
        Decision::signal(Signal::Message(message), reply)
    } else {
        Decision::event(message, reply)
    }
}

fn sent_c2c(message: Sent, key: MessageKey, duplicate: bool) -> SentC2c {
    let Sent { seq, sent_at } = message;
    SentC2c {
        seq,
        sent_at,
        key,
        duplicate,
    }
}

fn sent(message: Sent, duplicate: bool) -> SentMessage {
    let Sent { seq, sent_at } = message;
    SentMessage {
        seq,
        sent_at,
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
