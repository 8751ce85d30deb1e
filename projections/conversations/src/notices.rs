//! Notices of what happened in a group, among its messages.

use hansard_events::group::{Leaving, Notice};
use hansard_events::{GroupEvent, Recorded};
use hansard_store::{Error, Overlay, Result, row};
use hansard_types::{ConversationId, GroupId, LogId, Seq, UserId};

use crate::apply::{enter_head, put_uncounted};
use crate::rows::{MESSAGE, MessageRow, message_key};

/// Where the notice of an event stands, and in whose name if not the actor's.
type Place<'a> = (&'a GroupId, Seq, Option<&'a UserId>);

/// The kept notice that an event makes, if it makes one.
fn kept(event: &GroupEvent) -> Option<(Place<'_>, Notice)> {
    let at = |seq: Option<Seq>| seq.filter(|seq| seq.0 > 0);
    Some(match event {
        GroupEvent::MembersAdded(event) => (
            (&event.group_id, at(event.notice)?, None),
            Notice::MembersAdded {
                accounts: event.accounts.clone(),
                how: event.how,
            },
        ),
        GroupEvent::MembersRemoved(event) => (
            (&event.group_id, at(event.notice)?, None),
            Notice::MembersRemoved {
                accounts: event.accounts.clone(),
                how: event.how,
            },
        ),
        GroupEvent::MembersBanned(event) => (
            (&event.group_id, at(event.notice)?, None),
            Notice::MembersRemoved {
                accounts: event.accounts.clone(),
                how: Leaving::Removed,
            },
        ),
        GroupEvent::ProfileChanged(event) => (
            (&event.group_id, at(event.notice)?, event.shown_as.as_ref()),
            Notice::ProfileChanged {
                change: event.change.clone(),
            },
        ),
        GroupEvent::OwnerChanged(event) => (
            (&event.group_id, at(event.notice)?, event.shown_as.as_ref()),
            Notice::OwnerChanged {
                owner: event.owner.clone(),
            },
        ),
        GroupEvent::MembersMuted(event) => (
            (&event.group_id, at(event.notice)?, None),
            Notice::MembersMuted {
                accounts: event.accounts.clone(),
                until: event.until,
            },
        ),
        // One of another role: all else that changes of a member is told nobody.
        GroupEvent::MemberChanged(event) => (
            (&event.group_id, at(event.notice)?, None),
            Notice::RoleChanged {
                account: event.user_id.clone(),
                role: event.change.role?,
            },
        ),
        GroupEvent::Created(_)
        | GroupEvent::Dissolved(_)
        | GroupEvent::MembersImported(_)
        | GroupEvent::RoomAdminsChanged(_)
        | GroupEvent::JoinRequested(_)
        | GroupEvent::JoinRefused(_)
        | GroupEvent::MembersUnbanned(_)
        | GroupEvent::AttributesChanged(_)
        | GroupEvent::MembersMarked(_)
        | GroupEvent::TopicCreated(_)
        | GroupEvent::TopicChanged(_)
        | GroupEvent::TopicsDestroyed(_)
        | GroupEvent::TopicMembersMuted(_)
        | GroupEvent::CountersChanged(_) => return None,
    })
}

/// Puts a kept notice among the messages of its group: unread to nobody, and by nobody.
pub(crate) fn told(
    log: LogId,
    recorded: &Recorded,
    event: &GroupEvent,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let Some(((group, seq, shown_as), what)) = kept(event) else {
        return Ok(());
    };
    let broken = |reason: String| Error::Row {
        table: MESSAGE.name,
        reason,
    };
    let conversation = ConversationId::Group(group.clone());
    let by = match shown_as {
        Some(by) => by.clone(),
        None => UserId::new(&recorded.envelope.provenance.actor)
            .map_err(|error| broken(error.to_string()))?,
    };
    enter_head(log, (&conversation, seq), None, |_| {}, state)?;
    let row = MessageRow {
        sender: by,
        sent_at: recorded.envelope.time,
        elements: what.encode().map_err(|error| broken(error.to_string()))?,
        random: 0,
        client_seq: None,
        cloud_custom_data: None,
        priority: None,
        no_unread: true,
        hidden_from_sender: false,
        mentioned: Vec::new(),
        mentions_all: false,
        targets: Vec::new(),
        recall: None,
        is_notice: true,
        sequence: recorded.sequence,
        extensible: false,
        wants_receipts: false,
    };
    let encoded = row::encode(&MESSAGE, &row)?;
    state.put(&MESSAGE, message_key(log, &conversation, seq), encoded);
    put_uncounted(log, &conversation, seq, "", state)
}
