use hansard_events::chain::{self, Chain};
use hansard_events::{RawEvent, header};

/// An event as the stream holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its stream sequence, from 1.
    pub sequence: u64,
    pub event: RawEvent,
}

impl StoredEvent {
    /// The chain value after it, as it says itself.
    #[must_use]
    pub fn chain(&self) -> Option<Chain> {
        self.event.header(header::CHAIN).and_then(chain::from_hex)
    }

    /// Whether two copies hold the same event. One of them may have been erased since: the
    /// commitment says what was in it.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        if self.event == other.event {
            return true;
        }
        let commitment = chain::commitment_of(&self.event);
        self.event.subject() == other.event.subject()
            && self.chain() == other.chain()
            && commitment.is_some()
            && commitment == chain::commitment_of(&other.event)
    }
}
