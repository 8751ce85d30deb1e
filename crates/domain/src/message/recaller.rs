//! Who may recall what: the one place of the rule.

use hansard_events::group::Role;
use hansard_types::{GroupId, Reason, Timestamp, UserId};

use crate::view::Message;
use crate::{Context, Halt, View};

/// Whoever recalls messages.
pub(super) enum Recaller<'a> {
    /// Anything, at any time.
    Administrator,
    /// One of two accounts: what it said, as long as the app lets it.
    Account { user: &'a UserId, since: Timestamp },
    /// As an account; who has a role in the group, also what members of a lower one said.
    Member {
        user: &'a UserId,
        since: Timestamp,
        group_id: &'a GroupId,
        role: Role,
    },
}

impl<'a> Recaller<'a> {
    /// `group_id`: where it was said, if it was in a group; an account must be a member then.
    pub(super) fn of(
        view: &dyn View,
        context: &'a Context<'_>,
        group_id: Option<&'a GroupId>,
    ) -> Result<Self, Halt> {
        let Some(user) = context.account() else {
            return Ok(Self::Administrator);
        };
        let limits = view.own_app()?.map(|app| app.message_limits);
        let seconds = limits.unwrap_or_default().recall_seconds;
        let since = match seconds {
            0 => Timestamp(u64::MAX),
            seconds => Timestamp(context.now.0.saturating_sub(u64::from(seconds) * 1000)),
        };
        let Some(group_id) = group_id else {
            return Ok(Self::Account { user, since });
        };
        let member = view.member(group_id, user)?;
        let role = member.ok_or(Reason::MemberUnknown)?.profile.role;
        Ok(Self::Member {
            user,
            since,
            group_id,
            role,
        })
    }

    /// Why a message is not recalled, if it is not.
    pub(super) fn refuses(
        &self,
        view: &dyn View,
        message: &Message,
    ) -> Result<Option<Reason>, Halt> {
        let (user, since) = match self {
            Self::Administrator => return Ok(None),
            Self::Account { user, since } => (user, since),
            Self::Member {
                group_id,
                role,
                user,
                since,
            } => {
                let is_own = message.sender == **user;
                if *role >= Role::Admin && is_own {
                    return Ok(None);
                }
                if !is_own {
                    let sender = view.member(group_id, &message.sender)?;
                    let lower = sender.is_none_or(|sender| sender.profile.role < *role);
                    let may = *role >= Role::Admin && lower;
                    return Ok((!may).then_some(Reason::GroupRoleForbids));
                }
                (user, since)
            }
        };
        // Of two, the other's is not an account's to recall.
        if message.sender != **user {
            return Ok(Some(Reason::MessageUnknown));
        }
        let is_late = message.sent_at < *since;
        Ok(is_late.then_some(Reason::RecallTooLate))
    }

    pub(super) fn check(&self, view: &dyn View, message: &Message) -> Result<(), Halt> {
        self.refuses(view, message)?
            .map_or(Ok(()), |reason| Err(reason.into()))
    }
}
