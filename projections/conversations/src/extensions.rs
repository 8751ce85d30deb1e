//! Keys and values that clients keep with messages: a row for each message that has any, of at most
//! 300 keys.

use std::collections::BTreeMap;

use hansard_events::message::ExtensionsChanged;
use hansard_store::{Access, Overlay, Result, Table, row};
use hansard_types::{ConversationId, LogId, Seq, Timestamp};
use serde::{Deserialize, Serialize};

use crate::reader::Reader;
use crate::rows::message_key;

pub(crate) static EXTENSIONS: Table = Table {
    name: "conversations.seq_extensions",
    kind: 0x0313,
    access: Access::Point,
};

/// What is kept with a message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtensionsRow {
    /// The number of the last change; 0: there was none.
    pub latest: u64,
    /// What changed up to this number is gone.
    pub cleared_up_to: u64,
    /// By key: the value, empty once it was deleted, and the number of its last change.
    pub entries: BTreeMap<String, (String, u64)>,
    /// The Unix minute of the last change.
    pub minute: u64,
    /// How many changes it has seen.
    pub changes: u32,
}

impl ExtensionsRow {
    /// The keys whose last change has a number from one on, by number: key, value, number.
    #[must_use]
    pub fn since(self, number: u64) -> Vec<(String, String, u64)> {
        let entries = self.entries.into_iter();
        let mut since: Vec<_> = entries
            .map(|(key, (value, number))| (key, value, number))
            .filter(|(.., changed)| *changed >= number)
            .collect();
        since.sort_unstable_by_key(|(.., number)| *number);
        since
    }
}

pub(crate) fn changed(
    log: LogId,
    event: &ExtensionsChanged,
    time: Timestamp,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let ExtensionsChanged {
        conversation,
        seq,
        changed,
        cleared_up_to,
        changed_by: _,
    } = event;
    let reader = Reader::new(state, log);
    let message = reader.message(conversation, *seq)?;
    if message.is_none_or(|message| message.recall.is_some()) {
        return Ok(());
    }
    let mut row = reader.extensions(conversation, *seq)?;
    if let Some(up_to) = cleared_up_to {
        row.entries.retain(|_, (_, number)| *number > *up_to);
        row.cleared_up_to = *up_to;
    }
    for one in changed {
        row.latest = row.latest.max(one.number);
        let entry = (one.value.clone(), one.number);
        row.entries.insert(one.key.clone(), entry);
    }
    let minute = time.seconds() / 60;
    row.changes = if row.minute == minute {
        row.changes + 1
    } else {
        1
    };
    row.minute = minute;
    let key = message_key(log, conversation, *seq);
    state.put(&EXTENSIONS, key, row::encode(&EXTENSIONS, &row)?);
    Ok(())
}

/// A recalled message keeps nothing.
pub(crate) fn recalled(
    log: LogId,
    conversation: &ConversationId,
    seq: Seq,
    state: &mut Overlay<'_>,
) {
    state.delete(&EXTENSIONS, message_key(log, conversation, seq));
}

impl Reader<'_> {
    /// What is kept with a message; nothing when nothing ever was.
    ///
    /// # Errors
    /// When the store fails.
    pub fn extensions(&self, conversation: &ConversationId, seq: Seq) -> Result<ExtensionsRow> {
        let key = message_key(self.log, conversation, seq);
        let bytes = self.store.get(&EXTENSIONS, &key)?;
        let row = bytes.map(|bytes| row::decode(&EXTENSIONS, &bytes));
        Ok(row.transpose()?.unwrap_or_default())
    }
}
