use std::collections::BTreeMap;

use hansard_events::Event;
use hansard_events::message::MessageSent;
use hansard_types::{ConversationId, GroupId, Reason, Seq, Timestamp, TopicId, UserId};

use super::{Content, plain};
use crate::group::place_in;
use crate::group::rules::rules;
use crate::{Context, Decided, Decision, View};

/// A message of a group as it was elsewhere.
#[derive(Debug, Clone)]
pub struct MessageToImport {
    pub from: UserId,
    pub sent_at: Timestamp,
    pub random: u32,
    pub content: Content,
    /// What makes importing it again recognisable.
    pub import_key: String,
}

/// Brings messages into a group as they were said elsewhere, in their order; each is answered by
/// itself. Nobody has anything unread afterwards (reference, section 9.2).
#[derive(Debug, Clone)]
pub struct ImportGroupMessages {
    pub group_id: GroupId,
    /// Absent: the group itself.
    pub topic_id: Option<TopicId>,
    pub messages: Vec<MessageToImport>,
}

impl ImportGroupMessages {
    pub(crate) fn decide(
        &self,
        view: &dyn View,
        context: &Context<'_>,
    ) -> Decided<Vec<(Seq, Option<Reason>)>> {
        let topic = self.topic_id.as_ref();
        let (group, conversation) = place_in(view, &self.group_id, topic)?;
        if !rules(group.group_type).is_imported {
            return Err(Reason::GroupTypeForbids.into());
        }
        let head = view.head(&conversation)?;
        let (mut seq, mut last_at) = (head.last_seq, head.last_sent_at);
        let mut results = Vec::with_capacity(self.messages.len());
        let mut events: Vec<Event> = Vec::new();
        let mut taken: BTreeMap<&str, Seq> = BTreeMap::new();
        for message in &self.messages {
            if let Some(seq) = taken.get(message.import_key.as_str()) {
                results.push((*seq, None));
                continue;
            }
            if let Some(before) = view.imported(&conversation, &message.import_key)? {
                results.push((before, None));
                continue;
            }
            let refused = if view.account(&message.from)?.is_none() {
                Some(Reason::SenderUnknown)
            } else if message.sent_at <= last_at
                || message.sent_at >= context.now
                || message.sent_at < group.created_at
            {
                Some(Reason::MessageTimeInvalid)
            } else {
                message.content.check().err()
            };
            if let Some(reason) = refused {
                results.push((Seq(0), Some(reason)));
                continue;
            }
            seq = seq.next();
            last_at = message.sent_at;
            results.push((seq, None));
            taken.insert(&message.import_key, seq);
            events.push(self.event(&conversation, seq, message).into());
        }
        Ok(Decision {
            events,
            signals: Vec::new(),
            reply: results,
        })
    }

    fn event(
        &self,
        conversation: &ConversationId,
        seq: Seq,
        message: &MessageToImport,
    ) -> MessageSent {
        MessageSent {
            seq,
            sent_at: message.sent_at,
            priority: Some(2),
            import_key: Some(message.import_key.clone()),
            resets_unread: true,
            ..plain(
                conversation.clone(),
                &message.from,
                &message.content,
                message.random,
            )
        }
    }
}
