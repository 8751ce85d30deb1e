use hansard_events::message::MessageSent;
use hansard_types::{ConversationId, Reason, Timestamp, UserId};

use super::{Content, check_time, delivered, next_seq, plain, sent_c2c};
use crate::view::{MessageKey, Sent};
use crate::{Context, Decided, Decision, SentC2c, View};

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
    /// The receiver is to confirm that it has read it.
    pub wants_receipts: bool,
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
        check_time(sent_at, now)?;
        let key = self.key(sent_at);
        let conversation = ConversationId::c2c(&self.from, &self.to);
        if let Some(first) = view.message_by_key(&conversation, key)? {
            return Ok(Decision::nothing(sent_c2c(first, key, true)));
        }
        if sender.mutes.c2c > now {
            return Err(Reason::SenderMuted.into());
        }
        if context.is_account() && view.blocks(&self.to, &self.from)? {
            return Err(Reason::SenderBlocked.into());
        }
        if self.wants_receipts && self.online_only {
            return Err(Reason::ReceiptsNeedStored.into());
        }
        let seq = next_seq(view, &conversation, self.online_only)?;
        let message = MessageSent {
            seq,
            sent_at,
            client_seq: Some(key.client_seq),
            hidden_from_sender: self.hidden_from_sender,
            receipts_of: self.wants_receipts.then_some(1),
            ..plain(conversation, &self.from, &self.content, self.random)
        };
        let reply = sent_c2c(Sent { seq, sent_at }, key, false);
        Ok(delivered(message, self.online_only, reply))
    }
}
