//! Receipts of group messages that want them: a row for each message, and one for each reader that has
//! confirmed it.

use hansard_events::conversation::ReceiptsSent;
use hansard_store::key::Parts;
use hansard_store::{Direction, Error, KeyRange, Overlay, Read as _, Result, row};
use hansard_types::{ConversationId, LogId, Seq, UserId};

use crate::reader::Reader;
use crate::rows::{CONFIRMED, RECEIPT, ReceiptRow, confirmed_key, message_key};

fn of_confirmed_key(key: &[u8]) -> Option<UserId> {
    let mut parts = Parts::of(key);
    parts.log()?;
    parts.conversation()?;
    parts.u64()?;
    UserId::new(parts.text()?).ok()
}

pub(crate) fn wanted(
    log: LogId,
    (conversation, seq): (&ConversationId, Seq),
    readers: u32,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let receipt = ReceiptRow {
        readers,
        confirmed: 0,
    };
    let key = message_key(log, conversation, seq);
    state.put(&RECEIPT, key, row::encode(&RECEIPT, &receipt)?);
    Ok(())
}

pub(crate) fn sent(log: LogId, event: &ReceiptsSent, state: &mut Overlay<'_>) -> Result<()> {
    let ReceiptsSent {
        conversation,
        reader,
        seqs,
    } = event;
    for seq in seqs {
        let Some(mut receipt) = Reader::new(state, log).receipt(conversation, *seq)? else {
            continue;
        };
        let key = confirmed_key(log, conversation, *seq, reader);
        if state.get(&CONFIRMED, &key)?.is_some() {
            continue;
        }
        state.put(&CONFIRMED, key, Vec::new());
        receipt.confirmed += 1;
        let key = message_key(log, conversation, *seq);
        state.put(&RECEIPT, key, row::encode(&RECEIPT, &receipt)?);
    }
    Ok(())
}

impl Reader<'_> {
    /// How far a message that wants receipts is confirmed; `None`: it wants none.
    ///
    /// # Errors
    /// Here and below: when the store fails.
    pub fn receipt(&self, conversation: &ConversationId, seq: Seq) -> Result<Option<ReceiptRow>> {
        let key = message_key(self.log, conversation, seq);
        let bytes = self.store.get(&RECEIPT, &key)?;
        bytes.map(|bytes| row::decode(&RECEIPT, &bytes)).transpose()
    }

    /// Whether a reader has confirmed a message.
    pub fn has_confirmed(
        &self,
        conversation: &ConversationId,
        seq: Seq,
        reader: &UserId,
    ) -> Result<bool> {
        let key = confirmed_key(self.log, conversation, seq, reader);
        Ok(self.store.get(&CONFIRMED, &key)?.is_some())
    }

    /// Who has confirmed a message, by id, from behind one on, at most `readers_max`.
    pub fn confirmed(
        &self,
        conversation: &ConversationId,
        seq: Seq,
        after: Option<&UserId>,
        readers_max: usize,
    ) -> Result<Vec<UserId>> {
        let mut range = KeyRange::prefix(&message_key(self.log, conversation, seq));
        if let Some(after) = after {
            // No id holds the byte.
            range.lower = confirmed_key(self.log, conversation, seq, after);
            range.lower.push(0);
        }
        let up = Direction::Ascending;
        self.store
            .rows(&CONFIRMED, &range, up, readers_max, |key, _| {
                let found = of_confirmed_key(key).map(Some);
                found.ok_or_else(|| Error::key(&CONFIRMED))
            })
    }
}
