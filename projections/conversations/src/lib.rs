//! Timelines, inboxes, read positions and deduplication: what was said, and who has read it.
//!
//! A group message is stored once, whatever the group's size. **Unread is computed, never
//! counted**: from the conversation's end and the reader's read position, minus the reader's own
//! messages and those that do not count, with two small indexes to keep that cheap.
//!
//! Not here: names of groups and accounts, and who is a member now (groups).
//!
//! Invariants:
//! * seqs of a conversation are dense from 1, and its head is the last one; rows up to where it
//!   was cleared are gone;
//! * a recalled message keeps its row and loses its content;
//! * a reader's read position moves back only where what it has not read is set;
//! * a dissolved group has no row, nor has a destroyed topic: what has its id later begins anew;
//! * what is said in live partitions has no row here, but for recognising a retry.

mod apply;
mod extensions;
mod gone;
mod notices;
mod reader;
mod receipts;
mod recent;
mod rows;
#[cfg(test)]
mod tests;
mod unread;

use hansard_events::{AccountEvent, ConversationEvent, Event, GroupEvent, MessageEvent, Recorded};
use hansard_projector::Projection;
use hansard_store::{Overlay, Result, Table};
use hansard_types::LogId;

pub use extensions::ExtensionsRow;
pub use reader::{Contact, Reader};
pub use recent::Recents;
pub use rows::{HeadRow, MessageRow, ReaderRow, Recall, ReceiptRow, TABLES};

/// Its stable name.
pub const NAME: &str = "conversations";
/// Raised whenever a row, a key or what is written changes.
pub const VERSION: u32 = 13;

/// Folds message, conversation and group events.
#[derive(Debug, Default)]
pub struct Conversations;

impl Projection for Conversations {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> u32 {
        VERSION
    }

    fn tables(&self) -> &'static [&'static Table] {
        TABLES
    }

    fn apply(
        &self,
        log: LogId,
        recorded: &Recorded,
        event: &Event,
        state: &mut Overlay<'_>,
    ) -> Result<()> {
        let sequence = recorded.sequence;
        match event {
            Event::Message(event) => match event {
                MessageEvent::Sent(event) => apply::sent(log, event, sequence, state),
                MessageEvent::Edited(event) => apply::edited(log, event, state),
                MessageEvent::ExtensionsChanged(event) => {
                    extensions::changed(log, event, recorded.envelope.time, state)
                }
                MessageEvent::Recalled(event) => {
                    apply::recalled(log, event, recorded.envelope.time, state)
                }
            },
            Event::Conversation(event) => match event {
                ConversationEvent::Read(event) => apply::read(log, event, state),
                ConversationEvent::UnreadSet(event) => apply::unread_set(log, event, state),
                ConversationEvent::ReceiptsSent(event) => receipts::sent(log, event, state),
                ConversationEvent::Cleared(event) => gone::cleared(log, event, state),
            },
            Event::Group(event) => {
                match event {
                    GroupEvent::MembersAdded(event) => {
                        apply::members_added(log, event, sequence, state)?;
                    }
                    GroupEvent::MembersRemoved(event) => apply::members_removed(log, event, state)?,
                    GroupEvent::MembersImported(event) => {
                        apply::members_imported(log, event, sequence, state)?;
                    }
                    GroupEvent::Dissolved(event) => gone::group_dissolved(log, event, state)?,
                    GroupEvent::TopicsDestroyed(event) => {
                        gone::topics_destroyed(log, event, state);
                    }
                    GroupEvent::Created(_)
                    | GroupEvent::ProfileChanged(_)
                    | GroupEvent::MemberChanged(_)
                    | GroupEvent::MembersMuted(_)
                    | GroupEvent::OwnerChanged(_)
                    | GroupEvent::RoomAdminsChanged(_)
                    | GroupEvent::JoinRequested(_)
                    | GroupEvent::JoinRefused(_)
                    | GroupEvent::MembersBanned(_)
                    | GroupEvent::MembersUnbanned(_)
                    | GroupEvent::AttributesChanged(_)
                    | GroupEvent::MembersMarked(_)
                    | GroupEvent::TopicCreated(_)
                    | GroupEvent::TopicChanged(_)
                    | GroupEvent::TopicMembersMuted(_)
                    | GroupEvent::CountersChanged(_) => {}
                }
                notices::told(log, recorded, event, state)
            }
            Event::Account(event) => match event {
                AccountEvent::Deleted(event) => {
                    gone::account_deleted(log, &event.user_id, state);
                    Ok(())
                }
                AccountEvent::Forgotten(event) => {
                    for account in &event.accounts {
                        gone::account_deleted(log, &account.user_id, state);
                    }
                    Ok(())
                }
                AccountEvent::Imported(_)
                | AccountEvent::SignaturesRevoked(_)
                | AccountEvent::Muted(_)
                | AccountEvent::ProfileChanged(_) => Ok(()),
            },
            Event::Relation(_) | Event::Live(_) | Event::App(_) => Ok(()),
        }
    }
}
