use hansard_store::key::{Key, Parts};
use hansard_store::{Direction, Error, KeyRange, Read, Result, Table, row};
use hansard_types::{ConversationId, LogId, Seq, Timestamp, UserId, limits};
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::rows::{
    CONTACT, HEAD, HeadRow, IMPORT, INBOX, InboxRow, KEY, MESSAGE, MessageRow, READER, ReaderRow,
    TIME, conversation_key, import_key, inbox_key, inbox_prefix, key_key, message_key, reader_key,
    time_key,
};
use crate::unread;

/// A one-to-one conversation of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    pub peer: UserId,
    /// Unix seconds of the last message that is shown; 0 while none is.
    pub shown_seconds: u64,
}

/// Queries of one app.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    pub(crate) store: &'a dyn Read,
    pub(crate) log: LogId,
}

impl<'a> Reader<'a> {
    #[must_use]
    pub fn new(store: &'a dyn Read, log: LogId) -> Self {
        Self { store, log }
    }

    fn get<T: DeserializeOwned>(&self, table: &'static Table, key: &[u8]) -> Result<Option<T>> {
        let bytes = self.store.get(table, key)?;
        bytes.map(|bytes| row::decode(table, &bytes)).transpose()
    }

    /// The end of a conversation; zeros when nothing was said in it.
    ///
    /// # Errors
    /// Here and below: when the store fails.
    pub fn head(&self, conversation: &ConversationId) -> Result<HeadRow> {
        Ok(self
            .get(&HEAD, &conversation_key(self.log, conversation))?
            .unwrap_or_default())
    }

    /// The last message's seq and its own time: what a send asks of [`Self::head`], without the
    /// rest of it.
    pub fn last(&self, conversation: &ConversationId) -> Result<(Seq, Timestamp)> {
        type Row = (
            Seq,
            Timestamp,
            IgnoredAny,
            IgnoredAny,
            IgnoredAny,
            IgnoredAny,
            IgnoredAny,
        );
        let row: Option<Row> = self.get(&HEAD, &conversation_key(self.log, conversation))?;
        let (last_seq, last_sent_at, ..) = row.unwrap_or_default();
        Ok((last_seq, last_sent_at))
    }

    pub fn message(&self, conversation: &ConversationId, seq: Seq) -> Result<Option<MessageRow>> {
        self.get(&MESSAGE, &message_key(self.log, conversation, seq))
    }

    /// What is known of a reader; zeros when nothing is.
    pub fn reader(&self, conversation: &ConversationId, user: &UserId) -> Result<ReaderRow> {
        Ok(self
            .get(&READER, &reader_key(self.log, conversation, user))?
            .unwrap_or_default())
    }

    /// Topics: where one ended when the member joined the group. Found when it is asked: a group
    /// has up to 1000 topics, and who joins would cost a row in each.
    pub(crate) fn joined_topic_at(
        &self,
        conversation: &ConversationId,
        user: &UserId,
    ) -> Result<Seq> {
        let ConversationId::Topic(group, _) = conversation else {
            return Ok(Seq(0));
        };
        let of_group = ConversationId::Group(group.clone());
        match self.reader(&of_group, user)?.joined {
            0 => Ok(Seq(0)),
            joined => self.last_where(conversation, |said| said.sequence <= joined),
        }
    }

    /// Groups: when a user sent its last message; 0: it sent none.
    pub fn last_sent_by(&self, conversation: &ConversationId, user: &UserId) -> Result<Timestamp> {
        let head = self.head(conversation)?;
        let mut newest = (0..=head.last_seq.0).rev().zip(head.senders.iter().rev());
        let seq = match newest.find(|(_, sender)| *sender == user.as_str()) {
            Some((seq, _)) => Seq(seq),
            None => self.reader(conversation, user)?.sent_seq,
        };
        let message = self.message(conversation, seq)?;
        Ok(message.map(|message| message.sent_at).unwrap_or_default())
    }

    /// One-to-one: the message with this key, whoever of the two sent it.
    pub fn seq_by_key(
        &self,
        conversation: &ConversationId,
        client_seq: u32,
        random: u32,
        time_seconds: u64,
    ) -> Result<Option<Seq>> {
        self.get(
            &KEY,
            &key_key(self.log, conversation, client_seq, random, time_seconds),
        )
    }

    /// What was imported with this key: a message's seq, or 0 for what is no message.
    pub fn imported(&self, conversation: &ConversationId, key: &str) -> Result<Option<Seq>> {
        self.get(&IMPORT, &import_key(self.log, conversation, key))
    }

    /// How many of the newest `UNREAD_SPAN_MAX` messages the user has not read.
    pub fn unread(&self, conversation: &ConversationId, user: &UserId) -> Result<u64> {
        let span = unread::span(self, conversation, user, limits::UNREAD_SPAN_MAX)?;
        unread::unread(self.store, self.log, conversation, user, &span)
    }

    /// Up to where a user must have read for `wanted` messages to be unread, or as many as there
    /// are among the newest `UNREAD_SPAN_MAX`.
    pub fn seq_before_unread(
        &self,
        conversation: &ConversationId,
        user: &UserId,
        wanted: u64,
    ) -> Result<Seq> {
        let head = self.head(conversation)?;
        let bounds = (wanted, limits::UNREAD_SPAN_MAX);
        unread::seq_before(self.store, self.log, conversation, user, &head, bounds)
    }

    /// The messages of a user among the `latest` newest, the newest first.
    pub fn said_by(
        &self,
        conversation: &ConversationId,
        user: &UserId,
        latest: u64,
    ) -> Result<Vec<Seq>> {
        let head = self.head(conversation)?;
        let first = head.last_seq.0.saturating_sub(latest).max(head.clear_seq.0) + 1;
        let range = (Seq(first), head.last_seq);
        let senders = unread::senders(self.store, self.log, conversation, &head, range)?;
        let own = senders.into_iter().rev();
        let own = own.filter(|(_, sender)| sender == user.as_str());
        Ok(own.map(|(seq, _)| seq).collect())
    }

    /// The last message whose own time is not after `time`.
    pub fn last_at(&self, conversation: &ConversationId, time: Timestamp) -> Result<Seq> {
        match conversation {
            ConversationId::C2c(..) => self.last_seq_at(conversation, time),
            ConversationId::Group(_) | ConversationId::Topic(..) => {
                self.last_where(conversation, |said| said.sent_at <= time)
            }
        }
    }

    /// The last message of those that something holds for, from a conversation's first one on:
    /// it holds for none behind one that it does not hold for.
    pub(crate) fn last_where(
        &self,
        conversation: &ConversationId,
        holds: impl Fn(&MessageRow) -> bool,
    ) -> Result<Seq> {
        let head = self.head(conversation)?;
        let (mut low, mut high) = (head.clear_seq.0, head.last_seq.0);
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            match self.said_down(conversation, Seq(middle), Seq(low + 1))? {
                Some((said, row)) if !holds(&row) => high = said.0 - 1,
                // Notices that follow it stand with it.
                Some(_) | None => low = middle,
            }
        }
        Ok(Seq(low))
    }

    /// The newest message between two seqs (both included) that is no notice; looks at a page of
    /// entries.
    fn said_down(
        &self,
        conversation: &ConversationId,
        from: Seq,
        down_to: Seq,
    ) -> Result<Option<(Seq, MessageRow)>> {
        const LOOK_BACK_MAX: usize = 128;
        if let Some(row) = self.message(conversation, from)?
            && !row.is_notice
        {
            return Ok(Some((from, row)));
        }
        let rows = self.timeline_down(conversation, from, down_to, LOOK_BACK_MAX)?;
        Ok(rows.into_iter().find(|(_, row)| !row.is_notice))
    }

    /// How many one-to-one messages the user has not read, all conversations together: of at most
    /// the latest `UNREAD_CONVERSATIONS_MAX`, and of `UNREAD_TOTAL_SPAN_MAX` messages in them.
    pub fn unread_of_all(&self, user: &UserId) -> Result<u64> {
        let mut left = limits::UNREAD_TOTAL_SPAN_MAX;
        let mut all = 0;
        for contact in self.contacts(user, None, limits::UNREAD_CONVERSATIONS_MAX)? {
            let conversation = ConversationId::c2c(user, &contact.peer);
            let span_max = limits::UNREAD_SPAN_MAX.min(left);
            let span = unread::span(self, &conversation, user, span_max)?;
            left = left.saturating_sub(span.messages());
            all += unread::unread(self.store, self.log, &conversation, user, &span)?;
        }
        Ok(all)
    }

    /// Messages from `from` (included) downwards to `down_to` (included), newest first, at most
    /// `messages_max`.
    pub fn timeline_down(
        &self,
        conversation: &ConversationId,
        from: Seq,
        down_to: Seq,
        messages_max: usize,
    ) -> Result<Vec<(Seq, MessageRow)>> {
        let range = KeyRange::between(
            message_key(self.log, conversation, down_to),
            message_key(self.log, conversation, from.next()),
        );
        let down = Direction::Descending;
        self.store
            .rows(&MESSAGE, &range, down, messages_max, |key, value| {
                let seq = last_number(key).ok_or_else(|| Error::key(&MESSAGE))?;
                Ok(Some((Seq(seq), row::decode(&MESSAGE, value)?)))
            })
    }

    /// One-to-one: the places of messages whose own time lies in `min..=max`, newest first,
    /// strictly before `before` when given (time, seq), at most `places_max`.
    pub fn times_down(
        &self,
        conversation: &ConversationId,
        min: Timestamp,
        max: Timestamp,
        before: Option<(Timestamp, Seq)>,
        places_max: usize,
    ) -> Result<Vec<(Timestamp, Seq)>> {
        let lower = time_key(self.log, conversation, min, Seq(0));
        let end = time_key(
            self.log,
            conversation,
            Timestamp(max.0.saturating_add(1)),
            Seq(0),
        );
        let upper = match before {
            None => end,
            Some((time, seq)) => time_key(self.log, conversation, time, seq).min(end),
        };
        if lower >= upper {
            return Ok(Vec::new());
        }
        let range = KeyRange::between(lower, upper);
        let down = Direction::Descending;
        self.store.rows(&TIME, &range, down, places_max, |key, _| {
            let (time, seq) = last_two_numbers(key).ok_or_else(|| Error::key(&TIME))?;
            Ok(Some((Timestamp(time), Seq(seq))))
        })
    }

    /// One-to-one: the highest seq among the messages whose own time is not after `time`. Looks
    /// at the newest messages in the order of time; the seqs of messages with earlier times can
    /// be higher only where senders set times of their own, which `LOOK_BACK_MAX` bounds.
    pub fn last_seq_at(&self, conversation: &ConversationId, time: Timestamp) -> Result<Seq> {
        const LOOK_BACK_MAX: usize = 128;
        let places = self.times_down(conversation, Timestamp(0), time, None, LOOK_BACK_MAX)?;
        Ok(places
            .into_iter()
            .map(|(_, seq)| seq)
            .max()
            .unwrap_or_default())
    }

    /// An account's one-to-one conversations, the latest first, at most `contacts_max`: from the
    /// first one of the second `from` on, if it is given. Those in which nothing is shown come
    /// last. Costs as many rows as it returns.
    pub fn contacts(
        &self,
        user: &UserId,
        from: Option<u64>,
        contacts_max: usize,
    ) -> Result<Vec<Contact>> {
        let prefix = inbox_prefix(self.log, user);
        let mut range = KeyRange::prefix(&prefix);
        if let Some(seconds) = from {
            range.lower = Key::of(self.log)
                .text(user.as_str())
                .u64(u64::MAX - seconds)
                .bytes();
        }
        let up = Direction::Ascending;
        self.store
            .rows(&CONTACT, &range, up, contacts_max, |key, _| {
                let contact = key.get(prefix.len()..).and_then(contact);
                contact.map(Some).ok_or_else(|| Error::key(&CONTACT))
            })
    }

    pub(crate) fn inbox_row(&self, user: &UserId, peer: &UserId) -> Result<Option<InboxRow>> {
        self.get(&INBOX, &inbox_key(self.log, user, peer))
    }

    /// Up to where a conversation is not the user's: what was said one-to-one to an earlier
    /// account of that name, and what was cleared of a group's.
    pub fn clear_seq(&self, conversation: &ConversationId, user: &UserId) -> Result<Seq> {
        let ConversationId::C2c(one, other) = conversation else {
            return Ok(self.head(conversation)?.clear_seq);
        };
        let peer = match (one == user, other == user) {
            (true, _) => other,
            (_, true) => one,
            // Whoever is none of the two has nothing of it anyway.
            (false, false) => return Ok(Seq(0)),
        };
        match self.inbox_row(user, peer)? {
            Some(InboxRow { clear_seq }) => Ok(clear_seq),
            None => Ok(self.last(conversation)?.0),
        }
    }
}

/// What stands behind the account in a key of [`CONTACT`].
fn contact(key: &[u8]) -> Option<Contact> {
    let mut parts = Parts::of(key);
    let shown_seconds = u64::MAX - parts.u64()?;
    let peer = UserId::new(parts.text()?).ok()?;
    Some(Contact {
        peer,
        shown_seconds,
    })
}

fn last_number(key: &[u8]) -> Option<u64> {
    key.last_chunk::<8>()
        .map(|bytes| u64::from_be_bytes(*bytes))
}

fn last_two_numbers(key: &[u8]) -> Option<(u64, u64)> {
    let seq = last_number(key)?;
    let time = last_number(key.get(..key.len() - 8)?)?;
    Some((time, seq))
}
