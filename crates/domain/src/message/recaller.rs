//! Who may recall what: the one place of the rule.

use hansard_events::group::Role;
use hansard_types::{GroupId, Reason, Timestamp, UserId};

use crate::group::rules::check_rank;
use crate::view::Message;
use crate::{Context, Halt, View};

/// Whoever recalls messages.
pub(super) enum Recaller<'a> {
    /// Anything, at any time.
    Administrator,
    /// What it said itself, as long as the app lets it; who has a role in the group, also what members
    /// of a lower one said.
    Account {
        user: &'a UserId,
        /// What it said before is not recalled any more.
        since: Timestamp,
        /// Where it was said, if it was in a group.
        member: Option<(&'a GroupId, Role)>,
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
        let since = match limits.unwrap_or_default().recall_seconds {
            0 => Timestamp(u64::MAX),
            seconds => Timestamp(context.now.0.saturating_sub(u64::from(seconds) * 1000)),
        };
        let mut member = None;
        if let Some(group_id) = group_id {
            let found = view.member(group_id, user)?;
            let role = found.ok_or(Reason::MemberUnknown)?.profile.role;
            member = Some((group_id, role));
        }
        Ok(Self::Account {
            user,
            since,
            member,
        })
    }

    /// Why a message is not recalled, if it is not.
    pub(super) fn refuses(
        &self,
        view: &dyn View,
        message: &Message,
    ) -> Result<Option<Reason>, Halt> {
        let Self::Account {
            user,
            since,
            member,
        } = self
        else {
            return Ok(None);
        };
        let leads = member.is_some_and(|(_, role)| role >= Role::Admin);
        if message.sender == **user {
            let is_late = !leads && message.sent_at < *since;
            return Ok(is_late.then_some(Reason::RecallTooLate));
        }
        let Some((group_id, role)) = member else {
            // Of two, the other's is not an account's to recall.
            return Ok(Some(Reason::MessageUnknown));
        };
        if !leads {
            return Ok(Some(Reason::GroupRoleForbids));
        }
        // Who has left the group has no rank there.
        let sender = view.member(group_id, &message.sender)?;
        let ranks = sender.map(|sender| check_rank(Some(*role), sender.profile.role));
        Ok(ranks.and_then(Result::err))
    }

    pub(super) fn check(&self, view: &dyn View, message: &Message) -> Result<(), Halt> {
        let refused = self.refuses(view, message)?;
        refused.map_or(Ok(()), |reason| Err(reason.into()))
    }
}
