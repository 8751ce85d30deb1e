//! What the tests of several crates share: events that say only what a test is about, and one
//! projection over a store in memory. A dev-dependency only: nothing of it is in the product.
//!
//! ```
//! use hansard_events::account::AccountDeleted;
//! use hansard_testkit::{recorded, user};
//!
//! let first = recorded(1, AccountDeleted { user_id: user("ann") });
//! assert_eq!(first.envelope.name, "account.deleted");
//! ```

use hansard_events::message::{Element, MessageSent};
use hansard_events::{Envelope, Event, EventId, Provenance, Recorded};
use hansard_projector::Projection;
use hansard_store::{Changes, Counted, Durability, MemoryStore, Overlay, Read, Result, Store as _};
use hansard_types::{AppId, ConversationId, GroupId, LogId, Seq, Timestamp, UserId};

/// The app of every event here.
pub const APP: AppId = AppId(7);

/// Its log.
pub const LOG: LogId = LogId {
    app: APP,
    partition: 0,
};

/// An account's id.
///
/// # Panics
/// Here and below: when a text is no id.
#[must_use]
pub fn user(id: &str) -> UserId {
    UserId::new(id).expect("a valid id")
}

/// A group's id.
#[must_use]
pub fn group(id: &str) -> GroupId {
    GroupId::new(id).expect("a valid id")
}

/// An event as the log has it at a sequence; its time is that many milliseconds after 1000.
#[must_use]
pub fn recorded(sequence: u64, event: impl Into<Event>) -> Recorded {
    let event = event.into();
    let envelope = Envelope {
        id: EventId::from_u128(u128::from(sequence)),
        name: event.name().into(),
        version: event.version(),
        log: LOG,
        time: Timestamp(1000 + sequence),
        provenance: Provenance {
            actor: "administrator".to_owned(),
            correlation: None,
            causation: None,
        },
        chain: [0; 32],
    };
    Recorded {
        sequence,
        envelope,
        event: Some(event),
        erased: false,
    }
}

/// A message with custom data; its random number is its seq, and so is a one-to-one message's own
/// number.
///
/// # Panics
/// When the seq is beyond 32 bits.
#[must_use]
pub fn message(conversation: &ConversationId, seq: u64, sender: &str, sent_at: u64) -> MessageSent {
    let number = u32::try_from(seq).expect("small");
    MessageSent {
        conversation: conversation.clone(),
        seq: Seq(seq),
        sender: user(sender),
        sent_at: Timestamp(sent_at),
        elements: vec![Element::text(&format!("message {seq}"))],
        random: number,
        client_seq: matches!(conversation, ConversationId::C2c(..)).then_some(number),
        cloud_custom_data: Some("{}".to_owned()),
        priority: None,
        no_unread: false,
        no_last: false,
        extensible: false,
        offline_push: None,
        hidden_from_sender: false,
        sender_joins: false,
        mentions: Vec::new(),
        targets: Vec::new(),
        import_key: None,
        resets_unread: false,
        receipts_of: None,
        room: None,
    }
}

/// What applying an event cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Rows that were looked up or scanned.
    pub read: usize,
    /// Keys and ranges that changed.
    pub changed: usize,
}

/// A projection and what it has built of the events so far.
#[derive(Debug)]
pub struct Folded<P> {
    projection: P,
    pub store: MemoryStore,
    /// The last event's.
    pub sequence: u64,
}

impl<P: Projection> Folded<P> {
    #[must_use]
    pub fn new(projection: P) -> Self {
        Self {
            projection,
            store: MemoryStore::new(),
            sequence: 0,
        }
    }

    /// What the next event would change, on a state that need not be the store's.
    ///
    /// # Errors
    /// What the projection says against it.
    pub fn changes(&self, state: &dyn Read, event: impl Into<Event>) -> Result<Changes> {
        let event = event.into();
        let recorded = recorded(self.sequence + 1, event.clone());
        let mut overlay = Overlay::new(state);
        self.projection
            .apply(LOG, &recorded, &event, &mut overlay)?;
        Ok(overlay.into_changes())
    }

    /// Applies the next event.
    ///
    /// # Errors
    /// What the projection says against it; nothing has changed then.
    pub fn try_apply(&mut self, event: impl Into<Event>) -> Result<Cost> {
        let counted = Counted::new(&self.store);
        let changes = self.changes(&counted, event)?;
        let cost = Cost {
            read: counted.rows(),
            changed: changes.len(),
        };
        self.store
            .write(changes.into_batch(), Durability::Process)?;
        self.sequence += 1;
        Ok(cost)
    }

    /// Applies the next event, against which the projection has nothing.
    ///
    /// # Panics
    /// When it has.
    pub fn apply(&mut self, event: impl Into<Event>) -> Cost {
        self.try_apply(event).expect("the projection applies it")
    }
}
