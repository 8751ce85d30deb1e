use hansard_events::group::{MemberChange, MemberChanged, NoticeKind, Role};
use hansard_types::{GroupId, Reason, UserId, limits};

use super::notices::notice;
use super::rules::{Who, check, check_rank, rules};
use super::{existing, fields};
use crate::view::{Group, Member};
use crate::{Context, Decided, Decision, Halt, View};

/// Changes what a member is, or what is kept of it. An account changes its own name card, receive
/// option and fields; besides, the group's administrators the cards and fields of members of a
/// lower rank.
#[derive(Debug, Clone)]
pub struct ChangeMember {
    pub group_id: GroupId,
    pub user_id: UserId,
    pub change: MemberChange,
}

impl ChangeMember {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided {
        let group = existing(view, &self.group_id)?;
        let member = view.member(&self.group_id, &self.user_id)?;
        let Some(member) = member else {
            return Err(Reason::MemberUnknown.into());
        };
        self.check_role(view, context, &group, &member)?;
        self.check_kept(view, context, &member)?;
        let change = member.profile.diff(self.change.clone());
        if change.is_empty() {
            return Ok(Decision::nothing(()));
        }
        let kinds = change.role.map(|_| NoticeKind::MemberRole);
        let told = (&self.group_id, &group);
        let event = MemberChanged {
            notice: notice(view, context, told, kinds.as_slice())?,
            group_id: self.group_id.clone(),
            user_id: self.user_id.clone(),
            change,
        };
        Ok(Decision::event(event, ()))
    }

    /// The owner is made and unmade by `ChangeOwner` only.
    fn check_role(
        &self,
        view: &dyn View,
        context: &Context<'_>,
        group: &Group,
        member: &Member,
    ) -> Result<(), Halt> {
        let Some(role) = self.change.role else {
            return Ok(());
        };
        let sets_admins = rules(group.group_type).sets_admins;
        check(sets_admins, view, context, &self.group_id)?;
        if member.profile.role == Role::Owner || role == Role::Owner {
            return Err(Reason::OwnerStays.into());
        }
        Ok(())
    }

    fn check_kept(
        &self,
        view: &dyn View,
        context: &Context<'_>,
        member: &Member,
    ) -> Result<(), Halt> {
        let MemberChange {
            role: _,
            name_card,
            receive,
            fields,
        } = &self.change;
        let card_bytes = name_card.as_ref().map_or(0, String::len);
        if card_bytes > limits::NAME_CARD_BYTES_MAX {
            return Err(Reason::NameCardTooLong.into());
        }
        let is_own = context.account() == Some(&self.user_id);
        let mut role = Some(member.profile.role);
        if !is_own && (name_card.is_some() || !fields.is_empty()) {
            role = check(Who::Admins, view, context, &self.group_id)?;
            check_rank(role, member.profile.role)?;
        }
        if receive.is_some() && context.is_account() && !is_own {
            return Err(Reason::GroupRoleForbids.into());
        }
        fields::check_of_member(view, context, (role, is_own), fields)
    }
}
