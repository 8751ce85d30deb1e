//! Notices of what happened in a group, among its messages.

use hansard_events::Recorded;
use hansard_events::group::{
    Leaving, MemberChanged, MembersAdded, MembersBanned, MembersMuted, MembersRemoved, Notice,
    OwnerChanged, ProfileChanged,
};
use hansard_store::{Error, Overlay, Result, row};
use hansard_types::{ConversationId, GroupId, LogId, Seq, UserId};

use crate::apply::{enter_head, put_uncounted};
use crate::rows::{MESSAGE, MessageRow, message_key};

/// What an event tells the members of a group.
pub(crate) struct Told<'a> {
    group: &'a GroupId,
    notice: Option<Seq>,
    shown_as: Option<&'a UserId>,
    what: Notice,
}

impl<'a> From<&'a MembersAdded> for Told<'a> {
    fn from(event: &'a MembersAdded) -> Self {
        Self {
            group: &event.group_id,
            notice: event.notice,
            shown_as: None,
            what: Notice::MembersAdded {
                accounts: event.accounts.clone(),
                how: event.how,
            },
        }
    }
}

impl<'a> From<&'a MembersRemoved> for Told<'a> {
    fn from(event: &'a MembersRemoved) -> Self {
        Self {
            group: &event.group_id,
            notice: event.notice,
            shown_as: None,
            what: Notice::MembersRemoved {
                accounts: event.accounts.clone(),
                how: event.how,
            },
        }
    }
}

impl<'a> From<&'a MembersBanned> for Told<'a> {
    fn from(event: &'a MembersBanned) -> Self {
        Self {
            group: &event.group_id,
            notice: event.notice,
            shown_as: None,
            what: Notice::MembersRemoved {
                accounts: event.accounts.clone(),
                how: Leaving::Removed,
            },
        }
    }
}

impl<'a> From<&'a ProfileChanged> for Told<'a> {
    fn from(event: &'a ProfileChanged) -> Self {
        Self {
            group: &event.group_id,
            notice: event.notice,
            shown_as: event.shown_as.as_ref(),
            what: Notice::ProfileChanged {
                change: event.change.clone(),
            },
        }
    }
}

impl<'a> From<&'a OwnerChanged> for Told<'a> {
    fn from(event: &'a OwnerChanged) -> Self {
        Self {
            group: &event.group_id,
            notice: event.notice,
            shown_as: event.shown_as.as_ref(),
            what: Notice::OwnerChanged {
                owner: event.owner.clone(),
            },
        }
    }
}

impl<'a> From<&'a MembersMuted> for Told<'a> {
    fn from(event: &'a MembersMuted) -> Self {
        Self {
            group: &event.group_id,
            notice: event.notice,
            shown_as: None,
            what: Notice::MembersMuted {
                accounts: event.accounts.clone(),
                until: event.until,
            },
        }
    }
}

/// One of another role: all else that changes of a member is told nobody.
pub(crate) fn role_told(event: &MemberChanged) -> Option<Told<'_>> {
    Some(Told {
        group: &event.group_id,
        notice: event.notice,
        shown_as: None,
        what: Notice::RoleChanged {
            account: event.user_id.clone(),
            role: event.change.role?,
        },
    })
}

/// Puts a kept notice among the messages of its group: unread to nobody, and by nobody.
pub(crate) fn kept(
    log: LogId,
    recorded: &Recorded,
    told: Told<'_>,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let Some(seq) = told.notice.filter(|seq| seq.0 > 0) else {
        return Ok(());
    };
    let broken = |reason: String| Error::Row {
        table: MESSAGE.name,
        reason,
    };
    let conversation = ConversationId::Group(told.group.clone());
    let by = match told.shown_as {
        Some(by) => by.clone(),
        None => UserId::new(&recorded.envelope.provenance.actor)
            .map_err(|error| broken(error.to_string()))?,
    };
    enter_head(log, (&conversation, seq), None, |_| {}, state)?;
    let row = MessageRow {
        sender: by,
        sent_at: recorded.envelope.time,
        elements: told
            .what
            .encode()
            .map_err(|error| broken(error.to_string()))?,
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
    };
    let encoded = row::encode(&MESSAGE, &row)?;
    state.put(&MESSAGE, message_key(log, &conversation, seq), encoded);
    put_uncounted(log, &conversation, seq, "", state)
}
